"""CSV read and written by pyarrow, with nothing between. pyarrow_copy.py ORDERS.csv COPY.csv"""

import sys

import pyarrow as pa
from pyarrow import csv

orders, copy = sys.argv[1:]
with open(orders, "rb") as file:  # noqa: PTH123 -- a yardstick is as plain as it can be
    names = file.readline().decode("utf-8").strip().split(",")
as_text = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
csv.write_csv(csv.read_csv(orders, convert_options=as_text), copy)
