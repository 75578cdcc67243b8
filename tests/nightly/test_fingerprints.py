"""A fingerprint stands for what made a finding: it changes with that, and with nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from conftest import AS_OF, GOOD, check, table_of
from hypothesis import given
from hypothesis import strategies as st
from nights import csv_of

from ivigcheck.knowledge import Knowledge, built_in
from ivigcheck.pipeline import check_files, check_tables
from ivigcheck.report import Facts
from ivigcheck.report.model import order_facts
from ivigcheck.site.reading import read_site_policy

OVER = GOOD | {"max_rate": "9 mg/kg/min", "diabetes": "yes", "dose": "1 g/kg", "cardiovascular_risk": "",
               "estrogen_use": "yes"}  # fmt: skip
"""Over the ceiling and the label's maximum, at risk, with a high dose, and with a question that nobody answered."""


def prints(cells: Mapping[str, str], as_of: date = AS_OF, knowledge: Knowledge | None = None) -> dict[str, str]:
    """Rule and column -> fingerprint, of an order's findings but information."""
    checked = check_tables([table_of([cells])], as_of, knowledge=knowledge)
    findings = order_facts(checked, 0)["findings"]
    return {f"{f['code']} {f['column']}": f["fingerprint"] for f in findings if f["severity"] != "info"}


SAME = [
    {"weight": "80.0 kg"},
    {"weight": "80kg"},
    {"weight": "80", "weight_unit": "kg"},
    {"max_rate": "540 mg/kg/h"},
    {"start_rate": "0.06 g/kg/h"},
    {"max_rate": "9.00 mg/kg/min"},
    {"max_rate": "432 mL/h"},  # 432 × 100 ÷ 60 ÷ 80 = 9
    {"start_rate": "1", "start_rate_unit": "mg/kg/min"},
    {"product": "gamunex-c"},
    {"product": "GAMUNEX-C 10 % vial"},
    {"concentration": "100 mg/mL"},
    {"indication": "primary immunodeficiency"},
    {"diabetes": "Y"},
    {"diabetes": "TRUE"},
    {"cardiovascular_risk": "unknown"},
    {"sepsis": "N"},
    {"dose": "1000 mg/kg"},
    {"dose": "80 g"},
    {"age_years": "64"},
    {"age_years": "", "birth_date": "1980-05-04"},
    {"last_thrombosis_date": ""},
    {"sex": "F", "height_cm": "170"},
]


@pytest.mark.parametrize("cells", SAME, ids=str)
def test_another_spelling_unit_or_age_is_the_same_finding(cells: dict[str, str]) -> None:
    """Else a re-formatted export would bring back everything that was settled."""
    assert prints(OVER | cells) == prints(OVER)


CHANGED = [
    {"weight": "81 kg"},
    {"weight": "180 lb"},
    {"dosing_weight": "70 kg"},
    {"max_rate": "9.1 mg/kg/min"},
    {"start_rate": "0.9 mg/kg/min"},
    {"start_rate": ""},
    {"product": "Privigen"},
    {"product": ""},
    {"product": "Gammaglobin"},
    {"indication": "ITP"},
    {"indication": "fatigue"},
    {"dose": "1.1 g/kg"},
    {"dose": ""},
    {"dose_total": "90 g"},
    {"infusion_hours": "9 h"},
    {"phase": "loading"},
    {"first_infusion": "yes"},
    {"last_product": "Privigen"},
    {"age_years": "66"},
    {"diabetes": "no"},
    {"diabetes": ""},
    {"cardiovascular_risk": "no"},
    {"renal_insufficiency": "yes"},
    {"sepsis": "yes"},
    {"sepsis": ""},
    {"prior_anaphylaxis": "yes"},
    {"corn_allergy": ""},
    {"diagnoses": "I50.9"},
    {"last_thrombosis_date": "2019-01-02"},
    {"reaction_grade": "1", "reaction_rate": "4 mg/kg/min", "reaction_resolved": "yes", "minutes_since_resolved": "20"},
    {"ordered_at": "2026-11-21"},
    {"order_id": "A-2"},
    {"patient_id": "00124"},
]


@pytest.mark.parametrize("cells", CHANGED, ids=str)
def test_whatever_changes_an_order_changes_all_its_findings(cells: dict[str, str]) -> None:
    """What was judged of the patient as he was does not hold for him as he is."""
    before, after = prints(OVER), prints(OVER | cells)
    assert before.keys() & after.keys()
    assert not set(before.values()) & set(after.values())


RESPELLED = [
    ({"diagnoses": "E11.9;I50.9"}, {"diagnoses": "i50.9 ; E119;"}),
    ({"diagnoses": "E11.9"}, {"diagnoses": "E11.9;Z00.0"}),  # a code that answers nothing
    ({"max_rate": "8.8 mg/kg/min"}, {"max_rate": "422.4 mL/h"}),  # 8.799999999999999 in binary arithmetic
    ({"last_product": "Octagam 10%"}, {"last_product": "octagam 10 %"}),
    ({"ordered_at": "2026-11-20"}, {"ordered_at": "2026-11-20T08:30"}),
    ({"last_thrombosis_date": "2026-10-02"}, {"last_thrombosis_date": "2026-10-02T00:00"}),
    ({"height_cm": "120", "weight": "154 kg"}, {"height_cm": "120.0", "weight": "154 kg"}),
    ({"age_years": "70"}, {"age_years": "71.0"}),
    ({"product": "Octagam"}, {"product": "OCTAGAM"}),
    ({"dosing_weight": "90 kg"}, {"dosing_weight": "90.0kg"}),
    ({"concentration": "5%"}, {"concentration": "50 mg/mL"}),
    ({"product": "Gammaglobin"}, {"product": "gammaglobin "}),
]


@pytest.mark.parametrize(("one", "other"), RESPELLED, ids=str)
def test_what_is_only_written_otherwise_is_the_same_finding(one: dict[str, str], other: dict[str, str]) -> None:
    first = prints(OVER | {"first_infusion": "no"} | one)
    assert first == prints(OVER | {"first_infusion": "no"} | other)


RESPELLED += [
    ({"weight": "x", "max_rate": "150 mL/h"}, {"weight": "x", "max_rate": "150.0 mL/hr"}),
    ({"weight": "800 kg"}, {"weight": "800.0kgs"}),
    ({"product": "Octagam"}, {"product": "Octagam IV"}),
    ({"age_years": "45", "birth_date": "1950-01-02"}, {"age_years": "45.0", "birth_date": "1950-01-02"}),
]
OTHERWISE = [
    ({"diagnoses": "I26.99", "recent_thrombosis": ""}, {"diagnoses": "I63.9", "recent_thrombosis": ""}, "IVG202"),
    ({"recent_thrombosis": ""} | {"diagnoses": "I63.9"}, {"recent_thrombosis": "yes"}, "IVG202"),
    ({"last_thrombosis_date": "2026-11-01"}, {"last_thrombosis_date": "2026-11-02"}, "IVG202"),
    ({"last_thrombosis_date": "2026-11-01", "thrombosis_history": "no", "recent_thrombosis": "no"},
     {"last_thrombosis_date": "2026-11-01", "thrombosis_history": "no", "recent_thrombosis": "yes"}, "IVG911"),
    ({"last_product": "Octagam 10%"}, {"last_product": "Gammagard S/D"}, "IVG103"),
    ({"product": "Flebogamma DIF 5%", "fructose_intolerance": "yes", "age_years": "3", "weight": "12 kg"},
     {"product": "Flebogamma DIF 5%", "fructose_intolerance": "yes", "age_years": "1", "weight": "12 kg"}, "IVG208"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "code"), OTHERWISE, ids=str)
def test_what_made_a_finding_otherwise_makes_another_one(one: dict[str, str], other: dict[str, str], code: str) -> None:
    """Also where the answer, the limit and the rule are the same: it was judged for another reason."""
    before, after = (prints(OVER | each)[f"{code} "] for each in (one, other))
    assert before != after


CONFLICTING = [
    ({"product": "Privigen 5%"}, {"product": "Privigen 6%"}, "IVG908"),
    ({"dosing_weight": "90 kg"}, {"dosing_weight": "340 kg"}, "IVG908"),
    ({"concentration": "5%"}, {"concentration": "1%"}, "IVG908"),
    ({"birth_date": "1950-01-02"}, {"birth_date": "1940-01-02"}, "IVG908"),
    ({"dose_total": "100 g"}, {"dose_total": "110 g"}, "IVG302"),
    ({"height_cm": "170", "weight": "154 kg"}, {"height_cm": "165", "weight": "154 kg"}, "IVG909"),
]


@pytest.mark.parametrize(("one", "other", "code"), CONFLICTING, ids=str)
def test_a_finding_changes_with_the_very_cells_that_it_is_about(
    one: dict[str, str], other: dict[str, str], code: str
) -> None:
    before, after = (
        {name: value for name, value in prints(OVER | each).items() if name.startswith(code)} for each in (one, other)
    )
    assert before and before.keys() == after.keys() and not set(before.values()) & set(after.values())


def among(*orders: Mapping[str, str], of: str = "A-1") -> dict[str, str]:
    """Rule -> fingerprint, of one order among others of the run."""
    checked = check(*orders)
    facts = Facts(checked)
    found = [facts.of(i) for i in range(checked.orders.n)]
    return {f["code"]: f["fingerprint"] for each in found if each["order_id"] == of for f in each["findings"]}


def test_what_rests_on_the_patients_other_orders_changes_with_them() -> None:
    one = GOOD | {
        "ordered_at": "2026-11-20",
        "dose": "1.5 g/kg",
        "indication": "ITP",
        "weight": "80 kg",
        "max_rate": "9 mg/kg/min",
    }
    other = one | {"order_id": "A-2", "ordered_at": "2026-11-20", "dose": "1 g/kg", "weight": "90 kg"}
    third = other | {"order_id": "A-3"}
    before = among(one, other)
    assert {"IVG401", "IVG402", "IVG404"} <= before.keys()
    for company in ([other | {"dose": "2 g/kg"}], [other | {"weight": "91 kg"}], [other, third]):
        after = among(one, *company)
        assert all(before[code] != after[code] for code in ("IVG401", "IVG402", "IVG404")), company
        assert before["IVG101"] == after["IVG101"], company  # which rests on its own order alone
    assert among(other, one) == before  # in any order


def test_what_rests_on_a_row_of_the_same_id_changes_with_it() -> None:
    one, other, third = (GOOD | {"max_rate": f"{rate} mL/h"} for rate in (240, 250, 380))
    assert among(one, other)["IVG905"] != among(third, other)["IVG905"]


def test_a_day_of_an_order_is_settled_alone() -> None:
    """Rows that differ in their day alone are one order's infusions: what was judged of one says nothing of the next."""
    days = [OVER | {"ordered_at": f"2026-11-{day}"} for day in (20, 21)]
    assert not set(prints(days[0]).values()) & set(prints(days[1]).values())


def test_each_value_of_a_rechallenge_counts() -> None:
    again = OVER | {"reaction_grade": "1", "reaction_rate": "4 mg/kg/min", "reaction_resolved": "yes",
                    "minutes_since_resolved": "20"}  # fmt: skip
    for cells in (
        {"reaction_grade": "2"},
        {"reaction_rate": "5 mg/kg/min"},
        {"reaction_resolved": "no"},
        {"minutes_since_resolved": "21"},
    ):
        assert not set(prints(again).values()) & set(prints(again | cells).values()), cells


def test_what_cannot_be_read_counts_as_written() -> None:
    for column in (
        "sepsis",
        "height_cm",
        "weight",
        "max_rate",
        "start_rate",
        "dose",
        "concentration",
        "product",
        "indication",
    ):
        one, other = (set(prints(OVER | {column: text}).values()) for text in ("8x", "9x"))
        assert one and not one & other, column
        assert prints(OVER | {column: " 8x "}) == prints(OVER | {column: "8x"}), column


def test_days_that_pass_change_nothing() -> None:
    cells = OVER | {"last_thrombosis_date": "2026-11-01", "birth_date": "1980-11-25", "age_years": ""}
    assert prints(cells, date(2026, 11, 22)) == prints(cells, date(2026, 11, 29))


def policy(folder: Path, name: str, text: str) -> Knowledge:
    path = folder / name
    path.write_text(f'id = "site"\n{text}', encoding="utf-8")
    return read_site_policy(path, built_in())


def test_a_changed_limit_parameter_or_severity_changes_the_findings_that_rest_on_it(tmp_path: Path) -> None:
    base = prints(OVER, knowledge=policy(tmp_path, "a", 'version = "1"\n'))

    def changed(text: str) -> set[str]:
        now = prints(OVER, knowledge=policy(tmp_path, "b", f'version = "1"\n{text}'))
        return {name for name in base.keys() & now.keys() if base[name] != now[name]}

    assert changed("") == set()
    assert changed('[ceiling]\nvalue = "2 mg/kg/min"\n') == set(base)  # it is now the limit of all
    assert "IVG303 " in changed("[at_risk_over_age]\nvalue = 60\n")
    assert "IVG101 " in changed('[ceiling]\nvalue = "7 mg/kg/min"\n')
    assert changed('[high_dose]\nvalue = "0.9 g/kg"\n') == {"IVG303 "}
    assert changed('[severity.IVG303]\nseverity = "stop"\nreason = "Decided here."\n') == {"IVG303 "}


def test_of_two_values_of_one_file_each_is_another_finding(tmp_path: Path) -> None:
    for parameter, name, first, second in (
        ("high_dose", "IVG303 ", '"0.9 g/kg"', '"0.8 g/kg"'),
        ("at_risk_over_age", "IVG303 ", "60", "61"),
        ("dose_disagreement", "IVG302 ", "0.05", "0.04"),
    ):
        found = [
            prints(
                OVER | {"dose_total": "100 g"},
                knowledge=policy(tmp_path, "p", f'version = "1"\n[{parameter}]\nvalue = {value}\n'),
            )
            for value in (first, second)
        ]
        assert found[0][name] != found[1][name], parameter


def test_whose_rule_it_is_counts_where_the_limits_are_the_same(tmp_path: Path) -> None:
    """The source of a finding, and not only of the limits that it names."""
    cells = GOOD | {"dose": "1 g/kg", "dose_total": "100 g"}
    site = prints(cells, knowledge=policy(tmp_path, "p", 'version = "1"\n'))
    assert site["IVG302 "] != prints(cells)["IVG302 "] and site["IVG301 "] == prints(cells)["IVG301 "]


def test_a_new_version_with_the_same_numbers_changes_nothing(tmp_path: Path) -> None:
    first, second = (policy(tmp_path, f"p{k}", f'version = "{k}"\n') for k in (1, 2))
    assert prints(OVER, knowledge=first) == prints(OVER, knowledge=second)
    assert prints(OVER, knowledge=first) != prints(OVER)  # of another policy


def test_the_place_and_the_company_of_an_order_do_not_count(tmp_path: Path) -> None:
    alone = prints(OVER)
    others = [GOOD | {"order_id": f"B-{k}", "patient_id": f"Q{k}"} for k in range(3)]
    beside = check(*others, OVER | {"ward": "7"})
    facts = Facts(beside).of(3)
    assert {
        f"{f['code']} {f['column']}": f["fingerprint"] for f in facts["findings"] if f["severity"] != "info"
    } == alone
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    names = list(reversed(OVER))
    page.append(names)
    page.append([OVER[name] for name in names])
    book.save(tmp_path / "other name.xlsx")
    (tmp_path / "orders.csv").write_text(csv_of([OVER]), encoding="utf-8")
    for name in ("other name.xlsx", "orders.csv"):
        facts = order_facts(check_files([tmp_path / name], AS_OF), 0)
        assert {
            f"{f['code']} {f['column']}": f["fingerprint"] for f in facts["findings"] if f["severity"] != "info"
        } == alone


VALUES = {
    "weight": ("80 kg", "62.5 kg", "140 lb", "", "80"),
    "max_rate": ("9 mg/kg/min", "240 mL/h", "3.5 mg/kg/min", "", "x"),
    "product": ("Gamunex-C", "Privigen", "Octagam", ""),
    "indication": ("PI", "ITP", "CIDP", "?"),
    "diabetes": ("yes", "no", ""),
    "recent_thrombosis": ("yes", "no", ""),
    "dose": ("", "1 g/kg", "0.4 g/kg"),
}


@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()}), st.data())
def test_two_different_orders_share_no_fingerprint_and_two_equal_ones_all(
    cells: dict[str, str], data: st.DataObject
) -> None:
    order = GOOD | cells
    name = data.draw(st.sampled_from(sorted(VALUES)))
    other = order | {name: data.draw(st.sampled_from(VALUES[name]))}
    shared = set(prints(order).values()) & set(prints(other).values())
    assert shared == (set(prints(order).values()) if order == other else set())


def test_a_fingerprint_is_sixteen_digits_and_an_order_of_the_command_line_has_none() -> None:
    assert all(len(each) == 16 and set(each) <= set("0123456789abcdef") for each in prints(OVER).values())
    from ivigcheck.pipeline import check_order

    facts = order_facts(check_order({"weight": "80 kg"}, AS_OF), 0)
    assert {finding["fingerprint"] for finding in facts["findings"]} == {None}
