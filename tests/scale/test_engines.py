"""Whoever does the work, this process, one for each core, or a Dask cluster, the reports are the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scale_driver import ENDINGS, command, crowd, csv_text, good, in_parts, left_in, messy_text, whole

from ivigcheck.errors import RunError, UsageError
from ivigcheck.past import Memory
from ivigcheck.scale import run
from ivigcheck.scale.engines import Cores, Here, in_order

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def two_processes() -> Iterator[Cores]:
    with Cores.opened(2) as engine:
        yield engine


def written(folder: Path, seed: int) -> list[Path]:
    """Two files in which rules hold orders against each other, one with odd rows."""
    one, two = folder / "one.csv", folder / "two.csv"
    orders = crowd(seed, 60)
    one.write_text(csv_text(orders[:40]))
    two.write_text(csv_text(orders[30:], list(reversed(list(orders[0] | orders[1])))))
    return [one, two]


@pytest.mark.parametrize("seed", range(3))
def test_a_process_for_each_core_gives_the_reports_of_this_process(
    seed: int, two_processes: Cores, tmp_path: Path
) -> None:
    """Used for several runs: nothing is left of the one before."""
    paths = written(tmp_path, 500 + seed)
    want = in_parts(paths, tmp_path / "here", size=1_500, engine=Here())
    assert in_parts(paths, tmp_path / "cores", size=1_500, engine=two_processes) == want
    assert in_parts(paths, tmp_path / "held", rows=7, engine=two_processes, whole_below=1 << 30) == want == whole(paths)


def test_a_file_that_is_not_plain_after_all_is_read_strictly_by_every_engine(
    two_processes: Cores, tmp_path: Path
) -> None:
    """Found out in another process, in the middle of the first reading."""
    path = tmp_path / "orders.csv"
    path.write_text(csv_text([*(good(k) for k in range(40)), good(40, note="a\nb"), *(good(k) for k in range(41, 60))]))
    assert in_parts([path], tmp_path / "out", size=700, engine=two_processes) == whole([path])


def test_an_order_that_is_read_strictly_and_malformed_has_the_same_fingerprint_when_it_is_read_plainly(
    tmp_path: Path,
) -> None:
    """It is the row that stands in this very file: the file counts, whoever reads it, and another file is another."""
    fingerprints = []
    for name, orders in (("one", [good(1)]), ("two", [good(2)])):
        path = tmp_path / f"{name}.csv"
        path.write_text(csv_text(orders) + "cut,off\n")
        plainly, _ = in_parts([path], tmp_path / "out")
        assert plainly == whole([path])[0]
        fingerprints.append(json.loads(plainly[".jsonl"].splitlines()[1])["findings"][0]["fingerprint"])
    assert fingerprints[0] != fingerprints[1]


def test_work_is_given_out_in_order_and_never_more_than_was_asked_for() -> None:
    """So that no pieces pile up."""
    begun: list[int] = []
    ended: list[int] = []

    class Work:
        def __init__(self, k: int) -> None:
            begun.append(k)
            self.k = k

        def result(self) -> int:
            assert len(begun) - len(ended) <= 3
            ended.append(self.k)
            return self.k

    assert list(in_order([lambda k=k: Work(k) for k in range(20)], 3)) == list(range(20)) == begun == ended  # type: ignore[misc]


@pytest.mark.parametrize(("size", "cores", "why_not", "kind"), [
    (run._MANY_BYTES, 2, "left out", Cores), (run._MANY_BYTES - 1, 2, "left out", Here),
    (run._MANY_BYTES, 1, "left out", Here), (run._MANY_BYTES, 2, "", Here),
])  # fmt: skip
def test_processes_are_started_for_many_bytes_on_many_cores_and_without_a_history_alone(
    size: int, cores: int, why_not: str, kind: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that cannot ask the history must never check where there is one."""
    path = tmp_path / "orders.csv"
    with path.open("wb") as file:
        file.truncate(size)
    monkeypatch.setattr(run, "cores", lambda: cores)
    asked = Memory(lambda ids: [None] * len(ids), entries=0, why_not=why_not)
    with run._engine([path], asked) as engine:
        assert type(engine) is kind


def test_the_history_is_asked_of_every_patient_of_a_run_in_parts(tmp_path: Path) -> None:
    """In every part, though the parts are small."""
    asked: set[str] = set()

    def recall(ids: list[str]) -> list[None]:
        asked.update(ids)
        return [None] * len(ids)

    path = tmp_path / "orders.csv"
    path.write_text(csv_text([good(k) for k in range(12)]))
    in_parts([path], tmp_path / "out", size=1, memory=Memory(recall, entries=0, head="x"))  # type: ignore[arg-type]
    assert {f"P-{k}" for k in range(12)} <= asked


# Dask


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=HERE.parents[1],
        check=False,
    )


def test_a_dask_cluster_gives_the_reports_of_this_process_through_the_command_line(tmp_path: Path) -> None:
    """Odd rows too, and the counts and the exit code."""
    pytest.importorskip("distributed")
    paths = written(tmp_path, 601)
    paths[0].write_text(messy_text(crowd(601, 40), 3))
    reports = [tmp_path / f"dask{ending}" for ending in ENDINGS]
    outputs = [text for report in reports for text in ("-o", report)]
    ran = program(
        "-m", "ivigcheck", "batch", *paths, "--engine", "dask", "--no-history", "--as-of", "2026-11-22", *outputs
    )
    assert ran.returncode == 1, ran.stderr
    want, tally = whole(paths)
    assert f"{tally['orders']} orders" in ran.stdout
    for ending, report in zip(ENDINGS, reports, strict=True):
        assert report.read_bytes() == want[ending]


def test_a_dask_worker_that_is_killed_in_the_middle_changes_nothing_in_the_reports(tmp_path: Path) -> None:
    """What it kept of the orders is had again from their files."""
    pytest.importorskip("distributed")
    paths = written(tmp_path, 602)
    out = tmp_path / "out"
    out.mkdir()
    ran = program(HERE / "dask_driver.py", out, *paths)
    assert ran.returncode == 0, ran.stderr[-2000:]
    told = json.loads(ran.stdout.splitlines()[-1])
    want, tally = whole(paths)
    assert told == {"killed": 1, "counts": dict(tally)}
    assert {ending: (out / f"report{ending}").read_bytes() for ending in ENDINGS} == want
    assert left_in(out) == sorted(f"report{ending}" for ending in ENDINGS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x"])
def test_where_no_scheduler_answers_the_run_ends_at_once_with_words(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = pytest.importorskip("ivigcheck.scale.cluster")
    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    began = time.monotonic()
    with pytest.raises(UsageError, match=f"nobody answers at {address}"), cluster.Cluster.opened(address):
        raise AssertionError("it was opened")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scheduler", "tcp://127.0.0.1:9", "-o", "x.csv"], "it goes with --engine dask"),
        (["--scheduler", "tcp://127.0.0.1:9", "--engine", "local", "-o", "x.csv"], "it goes with --engine dask"),
        (["--engine", "dask"], "name an -o in .csv, .jsonl, .parquet"),
        (["--engine", "dask", "-o", "x.json"], "name an -o in .csv, .jsonl, .parquet"),
        (["--engine", "dask", "-o", "x.csv", "-o", "x.html"], "name an -o in .csv, .jsonl, .parquet"),
        (["--engine", "spark", "-o", "x.csv"], "spark"),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_any_work(
    options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(csv_text([good(1)]))
    assert command("batch", "orders.csv", "--no-history", *options) == 2
    assert words in capsys.readouterr().err and left_in(tmp_path) == ["orders.csv"]


def test_dask_is_refused_where_there_is_a_history_and_not_where_it_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The workers cannot ask it: a patient with a confirmed thrombosis would pass."""
    cluster = pytest.importorskip("ivigcheck.scale.cluster")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(csv_text([good(1)]))
    assert command("history", "init", "--history", tmp_path / "h.sqlite") == 0
    capsys.readouterr()
    assert command("batch", "orders.csv", "--engine", "dask", "--history", tmp_path / "h.sqlite", "-o", "x.csv") == 2
    assert "the workers cannot ask the history" in capsys.readouterr().err and not Path("x.csv").exists()

    def opened(scheduler: str | None) -> None:
        raise UsageError("it came to the cluster")

    monkeypatch.setattr(cluster.Cluster, "opened", opened)
    assert command("batch", "orders.csv", "--engine", "dask", "--no-history", "-o", "x.csv") == 2
    assert "it came to the cluster" in capsys.readouterr().err


def test_a_worker_process_that_is_killed_publishes_nothing_and_is_no_success(tmp_path: Path) -> None:
    """The report of the night before stays as it was."""
    paths = written(tmp_path, 603)
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.csv").write_text("of yesterday")
    with Cores.opened(2) as engine:

        def progress(stage: str, orders: int) -> None:
            if stage == "checking":
                for process in list(engine._pool._processes):
                    os.kill(process, signal.SIGKILL)

        with pytest.raises(RunError, match="ended from outside"):
            in_parts(paths, out, size=600, endings=[".csv", ".jsonl"], engine=engine, progress=progress)
    assert left_in(out) == ["report.csv"] and (out / "report.csv").read_text() == "of yesterday"
