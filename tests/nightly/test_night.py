"""Unattended runs, night after night: what is taken, what is told, and what the report begins with."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import sqlite3
import stat
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from nights import CANARY, DAY, Pharmacy, ago, csv_of, fingerprints, order, resolved, states, summary_counts
from nights_moment import NOW, acknowledge

from ivigcheck.errors import Exit, HistoryError, RunError, Stop, UsageError
from ivigcheck.history import History, NewEntry
from ivigcheck.history.nights import Nights
from ivigcheck.nightly.shelf import Shelf

OVER = {"max_rate": "9 mg/kg/min"}
NEXT, THIRD = date(2026, 11, 21), date(2026, 11, 22)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What is new


def test_the_same_file_twice_is_nothing_new(pharmacy: Pharmacy) -> None:
    pharmacy.drop("a.csv", [order("A", **OVER)])
    first = pharmacy.run()
    assert first.code == Exit.FINDINGS and summary_counts(first.line)["new"] == 2  # ceiling and label
    latest = pharmacy.report()
    pharmacy.drop("again.csv", [order("A", **OVER)])
    second = pharmacy.run()
    assert second.code == Exit.OK and "no new file" in second.line
    assert pharmacy.report() == latest and names(pharmacy.folder / "inbox") == []
    pharmacy.drop("next day.csv", [order("A", **OVER)])
    third = pharmacy.run(NEXT)  # a new day may make another thing of the same orders, so that they are checked
    assert third.code == Exit.FINDINGS and set(states(pharmacy.report()).values()) == {"still_open"}


@pytest.mark.parametrize("what", ["day", "history", "policy", "sheet", "not complete"])
def test_the_same_file_is_checked_again_where_something_else_is_another(pharmacy: Pharmacy, what: str) -> None:
    (pharmacy.folder / "policy.toml").write_text('id = "site"\nversion = "1"\n')
    pharmacy.configure(policy="policy.toml", min_orders=2 if what == "not complete" else 1)
    pharmacy.night([order("A")])
    pharmacy.drop("again.csv", [order("A")])
    if what == "history":
        with History.recording(pharmacy.history) as history:
            history.append([NewEntry("confirmed_thrombosis", f"{CANARY}A", "2026-11-01", "AB", {})], NOW)
    elif what == "policy":
        (pharmacy.folder / "policy.toml").write_text('id = "site"\nversion = "1"\n[ceiling]\nvalue = "4 mg/kg/min"\n')
    elif what == "sheet":
        pharmacy.configure(policy="policy.toml", sheet="Orders")
    code = {"history": Exit.FINDINGS, "policy": Exit.FINDINGS, "not complete": Exit.CANNOT_RUN}.get(what, Exit.OK)
    outcome = pharmacy.run(NEXT if what == "day" else DAY)
    assert outcome.code == code and "no new file" not in outcome.line


def test_an_acknowledgement_ends_on_its_day_though_the_export_is_the_same(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", **OVER)])
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values(), until=DAY)
    pharmacy.drop("b.csv", [order("A", **OVER)])
    pharmacy.run()
    assert set(states(pharmacy.report()).values()) == {"acknowledged"}
    pharmacy.drop("c.csv", [order("A", **OVER)])
    pharmacy.run(NEXT)
    assert set(states(pharmacy.report()).values()) == {"reopened"}


def test_a_file_that_comes_late_does_not_make_the_others_orders_gone(pharmacy: Pharmacy) -> None:
    """A ward's file that could not be read last night comes alone tonight."""
    pharmacy.drop("bad.csv", "truncated\n")
    assert states(pharmacy.night([order("A", **OVER)]))["A", "IVG101"] == "new"
    report = pharmacy.night([order("B")])
    assert resolved(report) == {} and report["delta"]["counts"]["not_seen"] == 2
    assert pharmacy.status()["exit_code"] == Exit.OK  # of the orders that it had
    report = pharmacy.night([order("B"), order("C")], NEXT)
    assert resolved(report)["A", "IVG101"] == "gone"  # now a whole night has come without it


def test_of_two_files_the_unchanged_one_is_checked_with_the_changed_one(pharmacy: Pharmacy) -> None:
    for day, ward in ((DAY, "a"), (DAY, "b"), (NEXT, "c")):
        pharmacy.drop(f"{ward}1.csv", [order(ward)])
        pharmacy.drop(f"{ward}2.csv", [order("STOP", **OVER)])
        assert pharmacy.run(day).code == Exit.FINDINGS
        report = pharmacy.report()
        assert resolved(report) == {} and report["counts"]["orders"] == 2


def test_a_part_of_the_orders_in_a_run_of_its_own_makes_no_other_order_gone(pharmacy: Pharmacy) -> None:
    """One ward's file at two, another one's at three, night after night."""
    pharmacy.configure(gone_after_days=2)
    for day in (DAY, NEXT, THIRD):
        for ward, cells in (("A", OVER), ("B", {})):
            report = pharmacy.night([order(ward, **cells), order(f"{ward}{day}")], day)
            assert resolved(report) == {}
    assert states(pharmacy.night([order("A", **OVER)], THIRD))["A", "IVG101"] == "still_open"


def test_an_order_is_gone_when_so_many_days_have_come_without_it(pharmacy: Pharmacy) -> None:
    pharmacy.configure(gone_after_days=2)
    pharmacy.night([order("A", **OVER), order("B")], date(2026, 11, 20))
    for day, trouble, over in (
        (20, False, False),  # the same day does not count
        (21, True, False),  # nor one on which something was missing
        (24, False, False),
        (24, False, False),
        (27, False, True),
    ):
        if trouble:
            pharmacy.drop("bad.csv", "x")
        report = pharmacy.night([order("B"), order(f"{day}{time.monotonic_ns()}")], date(2026, 11, day))
        assert (resolved(report).get(("A", "IVG101")) == "gone") == over, day
        assert report["delta"]["grave_unseen"] == 2
        assert not (pharmacy.reports / "latest" / "nothing-new").exists()
    told = (pharmacy.reports / "latest" / "mail.txt").read_text()
    assert "2  STOP or UNCHECKED of orders that are in no file" in told
    assert pharmacy.night([order("B"), order("C")], date(2026, 11, 28))["delta"]["grave_unseen"] == 0


def test_being_seen_again_begins_the_days_anew(pharmacy: Pharmacy) -> None:
    pharmacy.configure(gone_after_days=2)
    for day, orders in ((20, "AB"), (21, "B"), (22, "AB"), (23, "B")):
        each = [order(name, **(OVER if name == "A" else {})) for name in orders]
        report = pharmacy.night([*each, order(str(day))], date(2026, 11, day))
        assert resolved(report) == {}
    assert states(pharmacy.night([order("A", **OVER)], date(2026, 11, 23)))["A", "IVG101"] == "still_open"


def test_a_copy_of_a_file_that_stays_is_not_taken_the_next_night(pharmacy: Pharmacy) -> None:
    pharmacy.configure(archive=None)
    for name in ("a.csv", "copy of a.csv"):
        pharmacy.drop(name, [order("A", **OVER)])
    pharmacy.run()
    assert "no new file" in pharmacy.run(NEXT).line
    pharmacy.drop("a.csv", [order("A"), order("B")])
    pharmacy.run(NEXT)
    assert pharmacy.report()["counts"]["orders"] == 2 and pharmacy.report()["counts"]["unchecked"] == 0


def test_where_files_stay_an_order_is_gone_when_as_many_files_have_come_without_it(pharmacy: Pharmacy) -> None:
    """Two wards' files that are overwritten, and a file a night that is left: both lie in the inbox."""
    pharmacy.configure(archive=None)
    pharmacy.drop("ward a.csv", [order("A", **OVER)])
    pharmacy.drop("ward b.csv", [order("B")])
    assert pharmacy.run().code == Exit.FINDINGS
    pharmacy.drop("ward b.csv", [order("B"), order("C")])
    pharmacy.run(NEXT)
    report = pharmacy.report()
    assert resolved(report) == {} and report["delta"]["counts"]["not_seen"] == 2
    assert resolved(pharmacy.night([order("D")], THIRD))["A", "IVG101"] == "gone"


def test_a_file_put_back_over_another_is_checked_also_where_files_stay(pharmacy: Pharmacy) -> None:
    """As cp -p does: with its name and its time."""
    pharmacy.configure(archive=None, max_file_age_hours=800_000)
    for cells, code in ((OVER, Exit.FINDINGS), ({}, Exit.OK), (OVER, Exit.CANNOT_RUN)):
        time.sleep(0.02)  # the system's clock of files goes in steps
        os.utime(pharmacy.drop("orders.csv", [order("A", **cells)]), (1_700_000_000, 1_700_000_000))
        outcome = pharmacy.run()
        assert outcome.code == code and summary_counts(outcome.line)["STOP"] == bool(cells)
        assert pharmacy.run().code == Exit.OK  # it only lies there


def test_a_file_that_could_not_be_put_away_is_not_checked_again(
    pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivigcheck.nightly import inbox

    def refused(*_: object) -> None:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "move_file", refused)
        pharmacy.drop("1.csv", [order("A", **OVER)])
        assert pharmacy.run().code == Exit.CANNOT_RUN
        for k in range(3):
            pharmacy.drop(f"2{k}.csv", [order("A"), order(str(k))])
            pharmacy.run(NEXT)
            report = pharmacy.report()
            assert report["counts"]["orders"] == 2 and report["counts"]["stop"] == 0, k


def test_an_unreadable_file_hides_no_readable_one_of_the_same_content(pharmacy: Pharmacy) -> None:
    """A table of text that somebody named .xlsx, and the same one named as it should be."""
    ago(pharmacy.drop("a.xlsx", csv_of([order("A", **OVER)])), 2)
    pharmacy.drop("b.csv", [order("A", **OVER)])
    ago(pharmacy.drop("c.xlsx", csv_of([order("A", **OVER)])), 1)
    outcome = pharmacy.run()
    assert summary_counts(outcome.line)["STOP"] == 1 and outcome.code == Exit.CANNOT_RUN
    assert len(names(pharmacy.folder / "quarantine")) == 4 and len(names(pharmacy.folder / "archive")) == 1


def test_a_day_of_an_order_that_is_dropped_is_over_and_the_other_stands(pharmacy: Pharmacy) -> None:
    days = [order("A", **OVER) | {"ordered_at": f"2026-11-{day}"} for day in (18, 19)]
    pharmacy.night(days)
    report = pharmacy.night(days[1:], NEXT)
    assert resolved(report) == {("A", "IVG101"): "corrected", ("A", "IVG102"): "corrected"}
    assert states(report) == {("A", "IVG101"): "still_open", ("A", "IVG102"): "still_open"}
    assert pharmacy.problems() == []


def test_a_row_that_cannot_be_used_is_no_other_one(pharmacy: Pharmacy) -> None:
    """Nothing in it is used, so that nothing tells it from last night's: it is read again, and not still open."""
    whole = csv_of([order("A"), order("B")])
    first, second, third = whole.splitlines()
    pharmacy.drop("1.csv", f"{first}\n{second[:20]}\n{third}\n")
    pharmacy.run()
    pharmacy.drop("2.csv", f"{first}\n{second}\n{third[:20]}\n")
    pharmacy.run(NEXT)
    found = [f["delta"]["state"] for o in pharmacy.report()["orders"] for f in o["findings"] if f["code"] == "IVG910"]
    assert found == ["changed"]


def test_the_counts_are_those_of_the_rows_that_the_report_lists(pharmacy: Pharmacy) -> None:
    pharmacy.configure(formats=["json", "csv"])
    report = pharmacy.night([order("A", **OVER), order("A", **OVER), order("B", diabetes="")])
    listed = [f["delta"]["state"] for o in report["orders"] for f in o["findings"] if f["delta"]]
    assert report["delta"]["counts"]["new"] == len(listed) == 7  # a repeat of an order is a finding of both rows
    with (pharmacy.reports / "latest" / "orders.csv").open() as file:
        assert sum(row["finding_deltas"].count("new") for row in csv.DictReader(file)) == 7


def test_a_history_restored_from_a_backup_is_gone_on_with(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", **OVER)])
    backup = pharmacy.folder / "backup.sqlite"
    with (
        contextlib.closing(sqlite3.connect(pharmacy.history)) as live,
        contextlib.closing(sqlite3.connect(backup)) as copy,
    ):
        live.backup(copy)
    first = pharmacy.report()["run"]["id"]
    pharmacy.night([order("B")])
    backup.replace(pharmacy.history)
    for ending in ("-wal", "-shm"):
        pharmacy.history.with_name(pharmacy.history.name + ending).unlink(missing_ok=True)
    shutil.rmtree(pharmacy.reports / first)  # a site removes reports that it has read
    report = pharmacy.night([order("A", **OVER), order("C")])
    assert states(report)["A", "IVG101"] == "still_open"


def test_one_day_of_an_order_is_not_settled_with_another(pharmacy: Pharmacy) -> None:
    first = order("A", **OVER) | {"ordered_at": "2026-11-20"}
    second = order("A", max_rate="5 mg/kg/min") | {"ordered_at": "2026-11-21"}
    pharmacy.night([first])
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values())
    pharmacy.night([first, second], NEXT)
    report = pharmacy.night([first, second | OVER], NEXT)
    of_second = [f for o in report["orders"] if o["source"]["row"] == 3 for f in o["findings"] if f["code"] == "IVG101"]
    assert [f["delta"]["state"] for f in of_second] == ["reopened"]


def test_a_time_stamp_in_the_future_does_not_silence_the_alarm_for_old_files(pharmacy: Pharmacy) -> None:
    ago(pharmacy.drop("a.csv", [order("A")]), -1_000_000)
    pharmacy.run()
    with History.reading(pharmacy.history) as history:
        last = Nights(history, "nightly").last()
    assert last is not None and last.facts["newest_file"] <= time.time()


def test_a_name_too_long_for_the_archive_is_cut(pharmacy: Pharmacy) -> None:
    for name in ("語" * 80 + ".csv", "x" * 251 + ".csv", "é" * 120 + ".c" + "s" * 3 + "v"):
        pharmacy.drop(name[:250], "broken")
    pharmacy.drop("good.csv", [order("A")])
    pharmacy.run()
    assert [name for name in names(pharmacy.folder / "inbox") if name.endswith(".csv")] == []
    assert all(len(os.fsencode(name)) <= 255 for name in names(pharmacy.folder / "quarantine"))


def test_a_file_that_is_far_too_large_is_not_read_to_see_whether_it_is_new(pharmacy: Pharmacy) -> None:
    with (pharmacy.folder / "inbox" / "large.csv").open("wb") as file:
        file.truncate(1 << 40)  # of holes; to read it would take hours
    pharmacy.drop("good.csv", [order("A", **OVER)])
    assert pharmacy.run().code == Exit.CANNOT_RUN and states(pharmacy.report())["A", "IVG101"] == "new"
    (kept,) = (pharmacy.folder / "quarantine").glob("*.csv")
    kept.unlink()


def test_a_configuration_of_another_name_touches_nothing_in_a_folder_that_is_not_its_own(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A")])
    status = (pharmacy.reports / "status.json").read_bytes()
    pharmacy.configure(name="children")
    pharmacy.drop("b.csv", [order("B", **OVER)])
    for _ in range(2):
        with pytest.raises(UsageError, match='runs named "nightly"'):
            pharmacy.run()
        assert (pharmacy.reports / "status.json").read_bytes() == status
    pharmacy.configure()
    assert pharmacy.run().code == Exit.FINDINGS


def test_two_configurations_of_one_name_and_one_history_are_told_apart(pharmacy: Pharmacy, tmp_path: Path) -> None:
    pharmacy.night([order("A", **OVER)])
    other = Pharmacy(tmp_path / "other", {"history": str(pharmacy.history)})
    other.drop("b.csv", [order("B")])
    with pytest.raises(UsageError, match="in another folder"):
        other.run()
    assert names(other.folder / "inbox") == ["b.csv"]
    pharmacy.night([order("A", **OVER), order("C")])


def test_a_run_that_nobody_is_known_to_have_been_told_of_is_told(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("B")])
    pharmacy.night([order("A", **OVER)])
    (pharmacy.reports / "status.json").write_bytes(b"{")
    (pharmacy.reports / "latest").unlink()
    outcome = pharmacy.run()
    assert outcome.code == Exit.FINDINGS and outcome.line.count("interrupted before it was told") == 1
    assert states(pharmacy.report())["A", "IVG101"] == "new"
    assert pharmacy.run().code == Exit.OK


def test_the_same_orders_in_another_file_are_still_open_and_nothing_is_written_down_anew(pharmacy: Pharmacy) -> None:
    orders = [order("A", **OVER), order("B", diabetes="")]
    pharmacy.night(orders)
    report = pharmacy.night([*orders, order("C")], NEXT)
    assert set(states(report).values()) == {"still_open"}
    assert (
        report["delta"]["counts"]["new"] == 0 and report["orders"][0]["findings"][0]["delta"]["since"] == "2026-11-20"
    )
    with History.reading(pharmacy.history) as history:
        assert history.connection.execute("SELECT count(*) FROM change").fetchone() == (3,)


@pytest.mark.parametrize(
    "cells",
    [{"weight": "81 kg"}, {"diabetes": "yes"}, {"sepsis": "no"}, {"max_rate": "9.5 mg/kg/min"}, {"dose": "0.4 g/kg"}],
    ids=str,
)
def test_one_value_changed_reopens_exactly_that_orders_findings(pharmacy: Pharmacy, cells: dict[str, str]) -> None:
    orders = [order("A", **OVER), order("B", **OVER), order("C", diabetes="")]
    pharmacy.night([each | {"sepsis": ""} for each in orders])
    changed = [each | {"sepsis": ""} for each in orders]
    changed[1] |= cells
    found = states(pharmacy.night(changed, NEXT))
    assert {state for (name, _), state in found.items() if name != "B"} == {"still_open"}
    assert "still_open" not in {state for (name, _), state in found.items() if name == "B"}
    assert found["B", "IVG101"] == "changed"


def test_a_stop_in_the_first_file_and_a_clean_last_file_is_one(pharmacy: Pharmacy) -> None:
    ago(pharmacy.drop("1.csv", [order("A", **OVER)]), 3)
    ago(pharmacy.drop("2.csv", [order("B")]), 2)
    ago(pharmacy.drop("3.csv", [order("C")]), 1)
    outcome = pharmacy.run()
    assert outcome.code == Exit.FINDINGS
    assert summary_counts(outcome.line) | {"STOP": 1, "PASS": 2, "orders": 3} == summary_counts(outcome.line)


def test_files_are_taken_in_the_order_in_which_they_were_written(pharmacy: Pharmacy) -> None:
    for name, hours in (("a.csv", 1), ("z.csv", 3), ("m.csv", 2)):
        ago(pharmacy.drop(name, [order(name[0])]), hours)
    pharmacy.run()
    assert [each["name"] for each in pharmacy.report()["run"]["inputs"]] == ["z.csv", "m.csv", "a.csv"]


def test_what_is_over_says_why(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", **OVER), order("B", **OVER), order("C", diabetes="")])
    report = pharmacy.night([order("A"), order("D")], NEXT)
    assert resolved(report) == {
        ("A", "IVG101"): "corrected", ("A", "IVG102"): "corrected", ("B", "IVG101"): "gone", ("B", "IVG102"): "gone",
        ("C", "IVG904"): "gone",
    }  # fmt: skip
    assert states(pharmacy.night([order("A", **OVER)], THIRD))["A", "IVG101"] == "reopened"


def test_an_order_that_cannot_be_checked_resolves_nothing(pharmacy: Pharmacy) -> None:
    """A weight that became unreadable silences a rule; it does not answer it."""
    pharmacy.night([order("A", max_rate="600 mL/h")])
    report = pharmacy.night([order("A", max_rate="600 mL/h", weight="8o kg")], NEXT)
    assert states(report) == {("A", "IVG902"): "new"}
    assert resolved(report) == {} and report["delta"]["counts"]["not_seen"] == 2
    back = pharmacy.night([order("A", max_rate="600 mL/h")], THIRD)
    assert states(back) == {("A", "IVG101"): "still_open", ("A", "IVG102"): "still_open"}


@pytest.mark.parametrize("why", ["partial export", "unreadable file", "row without an id", "too few orders"])
def test_an_order_that_may_only_be_missing_is_not_called_gone(pharmacy: Pharmacy, why: str) -> None:
    pharmacy.night([order("A", **OVER)])
    orders = [order("B")]
    if why == "partial export":
        pharmacy.configure(gone_after_days=9)
    elif why == "unreadable file":
        pharmacy.drop("broken.csv", "no,header\n1,2\n")
    elif why == "row without an id":
        orders.append(order("C") | {"patient_id": ""})
    else:
        pharmacy.configure(min_orders=2)
    report = pharmacy.night(orders, NEXT)
    assert resolved(report) == {} and report["delta"]["counts"]["not_seen"] == 2
    pharmacy.configure()
    assert states(pharmacy.night([order("A", **OVER), order("D")], THIRD))["A", "IVG101"] == "still_open"


def test_an_order_that_is_back_at_what_it_was_is_checked_again(pharmacy: Pharmacy) -> None:
    """Its file has the content of an earlier one, though not of the last: to pass it over would hide a STOP."""
    for cells, code in ((OVER, Exit.FINDINGS), ({}, Exit.OK), (OVER, Exit.FINDINGS)):
        pharmacy.drop("orders.csv", [order("A", **cells)])
        assert pharmacy.run().code == code
    assert states(pharmacy.report())["A", "IVG101"] == "reopened"


def test_an_old_file_that_is_put_back_as_it_was_is_checked_again(pharmacy: Pharmacy) -> None:
    """And told: the orders of an older export may stand for those of now."""
    for cells, code in ((OVER, Exit.FINDINGS), ({}, Exit.OK), (OVER, Exit.CANNOT_RUN)):
        os.utime(pharmacy.drop("orders.csv", [order("A", **cells)]), (1_700_000_000, 1_700_000_000))
        pharmacy.configure(max_file_age_hours=800_000)
        assert pharmacy.run().code == code


def test_streams_of_other_names_are_compared_with_their_own_runs_alone(pharmacy: Pharmacy, tmp_path: Path) -> None:
    pharmacy.night([order("A", **OVER)])
    other = Pharmacy(tmp_path / "other", {"name": "children", "history": str(pharmacy.history)})
    report = other.night([order("B", diabetes="")])
    assert resolved(report) == {} and states(report) == {("B", "IVG904"): "new"}
    assert states(pharmacy.night([order("A", **OVER), order("C")], NEXT))["A", "IVG101"] == "still_open"


def test_two_folders_of_reports_with_one_name_are_found_out(
    pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their locks are two, and their findings would be each other's."""
    from ivigcheck.nightly import publishing

    rendered = publishing.Rendering

    def meanwhile(*given: object) -> object:
        from ivigcheck.delta import Delta
        from ivigcheck.history.nights import NewNight

        with History.recording(pharmacy.history) as history:
            facts = {"newest_file": 0.0, "counts": {}, "exit_code": 0}
            Nights(history, "nightly").record(
                NewNight("other", "2026-11-20", [], facts), Delta("", {}, [], [], 0, 0), NOW
            )
        return rendered(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(publishing, "Rendering", meanwhile)
    pharmacy.drop("a.csv", [order("A", **OVER)])
    with pytest.raises(HistoryError, match="recorded meanwhile"):
        pharmacy.run()
    assert not (pharmacy.reports / "latest").exists() and pharmacy.hidden() == []


# What is told of the run


def test_an_unreadable_file_goes_to_quarantine_with_its_reason_and_stops_nothing(pharmacy: Pharmacy) -> None:
    pharmacy.drop("bad.csv", "a,b\n1,2\n")
    pharmacy.drop("good.csv", [order("A", **OVER)])
    outcome = pharmacy.run()
    assert outcome.code == Exit.CANNOT_RUN
    assert summary_counts(outcome.line)["STOP"] == 1 and "NOT COMPLETE: 1 file could not be read" in outcome.line
    assert states(pharmacy.report())["A", "IVG101"] == "new"
    found = names(pharmacy.folder / "quarantine")
    assert [name.split("_", 1)[1] for name in found] == ["bad.csv", "bad.csv.reason.txt"]
    assert "missing column" in (pharmacy.folder / "quarantine" / found[1]).read_text()
    assert "could not be read" in pharmacy.report()["notices"][0]
    assert pharmacy.status()["last_good"] is None
    assert names(pharmacy.folder / "inbox") == []


def test_a_run_of_nothing_but_unreadable_files_publishes_nothing(pharmacy: Pharmacy) -> None:
    pharmacy.drop("bad.xlsx", b"PK\x03\x04")
    outcome = pharmacy.run()
    assert outcome.code == Exit.CANNOT_RUN and not (pharmacy.reports / "latest").exists()
    assert len(names(pharmacy.folder / "quarantine")) == 2


def test_too_few_orders_and_an_old_file_are_told_and_the_reports_are_out(pharmacy: Pharmacy) -> None:
    pharmacy.configure(min_orders=3, max_file_age_hours=5)
    ago(pharmacy.drop("a.csv", [order("A", **OVER)]), 7.5)
    outcome = pharmacy.run()
    assert outcome.code == Exit.CANNOT_RUN
    assert "Only 1 order came, and at least 3 should" in outcome.line
    assert "written 7 hours ago, and 5 are allowed" in outcome.line
    assert states(pharmacy.report())["A", "IVG101"] == "new"


def test_no_new_file_is_nothing_to_do_until_the_last_one_is_too_old(pharmacy: Pharmacy) -> None:
    assert pharmacy.run().code == Exit.CANNOT_RUN  # none has ever come
    ago(pharmacy.drop("a.csv", [order("A")]), 20)
    assert pharmacy.run().code == Exit.OK
    good = pharmacy.status()["last_good"]
    assert pharmacy.run().code == Exit.OK
    assert pharmacy.status()["last_good"] == good  # a run that checked nothing is no good run
    pharmacy.configure(max_file_age_hours=19)
    outcome = pharmacy.run()
    assert outcome.code == Exit.CANNOT_RUN and "20 hours ago" in outcome.line


def test_a_header_without_orders_is_no_good_night(pharmacy: Pharmacy) -> None:
    pharmacy.drop("a.csv", [])
    assert pharmacy.run().code == Exit.CANNOT_RUN
    pharmacy.configure(min_orders=0)
    pharmacy.drop(
        "b.csv", "\n".join([*(pharmacy.folder / "archive").iterdir().__next__().read_text().splitlines(), "", ""])
    )
    assert pharmacy.run().code == Exit.OK


def test_a_growing_file_is_waited_for_and_else_left_for_the_next_run(pharmacy: Pharmacy) -> None:
    pharmacy.configure(settle_seconds=1, max_wait_seconds=30)
    path = ago(pharmacy.drop("a.csv", ""), 0)
    whole = "".join(f"{line}\n" for line in [*(",".join(order("A")), ",".join(order("A", **OVER).values()))])

    def export() -> None:
        with path.open("a") as file:
            for part in (whole[:40], whole[40:-10], whole[-10:]):
                time.sleep(0.4)
                file.write(part)
                file.flush()

    writing = threading.Thread(target=export)
    writing.start()
    outcome = pharmacy.run()
    writing.join()
    assert outcome.code == Exit.FINDINGS and any(" waiting " in line for line in pharmacy.logged)

    pharmacy.configure(settle_seconds=60, max_wait_seconds=0)
    pharmacy.drop("new.csv", [order("B", **OVER)])
    ago(pharmacy.drop("old.csv", [order("C", diabetes="")]), 1)
    outcome = pharmacy.run(NEXT)
    assert outcome.code == Exit.CANNOT_RUN and "1 file was still being written" in outcome.line
    assert names(pharmacy.folder / "inbox") == ["new.csv"] and states(pharmacy.report()) == {("C", "IVG904"): "new"}
    pharmacy.configure()
    assert pharmacy.run(NEXT).code == Exit.FINDINGS


def test_a_file_with_a_time_stamp_in_the_future_is_taken_once_it_has_stopped_changing(pharmacy: Pharmacy) -> None:
    """Clocks of file servers run ahead."""
    pharmacy.configure(settle_seconds=1, max_wait_seconds=30)
    ago(pharmacy.drop("a.csv", [order("A", **OVER)]), -5)
    assert pharmacy.run().code == Exit.FINDINGS


def test_a_file_that_is_replaced_while_it_is_checked_is_not_put_away_unchecked(
    pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivigcheck.nightly import night

    put_away = night.put_all_away

    def replaced(*given: object) -> None:
        pharmacy.drop("a.csv", [order("B", **OVER)])
        put_away(*given)  # type: ignore[arg-type]

    pharmacy.drop("a.csv", [order("A")])
    with monkeypatch.context() as patch:
        patch.setattr(night, "put_all_away", replaced)
        assert pharmacy.run().code == Exit.OK
    assert names(pharmacy.folder / "inbox") == ["a.csv"]
    assert pharmacy.run(NEXT).code == Exit.FINDINGS and states(pharmacy.report())["B", "IVG101"] == "new"


def test_only_files_that_a_pattern_names_are_taken(pharmacy: Pharmacy) -> None:
    pharmacy.configure(patterns=["IVIG*.csv"])
    for name in ("ivig-1.CSV", "other.csv", ".ivig-2.csv", "ivig-3.txt"):
        pharmacy.drop(name, [order(name)])
    (pharmacy.folder / "inbox" / "ivig-4.csv").mkdir()
    pharmacy.run()
    assert [each["name"] for each in pharmacy.report()["run"]["inputs"]] == ["ivig-1.CSV"]
    assert names(pharmacy.folder / "inbox") == [".ivig-2.csv", "ivig-3.txt", "ivig-4.csv", "other.csv"]


def test_without_an_archive_files_stay_and_are_taken_once(pharmacy: Pharmacy) -> None:
    pharmacy.configure(archive=None)
    pharmacy.drop("a.csv", [order("A", **OVER)])
    assert pharmacy.run().code == Exit.FINDINGS
    assert pharmacy.run(NEXT).code == Exit.OK and names(pharmacy.folder / "inbox") == ["a.csv"]


def test_what_cannot_be_read_by_its_name_is_put_away_like_any_other(pharmacy: Pharmacy) -> None:
    inbox = pharmacy.folder / "inbox"
    os.mkfifo(inbox / "pipe.csv")
    (inbox / "dangling.csv").symlink_to("nowhere")
    (inbox / ("x" * 240 + ".csv")).write_text("")
    pharmacy.drop("b\nad.csv", "x")
    pharmacy.drop("good.csv", [order("A", **OVER)])
    outcome = pharmacy.run()
    assert outcome.code == Exit.CANNOT_RUN and states(pharmacy.report())["A", "IVG101"] == "new"
    assert names(inbox) == [] and len(names(pharmacy.folder / "quarantine")) == 8


def test_exit_code_with_settled_findings_is_as_the_configuration_says(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", **OVER)])
    acknowledge(pharmacy, *fingerprints(pharmacy.report()).values())
    pharmacy.drop("b.csv", [order("A", **OVER), order("B")])
    assert pharmacy.run(NEXT).code == Exit.FINDINGS
    pharmacy.configure(acknowledged_count=False)
    pharmacy.drop("c.csv", [order("A", **OVER), order("C")])
    outcome = pharmacy.run(NEXT)
    assert outcome.code == Exit.OK and summary_counts(outcome.line)["STOP"] == 1
    assert (pharmacy.reports / "latest" / "nothing-new").exists()
    pharmacy.drop("d.csv", [order("A", **OVER), order("D", weight="x")])
    assert pharmacy.run(NEXT).code == Exit.UNCHECKED
    assert not (pharmacy.reports / "latest" / "nothing-new").exists()


# What stands in the folders


def test_everything_is_readable_by_its_owner_alone(pharmacy: Pharmacy, private_umask: None) -> None:
    """H-47."""
    pharmacy.drop("bad.csv", "x")
    pharmacy.configure(formats=["xlsx", "html", "json", "csv"])
    pharmacy.drop("a.csv", [order("A", **OVER)])
    pharmacy.run()
    for path in pharmacy.reports.rglob("*"):
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    (reason,) = (pharmacy.folder / "quarantine").glob("*.reason.txt")
    assert stat.S_IMODE(reason.stat().st_mode) == 0o600


def test_latest_that_is_no_link_is_left_alone_and_told(pharmacy: Pharmacy) -> None:
    """H-48."""
    (pharmacy.reports / "latest").mkdir()
    pharmacy.drop("a.csv", [order("A", **OVER)])
    with pytest.raises(Stop, match="no symbolic link"):
        pharmacy.run()
    assert pharmacy.status()["exit_code"] == Exit.CANNOT_RUN
    (pharmacy.reports / "latest").rmdir()
    outcome = pharmacy.run()  # what was recorded is told now, and its reports are out
    assert outcome.code == Exit.FINDINGS and "1 STOP" in outcome.line
    assert states(pharmacy.report())["A", "IVG101"] == "new" and names(pharmacy.folder / "inbox") == []


@pytest.mark.parametrize("what", ["inbox", "quarantine", "history.sqlite"])
def test_a_missing_folder_or_history_ends_the_run_and_the_status_says_so(pharmacy: Pharmacy, what: str) -> None:
    (pharmacy.folder / what).rename(pharmacy.folder / "away")
    with pytest.raises(RunError, match="does not exist"):
        pharmacy.run()
    assert pharmacy.status()["exit_code"] == Exit.CANNOT_RUN and pharmacy.status()["state"] == "ended"
    (pharmacy.folder / "away").rename(pharmacy.folder / what)
    pharmacy.drop("a.csv", [order("A")])
    assert pharmacy.run().code == Exit.OK


def test_a_wrong_policy_ends_the_run_before_anything_is_taken(pharmacy: Pharmacy) -> None:
    (pharmacy.folder / "policy.toml").write_text("ceiling = 9\n")
    pharmacy.configure(policy="policy.toml")
    pharmacy.drop("a.csv", [order("A")])
    with pytest.raises(UsageError, match=r"policy\.toml, line 1"):
        pharmacy.run()
    assert pharmacy.status()["exit_code"] == Exit.USAGE and names(pharmacy.folder / "inbox") == ["a.csv"]


def test_an_error_of_the_programs_own_publishes_nothing_and_takes_nothing(
    pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H-29."""
    from ivigcheck.nightly import night

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    pharmacy.drop("a.csv", [order("A")])
    with monkeypatch.context() as patch:
        patch.setattr(night, "check_tables", broken)
        with pytest.raises(ZeroDivisionError):
            pharmacy.run()
    assert pharmacy.status()["exit_code"] == Exit.INTERNAL and names(pharmacy.folder / "inbox") == ["a.csv"]
    assert pharmacy.hidden() == [] and pharmacy.run().code == Exit.OK


def test_the_history_counts_for_the_night_as_for_a_batch(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", max_rate="3 mg/kg/min"), order("B")])
    with History.recording(pharmacy.history) as history:
        history.append([NewEntry("confirmed_thrombosis", f"{CANARY}A", "2026-11-01", "AB", {})], NOW)
    orders = [order("A", max_rate="3 mg/kg/min"), order("B"), order("C")]
    assert states(pharmacy.night(orders, NEXT)) == {("A", "IVG203"): "new"}


def test_the_folder_of_a_run_is_named_in_the_status_and_reports_agree(pharmacy: Pharmacy) -> None:
    pharmacy.configure(formats=["csv", "json"])
    pharmacy.drop("a.csv", [order("A", **OVER), order("B", diabetes=""), order("C")])
    outcome = pharmacy.run()
    status = pharmacy.status()
    folder = pharmacy.reports / status["reports"]
    assert status["run"] == outcome.run_id == folder.name == status["last_good"]["run"]
    assert names(folder) == ["mail.html", "mail.txt", "orders.csv", "orders.json", "worklist.txt"]
    lines = (folder / "orders.csv").read_text().splitlines()
    header, *rows = csv.reader(lines)
    assert [row[header.index("delta")] for row in rows] == ["new", "new", ""]
    told = (folder / "worklist.txt").read_text()
    sections = [line.split(":")[0] for line in told.splitlines() if line.split(":")[0].isupper()]
    assert sections == ["NEW", "CHANGED", "REOPENED", "STILL OPEN", "ACKNOWLEDGED", "RESOLVED"]
    mail = (folder / "mail.txt").read_text()
    assert (
        mail.splitlines()[0]
        == "IVIG orders 2026-11-20: 3 new, 0 changed, 0 reopened; 1 STOP and 0 UNCHECKED of 3 orders"
    )
    assert mail.splitlines()[1] == "" and "IVG101 rate-above-ceiling" in mail
    assert pharmacy.problems() == [] and DAY.isoformat() == pharmacy.report()["run"]["as_of"]


def test_of_two_runs_that_were_killed_one_after_the_other_both_are_told(
    pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivigcheck.nightly import night

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for name, cells, owner, what in (("A", OVER, night, "_end"), ("B", {}, Shelf, "put_in_place")):
        pharmacy.drop(f"{name}.csv", [order(name, **cells)])
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(owner, what, killed)
            if what == "put_in_place":  # of its own reports: those of the first run are in their place
                patch.setattr(night, "_recover", lambda *_: None)
            pharmacy.run()
    outcome = pharmacy.run()
    assert outcome.code == Exit.FINDINGS and outcome.line.count("interrupted before it was told") == 2
    assert pharmacy.report()["orders"][0]["order_id"] == "B"
    assert pharmacy.run().code == Exit.OK


def test_information_is_not_compared(pharmacy: Pharmacy) -> None:
    report = pharmacy.night([order("A", start_rate="")])
    assert [f["code"] for f in report["orders"][0]["findings"]] == ["IVG109"]
    assert report["orders"][0]["findings"][0]["delta"] is None and report["orders"][0]["delta"] is None
    assert set(report["delta"]["counts"].values()) == {0}


def test_what_nobody_needs_to_read_is_marked_and_nothing_else(pharmacy: Pharmacy) -> None:
    def is_marked() -> bool:
        return (pharmacy.reports / "latest" / "nothing-new").exists()

    review, stop = order("A", diabetes=""), order("B", **OVER)
    for orders, marked in (
        ([review], False),  # new, though the exit code is 0
        ([review, order("C")], True),
        ([review, stop], False),
        ([review, stop, order("D")], False),  # still open, and a STOP
        ([review], False),  # the STOP is in no file: somebody must see what became of it
        ([review, order("E")], True),
    ):
        pharmacy.night(orders)
        assert is_marked() == marked, orders


def test_the_mail_names_the_rules_of_what_is_new_and_of_every_stop(pharmacy: Pharmacy) -> None:
    orders = [order("A", diabetes="yes", max_rate="4 mg/kg/min"), order("B", **OVER)]
    pharmacy.night(orders)
    pharmacy.night([*orders, order("C", diabetes="")])
    told = (pharmacy.reports / "latest" / "mail.txt").read_text()
    assert "IVG904" in told and "IVG101" in told and "IVG104" not in told


def test_a_recorded_run_knows_that_it_was_not_complete(pharmacy: Pharmacy) -> None:
    pharmacy.drop("bad.csv", "x")
    pharmacy.night([order("A", **OVER)])
    with History.reading(pharmacy.history) as history:
        last = Nights(history, "nightly").last()
    assert last is not None and (last.facts["exit_code"], last.facts["complete"]) == (Exit.CANNOT_RUN, False)


def test_of_a_killed_run_and_of_this_one_the_graver_counts(pharmacy: Pharmacy) -> None:
    (pharmacy.reports / "latest").mkdir()
    pharmacy.drop("a.csv", [order("A", **OVER)])
    with pytest.raises(Stop):
        pharmacy.run()
    (pharmacy.reports / "latest").rmdir()
    pharmacy.drop("b.csv", [order("B", weight="x")])
    outcome = pharmacy.run()
    assert outcome.code == Exit.FINDINGS and "1 STOP" in outcome.line and "1 UNCHECKED" in outcome.line
    notice = pharmacy.report()["notices"][0]
    assert "interrupted before it was told" in notice
    assert notice in (pharmacy.reports / "latest" / "mail.txt").read_text()


def test_a_killed_run_is_news_in_a_night_that_has_none(pharmacy: Pharmacy) -> None:
    (pharmacy.reports / "latest").mkdir()
    pharmacy.drop("a.csv", [order("A")])
    with pytest.raises(Stop):
        pharmacy.run()
    (pharmacy.reports / "latest").rmdir()
    pharmacy.drop("b.csv", [order("B")])
    assert pharmacy.run().code == Exit.OK
    assert not (pharmacy.reports / "latest" / "nothing-new").exists()


def test_the_gravest_of_what_is_over_comes_first(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", diabetes=""), order("B", **OVER)])
    report = pharmacy.night([order("C")])
    assert [each["severity"] for each in report["delta"]["resolved"]] == ["stop", "stop", "review"]


def test_an_hour_too_old_is_too_old(pharmacy: Pharmacy) -> None:
    pharmacy.configure(max_file_age_hours=20)
    ago(pharmacy.drop("a.csv", [order("A")]), 19.9)
    assert pharmacy.run().code == Exit.OK
    pharmacy.configure(max_file_age_hours=19)
    assert pharmacy.run().code == Exit.CANNOT_RUN


def test_one_content_under_two_names_is_taken_once(pharmacy: Pharmacy) -> None:
    for name in ("a.csv", "b.csv"):
        pharmacy.drop(name, [order("A", **OVER)])
    pharmacy.run()
    assert pharmacy.report()["counts"]["orders"] == 1 and names(pharmacy.folder / "inbox") == []
    assert len(names(pharmacy.folder / "archive")) == 2


def test_a_hidden_file_is_none_that_has_arrived(pharmacy: Pharmacy) -> None:
    pharmacy.drop(".a.csv", [order("A", **OVER)])
    pharmacy.drop("b.csv", [order("B")])
    assert pharmacy.run().code == Exit.OK and names(pharmacy.folder / "inbox") == [".a.csv"]


@pytest.mark.parametrize("how", ["written to while it was read", "replaced before it was read", "taken away"])
def test_a_file_that_is_another_when_it_is_read_is_left_for_the_next_run(
    pharmacy: Pharmacy, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    from ivigcheck.errors import InputChanged
    from ivigcheck.nightly import takings

    read_each = takings.read_each

    def another(paths: list[Path], *given: object, **more: object) -> object:
        (path,) = paths
        if how == "replaced before it was read":
            pharmacy.drop(path.name, [order("B")])
        elif how == "taken away":
            path.unlink()
        else:
            return {}, {path: InputChanged("changed")}
        return read_each(paths, *given, **more)  # type: ignore[arg-type]

    pharmacy.drop("a.csv", [order("A", **OVER)])
    with monkeypatch.context() as patch:
        patch.setattr(takings, "read_each", another)
        outcome = pharmacy.run()
    assert outcome.code == Exit.CANNOT_RUN and "still being written" in outcome.line
    assert names(pharmacy.folder / "quarantine") == [] and not (pharmacy.reports / "latest").exists()
    if how != "taken away":
        assert names(pharmacy.folder / "inbox") == ["a.csv"]
        assert pharmacy.run().code == (Exit.OK if "replaced" in how else Exit.FINDINGS)
