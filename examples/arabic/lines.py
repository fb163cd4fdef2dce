"""Writes lines of one to three words, some with a number: python lines.py WORDS COUNT > FILE."""

import random
import sys
from pathlib import Path

words = Path(sys.argv[1]).read_text(encoding="utf-8").split()
rng = random.Random(1)  # noqa: S311 - a choice of words
lines = {}
while len(lines) < int(sys.argv[2]):
    line = [rng.choice(words) for _ in range(rng.choice((1, 2, 2, 3)))]
    if rng.random() < 0.15:
        line.insert(rng.randint(1, len(line)), str(rng.randint(1, 2030)))
    lines[" ".join(line)] = None
sys.stdout.buffer.write("".join(line + "\n" for line in lines).encode("utf-8"))
