"""The knowledge as the program uses it: quantities read, rates in mg/kg/min, every figure with its citation.

What there are many of are structs: a dataclass takes many times as long to declare and to make, at every start.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from msgspec import Struct

from ivigcheck.knowledge.model import Indication, Label, Policy, ProductFile, Question, Source
from ivigcheck.units import Floats, converted

_MOST_PUBLISHERS: Final = 3


def fold(text: str) -> str:
    """Text without case, spaces, punctuation and accents, for comparing names. Never used on identifiers."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^0-9a-z%]", "", decomposed)


def publishers(sources: Mapping[str, Source], named: Iterable[str]) -> str:
    """Who published the named sources, each once; of many the first three."""
    names = list(dict.fromkeys(sources[source].publisher for source in named))
    more = f" and {len(names) - _MOST_PUBLISHERS} more" if len(names) > _MOST_PUBLISHERS else ""
    return ", ".join(names[:_MOST_PUBLISHERS]) + more


class Figure(Struct, frozen=True, eq=False):
    """One labelled rate. rate: mg/kg/min; text: in the label's own unit; also_printed: its other form, if any.

    cite: product, label, indication and figure; read_on: who published the pages it was read on, what is unverified.
    """

    rate: float
    text: str
    exclusive: bool
    cite: str
    read_on: str
    also_printed: str = ""


class DoseRange(Struct, frozen=True, eq=False):
    """A dose in g/kg. low: NaN where nothing says what is too little; basis: infusion, course, cycle or month.

    days: within which it is the whole dose; of one per infusion, after which it is repeated, None where that is not
    stated. text: as stated; cite: who states it.
    """

    low: float
    high: float
    basis: str
    days: int | None
    text: str
    cite: str


class LabelRow(Struct, frozen=True, eq=False):
    """A label's figures for one indication and phase; None where no source gave the figure.

    step_rates, step_add: mg/kg/min, as far as the label lists rates, or says by how much to raise (NaN: it does not).
    """

    indication: str
    phase: str
    start: Figure | None
    maximum: Figure | None
    at_risk: Figure | None
    step_rates: tuple[float, ...]
    step_add: float
    dose: DoseRange | None
    cite: str
    entry: Label


class Product(Struct, frozen=True, eq=False):
    """One product of one strength. concentration: mg/mL, NaN where it depends on reconstitution."""

    name: str
    brand: str
    concentration: float
    concentration_range: tuple[float, ...]
    stabilizer: str
    labels: tuple[LabelRow, ...]
    entry: ProductFile


@lru_cache(maxsize=1_000)
def sizes_mg(product: Product) -> tuple[int, ...]:
    """A product's vials in mg, so that 2.5 g is a whole number; largest first, empty where they are not known."""
    sizes = {round(converted(text, "drug_mass") * 1000) for text in product.entry.vials}
    return tuple(sorted(sizes, reverse=True))


class IcdRow(Struct, frozen=True, eq=False):
    """A diagnosis code without its dot, and what it answers: an indication, a risk question, or none."""

    code: str
    kind: str
    means: str
    description: str


@dataclass(frozen=True)
class Deviation:
    """One thing that a site's policy sets otherwise than the built-in one; every report prints it.

    parameter: its key in the policy file. built_in, site: both values as written. direction: tighter, looser or other.
    """

    parameter: str
    built_in: str
    site: str
    direction: str
    reason: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Site:
    """What a site's policy says beside the clinical parameters; empty where there is no site policy.

    headers: column -> the site's own headers for it, each with the unit that it states or "". encoding: of its text
    files. absent_means_no: questions whose blank or missing answer is no. default_product: position of the product that
    a blank means, -1 for none. products_in_use: positions of the products that the site stocks, empty where it does not
    say. severities: rule code -> the severity that the site gives it. time_zone: of its clocks. signed_off: the version
    of the knowledge that the site has signed off, "" for none. require_history: whether no order may be checked without
    the history of its patient.
    """

    headers: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    encoding: str = ""
    absent_means_no: frozenset[str] = frozenset()
    default_product: int = -1
    products_in_use: frozenset[int] = frozenset()
    severities: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = ""
    signed_off: str = ""
    require_history: bool = False
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class PolicyInForce:
    """The policy's parameters as numbers; rates in mg/kg/min. ``entry`` holds them as written, with their sources."""

    entry: Policy
    sha256: str
    site: Site
    ceiling: float
    at_risk_ceiling: float
    review_rate: float
    start_rates: dict[str, float]
    other_start_rate: float
    at_risk_over_age: float
    recent_thrombosis_days: float
    rechallenge_fraction: float
    rechallenge_wait_minutes: float
    severe_reaction_from_grade: float
    high_dose_g_per_kg: float
    dose_disagreement: float
    dose_rounding: float
    restart_after_days: float
    early_repeat_days: float
    weights_disagree: float
    weights_within_days: float
    order_days_ahead: float
    pump_increment_mL_per_h: float
    close_watch_minutes: float
    acknowledgement_days: float

    @property
    def name(self) -> str:
        """How findings name it."""
        return f'policy "{self.entry.id}" {self.entry.version}'


@dataclass(frozen=True, eq=False, repr=False)
class Knowledge:
    """Everything that the program knows."""

    version: str
    date: str
    notice: str
    sha256: str
    policy: PolicyInForce
    indications: tuple[Indication, ...]
    questions: tuple[Question, ...]
    icd: tuple[IcdRow, ...]
    products: tuple[Product, ...]
    sources: dict[str, Source]
    usual_doses: dict[str, tuple[DoseRange, ...]]

    @property
    def signed_off(self) -> bool:
        """Whether the site has signed off this version of the knowledge."""
        return self.policy.site.signed_off == self.version

    @cached_property
    def indication_spellings(self) -> dict[str, int]:
        """Folded code, name or synonym -> position of the indication."""
        return {
            fold(text): i
            for i, indication in enumerate(self.indications)
            for text in (indication.code, indication.name, *indication.synonyms)
        }

    @cached_property
    def smallest_vials_g(self) -> Floats:
        """By position of the product its smallest vial in g, 0 where the sizes are not known; the last, at -1, is 0."""
        return np.array([*(min(sizes_mg(each), default=0) / 1000 for each in self.products), 0.0])

    @cached_property
    def course_days(self) -> int:
        """The days of the longest course that any source states: what is given within them may be one course."""
        stated = [row.dose for product in self.products for row in product.labels]
        stated += [dose for doses in self.usual_doses.values() for dose in doses]
        return max((dose.days or 1 for dose in stated if dose and dose.basis == "course"), default=1)

    @cached_property
    def icd_prefixes(self) -> dict[str, list[IcdRow]]:
        """Code without its dot -> its rows."""
        prefixes: dict[str, list[IcdRow]] = {}
        for row in self.icd:
            prefixes.setdefault(row.code, []).append(row)
        return prefixes

    @cached_property
    def brands(self) -> dict[str, tuple[int, ...]]:
        """Folded brand -> positions of its products, one for each strength."""
        brands: dict[str, tuple[int, ...]] = {}
        for i, product in enumerate(self.products):
            brands[fold(product.brand)] = (*brands.get(fold(product.brand), ()), i)
        return brands

    @cached_property
    def ndc(self) -> dict[str, tuple[int, ...]]:
        """Labeler and product of a National Drug Code, zero-padded to 5-4 -> positions of its products."""
        codes: dict[str, tuple[int, ...]] = {}
        for i, product in enumerate(self.products):
            for code in product.entry.ndc:
                labeler, made = code.split("-")
                key = f"{labeler:0>5}-{made:0>4}"
                codes[key] = (*codes.get(key, ()), i)
        return codes

    def icd_rows(self, code: str) -> list[IcdRow]:
        """The rows of the longest prefix of a code; empty where no prefix is known. Dots do not matter."""
        code = code.replace(".", "").upper()
        for length in range(len(code), 2, -1):
            if code[:length] in self.icd_prefixes:
                return self.icd_prefixes[code[:length]]
        return []

    def cite(self, source: str) -> str:
        """A source as a page names it: title, publisher, date and state."""
        entry = self.sources[source]
        return ", ".join(part for part in (entry.title, entry.publisher, entry.date, entry.status) if part)

    def cite_policy(self, parameter: str) -> str:
        """A parameter of the policy as a finding names it: policy, parameter, and the first document behind it."""
        entry = self.sources[getattr(self.policy.entry, parameter).sources[0]]
        document = f"{entry.title}, {entry.date}" if entry.date else entry.title
        return f"{self.policy.name}, {parameter}: {document}"
