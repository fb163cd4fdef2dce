"""Processor time a rendered line takes in each preset, one beside the other.

    python benchmarks/presets.py
    python benchmarks/presets.py --styles scene,word --corpus words.txt --fonts FOLDER

Lines are drawn in this process, without files, and styles take turns by blocks of `--block` lines,
so that a busy machine is unfair to none. The first block of each, in which fonts are read, does not
count. Printed are the least and the median of the others, in microseconds of processor time a line,
and both as a share of the first style's.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from pathlib import Path
from typing import Dict, Iterator, List, Optional

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ocrdata import LineSettings, generate_lines  # noqa: E402


def blocks(style: str, texts: Optional[List[str]], args: argparse.Namespace) -> Iterator[float]:
    """Yields the processor time a line took, in seconds, block by block."""
    fonts = (args.fonts,) if args.fonts else ()
    lines = iter(generate_lines(texts, LineSettings(style=style, fonts=fonts), seed=args.seed))
    while True:
        started = time.process_time()
        drawn = sum(1 for _ in itertools.islice(lines, args.block))
        yield (time.process_time() - started) / drawn


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--styles", default="clean,print,scan,scene,word,screen,hard")
    parser.add_argument("--corpus", type=Path, help="a text a line; by default the bundled ones")
    parser.add_argument("--fonts", type=Path, help="a folder; by default the bundled ones")
    parser.add_argument("--block", type=int, default=1024)
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    lines = args.corpus.read_text(encoding="utf-8").split("\n") if args.corpus else []
    texts = list(filter(str.strip, lines)) or None
    names = args.styles.split(",")
    drawn = {name: blocks(name, texts, args) for name in names}
    taken: Dict[str, List[float]] = {name: [] for name in names}
    for number in range(args.blocks + 1):
        for name in names:
            cost = next(drawn[name])
            if number:
                taken[name].append(1e6 * cost)
    least, middle = min(taken[names[0]]), statistics.median(taken[names[0]])
    for name in names:
        low, half = min(taken[name]), statistics.median(taken[name])
        shares = f"x {low / least:.2f} and {half / middle:.2f}"
        sys.stdout.write(f"{name:8} {low:6.0f} us at least, {half:6.0f} in the median: {shares}\n")


if __name__ == "__main__":
    main()
