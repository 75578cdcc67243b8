"""Reads the product files, and refuses a figure without a worked example or one that it does not follow from."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ivigcheck.knowledge.doses import dose_range
from ivigcheck.knowledge.facts import Figure, LabelRow, Product, publishers
from ivigcheck.knowledge.model import Label, ProductFile, Source
from ivigcheck.knowledge.reading import Where, check_sources, parse, per_kg
from ivigcheck.units import RELATIVE_TOLERANCE, quantity_of

_EVIDENCE: Final = {
    "label": "",
    "label-site": " (manufacturer's dosing page)",
    "monograph": " (from a monograph)",
    "secondary": " (secondary source)",
}


def _label_row(
    label: Label, product: ProductFile, concentration: float, where: Where, sources: dict[str, Source]
) -> LabelRow:
    cite = (
        f"{product.name} label, {label.indication}{' ' + label.phase if label.phase else ''}{_EVIDENCE[label.evidence]}"
    )
    read_on = f"read on {publishers(sources, label.sources)}" + (
        f"; not verified: {label.not_verified}" if label.not_verified else ""
    )

    def figure(text: str, what: str, also: str, exclusive: bool = False) -> Figure | None:
        if not text:
            return None
        return Figure(per_kg(where, text, concentration), text, exclusive, f"{cite}, {what}", read_on, also)

    if bool(label.at_risk_max_rate) != bool(label.at_risk_bound):
        raise where.refuse("an at-risk maximum needs its bound (inclusive or exclusive), and a bound its maximum")
    row = LabelRow(
        indication=label.indication,
        phase=label.phase,
        start=figure(label.start_rate, "initial rate", label.also_printed.start),
        maximum=figure(label.max_rate, "maximum rate", label.also_printed.max),
        at_risk=figure(
            label.at_risk_max_rate,
            "at-risk maximum rate",
            label.also_printed.at_risk,
            label.at_risk_bound == "exclusive",
        ),
        step_rates=tuple(per_kg(where, text, concentration) for text in label.step_rates),
        step_add=per_kg(where, label.step_add, concentration) if label.step_add else float("nan"),
        dose=dose_range(label, where, cite, read_on),
        cite=cite,
        entry=label,
    )
    if list(row.step_rates) != sorted(set(row.step_rates)):
        raise where.refuse("step_rates do not rise")
    if row.start and row.maximum and row.start.rate > row.maximum.rate:
        raise where.refuse(f"the start rate {row.start.text} is above the maximum {row.maximum.text}")
    return row


def _check_worked_example(row: LabelRow, concentration: float, where: Where) -> None:
    """Every rate has an example worked by hand, in mL/h (mg/h where the concentration is open), and agrees with it."""
    example = row.entry.worked_example
    stated = {"start": row.start, "max": row.maximum, "at_risk_max": row.at_risk}
    if example is None:
        if any(stated.values()) or row.step_rates or row.entry.step_add:
            raise where.refuse("has a rate without a worked example")
        return

    def compare(name: str, text: str, rate: float, figure: str) -> None:
        value, unit = quantity_of(text, "rate")
        mg_per_min = value * unit.factor * (concentration if unit.form == "mL/min" else 1.0)
        expected = rate * weight * weight_unit.factor
        # Worked examples are written to six decimals at the most.
        if abs(mg_per_min - expected) > max(RELATIVE_TOLERANCE, 1e-6 / value) * expected:
            raise where.refuse(f'the worked example "{name} = {text}" does not follow from {figure}')

    try:
        weight, weight_unit = quantity_of(example.weight, "body_mass")
        for name, figure in stated.items():
            text = getattr(example, name)
            if bool(text) != bool(figure):
                raise where.refuse(f'the worked example and the label disagree on whether there is a "{name}"')
            if figure is not None:
                compare(name, text, figure.rate, figure.text)
        steps = _example_steps(row)
        if len(steps) != len(example.steps):
            raise where.refuse("the worked example and the label disagree on the number of steps")
        for text, rate in zip(example.steps, steps, strict=True):
            compare("steps", text, rate, f"{rate:g} mg/kg/min")
    except ValueError as error:
        raise where.refuse(str(error)) from error


def _example_steps(row: LabelRow) -> list[float]:
    """The rates that a label's own rule gives: those it lists, or start, start + step … up to its maximum."""
    if row.step_add != row.step_add:
        return list(row.step_rates)
    if row.start is None or row.maximum is None:
        raise ValueError("a label that says by how much to raise needs a start rate and a maximum")
    steps = [row.start.rate]
    while steps[-1] < row.maximum.rate:
        steps.append(min(steps[-1] + row.step_add, row.maximum.rate))
    return steps


def read_product(path: Path, sources: dict[str, Source], indications: Iterable[str]) -> Product:
    """One product file, checked. Raises KnowledgeError naming file, entry and reason."""
    entry = parse(path, ProductFile)
    where = Where(path.name)
    check_sources(where, entry.sources, sources)
    try:
        concentration = _concentration(entry.concentration) if entry.concentration else float("nan")
        allowed = tuple(_concentration(text) for text in entry.concentration_range)
    except ValueError as error:
        raise where.refuse(str(error)) from error
    if bool(entry.concentration) == bool(allowed) or len(allowed) not in (0, 2):
        raise where.refuse("needs a concentration, or else a range of two")
    rows = []
    seen = set()
    for label in entry.label:
        here = Where(path.name, f"label {label.indication}{' ' + label.phase if label.phase else ''}")
        if label.indication not in indications:
            raise here.refuse("is for an indication that indications.toml does not have")
        if (label.indication, label.phase) in seen:
            raise here.refuse("stands twice")
        seen.add((label.indication, label.phase))
        second = label.second_source
        check_sources(here, (*label.sources, *second.start_rate, *second.max_rate, *second.at_risk_max_rate), sources)
        row = _label_row(label, entry, concentration, here, sources)
        _check_worked_example(row, concentration, here)
        rows.append(row)
    if not rows:
        raise where.refuse("has no label entry")
    return Product(entry.name, entry.brand, concentration, allowed, entry.stabilizer, tuple(rows), entry)


def _concentration(text: str) -> float:
    value, unit = quantity_of(text, "concentration")
    return value * unit.factor
