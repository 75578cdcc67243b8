"""Risk questions that a list of diagnosis codes answers. No code answers anything no."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ivigcheck.knowledge import Knowledge
from ivigcheck.normalise.reader import COLUMN, Reader
from ivigcheck.show import cut, visible
from ivigcheck.units import NOT_AVAILABLE
from ivigcheck.written import Codes, Trouble

_CODE: Final = re.compile(r"[A-Z][0-9][0-9A-Z](?:\.?[0-9A-Z]{1,4})?")
_MOST_SHOWN: Final = 20


@dataclass(frozen=True, eq=False, repr=False)
class Diagnoses:
    """What the codes answer. answers: for each distinct text, question -> the code that answers it yes.

    position: (n,) positions in ``answers``.
    """

    answers: tuple[Mapping[str, str], ...]
    position: Codes


def read_diagnoses(reader: Reader, knowledge: Knowledge) -> Diagnoses:
    """The answers of every order's codes: the rows of the longest known prefix of a code each answer their question.

    A text among them that is no code is a problem; the others answer all the same.
    """

    def read(text: str) -> tuple[Mapping[str, str], Trouble, str]:
        if text.casefold() in NOT_AVAILABLE:
            return {}, Trouble.NONE, ""
        codes = [part.strip() for part in text.split(";") if part.strip()]
        unreadable = [code for code in codes if not _CODE.fullmatch(code.upper())]
        answers: dict[str, str] = {}
        for code in codes:
            if code not in unreadable:
                for row in knowledge.icd_rows(code):
                    if row.kind == "risk":
                        answers.setdefault(row.means, code.upper())
        if unreadable:
            shown = visible(cut(unreadable[0], _MOST_SHOWN))
            why = f'has "{shown}", which is no ICD-10-CM code: separate codes with semicolons, as in E11.9;N18.3'
            return answers, Trouble.UNREADABLE, why
        return answers, Trouble.NONE, ""

    answers, position = reader.spellings(COLUMN["diagnoses"], read)
    return Diagnoses(tuple(answers) or ({},), position)
