"""``ivigcheck status``: a night that did not run, or lacked something, is noticed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from nights import Pharmacy, order
from typer.testing import CliRunner

from ivigcheck.cli import app
from ivigcheck.errors import Exit, UsageError
from ivigcheck.nightly.status import hours_since_good

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def status(pharmacy: Pharmacy, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["status", "--config", str(pharmacy.config), *more], standalone_mode=False)
    assert result.exception is None, result.exception
    return int(result.return_value), result.output


def end_good_run(pharmacy: Pharmacy, hours_ago: float) -> None:
    """Lets the last good run have ended so long ago."""
    path = pharmacy.reports / "status.json"
    facts = json.loads(path.read_text())
    facts["last_good"]["ended"] = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat()
    path.write_text(json.dumps(facts))


def test_a_recent_good_run_is_well_and_an_old_one_is_not(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A", max_rate="9 mg/kg/min")])
    code, said = status(pharmacy)
    assert code == Exit.OK and said.startswith("nightly: OK: the last good run ended")
    assert status(pharmacy, "--quiet") == (Exit.OK, "")
    for hours, arguments, expected in (
        (25.9, (), Exit.OK), (26.1, (), Exit.CANNOT_RUN), (30, ("--max-age", "31"), Exit.OK),
        (2, ("--max-age", "1.9"), Exit.CANNOT_RUN), (0, ("--max-age", "0"), Exit.CANNOT_RUN),
    ):  # fmt: skip
        end_good_run(pharmacy, hours)
        assert status(pharmacy, *arguments)[0] == expected, (hours, arguments)
    end_good_run(pharmacy, 40)
    assert "NOT OK" in status(pharmacy, "--quiet")[1]
    pharmacy.configure(status_hours=41)
    assert status(pharmacy)[0] == Exit.OK


def test_a_run_that_lacked_something_or_failed_does_not_make_the_last_good_one_younger(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A")])
    end_good_run(pharmacy, 40)
    pharmacy.drop("bad.csv", "x")
    pharmacy.drop("b.csv", [order("B")])
    pharmacy.run()
    code, said = status(pharmacy)
    assert code == Exit.CANNOT_RUN and "40.0 h ago" in said and "exit code 3" in said and "quarantine" in said
    pharmacy.run()  # nothing new
    assert status(pharmacy)[0] == Exit.CANNOT_RUN
    pharmacy.night([order("C")])
    assert status(pharmacy)[0] == Exit.OK


def test_no_run_yet_and_a_status_file_that_says_nothing_are_not_well(pharmacy: Pharmacy) -> None:
    assert status(pharmacy) == (
        Exit.CANNOT_RUN,
        f"nightly: NOT OK: {pharmacy.reports}/status.json does not exist: no run has ended there yet.\n",
    )
    for content in (
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"schema": "other"}',
        b'{"schema": "ivigcheck.status/1", "last_good": 3}',
        b"\xff" * 9,
    ):
        (pharmacy.reports / "status.json").write_bytes(content)
        code, said = status(pharmacy)
        assert code == Exit.CANNOT_RUN and "NOT OK" in said, content


@pytest.mark.parametrize(
    ("ended", "hours"),
    [
        ("2026-11-24T11:00:00+00:00", 1),
        ("2026-11-24T13:00:00+02:00", 1),
        ("2026-11-24T12:00:01+00:00", None),  # in the future: the clock was set back, and nothing is known
        ("2026-11-24T11:00:00", None),
        ("yesterday", None),
        (None, None),
        (3, None),
    ],
)
def test_hours_are_reckoned_between_moments_of_the_past(ended: object, hours: float | None) -> None:
    assert hours_since_good({"last_good": {"ended": ended}}, NOW) == hours


def test_a_status_of_another_configuration_is_none_of_this_one(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A")])
    pharmacy.configure(name="children")
    code, said = status(pharmacy)
    assert code == Exit.CANNOT_RUN and 'runs named "nightly"' in said


def test_a_damaged_status_file_is_made_anew_by_the_next_run(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A")])
    whole = pharmacy.status()
    for damaged in (
        whole | {"last_good": 7},
        whole | {"troubles": 5},
        whole | {"last_good": {"run": "x", "ended": "y", "counts": 7}},
    ):
        (pharmacy.reports / "status.json").write_text(json.dumps(damaged))
        assert status(pharmacy)[0] == Exit.CANNOT_RUN
    pharmacy.night([order("B")])
    assert status(pharmacy)[0] == Exit.OK


def test_a_run_that_could_not_go_on_says_why(pharmacy: Pharmacy) -> None:
    (pharmacy.folder / "policy.toml").write_text("ceiling = 9\n")
    pharmacy.configure(policy="policy.toml")
    with pytest.raises(UsageError):
        pharmacy.run()
    assert "policy.toml, line 1" in status(pharmacy)[1]


def test_no_good_run_has_no_hours() -> None:
    assert hours_since_good({"last_good": None}, NOW) is None and hours_since_good({}, NOW) is None


def test_a_run_that_was_killed_is_told_as_one_that_has_not_ended(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A")])
    path = pharmacy.reports / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "running"}))
    code, said = status(pharmacy)
    assert code == Exit.OK and "has not ended" in said


def test_as_json_it_has_all_that_the_file_has_and_the_verdict(pharmacy: Pharmacy) -> None:
    pharmacy.night([order("A")])
    code, said = status(pharmacy, "--format", "json")
    found = json.loads(said)
    assert code == Exit.OK and found["recent"] is True and found["hours_allowed"] == 26
    assert found["last_good"]["run"] == found["run"] == found["published"]
