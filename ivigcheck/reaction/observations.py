"""What is asked about a reaction, once: name, form and question. Options, the dialogue and the JSON file come from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["quantity", "number", "product", "time", "answer", "pattern"]

PATTERNS: Final = ("focal", "diffuse", "none")
"""The patterns of weakness."""


@dataclass(frozen=True, eq=False, repr=False)
class Observation:
    """One thing to observe. question: as it is asked; shown: an example, for help texts and the dialogue.

    column: the order column by whose grammar it is read, where there is one.
    """

    name: str
    kind: Kind
    question: str
    shown: str = ""
    column: str = ""


def _answer(name: str, question: str) -> Observation:
    return Observation(name, "answer", question)


# In the order of the dialogue: what threatens life comes first, what is only to be written down comes last.
OBSERVATIONS: Final[tuple[Observation, ...]] = (
    _answer("life_threatening", "Is the reaction life-threatening?"),
    _answer("dyspnea", "Is the patient short of breath?"),
    _answer("bronchospasm", "Is there bronchospasm (wheezing)?"),
    _answer("multiple_organs", "Are several organs affected (skin, gut, circulation, breathing)?"),
    _answer("hypotension", "Is the patient hypotensive, judged at the bedside?"),
    _answer("facial_droop", "Does one side of the face droop?"),
    _answer("speech_change", "Is speech changed (slurred, missing words)?"),
    Observation("weakness", "pattern", "Is the weakness focal, diffuse, or is there none?", "focal|diffuse|none"),
    _answer("one_sided", "Is it on one side of the body only?"),
    _answer("true_weakness", "Is power really reduced (not only malaise or aching muscles)?"),
    _answer("self_care_limited", "Is the patient limited in self-care?"),
    _answer("headache", "Is there a headache?"),
    _answer("fever", "Is there fever?"),
    Observation("age_years", "number", "How old is the patient, in years?", "58", "age_years"),
    Observation("weight", "quantity", "What does the patient weigh?", "82 kg", "weight"),
    Observation("sbp", "number", "Systolic blood pressure now?", "mmHg"),
    Observation("sbp_before", "number", "Systolic blood pressure before the infusion?", "mmHg"),
    Observation("product", "product", "Which product is running?", "Privigen 10%", "product"),
    Observation("concentration", "quantity", "Its concentration, where the product does not say it?", "10%", "concentration"),
    Observation("rate", "quantity", "At which rate did the infusion run when the reaction came?", "180 mL/h", "reaction_rate"),
    Observation("infusion_start", "time", "When did the infusion start?", "2026-11-22T22:00"),
    Observation("onset", "time", "When did the reaction begin?", "2026-11-22T22:45"),
    Observation("onset_minutes", "number", "Or how many minutes after the start did it begin?", "45"),
    Observation("volume_infused_mL", "number", "How many mL had run in by then?", "120"),
    _answer("recurred", "Did it come back after a rechallenge in this infusion?"),
    _answer("resolved", "Have all symptoms fully gone?"),
    Observation("minutes_since_resolved", "quantity", "For how many minutes have they been gone?", "20", "minutes_since_resolved"),
    Observation("observed_at", "time", "When was all this observed (default: now)?", "2026-11-22T23:10"),
)  # fmt: skip

OBSERVATION: Final = {each.name: each for each in OBSERVATIONS}

PRESSURES: Final = ("sbp", "sbp_before")
"""Observations whose figures are an adult's."""

SIGNS: Final = (
    "true_weakness", "weakness", "one_sided", "facial_droop", "speech_change", "hypotension", "dyspnea", "bronchospasm",
    "multiple_organs", "headache", "fever", "self_care_limited", "life_threatening",
)  # fmt: skip
"""Observations on which a suspicion or the grade rests: none may be missing before a rechallenge."""
