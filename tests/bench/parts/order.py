"""One order, as a whole process."""

from __future__ import annotations

from processes import PROGRAM, PYTHON, Bench, Command

ORDER = ["order", "--indication", "ITP", "--weight", "82 kg", "--age", "71", "--product", "Privigen 10%", "--start-rate",
         "0.5 mg/kg/min", "--max-rate", "380 mL/h", "--risk", "diabetes"]  # fmt: skip
IMPORTS = "import typer, pint, numpy"
# Where these are installed, as they are for the tests, pint imports them; the program keeps them from it.
PLAIN = f"import sys; sys.modules.update(dict.fromkeys(('dask', 'scipy', 'babel', 'uncertainties'))); {IMPORTS}"


def one_order(bench: Bench) -> None:
    ours = Command([*PROGRAM, *ORDER])
    bench.compare("one order / importing typer, pint, numpy", ours, Command([PYTHON, "-c", IMPORTS]))
    what = "one order / importing typer, pint, numpy, without dask and others that pint would import"
    bench.compare(what, ours, Command([PYTHON, "-c", PLAIN]))
