"""What `ocrdata read` costs beside rapidocr-onnxruntime, detection and recognition together.

    python benchmarks/read.py PICTURES DETECTOR READER --peer VENV

PICTURES is a folder of scenes; DETECTOR and READER are folders of runs with their ONNX exports;
VENV is a virtual environment with rapidocr-onnxruntime. Each reads all pictures, and one, as a
process of its own on one processor, in alternation. Prints pictures a second of processor time
without the start (medians), texts found, and the median of the ratios. The peer's models are
PP-OCRv4's small ones, 4.7 and 10.9 MB; the sizes of ours are printed.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from predict import cost

PEER = """
import sys
from pathlib import Path
from rapidocr_onnxruntime import RapidOCR
reader = RapidOCR(use_cls=False)
for path in sorted(map(str, Path(sys.argv[1]).iterdir())):
    found, _ = reader(path)
    for text in found or ():
        print(text[1])
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("pictures", type=Path)
    parser.add_argument("detector", type=Path)
    parser.add_argument("reader", type=Path)
    parser.add_argument("--peer", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    models = ["--detector", str(args.detector), "--recogniser", str(args.reader)]
    ours = [sys.executable, "-m", "ocrdata", "read", *models, "--vertical", "keep"]
    peer = [str(args.peer / "bin" / "python"), "-c", PEER]
    pictures = sorted(args.pictures.iterdir())
    count = len(pictures)
    rates: Dict[str, List[float]] = {"ocrdata": [], "rapidocr": []}
    texts: Dict[str, int] = {}
    with tempfile.TemporaryDirectory() as single:
        shutil.copy(str(pictures[0]), single)
        for _ in range(args.rounds):
            for name, words in (("ocrdata", ours), ("rapidocr", peer)):
                whole, found = cost([*words, str(args.pictures)])
                start, _ = cost([*words, single])
                rates[name].append((count - 1) / (whole - start))
                texts[name] = found
    for run in (args.detector, args.reader):
        size = (run / "model.onnx").stat().st_size / 1e6
        sys.stdout.write(f"{run.name}: {size:.1f} MB\n")
    for name, found in rates.items():
        rate = statistics.median(found)
        sys.stdout.write(f"{name:9} {rate:7.2f} pictures/s, {texts[name]} texts\n")
    ratio = statistics.median(a / b for a, b in zip(rates["ocrdata"], rates["rapidocr"]))
    sys.stdout.write(f"ocrdata over rapidocr: {ratio:.2f} (bar 1.0)\n")


if __name__ == "__main__":
    main()
