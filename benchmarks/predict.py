"""What `predict crnn` costs beside plain onnxruntime: python benchmarks/predict.py OUTPUT PICTURES

OUTPUT holds a run, crnn, with its ONNX export; PICTURES is a folder of lines. Prints seconds of
processor time of whole processes, start-up included, in alternation (medians, and the median of the
ratios): one picture by each engine, and all pictures by ours and by the peer, a page of Python that
sorts by width, runs the same model in batches of 32 and takes the best path.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

ROUNDS, BATCH = 5, 32


def peer(model: str, folder: str) -> None:
    """Reads pictures with onnxruntime and nothing of ours."""
    import cv2
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    entry = json.loads(session.get_modelmeta().custom_metadata_map["ocrdata"])["dictionary"]
    lines = []
    for path in sorted(Path(folder).rglob("*.[jp][pn]g")):
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        width = max(1, round(image.shape[1] * 32 / image.shape[0]))
        lines.append(cv2.resize(image, (width, 32), interpolation=cv2.INTER_AREA))
    order = sorted(range(len(lines)), key=lambda place: lines[place].shape[1])
    texts = [""] * len(lines)
    for at in range(0, len(order), BATCH):
        part = order[at : at + BATCH]
        widths = np.array([lines[place].shape[1] for place in part], np.int32)
        images = np.zeros((len(part), 32, int(widths.max()), 1), np.uint8)
        for row, place in enumerate(part):
            images[row, :, : widths[row], 0] = lines[place]
        scores, lengths = session.run(["scores", "lengths"], {"images": images, "widths": widths})
        best = scores.argmax(2)
        for row, place in enumerate(part):
            path_ = best[: lengths[row], row]
            kept = [c for n, c in enumerate(path_) if n == 0 or c != path_[n - 1]]
            blank = scores.shape[2] - 1
            texts[place] = "".join(entry["characters"][c] for c in kept if c != blank)
    sys.stdout.write("\n".join(texts) + "\n")


def cost(words: List[str]) -> Tuple[float, int]:
    """Returns the processor seconds of a process on one processor, and the lines that it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    call = ["taskset", "-c", "0", *words]
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    printed = subprocess.run(call, check=True, env=variables, **pipes).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, len(printed.splitlines())


def main(output: str, folder: str) -> None:
    pictures = sorted(str(path) for path in Path(folder).rglob("*.[jp][pn]g"))
    read = ["-m", "ocrdata", "predict", "crnn", "--output-dir", output]
    jobs: Dict[str, List[str]] = {
        "one picture, onnx": [*read, pictures[0], "--engine", "onnx"],
        "one picture, tensorflow": [*read, pictures[0], "--engine", "tensorflow"],
        "all, onnx": [*read, folder, "--engine", "onnx"],
        "all, tensorflow": [*read, folder, "--engine", "tensorflow"],
        "all, plain onnxruntime": [__file__, "--peer", f"{output}/crnn/model.onnx", folder],
    }
    rounds = [
        {name: cost([sys.executable, *words])[0] for name, words in jobs.items()}
        for _ in range(ROUNDS)
    ]
    for name in jobs:
        own = "all, onnx" if name.startswith("all") else "one picture, onnx"
        ratio = statistics.median(one[name] / one[own] for one in rounds)
        middle = statistics.median(one[name] for one in rounds)
        sys.stdout.write(f"{name:26} {middle:7.2f} s   {ratio:5.2f} of ours with onnx\n")
    sys.stdout.write(f"{len(pictures):,} pictures\n")


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(*sys.argv[2:])
    else:
        main(*sys.argv[1:3])
