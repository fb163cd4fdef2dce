"""What a second worker costs: processor time of gen-pics --records with one worker and with two.

    python benchmarks/workers.py
    python benchmarks/workers.py --lines 3000 --styles clean --turns 9 --before OTHER_CHECKOUT

Processor time (user and system) of all processes of a command, start-up included, medians of turns;
in each turn every way runs once, in alternation. Two processes that work at the same time share
caches, memory and the clock, so that each takes longer even where they have nothing to do with each
other. Two independent commands of half the lines show that part: at the same time, and one after
the other. `--before` is a checkout to compare with.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple

from beam import show

ROOT = Path(__file__).resolve().parents[1]


class Cost(NamedTuple):
    """Seconds of processor time of a command and all its processes; megabytes of the largest."""

    seconds: float
    memory: float


class Job(NamedTuple):
    """Lines of a style that the `ocrdata` of a checkout renders."""

    root: Path
    style: str
    lines: int

    def start(self, workers: int, folder: Path, seed: int = 1) -> "subprocess.Popen[bytes]":
        """Starts the command."""
        words = ["gen-pics", "--records", "--corpus", str(ROOT / "corpora" / "poems.txt")]
        words += ["--variants", "100", "--limit", str(self.lines), "--style", self.style]
        words += ["--seed", str(seed), "--workers", str(workers), "--data-dir", str(folder)]
        command = [sys.executable, "-m", "ocrdata", "--quiet", *words]
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        # From there, because Python looks for modules in the current folder first.
        where = str(self.root)
        return subprocess.Popen(command, cwd=where, env=environment, stdout=subprocess.DEVNULL)


def wait(processes: "List[subprocess.Popen[bytes]]") -> Cost:
    """Waits for commands; returns what they took together."""
    seconds, memory = 0.0, 0.0
    for process in processes:
        _, process.returncode, used = os.wait4(process.pid, 0)
        if process.returncode:
            raise SystemExit("a command failed")
        seconds += used.ru_utime + used.ru_stime
        memory = max(memory, used.ru_maxrss / 1024)
    return Cost(seconds, memory)


def at_once(job: Job, folder: Path) -> Cost:
    """Runs two commands at the same time."""
    return wait([job.start(1, folder / str(seed), seed) for seed in (1, 2)])


def in_turn(job: Job, folder: Path) -> Cost:
    """Runs two commands one after the other."""
    costs = [wait([job.start(1, folder / str(seed), seed)]) for seed in (1, 2)]
    return Cost(sum(cost.seconds for cost in costs), max(cost.memory for cost in costs))


def ways_of(job: Job) -> Dict[str, Callable[[Path], Cost]]:
    """Returns what is compared, by name."""
    half = job._replace(lines=job.lines // 2)
    return {
        "in this process": lambda folder: wait([job.start(0, folder)]),
        "one worker": lambda folder: wait([job.start(1, folder)]),
        "two workers": lambda folder: wait([job.start(2, folder)]),
        "two commands at once": lambda folder: at_once(half, folder),
        "one after the other": lambda folder: in_turn(half, folder),
    }


def measure(jobs: Dict[str, Job], turns: int) -> Dict[str, List[Cost]]:
    """Returns the costs of each way of each job, a turn each."""
    ways = {
        f"{name}{way}": call for name, job in jobs.items() for way, call in ways_of(job).items()
    }
    costs: Dict[str, List[Cost]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, call in ways.items():
            with tempfile.TemporaryDirectory(prefix="ocrdata-workers-") as folder:
                costs[name].append(call(Path(folder)))
    return costs


def report(job: Job, costs: Dict[str, List[Cost]]) -> None:
    """Prints the medians of a job's ways, and their ratios to its one worker, turn by turn."""
    for name, found in costs.items():
        before = "before, " if name.startswith("before, ") else ""
        ones = [cost.seconds for cost in costs[before + "one worker"]]
        seconds = [cost.seconds for cost in found]
        ratio = statistics.median(own / one for own, one in zip(seconds, ones))
        memory = max(cost.memory for cost in found)
        what = f"{job.lines:,} lines, `{job.style}`"
        show(what, name, f"{statistics.median(seconds):.2f}", f"{ratio:.3f}", f"{memory:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, nargs="*", default=[3_000, 20_000])
    parser.add_argument("--styles", nargs="*", default=["clean", "scene"])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--before", type=Path, help="another checkout")
    chosen = parser.parse_args()
    show("job", "way", "processor seconds", "to one worker", "MB of the largest process")
    show(*["---"] * 5)
    for style in chosen.styles:
        for lines in chosen.lines:
            job = Job(ROOT, style, lines)
            jobs = {"": job}
            if chosen.before:
                jobs["before, "] = job._replace(root=chosen.before.resolve())
            report(job, measure(jobs, chosen.turns))


if __name__ == "__main__":
    main()
