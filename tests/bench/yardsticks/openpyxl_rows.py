"""Every cell of a workbook as openpyxl reads it, and nothing done with it. openpyxl_rows.py ORDERS.xlsx"""

import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1], read_only=True)
for sheet in book:
    for _ in sheet.iter_rows(values_only=True):
        pass
