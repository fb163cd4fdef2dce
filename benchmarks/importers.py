"""How fast Synth90k's annotation streams, and in how much memory, at its real size.

    python benchmarks/importers.py --lines 9000000
    python benchmarks/importers.py --lines 20000 --pictures

The annotation and the lexicon are made up in the real form (nine million lines, 88,172 words).
`--pictures` also writes pictures and imports them: annotation to finished data folder.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

WORDS = 88172
# ru_maxrss is in kilobytes on Linux and in bytes on macOS.
UNIT = 1 << 10 if sys.platform == "darwin" else 1


def make_data_set(root: Path, lines: int, pictures: bool) -> None:
    (root / "lexicon.txt").write_text("".join(f"word{i:x}\n" for i in range(WORDS)))
    with (root / "annotation_train.txt").open("w") as stream:
        for number in range(lines):
            place = number * 7919 % WORDS
            group, folder = number // 3000 + 1, number // 500 % 6 + 1
            name = f"{group}/{folder}/{number % 500}_word{place:x}_{place}.jpg"
            stream.write(f"./{name} {place}\n")
            if pictures:
                write_picture(root / name, number)


def write_picture(path: Path, number: int) -> None:
    import cv2
    import numpy as np

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.RandomState(number % 64).randint(0, 255, (8, 25), np.uint8)
    image = cv2.resize(pixels, (100, 31), interpolation=cv2.INTER_CUBIC)
    path.write_bytes(cv2.imencode(".jpg", image)[1].tobytes())


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def peak() -> float:
    """Returns the most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 1024.0


def stream(root: Path, lines: int) -> None:
    from ocrdata.importers import IMPORTERS

    importer = IMPORTERS.load("synth90k")
    before, start, count, early = peak(), time.perf_counter(), 0, 0.0
    for count, _ in enumerate(importer.read(root, "train"), 1):
        if count == lines // 10:
            early = peak()
    spent = time.perf_counter() - start
    if count != lines:
        raise SystemExit(f"read {count} of {lines} lines")
    say(f"{count:,} lines in {spent:.1f} s: {count / spent:,.0f} lines/s")
    memory = "peak memory {:.0f} MB at the start, {:.0f} MB after a tenth, {:.0f} MB at the end"
    say(memory.format(before, early, peak()))


def import_all(root: Path, lines: int, workers: int) -> None:
    from ocrdata.base.run_options import RunOptions
    from ocrdata.importers import IMPORTERS
    from ocrdata.importers.engine import import_dataset

    start = time.perf_counter()
    importer = IMPORTERS.load("synth90k")
    summary = import_dataset(importer, root, root / "data", how=RunOptions(workers))
    spent = time.perf_counter() - start
    if summary.train + summary.test != lines:
        raise SystemExit(f"imported {summary.train + summary.test} of {lines} lines")
    rate = "{:,} pictures imported with {} workers in {:.1f} s: {:,.0f}/s; peak memory {:.0f} MB"
    say(rate.format(lines, workers, spent, lines / spent, peak()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lines", type=int, default=9_000_000)
    parser.add_argument("--pictures", action="store_true", help="write and import pictures too")
    parser.add_argument("--workers", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_data_set(root, chosen.lines, chosen.pictures)
        stream(root, chosen.lines)
        if chosen.pictures:
            import_all(root, chosen.lines, chosen.workers)


if __name__ == "__main__":
    main()
