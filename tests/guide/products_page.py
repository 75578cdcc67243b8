"""The page of the products, made from the knowledge."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_text import code, document, items, paragraph, plain, table

from ivigcheck.cli.products import _figure, _range
from ivigcheck.guide.contents import slug
from ivigcheck.knowledge import Knowledge, Product, built_in
from ivigcheck.knowledge.facts import LabelRow
from ivigcheck.knowledge.model import WorkedExample

_EVIDENCE = {
    "label": "prescribing information, or a reproduction of it",
    "label-site": "the manufacturer's dosing page",
    "monograph": "a monograph",
    "secondary": "another source",
}


def products_page() -> str:
    """Every product and labelled figure with its source, and what nobody has verified."""
    knowledge = built_in()
    products = sorted(knowledge.products, key=lambda each: each.name)
    unknown = [p.name for p in products if not any(row.maximum for row in p.labels)]
    return document(
        "# The products",
        "Every labelled figure, its source, what is not verified.",
        paragraph(plain(knowledge.notice)),
        paragraph(
            "**No figure on this page has been checked by a second reader against the product's current label.** What is "
            'noted under "not verified" is open beyond that. Nothing is filled in from memory: "not known" means that no '
            "source gave the figure, and never that there is no limit."
        ),
        paragraph(f"Of these products no labelled maximum is known here: {', '.join(unknown)}."),
        paragraph("The same at a terminal: `ivigcheck products` and `ivigcheck products Privigen`."),
        table(
            ("product", "stabilizer", "labelled for", "label maximum, mg/kg/min"),
            (
                (
                    f"[{p.name}](#{slug(p.name)})",
                    p.stabilizer,
                    ", ".join(dict.fromkeys(row.indication for row in p.labels)),
                    _range(p),
                )
                for p in products
            ),
        ),
        *(block for each in products for block in _section(knowledge, each)),
    )


def _section(knowledge: Knowledge, product: Product) -> Iterator[str]:
    entry = product.entry
    yield f"## {product.name}"
    concentration = entry.concentration or " to ".join(entry.concentration_range)
    detail = f" ({plain(entry.stabilizer_detail)})" if entry.stabilizer_detail else ""
    yield items(
        [
            f"concentration: {plain(concentration)}" if concentration else "concentration: not known",
            f"stabilizer: {product.stabilizer}{detail}",
            f"vials: {', '.join(entry.vials)}" if entry.vials else "vials: not known",
            f"National Drug Codes, labeler and product: {', '.join(entry.ndc)}" if entry.ndc else "",
            f"IgA: {plain(entry.iga)}" if entry.iga else "",
            f"sodium: {plain(entry.sodium)}" if entry.sodium else "",
            f"line: {plain(entry.line_compatibility)}" if entry.line_compatibility else "",
            *(f"contraindicated: {plain(text)}" for text in entry.contraindications),
            f"contraindicated under {entry.contraindicated_under_years} years of age"
            if entry.contraindicated_under_years
            else "",
            *(f"note: {plain(text)}" for text in entry.hazards),
            f"status: {plain(entry.status)}" if entry.status else "",
            f"label text that was seen: {plain(entry.label_text_seen)}" if entry.label_text_seen else "",
            f"read on: {', '.join(_document(knowledge, source) for source in entry.sources)}",
        ]
    )
    for row in product.labels:
        yield from _label(knowledge, product, row)


def _label(knowledge: Knowledge, product: Product, row: LabelRow) -> Iterator[str]:
    label = row.entry
    yield f"### {product.name}, {row.indication} {row.phase}".rstrip()
    duration = f" for {label.start_minutes} min" if label.start_minutes else ""
    also = f"; also: {plain(label.not_verified)}" if label.not_verified else ""
    second = label.second_source
    yield items(
        [
            f"**{plain(_figure('start', row.start))}**{duration}",
            f"**{plain(_figure('maximum', row.maximum))}**",
            f"**{plain(_figure('at risk', row.at_risk))}**",
            f"steps: {plain(label.step_rule)}" if label.step_rule else "",
            f"the label on risk: {plain(label.at_risk_text)}" if label.at_risk_text else "",
            f"dose: {plain(label.dose_text)}" if label.dose_text else "dose: not known",
            f"population: {plain(label.population)}" if label.population else "",
            f"worked by hand for {_example(label.worked_example)}" if label.worked_example else "",
            f"evidence: {_EVIDENCE[label.evidence]} (`{label.evidence}`)",
            f"**not verified:** by a second reader{also}",
            *(f"source: {_document(knowledge, source)}" for source in label.sources),
            *(
                f"the {what} stands also in: {', '.join(_document(knowledge, source) for source in named)}"
                for what, named in (
                    ("start", second.start_rate),
                    ("maximum", second.max_rate),
                    ("at-risk limit", second.at_risk_max_rate),
                )
                if named
            ),
        ]
    )


def _example(example: WorkedExample) -> str:
    parts = [("start", example.start), ("maximum", example.max), ("at risk", example.at_risk_max)]
    said = ", ".join(f"{what} {rate}" for what, rate in parts if rate)
    steps = f"; steps {', '.join(example.steps)}" if example.steps else ""
    return plain(f"{example.weight}: {said}{steps}")


def _document(knowledge: Knowledge, source: str) -> str:
    """A document: its address, where it has one, for that is what a second reader needs."""
    url = knowledge.sources[source].url
    return code(url) if url else plain(knowledge.cite(source))
