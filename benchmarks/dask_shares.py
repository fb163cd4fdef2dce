"""Compares two Dask workers with two local processes: time without start-up, and who did how much.

    python benchmarks/dask_shares.py
    python benchmarks/dask_shares.py --lines 20000 --shards 32 --rounds 3

Bars: at most 1.2 times the time, the workers' shares of processor time within 20 % of each other.

Each way writes `--few` lines and then all of them, and the difference is what the lines cost:
start-up is in both. Each run has a cluster of its own, whose workers have drawn nothing yet. Ways
take turns, and the median counts. The outputs are compared byte for byte. Processor time, which
says the same on a machine with other work, is that of all processes: workers, launcher, scheduler.
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
# Without Dask's profiler, as docs/scale.md starts workers.
UNPROFILED = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
QUIET = {"DASK_LOGGING__DISTRIBUTED": "critical", "OCRDATA_QUIET": "1", **UNPROFILED}


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
    """Starts a scheduler and two workers; yields the numbers of their process groups."""
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
        yield [process.pid for process in begun]
    finally:
        for process in begun:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Cost(NamedTuple):
    """What a run took: seconds of the clock, and of the processor of its parts."""

    wall: float
    launcher: float  # with the processes that it started
    scheduler: float = 0.0
    workers: Tuple[float, ...] = ()

    def processor(self) -> float:
        """Returns the processor time of all parts."""
        return self.launcher + self.scheduler + sum(self.workers)

    def without(self, start_up: "Cost") -> "Cost":
        """Returns what is left without the cost of a run that is start-up only."""
        pairs = zip(self.workers, start_up.workers)
        return Cost(
            self.wall - start_up.wall,
            self.launcher - start_up.launcher,
            self.scheduler - start_up.scheduler,
            tuple(one - other for one, other in pairs),
        )


def cost(setting: Setting, few: bool, target: Path, how: Sequence[str]) -> Cost:
    """Returns what a run took, of all lines or of a few in one shard a split."""
    lines, shards = (setting.few, 1) if few else (setting.lines, setting.shards)
    words = ["gen-pics", "--records", "--limit", lines, "--shards", shards]
    begin = time.perf_counter()
    run = start("-m", "ocrdata", *words, "--style", setting.style, "--data-dir", target, *how)
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = status
    if status:
        raise SystemExit(f"failed: {words}")
    return Cost(time.perf_counter() - begin, used.ru_utime + used.ru_stime)


def on_dask(setting: Setting, few: bool, target: Path) -> Cost:
    """Returns what a run on a cluster that has done nothing yet took."""
    folder = target.parent / (target.name + "-cluster")
    folder.mkdir()
    with cluster(folder) as groups:
        before = [processor_seconds(group) for group in groups]
        option = f"dask_scheduler_file={folder / 'scheduler.json'}"
        how = ["--runner", "DaskRunner", "--runner-option", option]
        took = cost(setting, few, target, how)
        scheduler, *workers = [processor_seconds(g) - b for g, b in zip(groups, before)]
        return took._replace(scheduler=scheduler, workers=tuple(workers))


def one_round(setting: Setting, folder: Path) -> Dict[str, Cost]:
    """Returns what both ways took, start-up taken off; prints it."""
    folder.mkdir()
    local, dask = folder / "local", folder / "dask"
    few = cost(setting, True, folder / "few", ["--workers", "2"])
    here = cost(setting, False, local, ["--workers", "2"]).without(few)
    few = on_dask(setting, True, folder / "dask-few")
    there = on_dask(setting, False, dask).without(few)
    shown = " and ".join(f"{worker:.1f}" for worker in there.workers)
    sys.stdout.write(
        f"{folder.name}: local {here.wall:.1f} s, {here.processor():.1f} of processor; Dask "
        f"{there.wall:.1f} s, {there.processor():.1f} of processor: workers {shown}, launcher "
        f"{there.launcher:.1f}, scheduler {there.scheduler:.1f}; bytes "
        f"{'equal' if digest(local) == digest(dask) else 'DIFFER'}\n"
    )
    sys.stdout.flush()
    return {"local": here, "dask": there}


def compare(setting: Setting, rounds: int) -> None:
    """Prints the ratios of the times and the workers' shares."""
    with tempfile.TemporaryDirectory(prefix="ocrdata-dask-") as name:
        took = [one_round(setting, Path(name) / f"round{n + 1}") for n in range(rounds)]
    wall, processor = (
        statistics.median(of(one["dask"]) for one in took)
        / statistics.median(of(one["local"]) for one in took)
        for of in (lambda one: one.wall, Cost.processor)
    )
    shares = [one["dask"].workers for one in took]
    apart = statistics.median((max(some) - min(some)) / max(some) for some in shares)
    sys.stdout.write(
        f"Dask / local: {wall:.2f} (bar 1.2: {'met' if wall <= 1.2 else 'not met'}), processor "
        f"time {processor:.2f}; workers' shares {apart:.0%} apart (bar 20 %: "
        f"{'met' if apart <= 0.2 else 'not met'})\n"
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
