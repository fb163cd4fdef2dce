"""Whether an independent reader reads what styles draw as it is labelled.

    python benchmarks/legibility.py scene --reader VENV --corpus poems --corpus lexicon:ns
    python benchmarks/legibility.py word --reader VENV --corpus words.txt --ignore-case

VENV is a virtual environment with rapidocr-onnxruntime, whose recogniser reads Chinese and English.
Prints the share of lines it reads exactly as labelled, spaces aside, and draws the others with
what was read to disagreements-STYLE.png: to be looked at, because a picture that does not show its
label is worse than none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Tuple

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]

_READ = """
import json, sys
import cv2
from rapidocr_onnxruntime import RapidOCR
reader = RapidOCR()
for line in sys.stdin:
    path = line.strip()
    found, _ = reader(cv2.imread(path), use_det=False, use_cls=False, use_rec=True)
    print(json.dumps([path, found[0][0] if found else ""]))
"""


def render(args: argparse.Namespace, folder: Path) -> Dict[str, str]:
    """Renders lines and returns their labels by path."""
    sys.path.insert(0, str(ROOT))
    from ocrdata.cli import main

    corpora = [word for corpus in args.corpus for word in ("--corpus", corpus)]
    fonts = [word for font in args.font for word in ("--font", font)]
    rest = ["--limit", str(args.limit), "--test-fraction", "0", "--min-length", "3"]
    words = ["gen-pics", "--style", args.style, *corpora, *fonts, *rest, "--height", "48"]
    main([*words, "--variants", "1", "--data-dir", str(folder)], standalone_mode=False)
    lines = (folder / "Train" / "sample.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.partition(" ") for line in lines]
    return {str(folder / key): text for key, _, text in pairs}


def read(paths: List[str], venv: Path) -> Dict[str, str]:
    """Returns what the reader sees, by path."""
    command = [str(venv / "bin" / "python"), "-c", _READ]
    done = subprocess.run(
        command, input="\n".join(paths).encode(), stdout=subprocess.PIPE, check=True
    )
    rows = [json.loads(line) for line in done.stdout.decode().splitlines() if line[:1] == "["]
    return dict(rows)


def draw(wrong: List[Tuple[str, str, str]], target: Path) -> None:
    """Draws pictures with their number, and prints label and reading of each."""
    rows = []
    for number, (path, label, text) in enumerate(wrong):
        image = cv2.imread(path)
        page = np.full((54, 640, 3), 255, np.uint8)
        image = image[:, :580]
        page[3 : 3 + image.shape[0], 50 : 50 + image.shape[1]] = image
        cv2.putText(page, str(number), (4, 32), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1)
        rows.append(page)
        sys.stdout.write(f"{number:3}  {label}  ->  {text}\n")
    if rows:
        half = -(-len(rows) // 2)
        rows += [np.full_like(rows[0], 255)] * (2 * half - len(rows))
        page = np.hstack([np.vstack(rows[:half]), np.vstack(rows[half:])])
        cv2.imwrite(str(target), page)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("style")
    parser.add_argument("--reader", type=Path, required=True)
    parser.add_argument("--corpus", action="append", default=[])
    parser.add_argument("--font", action="append", default=[])
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--ignore-case", action="store_true")
    args = parser.parse_args()
    plain = (lambda text: text.replace(" ", "").lower()) if args.ignore_case else None
    plain = plain or (lambda text: text.replace(" ", ""))
    with tempfile.TemporaryDirectory() as name:
        labels = render(args, Path(name) / "data")
        seen = read(list(labels), args.reader)
        wrong = [
            (path, label, seen[path])
            for path, label in labels.items()
            if plain(seen[path]) != plain(label)
        ]
        draw(wrong, Path(f"disagreements-{Path(args.style).stem}.png"))
    sys.stdout.write(f"{args.style}: {1 - len(wrong) / len(labels):.3f} of {len(labels)}\n")


if __name__ == "__main__":
    main()
