"""Compares two Dask workers with two local processes: time without start-up, and who did how much.

    python benchmarks/dask_shares.py
    python benchmarks/dask_shares.py --lines 20000 --shards 32 --rounds 3

Bars: at most 1.2 times the time, the workers' shares of processor time within 20 % of each other.

Each way writes `--few` lines and then all of them, and the difference is what the lines cost:
start-up is in both. Each run has a cluster of its own, whose workers have drawn nothing yet. Ways
take turns, and the median counts. The outputs are compared byte for byte.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from beam import digest

ROOT = Path(__file__).resolve().parents[1]
QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical", "OCRDATA_QUIET": "1"}


class Setting(NamedTuple):
    """What is drawn: how many lines, in how many shards, in which style."""

    few: int
    lines: int
    shards: int
    style: str


def start(*words: object) -> "subprocess.Popen[bytes]":
    """Starts a Python program in a process group of its own."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, **QUIET, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def processor_seconds(group: int) -> float:
    """Returns what the processes of a group have used, those that they started included."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[2]) == group:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def cluster(folder: Path) -> Iterator[List[int]]:
    """Starts a scheduler and two workers; yields the numbers of the workers' process groups."""
    file = folder / "scheduler.json"
    common = ["--no-dashboard", "--scheduler-file", file]
    begun = [start("-m", "distributed.cli.dask_scheduler", "--port", 0, *common)]
    for number in (1, 2):
        own = ["--nthreads", 1, "--local-directory", folder / f"worker{number}"]
        begun.append(start("-m", "distributed.cli.dask_worker", *common, *own))
    try:
        import distributed

        while not file.is_file():
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(2, timeout=120)
        yield [process.pid for process in begun[1:]]
    finally:
        for process in begun:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def seconds(setting: Setting, few: bool, target: Path, how: Sequence[str]) -> float:
    """Returns the wall-clock time of a run, of all lines or of a few in one shard a split."""
    lines, shards = (setting.few, 1) if few else (setting.lines, setting.shards)
    words = ["gen-pics", "--records", "--limit", lines, "--shards", shards]
    begin = time.perf_counter()
    run = start("-m", "ocrdata", *words, "--style", setting.style, "--data-dir", target, *how)
    if run.wait():
        raise SystemExit(f"failed: {words}")
    return time.perf_counter() - begin


def on_dask(setting: Setting, few: bool, target: Path) -> Tuple[float, List[float]]:
    """Returns the time of a run on a cluster that has done nothing yet, and what workers used."""
    folder = target.parent / (target.name + "-cluster")
    folder.mkdir()
    with cluster(folder) as workers:
        before = [processor_seconds(group) for group in workers]
        option = f"dask_scheduler_file={folder / 'scheduler.json'}"
        how = ["--runner", "DaskRunner", "--runner-option", option]
        took = seconds(setting, few, target, how)
        return took, [processor_seconds(w) - b for w, b in zip(workers, before)]


def compare(setting: Setting, rounds: int) -> None:
    """Prints the ratio of the times and the workers' shares."""
    took: Dict[str, List[float]] = {"local": [], "dask": []}
    shares = []
    with tempfile.TemporaryDirectory(prefix="ocrdata-dask-") as name:
        for number in range(rounds):
            local, dask = Path(name) / f"local{number}", Path(name) / f"dask{number}"
            few = seconds(setting, True, Path(name) / f"few{number}", ["--workers", "2"])
            took["local"].append(seconds(setting, False, local, ["--workers", "2"]) - few)
            few, _ = on_dask(setting, True, Path(name) / f"dask-few{number}")
            whole, used = on_dask(setting, False, dask)
            took["dask"].append(whole - few)
            shares.append(used)
            sys.stdout.write(
                f"round {number + 1}: local {took['local'][-1]:.1f} s, Dask "
                f"{took['dask'][-1]:.1f} s, workers {used[0]:.1f} and {used[1]:.1f} s of "
                f"processor, bytes {'equal' if digest(local) == digest(dask) else 'DIFFER'}\n"
            )
            sys.stdout.flush()
    ratio = statistics.median(took["dask"]) / statistics.median(took["local"])
    apart = statistics.median(abs(a - b) / max(a, b) for a, b in shares)
    sys.stdout.write(
        f"Dask / local: {ratio:.2f} (bar 1.2: {'met' if ratio <= 1.2 else 'not met'}); workers' "
        f"shares {apart:.0%} apart (bar 20 %: {'met' if apart <= 0.2 else 'not met'})\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--few", type=int, default=64, help="lines whose time is start-up")
    parser.add_argument("--shards", type=int, default=32, help="of each split")
    parser.add_argument("--style", default="scene")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    setting = Setting(chosen.few, chosen.lines, chosen.shards, chosen.style)
    compare(setting, chosen.rounds)


if __name__ == "__main__":
    main()
