"""What a second process brings, and what talking costs: python benchmarks/cluster.py MODEL DATA

Trains a small CRNN or EAST, and prints samples a second, medians of the steps after the first 20.
Every process is held on a processor of its own (Linux), with one thread an operation:

    one      one process, the whole batch
    pair     two processes at once that know nothing of each other, half of the batch each: the same
             work on the same processors as a cluster's, without a word between them
    cluster  a chief and a worker, half of the batch each
    both     one process that may use both processors, the whole batch

The share of a step that is communication (and waiting for the other) is what the cluster is slower
than the pair. All in turn, several rounds; medians of the rounds' figures.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Tuple

from ocrdata.train.cluster.launch import cluster_processes

BATCH = 32
QUIET = subprocess.DEVNULL
STEPS = 100
ROUNDS = 3
NETS = {
    "crnn": ["--width-multiplier", "0.25", "--lstm-units", "64"],
    "east": ["--depth", "14", "--width-multiplier", "0.25", "--input-size", "128"],
}
RUN = ["--log-every", "5", "--eval-every", "0", "--image-every", "0", "--save-every", "1000"]
ONE = ["--intra-threads", "1", "--inter-threads", "1"]
Command = Tuple[List[str], Dict[str, str]]


class Job:
    """A training command of some model and data."""

    def __init__(self, model: str, data: str, scratch: Path) -> None:
        self.model, self.data, self.scratch = model, data, scratch

    def words(self, name: str, batch: int, *more: str) -> List[str]:
        """Returns the command that trains into a folder of that name, made anew."""
        words = ["train", self.model, "--data-dir", self.data, "--overwrite"]
        words += ["--output-dir", str(self.scratch / name), "--steps", str(STEPS)]
        return [*words, "--batch-size", str(batch), *NETS[self.model], *RUN, *more]

    def held(self, *commands: Command) -> None:
        """Runs commands at once, each with its environment and on a processor of its own."""
        running = []
        for processor, (words, environment) in enumerate(commands):
            start = ["taskset", "-c", str(processor), sys.executable, "-m", "ocrdata"]
            variables = {**os.environ, **environment}
            running.append(subprocess.Popen([*start, *words, *ONE], env=variables, stdout=QUIET))
        check([process.wait() for process in running])

    def rate(self, name: str) -> float:
        """Returns the median of a run's samples a second, the start left out."""
        lines = (self.scratch / name / self.model / "metrics.jsonl").read_text().splitlines()
        rows = [row for row in map(json.loads, lines) if "examples_per_second" in row]
        return statistics.median(row["examples_per_second"] for row in rows if row["step"] > 20)

    def round(self) -> Dict[str, float]:
        """Returns the rates of all four ways."""
        half = BATCH // 2
        self.held((self.words("one", BATCH), {}))
        self.held((self.words("left", half), {}), (self.words("right", half), {}))
        crew = cluster_processes(2, 0, False, self.scratch)
        self.held(*((self.words("cluster", BATCH), member.environment) for member in crew))
        both = [sys.executable, "-m", "ocrdata", *self.words("both", BATCH)]
        check([subprocess.call(both, stdout=QUIET)])
        rates = {name: self.rate(name) for name in ("one", "left", "right", "cluster", "both")}
        rates["pair"] = rates.pop("left") + rates.pop("right")
        return rates


def check(codes: List[int]) -> None:
    """Stops at a command that failed."""
    if any(codes):
        raise SystemExit(f"a command failed: exit codes {codes}")


def main(model: str, data: str) -> None:
    """Prints the rates, what two processes bring, and what they spend on each other."""
    with tempfile.TemporaryDirectory() as scratch:
        rounds = [Job(model, data, Path(scratch)).round() for _ in range(ROUNDS)]
    out = sys.stdout.write
    for name in rounds[0]:
        values = [rates[name] for rates in rounds]
        out(f"{name:8} {statistics.median(values):8.1f} samples/s {values}\n")
    scaling = statistics.median(rates["cluster"] / rates["one"] for rates in rounds)
    share = statistics.median(1 - rates["cluster"] / rates["pair"] for rates in rounds)
    out(f"1 -> 2 processes: x {scaling:.2f}; communication: {share:.0%} of a step\n")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(*sys.argv[1:])
