"""Compares Apache Beam's DirectRunner with the local path: bytes, time, processor time, memory.

    python benchmarks/beam.py
    python benchmarks/beam.py --lines 50000 --processes 2 --icdar DOWNLOADS/icdar2015

Each way runs in a process of its own, start-up included, one after the other; the outputs are
compared byte for byte. `--icdar` is a packed or unpacked ICDAR 2015 or Born-Digital set to import.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parents[1]


class Cost(NamedTuple):
    """What a command took, all its processes together; megabytes of the largest of them."""

    wall: float
    cpu: float
    memory: float


def run(words: List[str]) -> Cost:
    """Runs `ocrdata WORDS` and returns what it took."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "ocrdata", "--quiet", *words]
    start = time.perf_counter()
    nothing = os.open(os.devnull, os.O_WRONLY)
    files = [(os.POSIX_SPAWN_DUP2, nothing, 1), (os.POSIX_SPAWN_DUP2, nothing, 2)]
    pid = os.posix_spawn(sys.executable, command, environment, file_actions=files)
    _, status, used = os.wait4(pid, 0)
    os.close(nothing)
    if status:
        raise SystemExit("failed: ocrdata {}".format(" ".join(words)))
    cpu = used.ru_utime + used.ru_stime
    return Cost(time.perf_counter() - start, cpu, used.ru_maxrss / 1024)


def digest(folder: Path) -> str:
    """Returns one hash of the names and bytes of all files."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode("utf-8") + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def show(*cells: str) -> None:
    """Writes a row of a table."""
    sys.stdout.write("| {} |\n".format(" | ".join(cells)))
    sys.stdout.flush()


def stages(lines: int, icdar: str) -> Iterator[Tuple[str, int, List[str]]]:
    """Yields (name, samples, command) of what is compared; a stage reads what those before left."""
    count = str(lines)
    yield "gen-pics to files", lines, ["gen-pics", "--limit", count]
    yield "tfrecord of their lists", lines, ["tfrecord", "--shards", "10"]
    yield "gen-pics --records", lines, ["gen-pics", "--limit", count, "--records", "--overwrite"]
    if icdar:
        name = "borndigital" if "born" in icdar.lower() else "icdar2015"
        yield "import " + name, 0, ["import", name, icdar, "--overwrite"]


def compare(folder: Path, lines: int, processes: int, icdar: str) -> None:
    """Prints a row for each stage and way."""
    ways: Dict[str, List[str]] = {
        "local, 1 process": ["--workers", "0"],
        "Beam, 1 process": ["--workers", "1", "--runner", "DirectRunner"],
        f"local, {processes} processes": ["--workers", str(processes)],
        f"Beam, {processes} processes": [
            "--workers",
            str(processes),
            "--runner",
            "DirectRunner",
        ],
    }
    show("stage", "way", "seconds", "processor seconds", "MB", "lines/processor second", "bytes")
    show(*["---"] * 7)
    for stage, samples, words in stages(lines, icdar):
        first = ""
        for number, (way, options) in enumerate(ways.items()):
            data = ["--data-dir", str(folder / str(number))]
            cost = run([*words, *options, *data])
            if words[0] == "gen-pics" and "--records" not in words:
                run(["build-dict", *data])
            found = digest(folder / str(number))
            first = first or found
            rate = f"{samples / cost.cpu:,.0f}" if samples else ""
            same = "equal" if found == first else "DIFFERENT"
            figures = [f"{cost.wall:.1f}", f"{cost.cpu:.1f}"]
            show(stage, way, *figures, f"{cost.memory:.0f}", rate, same)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=20_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--icdar", default="", help="a set to import")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ocrdata-beam-") as folder:
        compare(Path(folder), chosen.lines, chosen.processes, chosen.icdar)


if __name__ == "__main__":
    main()
