"""A run on a Dask cluster of this machine in which a worker is killed: started by test_engines as a process of its own.

Arguments: the folder for the reports, then the inputs. Prints how many workers were killed, and the counts.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import date
from pathlib import Path


def main() -> None:
    from ivigcheck.intake import plain
    from ivigcheck.knowledge import built_in
    from ivigcheck.past import Memory
    from ivigcheck.scale import cluster, run
    from ivigcheck.scale.inputs import Inputs

    cluster.cores = lambda: 2
    run.cut = lambda layout, _: plain.cut(layout, 2_000)
    folder, *paths = map(Path, sys.argv[1:])
    killed: list[int] = []
    with cluster.Cluster.opened(None) as engine:

        def progress(stage: str, orders: int) -> None:
            if stage == "checking" and not killed:
                killed.append(next(iter(engine._client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        tally = run.check_in_parts(
            Inputs(paths),
            [folder / f"report{ending}" for ending in (".csv", ".jsonl", ".parquet")],
            date(2026, 11, 22),
            knowledge=built_in(),
            memory=Memory.none("left out by --no-history"),
            progress=progress,
            engine=engine,
            whole_below=0,
        )
    print(json.dumps({"killed": len(killed), "counts": tally}))


if __name__ == "__main__":
    main()
