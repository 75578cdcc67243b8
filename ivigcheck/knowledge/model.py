"""The shapes of the knowledge files, exactly as they are written: an unknown key or a wrong type is refused.

Quantities stay text in the unit of their source (``0.5 mL/kg/h``); `ivigcheck.knowledge.loader` reads them.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Evidence = Literal["label", "label-site", "monograph", "secondary"]
Basis = Literal["per_infusion", "per_course", "per_cycle", "per_month"]
Phase = Literal["loading", "maintenance", "first", "subsequent"]
Family = Literal[
    "thrombotic contraindication", "correct first", "at risk", "thrombosis risk", "renal risk", "contraindication"
]
Stabilizer = Literal["glycine", "proline", "maltose", "sorbitol", "glucose", "sucrose", "unknown"]


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A document that was read: title, who publishes it, where, and what is known of its state."""

    title: str
    publisher: str
    url: str = ""
    date: str = ""
    status: str = ""


class WorkedExample(Struct, frozen=True, forbid_unknown_fields=True):
    """A label's rates for one body weight, worked by hand: what the program must also come to."""

    weight: str
    start: str = ""
    max: str = ""
    at_risk_max: str = ""
    steps: tuple[str, ...] = ()


class AlsoPrinted(Struct, frozen=True, forbid_unknown_fields=True):
    """How the same document prints a limit in another form that does not quite agree."""

    start: str = ""
    max: str = ""
    at_risk: str = ""


class SecondSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Further documents that state the same figure."""

    start_rate: tuple[str, ...] = ()
    max_rate: tuple[str, ...] = ()
    at_risk_max_rate: tuple[str, ...] = ()


class Label(Struct, frozen=True, forbid_unknown_fields=True):
    """What a product's prescribing information says for one indication (and phase). Blank is "not found".

    step_rule: how the rate is raised, in the label's words. Of that, as data: step_minutes, how long each rate after
    the first is kept (the longest that the label names); step_rates, the rates it lists, the first among them;
    step_add, by how much it raises.
    dose_days: the days within which the dose is the whole one (a month: 28, so that an infusion every four weeks is one
    a month); of a dose per infusion, the shortest time after which it is repeated.
    """

    indication: str
    evidence: Evidence
    sources: tuple[str, ...]
    phase: Phase | Literal[""] = ""
    start_rate: str = ""
    start_minutes: int | None = None
    step_rule: str = ""
    step_minutes: int | None = None
    step_rates: tuple[str, ...] = ()
    step_add: str = ""
    max_rate: str = ""
    at_risk_max_rate: str = ""
    at_risk_bound: Literal["", "inclusive", "exclusive"] = ""
    also_printed: AlsoPrinted = AlsoPrinted()
    dose_min: str = ""
    dose_max: str = ""
    dose_basis: Basis | Literal[""] = ""
    dose_days: int | None = None
    dose_text: str = ""
    population: str = ""
    at_risk_text: str = ""
    not_verified: str = ""
    second_source: SecondSource = SecondSource()
    worked_example: WorkedExample | None = None


class ProductFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One product of one strength."""

    name: str
    brand: str
    stabilizer: Stabilizer
    label: tuple[Label, ...]
    sources: tuple[str, ...]
    concentration: str = ""
    concentration_range: tuple[str, ...] = ()
    stabilizer_detail: str = ""
    iga: str = ""
    sodium: str = ""
    vials: tuple[str, ...] = ()
    line_compatibility: str = ""
    contraindications: tuple[str, ...] = ()
    contraindicated_under_years: int | None = None
    hazards: tuple[str, ...] = ()
    status: str = ""
    label_text_seen: str = ""
    ndc: tuple[str, ...] = ()


class UsualDose(Struct, frozen=True, forbid_unknown_fields=True):
    """A dose for an indication that is in use beside the labels', or where no label has the indication."""

    dose_max: str
    dose_basis: Basis
    dose_text: str
    sources: tuple[str, ...]
    dose_min: str = ""
    dose_days: int | None = None


class Indication(Struct, frozen=True, forbid_unknown_fields=True):
    """An indication that is recognised. code: what the report calls it; synonyms: full name and usual spellings."""

    code: str
    name: str
    synonyms: tuple[str, ...] = ()
    dose: tuple[UsualDose, ...] = ()


class IndicationsFile(Struct, frozen=True, forbid_unknown_fields=True):
    """All indications."""

    indication: tuple[Indication, ...]


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """A risk question. seed: asked of every order, so that no answer is a finding.

    contraindicated_stabilizer, contraindicated_brand: what a yes speaks against.
    """

    name: str
    title: str
    family: Family
    sources: tuple[str, ...]
    seed: bool = False
    headers: tuple[str, ...] = ()
    contraindicated_stabilizer: Stabilizer | Literal[""] = ""
    contraindicated_brand: str = ""
    note: str = ""


class RisksFile(Struct, frozen=True, forbid_unknown_fields=True):
    """All risk questions, in the order in which reports list them."""

    question: tuple[Question, ...]


class Rate(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy parameter with its source; value in the unit it is written in."""

    value: str
    sources: tuple[str, ...]
    note: str = ""


class Count(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy parameter that is a plain number (years, days, a fraction, a grade)."""

    value: float
    sources: tuple[str, ...]
    note: str = ""


class StartRates(Struct, frozen=True, forbid_unknown_fields=True):
    """The starting rate by indication code, and for every other indication."""

    by_indication: dict[str, str]
    other: str
    sources: tuple[str, ...]
    note: str = ""


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """A plausible range: a value outside it is not used. Bounds belong to it unless said to be exclusive."""

    low: float
    high: float
    unit: str
    low_exclusive: bool = False
    high_exclusive: bool = False


class Plausible(Struct, frozen=True, forbid_unknown_fields=True):
    """The plausible ranges, by quantity."""

    age: Range
    weight: Range
    height: Range
    rate: Range
    dose: Range
    sources: tuple[str, ...]


class Titration(Struct, frozen=True, forbid_unknown_fields=True):
    """How an infusion is sped up where the label gives no rule: minutes at the first rate and at each further one, and
    what each rate is multiplied by."""

    start_minutes: float
    step_minutes: float
    step_factor: float
    sources: tuple[str, ...]
    note: str = ""


class VitalSigns(Struct, frozen=True, forbid_unknown_fields=True):
    """When vital signs are due beside before the start, at each increase and at the end: minutes after the start, and
    from when to when after the end."""

    after_start_minutes: float
    after_end_minutes: tuple[float, float]
    sources: tuple[str, ...]
    note: str = ""


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """A range of a plain number; its bounds belong to it."""

    low: float
    high: float
    sources: tuple[str, ...]
    note: str = ""


class DosingWeight(Struct, frozen=True, forbid_unknown_fields=True):
    """The weight that rates and doses per kg are reckoned on where an order gives no dosing weight.

    method: the body weight, or for those whom the trigger finds the ideal weight, or the adjusted one: ideal + factor ×
    (body weight − ideal). trigger: a body-mass index over bmi_over, or a weight over percent_of_ideal_over per cent of
    the ideal one. ideal (Devine): the sex's base in kg at base_height_cm, and per_inch_kg for each inch above it.
    Not for those under min_age_years or min_height_cm, nor in pregnancy.
    """

    method: Literal["actual", "ideal", "adjusted"]
    factor: float
    trigger: Literal["bmi", "percent_of_ideal"]
    bmi_over: float
    percent_of_ideal_over: float
    base_male_kg: float
    base_female_kg: float
    base_height_cm: float
    per_inch_kg: float
    min_age_years: float
    min_height_cm: float
    sources: tuple[str, ...]
    note: str = ""


class Reasons(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a finding may be settled: a code, and what it means."""

    by_code: dict[str, str]
    sources: tuple[str, ...]
    note: str = ""


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """The clinical rules in force."""

    id: str
    version: str
    title: str
    ceiling: Rate
    at_risk_ceiling: Rate
    review_rate: Rate
    start_rate: StartRates
    at_risk_over_age: Count
    recent_thrombosis_days: Count
    rechallenge_fraction: Count
    rechallenge_wait: Rate
    severe_reaction_from_grade: Count
    high_dose: Rate
    dose_disagreement: Count
    dose_rounding: Count
    restart_after_days: Count
    early_repeat_days: Count
    weights_disagree: Count
    weights_within_days: Count
    body_mass_index: Window
    order_days_ahead: Count
    pump_increment: Rate
    titration: Titration
    close_watch_minutes: Count
    vital_signs: VitalSigns
    dosing_weight: DosingWeight
    acknowledgement_days: Count
    acknowledgement_reasons: Reasons
    plausible: Plausible


class VersionFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The knowledge's own calendar version, and what every report must say of its state."""

    version: str
    date: str
    notice: str
