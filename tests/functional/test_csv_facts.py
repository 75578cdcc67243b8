"""The CSV report says of the sample orders what the JSON report says, line by line, in the order of the input."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ivigcheck.pipeline import check_files
from ivigcheck.report import Rendering

SAMPLES = Path(__file__).parents[2] / "sample_orders"
FILES = ("clean_batch.csv", "messy_batch.csv", "every_rule.xlsx")


def read(text: str) -> Any:
    """A CSV value that is no text."""
    return {"": None, "true": True, "false": False}.get(text, text)


def pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(";") if pair)


def items(text: str) -> list[str]:
    return text.split(";") if text else []


@pytest.mark.parametrize("file", FILES)
def test_every_fact_of_an_order_is_in_its_line(file: str) -> None:
    result = Rendering(check_files([SAMPLES / file], date(2026, 11, 22)), datetime(2026, 11, 22, tzinfo=UTC))
    orders = {order["source"]["row"]: order for order in json.loads(result.json())["orders"]}
    lines = list(csv.DictReader(io.StringIO(result.csv().decode(), newline="")))
    assert [int(line["row"]) for line in lines] == sorted(orders)  # in the order of the input, all of them
    for line in lines:
        order = orders[int(line["row"])]
        for name in ("order_id", "patient_id"):
            assert line[name] == (order[name] or "")
        assert (line["status"], line["file"], line["sheet"]) == (
            order["status"], order["source"]["file"], order["source"]["sheet"] or "",
        )  # fmt: skip
        assert items(line["codes"]) == [finding["code"] for finding in order["findings"]]
        assert items(line["fingerprints"]) == [finding["fingerprint"] for finding in order["findings"]]
        for name in ("at_risk", "undocumented", "not_assessed", "history"):
            assert items(line[name]) == order[name]
        assert pairs(line["answers"]) == order["answers"]
        assert pairs(line["answered_by_code"]) == order["answered_by_code"]
        assert json.loads(line["written"]) == order["written"]
        facts = {**order["limits"], **order["limits"]["governed_by"], **order["ordered"]}
        for name, value in facts.items():
            if name == "governed_by":
                continue
            found = read(line[name])
            if isinstance(value, float):
                assert float(found) == value, name
            else:
                assert found == value, name
