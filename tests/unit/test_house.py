"""The house: imports run one way, rooms stay small, and the project speaks of itself alone."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ivigcheck"
# From the bottom up: a module may import from rooms below its own, and from its own room.
ROOMS = (
    ("version", "errors", "arrays", "texts", "disk"),
    ("units", "guide"),
    ("columns", "show", "past", "delta", "written", "knowledge"),
    ("intake.table", "orders"),
    ("intake", "history", "settings_file"),
    ("normalise", "limits", "doses"),
    ("company",),
    ("rules",),
    ("site", "schedule"),
    ("pipeline",),
    ("reaction",),
    ("report",),
    ("nightly", "scale"),
    ("cli",),
    ("__init__", "__main__"),
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))
MOST_LINES = 340


def room_of(module: str) -> str:
    """The room of ``ivigcheck.a.b``."""
    parts = module.removeprefix("ivigcheck").strip(".").split(".")
    name = ".".join(parts)
    return name if name in LEVEL else parts[0] or "__init__"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_imports_run_down_the_house(path: Path) -> None:
    own = room_of(module_of(path))
    assert own in LEVEL, f"{path} has no room"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = node.module == "ivigcheck"
            names = [f"ivigcheck.{alias.name}" for alias in node.names] if whole else [node.module]
        for name in names:
            if name.startswith("ivigcheck"):
                there = room_of(name)
                assert there == own or LEVEL[there] < LEVEL[own], f"{module_of(path)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_a_module_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def importers(package: str) -> set[str]:
    pattern = re.compile(rf"^\s*(?:import|from) {package}\b", re.MULTILINE)
    return {module_of(path) for path in MODULES if pattern.search(path.read_text(encoding="utf-8"))}


def test_pint_has_one_importer_and_openpyxl_only_readers_and_writers_of_workbooks() -> None:
    assert importers("pint") == {"ivigcheck.units"}
    assert all(name.startswith(("ivigcheck.intake.", "ivigcheck.report.xlsx")) for name in importers("openpyxl"))
    assert importers("pandas") == set()


def test_no_clinical_number_stands_in_the_rules_or_the_limits() -> None:
    """Law 1: what a label, guideline or committee could change is data. Here stand arithmetic and examples alone."""
    arithmetic = {0, 1, 2, 3, -1, 60, 1000, 1e-9, 10, 100, 12}
    # Of texts that are shown, of steps and days, of what is kept for next time, and of how far two clocks lie apart.
    bounds = {40, 500, 10_000, 7, 24, 14}
    rooms = [path for room in ("rules", "schedule", "reaction") for path in (PACKAGE / room).glob("*.py")]
    for path in [*rooms, PACKAGE / "limits.py", PACKAGE / "doses.py"]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        examples = [
            keyword.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            for keyword in node.keywords
            if keyword.arg in ("flags", "passes")
        ]
        inside = {id(node) for example in examples for node in ast.walk(example)}
        numbers = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and type(node.value) in (int, float) and id(node) not in inside
        }
        assert numbers <= arithmetic | bounds | {4, 9}, f"{path.name}: {numbers - arithmetic}"


def test_one_order_imports_neither_pyarrow_nor_openpyxl() -> None:
    code = (
        "import sys; sys.argv = ['ivigcheck', 'order', '--indication', 'PI', '--weight', '80 kg', '--age', '40',"
        "'--max-rate', '5 mg/kg/min', '--product', 'Gamunex-C', '--screened', '--quiet']\n"
        "from ivigcheck.cli import main\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert stop.code == 0, stop.code\n"
        "print(sorted({'pandas', 'pyarrow', 'openpyxl', 'pydantic', 'jinja2'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == "[]"


def test_the_top_level_holds_what_it_may() -> None:
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False)
    if listed.returncode == 0:
        top = {line.split("/")[0] for line in listed.stdout.splitlines()}
        allowed = {
            "pyproject.toml",
            "README.md",
            "Makefile",
            "ivigcheck",
            "sample_orders",
            "tests",
            "CHANGELOG.md",
            "constraints.txt",
        }
        assert {name for name in top if not name.startswith(".")} <= allowed
