"""The dialogue of ``ivigcheck reaction --ask``: one question after the other, each answer checked as it is given."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ivigcheck.cli.reaction_options import Texts
from ivigcheck.cli.terminal import diagnostics
from ivigcheck.errors import UsageError
from ivigcheck.history import patient_id_problem
from ivigcheck.normalise.spellings import id_problem, read_answer
from ivigcheck.orders import NO
from ivigcheck.reaction import OBSERVATIONS, PRESSURES, Observation, Observed
from ivigcheck.show import visible


def require_terminal() -> None:
    """Raises UsageError where nobody could answer."""
    for stream in (sys.stdin, sys.stderr):
        if stream is None or not stream.isatty():
            raise UsageError("--ask asks at a terminal, and this is none: give the observations as options or --from.")


def ask_patient() -> str:
    """The patient's id, typed at the terminal; asked again where it is none."""
    while True:
        text = _prompt("Patient's id")
        problem = patient_id_problem(text) or id_problem(text)
        if not problem:
            return text
        _say(f"  The id {problem}.")


def ask(texts: Texts, read: Callable[[Texts], Observed], is_child: Callable[[Observed], bool]) -> Texts:
    """Asks for every observation that is not there yet. Enter leaves a question open.

    read: raises UsageError for what cannot be used; then the question is asked again.
    """
    answers = dict(texts)
    _say("Answer each question, or press Enter where you do not know. Ctrl-C ends.")
    for each in OBSERVATIONS:
        if each.name in answers or each.name == "observed_at" or _idle(each, answers, read, is_child):
            continue
        while True:
            text = _prompt(_words(each))
            if not text:
                break
            try:
                read({**answers, each.name: visible(text)})
            except UsageError as error:
                _say(f"  {str(error).splitlines()[-1]}")
                continue
            answers[each.name] = visible(text)
            break
    return answers


def _say(line: str) -> None:
    with diagnostics() as stream:
        stream.write(f"{line}\n")


def _prompt(question: str) -> str:
    """One answer. The question goes to standard error: standard output is the report's alone."""
    with diagnostics() as stream:
        stream.write(f"{question}: ")
    line = sys.stdin.readline() if sys.stdin else ""
    if not line:  # the terminal has been closed
        raise KeyboardInterrupt
    return line.strip()


def _idle(
    each: Observation, answers: Texts, read: Callable[[Texts], Observed], is_child: Callable[[Observed], bool]
) -> bool:
    if each.name == "onset_minutes" and "onset" in answers:
        return True
    if each.name in PRESSURES and is_child(read(answers)):
        return True
    return each.name == "minutes_since_resolved" and read_answer(answers.get("resolved", "")) == NO


def _words(each: Observation) -> str:
    if each.name in PRESSURES:  # no figure: whether adult ones hold may not be known yet
        return f"{each.question} [{each.shown}]"
    form = {"answer": "yes/no", "pattern": each.shown}.get(each.kind, f"such as {each.shown}")
    return f"{each.question} [{form}]"
