"""What a second process brings, and what talking costs: python benchmarks/cluster.py DATA

Trains a CRNN with the same batch as one process, as two parts of one process, and as a cluster of
two, one thread an operation each, and prints the median rate of the steps after the first 20. What
the cluster is slower than two parts of one process is communication.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ocrdata.train.launch import cluster_processes, launch

NET = ["--width-multiplier", "0.25", "--lstm-units", "64", "--batch-size", "32", "--steps", "100"]
RUN = ["--log-every", "5", "--eval-every", "0", "--image-every", "0", "--save-every", "1000"]
ONE = ["--intra-threads", "1", "--inter-threads", "1"]


def rate(output: Path) -> float:
    """Returns the median of the samples a second, the start left out."""
    lines = [json.loads(line) for line in (output / "crnn/metrics.jsonl").read_text().splitlines()]
    return statistics.median(line["examples_per_second"] for line in lines if line["step"] > 20)


def main(data: str) -> None:
    """Prints the three rates."""
    with tempfile.TemporaryDirectory() as scratch:
        rates = {}
        for name, more in (("one", ONE), ("parts", ["--intra-threads", "1", "--num-gpus", "2"])):
            output = Path(scratch) / name
            command = [*command_of(data, output), *more]
            subprocess.run([sys.executable, "-m", "ocrdata", *command], check=True)
            rates[name] = rate(output)
        output = Path(scratch) / "cluster"
        crew = cluster_processes(2, 0, False, output / "logs")
        launch(crew, [*command_of(data, output), *ONE])
        rates["cluster"] = rate(output)
    for name, value in rates.items():
        sys.stdout.write("{:8} {:8.1f} samples/s\n".format(name, value))
    scaling, share = rates["cluster"] / rates["one"], 1 - rates["cluster"] / rates["parts"]
    sys.stdout.write("1 -> 2 processes: x {:.2f}; communication: {:.0%}\n".format(scaling, share))


def command_of(data: str, output: Path) -> "list[str]":
    """Returns the training command."""
    return ["train", "crnn", "--data-dir", data, "--output-dir", str(output), *NET, *RUN]


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(sys.argv[1])
