"""Row by row with stock pint, as a script is written in an afternoon: it reads every weight and both rates of a row,
and looks at the ceiling, the risk, the start and three answers. pint_rows.py ORDERS.csv REPORT.csv ROWS"""

import csv
import itertools
import sys
from pathlib import Path

import pint

MG_PER_ML = {"Octagam 5%": 50.0, "Gammaplex 5%": 50.0}
START = {"CIDP": 2.0, "chronic inflammatory demyelinating polyneuropathy": 2.0, "G61.81": 2.0}
RISKS = ("cardiovascular_risk", "diabetes", "renal_insufficiency", "thrombosis_history", "immobilization", "sepsis",
         "nephrotoxic_drugs")  # fmt: skip
AVOID = ("hypercoagulable_state", "recent_thrombosis", "ivig_thrombosis")
YES = ("yes", "y", "true", "1")

units = pint.UnitRegistry()


def rate(text, weight, concentration):
    """mg/kg/min; None for what cannot be read."""
    try:
        value = units.parse_expression(text)
        for form in (value, value * concentration, value * concentration / weight):
            if form.check("1/[time]"):
                return form.to("mg/kg/min").magnitude
    except Exception:
        return None
    return None


def check(row):
    """What is wrong with one order."""
    found = []
    try:
        weight = units.parse_expression(row["weight"]).to("kg")
    except Exception:
        weight, found = units.Quantity(float("nan"), "kg"), ["weight"]
    concentration = units.Quantity(MG_PER_ML.get(row["product"], 100.0), "mg/mL")
    highest = rate(row["max_rate"], weight, concentration)
    first = rate(row["start_rate"], weight, concentration)
    fastest = max((one for one in (highest, first) if one is not None), default=0.0)
    over_age = row["age_years"].isdigit() and int(row["age_years"]) > 65
    if fastest > 8 * (1 + 1e-9):
        found.append("ceiling")
    if fastest >= 8 * (1 - 1e-9) and (over_age or any(row[name].lower() in YES for name in RISKS)):
        found.append("at risk")
    if first is not None and first > START.get(row["indication"], 1.0) * (1 + 1e-9):
        found.append("start")
    found += [name for name in AVOID if row[name].lower() in YES]
    return found


orders, report, rows = sys.argv[1:]
with Path(orders).open(newline="", encoding="utf-8") as source, Path(report).open("w", newline="") as target:
    writer = csv.writer(target)
    writer.writerow(["order_id", "found"])
    for row in itertools.islice(csv.DictReader(source), int(rows)):
        writer.writerow([row["order_id"], ";".join(check(row))])
