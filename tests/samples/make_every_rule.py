"""Writes the sample workbook every_rule.xlsx: for each rule an order that shows it, and a sheet that says so.

    python tests/samples/make_every_rule.py sample_orders/every_rule.xlsx

The same program writes the same cells each time. All orders are invented.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | float | date
Row = dict[str, Value]

ORDERS: Final = "Orders"
READ_ME: Final = "Read me"
NOTE: Final = "note"

QUESTIONS: Final = (
    "hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis", "volume_depletion", "cardiovascular_risk",
    "diabetes", "renal_insufficiency", "thrombosis_history", "immobilization", "estrogen_use",
    "central_venous_catheter", "hyperviscosity", "sepsis", "paraproteinemia", "nephrotoxic_drugs",
    "iga_deficiency_with_antibodies", "prior_anaphylaxis", "hyperprolinemia", "fructose_intolerance", "corn_allergy",
)  # fmt: skip

HEADERS: Final = (
    "order_id", NOTE, "patient_id", "indication", "Weight (kg)", "age_years", "birth_date", "product", "concentration",
    "Dose (g/kg)", "dose_total", "infusion_hours", "height_cm", "ordered_at", "first_infusion", "diagnoses", "Start rate (mg/kg/min)", "Max rate (mg/kg/min)", *QUESTIONS,
    "last_thrombosis_date", "reaction_grade", "Reaction rate (mg/kg/min)", "reaction_resolved",
    "minutes_since_resolved",
)  # fmt: skip

WEIGHT, DOSE, HOURS = "Weight (kg)", "Dose (g/kg)", "infusion_hours"
START, MAX, REACTION = "Start rate (mg/kg/min)", "Max rate (mg/kg/min)", "Reaction rate (mg/kg/min)"

PLAIN: Final[Row] = {
    "indication": "PI", WEIGHT: 80, "age_years": 45, "product": "Gamunex-C", DOSE: 0.4, HOURS: 4, START: 1, MAX: 3,
    **dict.fromkeys(QUESTIONS, "no"),
}  # fmt: skip
"""An order without findings. Each row of the sheet is this one but for what shows its rule."""

ROWS: Final[tuple[tuple[str, Row], ...]] = (
    ("IVG101: 9 mg/kg/min is over the ceiling of 8, which Panzyga's label (up to 14 in PI) does not loosen.",
     {"product": "Panzyga", MAX: 9}),
    ("IVG102: 5 mg/kg/min is within the ceiling, and over Privigen's labelled maximum of 4 in ITP.",
     {"indication": "ITP", "product": "Privigen", START: 0.5, MAX: 5}),
    ("IVG103: diabetes puts the patient at risk, so the rate must stay below 8 mg/kg/min, and 8 is not below it.",
     {"diabetes": "yes", MAX: 8}),
    ("IVG103: at risk, and 4 mg/kg/min is over the 3.3 that Panzyga's manufacturer prints for such patients in ITP.",
     {"indication": "ITP", "product": "Panzyga", "cardiovascular_risk": "yes", MAX: 4}),
    ("IVG104: renal insufficiency puts the patient at risk; 4 mg/kg/min is over the soft maximum of 3.3.",
     {"renal_insufficiency": "yes", MAX: 4}),
    ("IVG105: a start at 2.5 mg/kg/min is over the start limit of 2 in CIDP.",
     {"indication": "CIDP", START: 2.5}),
    ("IVG106: a start at 1 mg/kg/min is over the ordered maximum of 0.8.",
     {MAX: 0.8}),
    ("IVG107: 1 g/kg in 2 hours is a mean of 1000 / 120 = 8.33 mg/kg/min.",
     {"indication": "ITP", DOSE: 1, HOURS: 2}),
    ("IVG109: no start rate is ordered.",
     {START: ""}),
    ("IVG113: no source gave Gammaked's labelled rates.",
     {"product": "Gammaked"}),
    ("IVG114: GBS is on no label. The concentration is a percent cell.",
     {"indication": "GBS", "concentration": 0.1}),
    ("IVG201: a hypercoagulable state is documented.",
     {"hypercoagulable_state": "yes"}),
    ("IVG202: a recent thrombotic event is documented.",
     {"recent_thrombosis": "yes", "thrombosis_history": "yes"}),
    ("IVG203: a thrombotic event on earlier IVIG is documented.",
     {"ivig_thrombosis": "yes", "thrombosis_history": "yes"}),
    ("IVG204: the patient is volume depleted.",
     {"volume_depletion": "yes"}),
    ("IVG205: the reaction in this infusion was of grade 3. Half its rate and the wait are kept.",
     {"reaction_grade": 3, REACTION: 6, "reaction_resolved": "yes", "minutes_since_resolved": 30}),
    ("IVG206: IgA deficiency with antibodies against IgA.",
     {"iga_deficiency_with_antibodies": "yes"}),
    ("IVG207: an anaphylactic reaction to human immune globulin.",
     {"prior_anaphylaxis": "yes"}),
    ("IVG208: hyperprolinemia, and Privigen is stabilized with proline.",
     {"hyperprolinemia": "yes", "product": "Privigen", START: 0.5}),
    ("IVG208: fructose intolerance, and Flebogamma DIF is stabilized with sorbitol.",
     {"fructose_intolerance": "yes", "product": "Flebogamma DIF 5%", START: 0.5}),
    ("IVG208: corn allergy, and Octagam's maltose comes from corn. A maltose product shows IVG209 too.",
     {"corn_allergy": "yes", "indication": "ITP", "product": "Octagam 10%"}),
    ("IVG208: one year old, and Flebogamma DIF is not for children under 2.",
     {WEIGHT: 10, "age_years": 1, "product": "Flebogamma DIF 10%"}),
    ("IVG209: Octagam contains maltose, which some glucose meters read as glucose.",
     {"indication": "ITP", "product": "Octagam 10%"}),
    ("IVG202: a recent thrombotic event by its diagnosis code, pulmonary embolism.",
     {"diagnoses": "I26.99", "recent_thrombosis": ""}),
    ("IVG301: 0.9 g/kg is over the 0.3 to 0.6 g/kg of Gamunex-C's label in PI.",
     {DOSE: 0.9, HOURS: 6}),
    ("IVG302: 0.4 g/kg of 80 kg are 32 g, and the total dose says 40.",
     {"dose_total": 40}),
    ("IVG303: 1 g/kg in one infusion, and cardiovascular risk factors.",
     {"indication": "ITP", DOSE: 1, HOURS: 6, "cardiovascular_risk": "yes"}),
    ("IVG401: this patient has two orders for one day.",
     {DOSE: 0.3, "ordered_at": date(2026, 11, 20)}),
    ("IVG401: the same patient and the same day.",
     {DOSE: 0.3, "patient_id": "above", "ordered_at": date(2026, 11, 20)}),
    ("No finding: the first day of a course, which the next order brings over its 2 g/kg.",
     {"indication": "ITP", DOSE: 1.2, HOURS: 8, "ordered_at": date(2026, 11, 19)}),
    ("IVG402: 1.2 and 1 g/kg on two days, and a course in ITP is 2 g/kg.",
     {"patient_id": "above", "indication": "ITP", DOSE: 1, HOURS: 8, "ordered_at": date(2026, 11, 20)}),
    ("IVG403: a first infusion that would start at 1.5 mg/kg/min, over the start limit of 1.",
     {"first_infusion": "yes", START: 1.5}),
    ("IVG404: this patient weighs 80 kg here and 90 kg two days later.",
     {DOSE: 0.3, "ordered_at": date(2026, 11, 18)}),
    ("IVG404: the same patient with 90 kg.",
     {DOSE: 0.3, "patient_id": "above", WEIGHT: 90, "ordered_at": date(2026, 11, 20)}),
    ("IVG501: the reaction came at 4 mg/kg/min, half is 2, and 3 are ordered.",
     {"reaction_grade": 2, REACTION: 4, "reaction_resolved": "yes", "minutes_since_resolved": 20}),
    ("IVG502: the symptoms have been gone for 10 minutes, not 15.",
     {"reaction_grade": 2, REACTION: 6, "reaction_resolved": "yes", "minutes_since_resolved": 10}),
    ("IVG901: the weight is missing.",
     {WEIGHT: ""}),
    ("IVG901: neither age nor birth date.",
     {"age_years": ""}),
    ("IVG902: the maximum rate is an error cell.",
     {MAX: "#DIV/0!"}),
    ("IVG902: the weight is a formula without a stored result.",
     {WEIGHT: "=180*0.45359237"}),
    ("IVG902: the age is written in words.",
     {"age_years": "fifty"}),
    ("IVG903: a weight of 800 kg.",
     {WEIGHT: 800}),
    ("IVG903: a birth date in the future.",
     {"age_years": "", "birth_date": date(2099, 12, 31)}),
    ("IVG904: nobody has said whether the patient has diabetes.",
     {"diabetes": ""}),
    ("IVG905: this order id stands twice, with another maximum rate.",
     {}),
    ("IVG905: the same order id again, with another maximum rate.",
     {"order_id": "above", "patient_id": "above", MAX: 2.5}),
    ("IVG905: this order id stands twice, with the same content.",
     {}),
    ("IVG905: the same order id again, with the same content.",
     {"order_id": "above", "patient_id": "above"}),
    ("IVG906: no indication that is known here.",
     {"indication": "fatigue"}),
    ("IVG907: no product that is known here.",
     {"product": "Gammaglobin 10%"}),
    ("IVG907: Flebogamma DIF is made in two strengths, and nothing says which.",
     {"product": "Flebogamma DIF"}),
    ("IVG907: no product is given.",
     {"product": ""}),
    ("IVG908: aged 45 and born in 1950. The older counts; the rate is within what is allowed at risk.",
     {"birth_date": date(1950, 2, 3)}),
    ("IVG908: Privigen is made at 10%, and the order says 5%.",
     {"product": "Privigen", "concentration": "5%", START: 0.5}),
    ("IVG908: the cell says mL/h under a header that says mg/kg/min.",
     {MAX: "150 mL/h"}),
    ("IVG909: 154 kg at 170 cm is a body-mass index of 53; 154 lb would be 24.",
     {WEIGHT: 154, "height_cm": 170}),
    ("No finding: Gamunex-C by its National Drug Code.",
     {"product": "13533-800-20"}),
    ("IVG911: diabetes by its diagnosis code, and the column says no.",
     {"diagnoses": "E11.9"}),
    ("IVG911: a thrombotic event in 2019, and thrombosis_history says no.",
     {"last_thrombosis_date": date(2019, 5, 4)}),
)  # fmt: skip

READ_ME_LINES: Final = (
    "Sample orders: all of it is synthetic. No order, number or date here is of a real patient.",
    "",
    f'The sheet "{ORDERS}" has, for each rule of ivigcheck that a workbook can break, an order that breaks it.',
    f'The column "{NOTE}" says which rule and why. The program has no such column: it names it once and ignores it.',
    "Every row is an order without findings but for what its note says.",
    "The last row repeats the header, as pasted sheets do: IVG910.",
    "",
    "Some cells are as a hurried spreadsheet has them: a percentage as the concentration, real dates, an error, a",
    "formula whose result was never stored. The units of most numbers stand in their headers.",
    "",
    "Check it: ivigcheck batch sample_orders/every_rule.xlsx",
)

_FORMATS: Final = {
    "order_id": "@",
    "patient_id": "@",
    "birth_date": "yyyy-mm-dd",
    "ordered_at": "yyyy-mm-dd",
    "last_thrombosis_date": "yyyy-mm-dd",
}
_WIDTHS: Final = {NOTE: 70, "indication": 12, "product": 22}
_STAMP: Final = datetime(2026, 11, 22)


def orders() -> Iterator[Row]:
    """The rows of the sheet: the plain order, with its ids, its note and its change."""
    number, patient = 0, ""
    for note, change in ROWS:
        number += change.get("order_id") != "above"
        patient = patient if change.get("patient_id") == "above" else f"TEST-2{number:03d}"
        ids = {"order_id": f"SAMPLE-2{number:03d}", "patient_id": patient}
        yield {**PLAIN, **change, **ids, NOTE: note}


def fill_orders(sheet: Worksheet) -> None:
    """Writes the header and the orders."""
    sheet.append(HEADERS)
    for at, header in enumerate(HEADERS, start=1):
        sheet.cell(1, at).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(at)].width = _WIDTHS.get(header, max(12, len(header) + 2))
    for row, order in enumerate(orders(), start=2):
        for at, header in enumerate(HEADERS, start=1):
            value = order.get(header, "")
            if value == "":
                continue
            cell = sheet.cell(row, at)
            assert isinstance(cell, Cell)
            cell.value = value
            cell.number_format = _FORMATS.get(header, "General")
            if header == "concentration" and isinstance(value, float):
                cell.number_format = "0%"
    sheet.append(HEADERS)  # the header once more, as pasted sheets have it: IVG910
    sheet.freeze_panes = "C2"


def fill_read_me(sheet: Worksheet) -> None:
    """Writes what the workbook is."""
    sheet.column_dimensions["A"].width = 120
    for row, line in enumerate(READ_ME_LINES, start=1):
        cell = sheet.cell(row, 1, line or None)
        cell.alignment = Alignment(wrap_text=True)
    sheet["A1"].font = Font(bold=True)


def workbook() -> Workbook:
    """The whole workbook."""
    book = Workbook()
    read_me = book.active
    assert isinstance(read_me, Worksheet)
    read_me.title = READ_ME
    fill_read_me(read_me)
    fill_orders(book.create_sheet(ORDERS))
    book.properties.creator = "ivigcheck"
    book.properties.title = "Sample orders, all synthetic"
    book.properties.created = _STAMP
    book.active = 1
    read_me.sheet_view.tabSelected = False
    return book


def steady(content: bytes) -> bytes:
    """The workbook's archive without the time at which it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + _STAMP.isoformat().encode() + b"Z", data)
            target.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    """Writes the workbook where the only argument says."""
    if len(arguments) != 1:
        print("usage: make_every_rule.py OUT.xlsx", file=sys.stderr)
        return 2
    buffer = io.BytesIO()
    workbook().save(buffer)
    Path(arguments[0]).write_bytes(steady(buffer.getvalue()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
