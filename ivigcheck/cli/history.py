"""``ivigcheck history``: what is kept of reactions and confirmed events, and how it is added to and put right."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
import typer

from ivigcheck.cli.consult import place_to_record
from ivigcheck.cli.history_export import entry_fields, export, head_fields
from ivigcheck.cli.history_nights import findings, runs, stats
from ivigcheck.cli.history_option import HistoryOption, history_path
from ivigcheck.cli.options import Form, PolicyOption
from ivigcheck.cli.patient_id import read_patient_id
from ivigcheck.cli.policy_diff import say
from ivigcheck.cli.terminal import captured, emit
from ivigcheck.errors import Exit, UsageError
from ivigcheck.history import History, HistoryMissing, NewEntry, withdrawals
from ivigcheck.normalise.spellings import read_date
from ivigcheck.show import visible
from ivigcheck.site import knowledge_in_force

PATIENT_SCHEMA: Final = "ivigcheck.history-patient/1"
_CONFIRMED: Final = "confirmed_thrombosis"
_FIRST_YEAR: Final = 1900
_MOST_DIGITS: Final = 18  # of an entry's number
_NOTHING: Final = "Nothing is recorded for this patient."

history_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PatientId = Annotated[
    str, typer.Argument(metavar="-", help="A hyphen: the patient's id is read from standard input, one line.")
]
By = Annotated[str, typer.Option("--by", metavar="INITIALS", help="Who records it: 1 to 10 letters, digits, . or -")]


class Reason(StrEnum):
    """Why an entry is withdrawn."""

    WRONG_PATIENT = "wrong-patient"
    WRONG_VALUE = "wrong-value"
    NOT_CONFIRMED = "not-confirmed"
    DUPLICATE = "duplicate"


@history_app.callback()
def _about() -> None:
    """Look up, add to and put right the history: reactions to IVIG, confirmed thrombosis on it, unattended runs.

    A confirmed event stops every later order of the patient. Entries are added and never changed; what was wrong is
    withdrawn, and stays to be seen. A patient's id is read from standard input, never from the command line.

    \b
    Examples:
      echo "$MRN" | ivigcheck history patient -
      echo "$MRN" | ivigcheck history confirm-thrombosis - \\
          --on 2026-01-20 --by AB
      echo "$MRN" | ivigcheck history withdraw - 12 \\
          --reason not-confirmed --by AB
      ivigcheck history export -o history.csv
      ivigcheck history findings
      ivigcheck history stats
      ivigcheck history verify
    """


@history_app.command(no_args_is_help=True)
def patient(
    patient_id: PatientId,
    form: Annotated[Form, typer.Option("--format", help="How to print it.")] = Form.TEXT,
    history: HistoryOption = None,
) -> int:
    """Show all that is recorded of a patient, also what was withdrawn.

    Shown besides are confirmed events under ids that differ only in case, leading zeros or punctuation: they may be the
    same patient's.

    \b
    Examples:
      echo "$MRN" | ivigcheck history patient -
      echo "$MRN" | ivigcheck history patient - --format json

    \b
    Exit codes:
      0  looked up, whether or not anything is recorded
      2  the command line or the id is wrong
      3  the history is missing, locked or damaged
    """
    wanted = read_patient_id(patient_id)
    with History.reading(history_path(history).path) as opened:
        head = opened.head()
        entries = opened.recorded_of([wanted]).get(wanted, [])
        near = opened.near([wanted]).get(wanted, [])
    withdrawn = withdrawals(entries)
    rows = [entry_fields(entry, withdrawn.get(entry.number)) for entry in entries]
    near_rows = [entry_fields(entry, None) for entry in near]
    if form is Form.JSON:
        facts = {"schema": PATIENT_SCHEMA, "head": head_fields(head), "patient_id": wanted}
        emit(msgspec.json.format(msgspec.json.encode(facts | {"entries": rows, "near": near_rows}), indent=2) + b"\n")
        return Exit.OK
    with captured() as screen:
        say(screen, [f"Patient {wanted}: {_counted(len(rows))}" if rows else _NOTHING, f"History head {head.hash}"])
        for row in rows:
            say(screen, list(_lines(row)))
        if near_rows:
            say(
                screen,
                [
                    "Under ids that differ only in case, leading zeros or punctuation, confirmed events are recorded. "
                    "Make sure that none of them is this patient's:"
                ],
            )
            for row in near_rows:
                say(screen, [f"Patient {row['patient_id']}", *_lines(row)])
    return Exit.OK


@history_app.command("confirm-thrombosis", no_args_is_help=True)
def confirm_thrombosis(
    patient_id: PatientId,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day of the event, such as 2026-01-20.")],
    by: By,
    reaction: Annotated[
        int | None, typer.Option(metavar="ENTRY", help="The reaction's entry that turned out to be this event.")
    ] = None,
    history: HistoryOption = None,
    policy: PolicyOption = None,
) -> int:
    """Record a confirmed thrombotic event on IVIG: it stops every later order of the patient.

    The user's own history begins with its first entry; another one is begun with "ivigcheck history init".

    \b
    Examples:
      echo "$MRN" | ivigcheck history confirm-thrombosis - \\
          --on 2026-01-20 --by AB
      echo "$MRN" | ivigcheck history confirm-thrombosis - \\
          --on 2026-01-20 --by AB --reaction 11

    \b
    Exit codes:
      0  recorded
      2  not recorded: the command line or the id is wrong, or it is recorded
         already
      3  not recorded: the history is locked, damaged or cannot be written
    """
    path = place_to_record(history, knowledge_in_force(policy))
    day = _event_day(on)
    new = NewEntry(_CONFIRMED, read_patient_id(patient_id), day.isoformat(), by, {}, reaction)
    with History.recording(path) as opened, opened.at_once():
        holding = opened.of_patients([new.patient_id]).get(new.patient_id, [])
        for entry in holding:
            if entry.kind == _CONFIRMED and entry.event_day == new.event_day:
                raise UsageError(f"Entry {entry.number} is this event already: nothing was recorded.")
        if reaction is not None and not any(e.number == reaction and e.kind == "reaction" for e in holding):
            raise UsageError(
                f"--reaction {reaction} is no reaction of this patient that holds: nothing was recorded. See which "
                "there are: ivigcheck history patient -"
            )
        (number,) = opened.append([new], datetime.now(UTC))
    emit(
        f"recorded: entry {number} of {visible(str(path))}\n"
        + ("The history is new: this is its first entry.\n" if number == 1 else "")
        + "Every later order of this patient is stopped (IVG203).\n"
        f"Were the entry wrong: ivigcheck history withdraw - {number}\n"
    )
    return Exit.OK


@history_app.command(no_args_is_help=True)
def withdraw(
    patient_id: PatientId,
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="The number of the entry that is wrong.")],
    reason: Annotated[Reason, typer.Option(help="What is wrong with it.")],
    by: By,
    history: HistoryOption = None,
) -> int:
    """Withdraw an entry that is wrong: it no longer counts, and stays in the history, marked.

    A discontinuation that rests on it no longer counts either. An acknowledgement is taken back so too. What is true
    instead is recorded anew. The id is that of the patient under whom the entry stands, so that a slip in its number
    withdraws nothing of another one.

    \b
    Examples:
      echo "$MRN" | ivigcheck history withdraw - 12 \\
          --reason not-confirmed --by AB
      echo "$MRN" | ivigcheck history withdraw - 7 \\
          --reason wrong-patient --by AB

    \b
    Exit codes:
      0  withdrawn
      2  nothing was withdrawn: the command line is wrong, the patient has no
         such entry, or it is withdrawn already
      3  nothing was withdrawn: the history is missing, locked or damaged
    """
    if not (entry.isascii() and entry.isdigit() and len(entry) <= _MOST_DIGITS):
        raise UsageError("ENTRY is no number of an entry: see which there are, ivigcheck history patient -")
    path = history_path(history).path
    History.reading(path).close()  # a missing one has nothing to withdraw, and is not made
    wanted = read_patient_id(patient_id)
    with History.recording(path) as opened, opened.at_once():
        wrong = opened.entry(int(entry))
        if wrong is None or wrong.patient_id != wanted:
            raise UsageError(f"There is no entry {entry} of this patient: nothing was withdrawn.")
        new = NewEntry("withdrawal", wanted, "", by, {"reason": reason.value}, wrong.number)
        (number,) = opened.append([new], datetime.now(UTC))
    emit(
        f"recorded: entry {number} of {visible(str(path))} withdraws entry {entry}\n"
        f"Entry {entry} ({wrong.kind.replace('_', ' ')}, {wrong.event_day}, recorded by {wrong.recorded_by}) stays, "
        "marked as withdrawn.\n"
        + (
            "The finding is open again from the next run on.\n"
            if wrong.kind == "acknowledgement"
            else "It no longer counts, nor does a discontinuation that rests on it.\n"
            "Record what is true instead as a new entry, under the right patient.\n"
        )
    )
    return Exit.OK


@history_app.command()
def init(history: HistoryOption = None) -> int:
    """Begin a history where there is none.

    The user's own begins by itself with its first entry. Any other must be there before it is recorded in: one that is
    only away, such as on a disk that is not mounted, would be begun anew, and know nothing of what it holds.

    \b
    Examples:
      ivigcheck history init --history /srv/pharmacy/history.sqlite

    \b
    Exit codes:
      0  begun: it has no entry yet
      2  it is there already, and is left as it is
      3  it cannot be made
    """
    path = history_path(history).path
    with contextlib.suppress(HistoryMissing):
        History.reading(path).close()
        raise UsageError(f"{visible(str(path))}: is there already, and was left as it is.")
    History.recording(path).close()
    emit(f"begun: {visible(str(path))}\n")
    return Exit.OK


history_app.command()(export)
history_app.command()(runs)
history_app.command()(findings)
history_app.command()(stats)


@history_app.command()
def verify(
    head: Annotated[
        str,
        typer.Option(metavar="HASH", help="The history's head as a report printed it, whole or its first 12 digits."),
    ] = "",
    history: HistoryOption = None,
) -> int:
    """Check that the history is whole: no entry was altered, cut off or slipped in.

    With --head, also that it still holds all that it held when a report printed that head. Without it, entries that
    were cut off at the end together with the head would not be missed.

    \b
    Examples:
      ivigcheck history verify
      ivigcheck history verify --head 0123456789ab

    \b
    Exit codes:
      0  whole
      2  the command line is wrong
      3  the history is missing, locked or damaged; each line printed is a
         problem
    """
    with History.reading(history_path(history).path) as opened:
        problems = opened.problems(head)
        if not problems:
            whole = opened.head()
            emit(f"whole: {_counted(whole.entries)}, head {whole.hash}\n")
            return Exit.OK
    emit("".join(f"{visible(problem)}\n" for problem in problems))
    return Exit.CANNOT_RUN


def _event_day(text: str) -> date:
    day = read_date(text)
    if not isinstance(day, date):
        raise UsageError(f'--on "{visible(text[:40])}" is no ISO date: write it as 2026-01-20.')
    if day > date.today():
        raise UsageError(f"--on {day} is in the future: give the day of the event.")
    if day.year < _FIRST_YEAR:
        raise UsageError(f"--on {day} is before {_FIRST_YEAR}: give the day of the event.")
    return day


def _counted(entries: int) -> str:
    return f"{entries} {'entry' if entries == 1 else 'entries'}"


def _lines(row: dict[str, Any]) -> Iterator[str]:
    """An entry as text, what it is first."""
    what = f"Entry {row['number']}: {row['kind'].replace('_', ' ')}"
    on = f" on {row['event_day']}" if row["event_day"] else ""
    about = ""
    if row["about"] is not None:
        about = f" of entry {row['about']}" if row["kind"] == "withdrawal" else f" (entry {row['about']})"
    yield what + on + about + (f", WITHDRAWN by entry {row['withdrawn_by']}" if row["withdrawn_by"] else "")
    yield f"recorded {row['recorded_at']} by {row['recorded_by']}"
    for name, value in row["facts"].items():
        yield f"{name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
