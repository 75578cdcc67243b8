"""``ivigcheck reaction``: the bedside protocol for a reaction while IVIG runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from ivigcheck.cli.consult import consulting
from ivigcheck.cli.history_option import HistoryOption, history_path
from ivigcheck.cli.options import PolicyOption
from ivigcheck.cli.patient_id import read_patient_id
from ivigcheck.cli.reaction_dialogue import ask, ask_patient, require_terminal
from ivigcheck.cli.reaction_options import Texts, merged, read_file, takes_observations
from ivigcheck.cli.terminal import complain, diagnostics, emit
from ivigcheck.errors import Exit, HistoryError, UsageError
from ivigcheck.history import History
from ivigcheck.knowledge import Knowledge
from ivigcheck.knowledge.protocol import built_in_protocol
from ivigcheck.past import Past
from ivigcheck.reaction import Judgement, Observed, judge, read_observations
from ivigcheck.reaction.judgement import is_child
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
    patient: Annotated[
        str, typer.Option("--patient", metavar="-", help='"-": read the patient\'s id from standard input.')
    ] = "",
    record: Annotated[bool, typer.Option("--record", help="Record the reaction in the patient's history.")] = False,
    by: Annotated[str, typer.Option("--by", metavar="INITIALS", help="Who records it.")] = "",
    history: HistoryOption = None,
    policy: PolicyOption = None,
) -> int:
    """What to do, in order, when a patient reacts while IVIG runs.

    The protocol with this patient's numbers in it: what it may be, the grade, whether and how the infusion may go on,
    what to order and what to write down. What was not observed is asked for, and never taken for no.

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
      2  an observation cannot be right, or the command line: nothing recorded
      3  a file or the history cannot be read, or nothing could be recorded
    """
    _check_options(file, patient, by, asks=ask_for_them, record=record)
    knowledge, protocol, now = knowledge_in_force(policy), built_in_protocol(), datetime.now().astimezone()
    given = merged(read_file(file) if file else {}, texts)

    def read(answers: Texts) -> Observed:
        return read_observations(answers, knowledge, protocol, now=now)

    read(given)  # what cannot be right is said before anything is asked
    if ask_for_them:
        with diagnostics() as stream:
            stream.write("".join(f"{step.text}\n" for step in protocol.first))
        given = ask(given, read, lambda observed: is_child(observed, protocol))
    observed = read(given)
    if record and not (observed.onset or observed.infusion_start):
        raise UsageError("--record needs a time: say --infusion-start or --onset. Nothing was recorded.")
    patient_id = ""
    if patient:
        patient_id = ask_patient() if ask_for_them else read_patient_id(patient)
    asked = _ask_history(history, patient_id, knowledge, recording=record) if patient else _Asked()
    found = judge(observed, protocol, asked.past, unknown_past=asked.failure)
    facts = reaction_facts(observed, found, protocol)
    facts["history_entries"] = list(asked.past.lines()) if asked.past else []
    facts["recorded"], failure = [], asked.failure
    if record and not failure:
        facts["recorded"], failure = _record(observed, found, patient_id, by, history, now)
    if failure:
        facts["notices"].append(f"{'NOT RECORDED. ' if record else ''}The history: {failure}")
    emit(_rendered(facts, form))
    complain(failure)
    return Exit.CANNOT_RUN if failure else Exit.OK


@dataclass(frozen=True, eq=False, repr=False)
class _Asked:
    """What the history said. failure: why it could not be asked; the protocol is printed all the same."""

    past: Past | None = None
    failure: str = ""


def _ask_history(option: str | None, patient_id: str, knowledge: Knowledge, *, recording: bool) -> _Asked:
    try:
        if recording and not history_path(option).path.exists():  # it begins with this reaction
            return _Asked()
        with consulting(option, knowledge) as memory:
            (past,) = memory.recall([patient_id])
            return _Asked(past)
    except HistoryError as error:
        return _Asked(failure=str(error))


def _record(
    observed: Observed, found: Judgement, patient_id: str, by: str, option: str | None, now: datetime
) -> tuple[list[int], str]:
    """The numbers of the entries, or why there are none: at the bedside the page comes first."""
    entries = reaction_entries(observed, found, patient_id, by)
    try:
        with History.recording(history_path(option).path) as store:
            return store.append(entries, now.astimezone(UTC)), ""
    except HistoryError as error:
        return [], str(error)


def _check_options(file: str, patient: str, by: str, *, asks: bool, record: bool) -> None:
    """Raises UsageError for options that do not go together."""
    if asks:
        require_terminal()
    if record and not (patient and by):
        raise UsageError("--record needs the patient and who records: --patient - and --by INITIALS.")
    if by and not record:
        raise UsageError("--by says who records: it goes with --record.")
    if file == "-" and patient:
        raise UsageError("--from - and --patient - both read standard input: write the observations to a file.")


def _rendered(facts: Mapping[str, Any], form: Form) -> str | bytes:
    if form is Form.JSON:
        return render_object(facts)
    return reaction_page(facts, printed=form is Form.PAGE)
