"""Doses as labels and other sources state them."""

from __future__ import annotations

from collections.abc import Iterable

from ivigcheck.knowledge.facts import DoseRange, publishers
from ivigcheck.knowledge.model import Indication, Label, Source, UsualDose
from ivigcheck.knowledge.reading import Where, amount, check_sources


def dose_range(entry: Label | UsualDose, where: Where, cite: str, read_on: str) -> DoseRange | None:
    """The dose that an entry states, in g/kg; None where it states none."""
    if not (entry.dose_min or entry.dose_max):
        return None
    if not entry.dose_max or not entry.dose_basis:
        raise where.refuse("a dose needs its maximum and its basis")
    if entry.dose_basis != "per_infusion" and not entry.dose_days:
        raise where.refuse("a dose per course, cycle or month needs dose_days")
    low, high = (
        amount(where, text, "dose", "g/kg") if text else float("nan") for text in (entry.dose_min, entry.dose_max)
    )
    if low > high:
        raise where.refuse(f"the dose {entry.dose_min} is above {entry.dose_max}")
    basis = entry.dose_basis.removeprefix("per_")
    return DoseRange(low, high, basis, entry.dose_days, entry.dose_text, f"{cite}, dose; {read_on}")


def usual_doses(indications: Iterable[Indication], sources: dict[str, Source]) -> dict[str, tuple[DoseRange, ...]]:
    """Indication code -> the doses in use for it beside the labels'."""
    doses: dict[str, tuple[DoseRange, ...]] = {}
    for indication in indications:
        where = Where("indications.toml", indication.code)
        for entry in indication.dose:
            check_sources(where, entry.sources, sources)
            dose = dose_range(
                entry, where, sources[entry.sources[0]].title, f"read on {publishers(sources, entry.sources)}"
            )
            if dose:
                doses[indication.code] = (*doses.get(indication.code, ()), dose)
    return doses
