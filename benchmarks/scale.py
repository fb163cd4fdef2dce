"""What planning costs the launcher, from a million lines to a billion, and what a cluster needs.

    python benchmarks/scale.py
    python benchmarks/scale.py --largest 8 --rate 2500 --workers 100

Each plan runs in a process of its own: the time until the first shard could be handed out, and the
peak memory. Lines whose texts are drawn are counted by workers before; a sample of their ranges is
timed, and the whole is what that comes to.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[1]
SHARD = 10_000  # lines a shard, of a gigabyte in ten or so
BYTES = 3_500  # of a line of preset scene in a record
TEXTS = 100_000


def plan(kind: str, total: int) -> None:
    """Plans `total` lines and prints seconds, processor seconds, megabytes, shards."""
    from ocrdata.base.random_streams import bucket
    from ocrdata.base.sample import SPLITS
    from ocrdata.pipelines.line_splits import (
        RangeCount,
        counted_splits,
        listed_splits,
        numbers_of,
        range_count,
        range_numbers,
    )
    from ocrdata.render.lines.text_sampling import TextPlan

    texts = [f"{number:x}" for number in range(TEXTS)]

    def split_of(text: str) -> str:
        place = bucket(text, "bench")
        return SPLITS[2] if place < 0.1 else SPLITS[1] if place < 0.2 else SPLITS[0]

    start, counting, task = time.perf_counter(), 0.0, 0.0
    if kind == "listed":
        one = TextPlan("listed", total, 0, texts)
        splits = listed_splits(one, split_of)[0]
    else:
        one = TextPlan("random", total, 0, sorted(set("".join(texts))), lengths=(3, 8))
        ranges, begin = range_numbers(one), time.perf_counter()
        found = range_count(one, 0, split_of, str)
        task = time.perf_counter() - begin
        # The other ranges are workers' work: what they send back is what the launcher keeps.
        counts: List[RangeCount] = [found] * len(ranges)
        counting = task * len(ranges)
        splits = counted_splits(counts)[0]  # type: ignore[assignment]
    lines = [splits.count(code) for code in range(len(SPLITS))]
    shards = [
        (code, count * n // k, count * (n + 1) // k)
        for code, count in enumerate(lines)
        for k in [max(1, count // SHARD)]
        for n in range(k)
    ]
    seconds = time.perf_counter() - start - task
    begin = time.perf_counter()
    code, low, high = shards[-1] if kind == "listed" else shards[0]
    numbers_of(splits, one, split_of, code, (low, high))
    first = time.perf_counter() - begin
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{seconds:.2f} {memory:.0f} {len(shards)} {counting:.0f} {first:.3f}\n")


def show(*cells: object) -> None:
    """Writes a row of a table."""
    sys.stdout.write("| {} |\n".format(" | ".join(map(str, cells))))
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--largest", type=int, default=9, help="the power of ten to end with")
    parser.add_argument("--rate", type=float, default=2500, help="lines a second and worker")
    parser.add_argument("--workers", type=int, default=100)
    parser.add_argument("--plan", nargs=2, metavar=("KIND", "LINES"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.plan:
        plan(chosen.plan[0], int(chosen.plan[1]))
        return
    show("texts", "lines", "seconds to plan", "MB", "shards", "s of workers", "s a shard")
    show(*["---"] * 7)
    for kind in ("listed", "random"):
        for power in range(6, chosen.largest + 1):
            command = [sys.executable, __file__, "--plan", kind, str(10**power)]
            paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
            found = subprocess.check_output(command, env=environment, text=True).split()
            show(kind, f"10^{power}", *found)
    rate, total = chosen.rate * chosen.workers, 10**chosen.largest
    sys.stdout.write(
        f"\n{chosen.workers} workers of {chosen.rate:,.0f} lines/s: 10^{chosen.largest} lines in "
        f"{total / rate / 3600:,.1f} h; storage takes {rate * BYTES / 1e6:,.0f} MB/s, "
        f"{total * BYTES / 1e12:,.1f} TB in all\n"
    )


if __name__ == "__main__":
    main()
