"""What the generated orders are about: who is given what, how often, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Regimen:
    """An indication in three spellings and a product in two, with rates within label and policy, in mg/kg/min.

    instead: a product of the same strength and rates that is given now and then. rhythm: key of `DAYS`.
    """

    share: float
    spelled: tuple[str, str, str]
    product: str
    instead: str
    mg_per_mL: int
    label_start: float
    label_max: float
    g_per_kg: float
    rhythm: str


_PI: Final = ("PI", "primary immunodeficiency", "D83.9")
_CIDP: Final = ("CIDP", "chronic inflammatory demyelinating polyneuropathy", "G61.81")
_ITP: Final = ("ITP", "immune thrombocytopenia", "D69.3")
_MMN: Final = ("MMN", "multifocal motor neuropathy", "G61.82")
_GBS: Final = ("GBS", "Guillain-Barré syndrome", "G61.0")

REGIMENS: Final = (
    Regimen(16, _PI, "Gamunex-C", "Flebogamma DIF 10%", 100, 1.0, 8.0, 0.5, "monthly"),
    Regimen(16, _PI, "Privigen 10%", "Gammaplex 10%", 100, 0.5, 8.0, 0.5, "monthly"),
    Regimen(8, _PI, "Octagam 5%", "Gammaplex 5%", 50, 0.5, 3.2, 0.4, "monthly"),
    Regimen(7, _PI, "Panzyga", "Qivigy 10%", 100, 1.0, 8.0, 0.4, "monthly"),
    Regimen(6, _PI, "Bivigam 10% inj", "Asceniv", 100, 0.5, 6.0, 0.4, "monthly"),
    Regimen(7, _PI, "Gammagard Liquid", "Gammagard Liquid 10%", 100, 0.8, 8.0, 0.4, "monthly"),
    Regimen(9, _CIDP, "Gamunex-C 10%", "Gamunex-C", 100, 2.0, 8.0, 1.0, "three weeks"),
    Regimen(8, _CIDP, "Privigen", "Privigen 10%", 100, 0.5, 8.0, 1.0, "three weeks"),
    Regimen(7, _ITP, "Privigen 10%", "Privigen", 100, 0.5, 4.0, 1.0, "two days"),
    Regimen(7, _ITP, "Gamunex-C", "Flebogamma DIF 10%", 100, 1.0, 8.0, 1.0, "two days"),
    Regimen(6, _MMN, "Gammagard Liquid 10%", "Gammagard Liquid", 100, 0.8, 8.0, 1.0, "monthly"),
    Regimen(3, _GBS, "Privigen 10%", "Privigen", 100, 0.5, 4.0, 0.4, "five days"),
)

DAYS: Final = {
    "monthly": tuple(28 * k for k in range(8)),
    "three weeks": tuple(21 * k for k in range(8)),
    "two days": (0, 1, 42, 43, 84, 85, 126, 127),
    "five days": (0, 1, 2, 3, 4, 60, 61, 62),
}
"""The days of a patient's orders."""

BAD: Final = ("70,5", "?", "unknown", "8 mg", "1e3")


@dataclass(frozen=True)
class Who:
    """Of whom a question is answered yes: a share of the patients in all their orders, and of single orders.

    at_risk: whether a yes means that the infusion should run slowly.
    """

    of_patients: float
    of_orders: float = 0.0
    at_risk: bool = True


WHO: Final = {
    "hypercoagulable_state": Who(0.004),
    "recent_thrombosis": Who(0.002, 0.001),
    "ivig_thrombosis": Who(0.002),
    "volume_depletion": Who(0, 0.004),
    "cardiovascular_risk": Who(0.08),
    "diabetes": Who(0.07),
    "renal_insufficiency": Who(0.04),
    "thrombosis_history": Who(0.02),
    "immobilization": Who(0.01, 0.005),
    "sepsis": Who(0, 0.003),
    "nephrotoxic_drugs": Who(0.02, 0.01),
}
QUESTIONS: Final = tuple(WHO)


@dataclass(frozen=True)
class Answers:
    """How answers are written; ``blank`` of them are not."""

    no: tuple[str, ...] = ("no", "N", "No")
    yes: tuple[str, ...] = ("yes", "Y")
    shares: tuple[float, ...] = (0.7, 0.25, 0.05)
    blank: float = 0.005


ANSWERS: Final = Answers()
