"""Reads the knowledge files and refuses what a reviewer misses.

An unknown key, a missing source, a duplicate indication and phase, a rate without a worked example, a worked example
that the program does not come to, a start above its maximum: each stops the program before it judges anything.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import tomli

from ivigcheck.errors import KnowledgeError
from ivigcheck.knowledge.facts import Figure, IcdRow, Knowledge, LabelRow, PolicyInForce, Product, fold, publishers
from ivigcheck.knowledge.model import (
    Indication,
    IndicationsFile,
    Label,
    Policy,
    ProductFile,
    Question,
    Rate,
    RisksFile,
    Source,
    VersionFile,
)
from ivigcheck.units import RELATIVE_TOLERANCE, quantity_of

FOLDER: Final = Path(__file__).parent
_EVIDENCE: Final = {
    "label": "",
    "label-site": " (manufacturer's dosing page)",
    "monograph": " (from a monograph)",
    "secondary": " (secondary source)",
}
T = TypeVar("T")


@dataclass(frozen=True)
class _Where:
    """Names the file, and the entry in it, that a refusal is about."""

    file: str
    entry: str = ""

    def refuse(self, why: str) -> KnowledgeError:
        entry = f", {self.entry}" if self.entry else ""
        return KnowledgeError(f"knowledge file {self.file}{entry}: {why}")


def _parse(path: Path, shape: type[T]) -> T:
    where = _Where(path.name)
    try:
        return msgspec.convert(tomli.loads(path.read_text(encoding="utf-8")), shape)
    except tomli.TOMLDecodeError as error:
        raise where.refuse(f"is not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise where.refuse(str(error)) from error


def _check_sources(where: _Where, named: Iterable[str], known: dict[str, Source]) -> None:
    named = tuple(named)
    if not named:
        raise where.refuse("names no source")
    for source in named:
        if source not in known:
            raise where.refuse(f'source "{source}" is not in sources.toml')


def _per_kg(where: _Where, text: str, concentration: float) -> float:
    """A labelled rate in mg/kg/min; mL per kg and time through the product's concentration in mg/mL."""
    try:
        value, unit = quantity_of(text, "rate")
    except ValueError as error:
        raise where.refuse(str(error)) from error
    if unit.form == "mg/kg/min":
        return value * unit.factor
    if unit.form == "mL/kg/min" and concentration == concentration:
        return value * unit.factor * concentration
    raise where.refuse(f'"{text}" is no rate per kg, or the product has no concentration')


def _label_row(
    label: Label, product: ProductFile, concentration: float, where: _Where, sources: dict[str, Source]
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
        return Figure(_per_kg(where, text, concentration), text, exclusive, f"{cite}, {what}", read_on, also)

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
        entry=label,
    )
    if row.start and row.maximum and row.start.rate > row.maximum.rate:
        raise where.refuse(f"the start rate {row.start.text} is above the maximum {row.maximum.text}")
    return row


def _check_worked_example(row: LabelRow, concentration: float, where: _Where) -> None:
    """Every rate has an example worked by hand, in mL/h (mg/h where the concentration is open), and agrees with it."""
    example = row.entry.worked_example
    stated = {"start": row.start, "max": row.maximum, "at_risk_max": row.at_risk}
    if example is None:
        if any(stated.values()):
            raise where.refuse("has a rate without a worked example")
        return
    try:
        weight, weight_unit = quantity_of(example.weight, "body_mass")
        for name, figure in stated.items():
            text = getattr(example, name)
            if bool(text) != bool(figure):
                raise where.refuse(f'the worked example and the label disagree on whether there is a "{name}"')
            if figure is None:
                continue
            value, unit = quantity_of(text, "rate")
            mg_per_min = value * unit.factor * (concentration if unit.form == "mL/min" else 1.0)
            expected = figure.rate * weight * weight_unit.factor
            # Worked examples are written to six decimals at the most.
            if abs(mg_per_min - expected) > max(RELATIVE_TOLERANCE, 1e-6 / value) * expected:
                raise where.refuse(f'the worked example "{name} = {text}" does not follow from {figure.text}')
    except ValueError as error:
        raise where.refuse(str(error)) from error


def read_product(path: Path, sources: dict[str, Source], indications: Iterable[str]) -> Product:
    """One product file, checked. Raises KnowledgeError naming file, entry and reason."""
    entry = _parse(path, ProductFile)
    where = _Where(path.name)
    _check_sources(where, entry.sources, sources)
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
        here = _Where(path.name, f"label {label.indication}{' ' + label.phase if label.phase else ''}")
        if label.indication not in indications:
            raise here.refuse("is for an indication that indications.toml does not have")
        if (label.indication, label.phase) in seen:
            raise here.refuse("stands twice")
        seen.add((label.indication, label.phase))
        second = label.second_source
        _check_sources(here, (*label.sources, *second.start_rate, *second.max_rate, *second.at_risk_max_rate), sources)
        row = _label_row(label, entry, concentration, here, sources)
        _check_worked_example(row, concentration, here)
        rows.append(row)
    if not rows:
        raise where.refuse("has no label entry")
    return Product(entry.name, entry.brand, concentration, allowed, entry.stabilizer, tuple(rows), entry)


def _concentration(text: str) -> float:
    value, unit = quantity_of(text, "concentration")
    return value * unit.factor


def read_icd(path: Path, indications: Iterable[str], questions: Iterable[str]) -> tuple[IcdRow, ...]:
    """The diagnosis codes: what each prefix means. Raises KnowledgeError on a meaning that nothing has."""
    where = _Where(path.name)
    known = {"indication": set(indications), "risk": set(questions), "none": {"none"}}
    rows = []
    for line in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))):
        if line["kind"] not in known or line["means"] not in known[line["kind"]]:
            raise where.refuse(f"code {line['code']} means {line['kind']} {line['means']}, which is nowhere defined")
        rows.append(IcdRow(line["code"].replace(".", ""), line["kind"], line["means"], line["description"]))
    if len({(row.code, row.means) for row in rows}) != len(rows):
        raise where.refuse("a code stands twice with the same meaning")
    return tuple(rows)


def read_policy(path: Path, sources: dict[str, Source], indications: Iterable[str]) -> PolicyInForce:
    """The policy file, its quantities read. Raises KnowledgeError naming the parameter."""
    policy = _parse(path, Policy)
    where = _Where(path.name)
    for name in policy.__struct_fields__:
        parameter = getattr(policy, name)
        if hasattr(parameter, "sources"):
            _check_sources(_Where(path.name, name), parameter.sources, sources)

    def rate(parameter: Rate | str) -> float:
        text = parameter if isinstance(parameter, str) else parameter.value
        return _per_kg(where, text, float("nan"))

    for code in policy.start_rate.by_indication:
        if code not in indications:
            raise where.refuse(f"start_rate names the indication {code}, which indications.toml does not have")
    try:
        wait, wait_unit = quantity_of(policy.rechallenge_wait.value, "minutes")
        dose, dose_unit = quantity_of(policy.high_dose.value, "dose")
    except ValueError as error:
        raise where.refuse(str(error)) from error
    if dose_unit.form != "g/kg":
        raise where.refuse("high_dose is no dose per kg")
    return PolicyInForce(
        entry=policy,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        ceiling=rate(policy.ceiling),
        at_risk_ceiling=rate(policy.at_risk_ceiling),
        review_rate=rate(policy.review_rate),
        start_rates={code: rate(text) for code, text in policy.start_rate.by_indication.items()},
        other_start_rate=rate(policy.start_rate.other),
        at_risk_over_age=policy.at_risk_over_age.value,
        recent_thrombosis_days=policy.recent_thrombosis_days.value,
        rechallenge_fraction=policy.rechallenge_fraction.value,
        rechallenge_wait_minutes=wait * wait_unit.factor,
        severe_reaction_from_grade=policy.severe_reaction_from_grade.value,
        high_dose_g_per_kg=dose * dose_unit.factor,
    )


def _check_names(products: Iterable[Product], indications: Iterable[Indication], questions: Iterable[Question]) -> None:
    spelled: dict[str, str] = {}
    for indication in indications:
        for spelling in (indication.code, indication.name, *indication.synonyms):
            if spelled.setdefault(fold(spelling), indication.code) != indication.code:
                raise _Where("indications.toml").refuse(f'"{spelling}" stands for two indications')
    names = [product.name for product in products]
    if len(set(names)) != len(names):
        raise _Where("products").refuse("two files describe one product")
    brands = {product.brand for product in products}
    for question in questions:
        if question.contraindicated_brand and question.contraindicated_brand not in brands:
            raise _Where("risks.toml", question.name).refuse("speaks against a brand that no product file has")


def _digest(folder: Path) -> str:
    """One hash over every knowledge file: names and contents, in a fixed order."""
    digest = hashlib.sha256()
    for path in sorted((*folder.glob("*.toml"), *folder.glob("*.csv"), *folder.glob("products/*.toml"))):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def read_knowledge(folder: Path) -> Knowledge:
    """Everything that the program knows, from one folder. Raises KnowledgeError on anything that is not whole."""
    sources = _parse(folder / "sources.toml", dict[str, Source])
    version = _parse(folder / "version.toml", VersionFile)
    indications = _parse(folder / "indications.toml", IndicationsFile).indication
    questions = _parse(folder / "risks.toml", RisksFile).question
    codes = [indication.code for indication in indications]
    for question in questions:
        _check_sources(_Where("risks.toml", question.name), question.sources, sources)
    products = tuple(read_product(path, sources, codes) for path in sorted(folder.glob("products/*.toml")))
    _check_names(products, indications, questions)
    return Knowledge(
        version=version.version,
        date=version.date,
        notice=version.notice,
        sha256=_digest(folder),
        policy=read_policy(folder / "policy.toml", sources, codes),
        indications=indications,
        questions=questions,
        icd=read_icd(folder / "icd10cm.csv", codes, [question.name for question in questions]),
        products=products,
        sources=sources,
    )


@lru_cache(maxsize=1)
def built_in() -> Knowledge:
    """The knowledge that the program comes with."""
    return read_knowledge(FOLDER)
