"""``ivigcheck products``: what each product's label says, every figure with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ivigcheck.cli.terminal import captured
from ivigcheck.errors import Exit, UsageError
from ivigcheck.knowledge import Figure, Knowledge, Product, built_in, fold
from ivigcheck.show import number, visible

if TYPE_CHECKING:
    from rich.console import Console


def products(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help='A brand or a product, such as "Privigen 10%".')] = "",
) -> int:
    """List the products known here, or show what one brand's label says.

    \b
    Examples:
      ivigcheck products
      ivigcheck products "Octagam 10%"
      ivigcheck products gammaplex
    """
    knowledge = built_in()
    if not name:
        _print_list(knowledge)
        return Exit.OK
    wanted = [product for product in knowledge.products if fold(name) in (fold(product.name), fold(product.brand))]
    if not wanted:
        brands = ", ".join(dict.fromkeys(product.brand for product in knowledge.products))
        raise UsageError(f'"{visible(name[:40])}" is no product known here. Known brands: {brands}.')
    with captured() as screen:
        for product in wanted:
            _print_product(screen, knowledge, product)
    return Exit.OK


def _range(product: Product) -> str:
    """The range of a label's maxima, in mg/kg/min."""
    rates = [row.maximum.rate for row in product.labels if row.maximum]
    if not rates:
        return "unknown"
    low, high = number(min(rates)), number(max(rates))
    return low if low == high else f"{low} to {high}"


def _print_list(knowledge: Knowledge) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title in ("product", "stabilizer", "labelled for", "label maximum, mg/kg/min"):
        table.add_column(title, overflow="fold")
    for product in sorted(knowledge.products, key=lambda each: each.name):
        labelled = ", ".join(dict.fromkeys(row.indication for row in product.labels))
        table.add_row(product.name, product.stabilizer, labelled, _range(product))
    with captured() as screen:
        screen.print(table)


def _figure(what: str, figure: Figure | None) -> str:
    if figure is None:
        return f"{what}: not known"
    own = f"{number(figure.rate)} mg/kg/min"
    same = f" = {own}" if figure.text != own else ""
    also = f" ({figure.also_printed})" if figure.also_printed else ""
    return f"{what}: {'below ' if figure.exclusive else ''}{figure.text}{same}{also}"


def _print_product(screen: Console, knowledge: Knowledge, product: Product) -> None:
    from rich.padding import Padding
    from rich.text import Text

    entry = product.entry

    def say(text: str, indent: int = 2) -> None:
        if text:
            screen.print(Padding(Text(text), (0, 0, 0, indent)))

    screen.print(Text(product.name, style="bold"))
    concentration = entry.concentration or " to ".join(entry.concentration_range)
    say(f"Concentration {concentration}; stabilizer {product.stabilizer}; vials {', '.join(entry.vials)}")
    say(f"National Drug Codes, labeler and product: {', '.join(entry.ndc)}" if entry.ndc else "")
    say(f"IgA {entry.iga}" if entry.iga else "")
    say(f"Line: {entry.line_compatibility}" if entry.line_compatibility else "")
    for text in entry.contraindications:
        say(f"Contraindicated: {text}")
    for text in entry.hazards:
        say(f"Note: {text}")
    say(f"Status: {entry.status}" if entry.status else "")
    for row in product.labels:
        label = row.entry
        screen.print()
        screen.print(Padding(Text(f"{row.indication} {row.phase}".strip(), style="bold"), (0, 0, 0, 2)))
        duration = f" for {label.start_minutes} min" if label.start_minutes else ""
        say(_figure("start", row.start) + duration, 4)
        say(label.step_rule and f"steps: {label.step_rule}", 4)
        say(_figure("maximum", row.maximum), 4)
        say(_figure("at risk", row.at_risk), 4)
        say(label.at_risk_text and f"the label on risk: {label.at_risk_text}", 4)
        say(label.dose_text and f"dose: {label.dose_text}", 4)
        say(label.population and f"population: {label.population}", 4)
        say(f"evidence: {label.evidence}" + (f"; not verified: {label.not_verified}" if label.not_verified else ""), 4)
        for source in label.sources:
            say(f"source: {knowledge.sources[source].url or knowledge.cite(source)}", 4)
    screen.print()
