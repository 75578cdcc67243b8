"""``ivigcheck reaction``: the bedside protocol for a reaction while IVIG runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from ivigcheck.cli.consult import PatientOption, consulting, place_to_record
from ivigcheck.cli.history_option import HistoryOption
from ivigcheck.cli.options import PolicyOption
from ivigcheck.cli.patient_id import FROM_INPUT, read_patient_id
from ivigcheck.cli.reaction_dialogue import ask, ask_patient, require_terminal
from ivigcheck.cli.reaction_options import Texts, merged, read_file, takes_observations
from ivigcheck.cli.terminal import complain, diagnostics, emit
from ivigcheck.errors import Exit, HistoryError, UsageError
from ivigcheck.history import History, NewEntry, initials_problem
from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.protocol import built_in_protocol
from ivigcheck.past import Memory, Past
from ivigcheck.reaction import Observed, is_child, judge, read_observations
from ivigcheck.reaction.recording import reaction_entries
from ivigcheck.report.json_report import render_object
from ivigcheck.report.reaction_facts import reaction_facts
from ivigcheck.report.reaction_text import reaction_page
from ivigcheck.site import knowledge_in_force


class Form(StrEnum):
    """How the protocol is printed."""

    TEXT = "text"
    PAGE = "page"
    JSON = "json"


@takes_observations
def reaction(
    texts: Texts,
    file: Annotated[
        str, typer.Option("--from", metavar="FILE.json", help='Read the observations from a JSON file; "-": stdin.')
    ] = "",
    ask_for_them: Annotated[
        bool, typer.Option("--ask", help="Ask for the observations one by one, at a terminal.")
    ] = False,
    form: Annotated[
        Form, typer.Option("--format", help="text for the terminal, page to print, tick and sign, or json.")
    ] = Form.TEXT,
    patient: PatientOption = None,
    record: Annotated[bool, typer.Option("--record", help="Record the reaction in the patient's history.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="INITIALS", help="Who records it.")] = "",
    history: HistoryOption = None,
    policy: PolicyOption = None,
) -> int:
    """What to do, in order, when a patient reacts while IVIG runs.

    The protocol with this patient's numbers in it: what it may be, the grade, whether and how the infusion may go on,
    what to order and what to write down. What was not observed is asked for.

    With --patient, the history is asked too: after a confirmed thrombotic event or a severe reaction there is no
    rechallenge. With --record, the reaction is recorded there, and later orders of the patient are held to it.

    \b
    Examples:
      ivigcheck reaction
      ivigcheck reaction --ask
      ivigcheck reaction --age 58 --weight "82 kg" --product "Privigen 10%" \\
          --rate "180 mL/h" --infusion-start 2026-11-22T22:00 \\
          --onset-minutes 45 --weakness focal --facial-droop no
      ivigcheck reaction --from observed.json --format page | lp
      echo "$MRN" | ivigcheck reaction --from observed.json \\
          --patient - --record --by AB

    \b
    Exit codes:
      0  the protocol was printed, and recorded where that was asked
      2  an observation or the command line is wrong: nothing was recorded
      3  a file or the history cannot be read, or nothing could be recorded;
         the protocol is printed all the same where it can be
    """
    _check_options(file, patient, by, asks=ask_for_them, record=record)
    knowledge, protocol = knowledge_in_force(policy), built_in_protocol()
    given = merged(read_file(file) if file else {}, texts)

    def read(answers: Texts) -> Observed:
        return read_observations(answers, knowledge, protocol, now=datetime.now().astimezone())

    read(given)  # what cannot be right is said before anything is asked
    if ask_for_them:
        with diagnostics() as stream:
            stream.write("".join(f"{step.text}\n" for step in protocol.first))
        given = ask(given, read, lambda observed: is_child(observed, protocol))
    observed = read(given)
    patient_id = ""
    if patient is not None:
        patient_id = ask_patient() if ask_for_them else read_patient_id(patient)
    asked = _ask_history(history, patient_id, knowledge) if patient is not None else _nobody(knowledge)
    found = judge(observed, protocol, asked.past, unknown_past=asked.failure or asked.unknown)
    facts = reaction_facts(observed, found, protocol, asked.memory)
    facts["history_entries"] = list(asked.past.lines()) if asked.past else []
    facts["recorded"], failure = [], asked.failure
    lacking = _lacking(observed) if record else ""
    if record and not failure and not lacking:
        entries = reaction_entries(observed, judge(observed, protocol), patient_id, by)
        facts["recorded"], failure = _record(entries, history, knowledge)
    # At the bedside the page comes first, whatever could not be recorded or asked.
    if failure or lacking:
        facts["notices"].append(f"{'NOT RECORDED. ' if record else ''}{failure or lacking}")
    emit(_rendered(facts, form))
    complain(failure or lacking)
    if failure:
        return Exit.CANNOT_RUN
    return Exit.USAGE if lacking else Exit.OK


def _lacking(observed: Observed) -> str:
    """What a record still needs; "" where it has all."""
    if not (observed.onset or observed.infusion_start):
        return "--record needs a time: say --infusion-start or --onset. Nothing was recorded."
    if observed.observed_at is None:
        return "--record needs --observed-at: by this computer's clock the times given lie ahead. Nothing was recorded."
    return ""


def _nobody(knowledge: Knowledge) -> _Asked:
    """Without a patient's id there is nobody to ask of; where the policy requires it, the past is then not known."""
    required = knowledge.policy.site.require_history
    return _Asked(unknown="the policy requires the history, and no patient was named" if required else "")


_NOBODY: Final = Memory.none("no patient was named (--patient -)")


@dataclass(frozen=True, eq=False, repr=False)
class _Asked:
    """What the history said. failure: why it could not be asked; unknown: why it was not, though it must be. The
    protocol is printed all the same."""

    memory: Memory = _NOBODY
    past: Past | None = None
    failure: str = ""
    unknown: str = ""


def _ask_history(option: str | None, patient_id: str, knowledge: Knowledge) -> _Asked:
    try:
        with consulting(option, knowledge) as memory:
            (past,) = memory.recall([patient_id])
            return _Asked(memory, past)
    except HistoryError as error:
        return _Asked(Memory.none("it could not be"), failure=str(error))


def _record(entries: Sequence[NewEntry], option: str | None, knowledge: Knowledge) -> tuple[list[int], str]:
    """The numbers of the entries, or why there are none: at the bedside the page comes first."""
    try:
        with History.recording(place_to_record(option, knowledge)) as store:
            return store.append(entries, datetime.now(UTC)), ""
    except HistoryError as error:
        return [], str(error)


def _check_options(file: str, patient: str | None, by: str, *, asks: bool, record: bool) -> None:
    """Raises UsageError for options that do not go together."""
    if patient not in (None, FROM_INPUT):
        read_patient_id(patient or "")  # which refuses it
    if by and (problem := initials_problem(by)):
        raise UsageError(f"--by: {problem}")
    if asks:
        require_terminal()
    if record and (patient is None or not by):
        raise UsageError("--record needs the patient and who records: --patient - and --by INITIALS.")
    if by and not record:
        raise UsageError("--by says who records: it goes with --record.")
    if file == "-" and patient is not None:
        raise UsageError("--from - and --patient - both read standard input: write the observations to a file.")


def _rendered(facts: Mapping[str, Any], form: Form) -> str | bytes:
    if form is Form.JSON:
        return render_object(facts)
    return reaction_page(facts, printed=form is Form.PAGE)
