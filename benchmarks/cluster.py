"""What a second process brings, and what talking costs: python benchmarks/cluster.py MODEL DATA

Trains a small CRNN or EAST, one thread an operation each, and prints samples a second, medians of
the steps after the first 20:

    one      one process, the whole batch
    pair     two processes at once that know nothing of each other, half of the batch each: the same
             work on the same cores as a cluster's, without a word between them
    parts    one process, two logical devices
    cluster  a chief and a worker, half of the batch each

The share of a step that is communication (and waiting for the other) is what the cluster is slower
than the pair. All four in turn, several rounds; medians of the rounds' figures.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from ocrdata.train.launch import cluster_processes, launch

BATCH = 32
STEPS = 100
ROUNDS = 3
NETS = {
    "crnn": ["--width-multiplier", "0.25", "--lstm-units", "64"],
    "east": ["--depth", "14", "--width-multiplier", "0.25", "--input-size", "128"],
}
RUN = ["--log-every", "5", "--eval-every", "0", "--image-every", "0", "--save-every", "1000"]
ONE = ["--intra-threads", "1", "--inter-threads", "1"]


class Job:
    """A training command of some model and data."""

    def __init__(self, model: str, data: str, scratch: Path) -> None:
        self.model, self.data, self.scratch = model, data, scratch

    def words(self, name: str, batch: int, *more: str) -> List[str]:
        """Returns the command that trains into a folder of that name, made anew."""
        words = ["train", self.model, "--data-dir", self.data, "--overwrite"]
        words += ["--output-dir", str(self.scratch / name), "--steps", str(STEPS)]
        return [*words, "--batch-size", str(batch), *NETS[self.model], *RUN, *more]

    def alone(self, *commands: List[str]) -> None:
        """Runs commands at once, each in a process of its own."""
        running = [subprocess.Popen([sys.executable, "-m", "ocrdata", *c]) for c in commands]
        codes = [process.wait() for process in running]
        assert not any(codes)

    def rate(self, name: str) -> float:
        """Returns the median of a run's samples a second, the start left out."""
        lines = (self.scratch / name / self.model / "metrics.jsonl").read_text().splitlines()
        rows = [row for row in map(json.loads, lines) if "examples_per_second" in row]
        return statistics.median(row["examples_per_second"] for row in rows if row["step"] > 20)

    def round(self) -> Dict[str, float]:
        """Returns the rates of all four ways."""
        self.alone(self.words("one", BATCH, *ONE))
        self.alone(*(self.words(half, BATCH // 2, *ONE) for half in ("left", "right")))
        self.alone(self.words("parts", BATCH, "--intra-threads", "1", "--num-gpus", "2"))
        crew = cluster_processes(2, 0, False, self.scratch / "logs")
        launch(crew, self.words("cluster", BATCH, *ONE))
        rates = {name: self.rate(name) for name in ("one", "left", "right", "parts", "cluster")}
        rates["pair"] = rates.pop("left") + rates.pop("right")
        return rates


def main(model: str, data: str) -> None:
    """Prints the rates, what two processes bring, and what they spend on each other."""
    with tempfile.TemporaryDirectory() as scratch:
        rounds = [Job(model, data, Path(scratch)).round() for _ in range(ROUNDS)]
    out = sys.stdout.write
    for name in rounds[0]:
        values = [rates[name] for rates in rounds]
        out("{:8} {:8.1f} samples/s {}\n".format(name, statistics.median(values), values))
    scaling = statistics.median(rates["cluster"] / rates["one"] for rates in rounds)
    share = statistics.median(1 - rates["cluster"] / rates["pair"] for rates in rounds)
    out("1 -> 2 processes: x {:.2f}; communication: {:.0%} of a step\n".format(scaling, share))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(*sys.argv[1:])
