"""Four checks in DuckDB, with its own number of threads. duckdb_checks.py ORDERS.csv REPORT.csv"""

import sys
from pathlib import Path

import duckdb

orders, report = sys.argv[1:]
text = Path(__file__).with_name("checks.sql").read_text(encoding="utf-8")
connection = duckdb.connect()
connection.execute("SET VARIABLE orders = $orders", {"orders": orders})
connection.execute(text.replace("$report", report.replace("'", "''")))
