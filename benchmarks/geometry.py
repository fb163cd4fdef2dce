"""Times label maps, suppression and expansion against the bars set by the systems replaced.

    python benchmarks/geometry.py

Each line: what, milliseconds (best of several runs, one thread), the bar if there is one, and
whether it holds.
The bars are multiples of what the original systems were measured to need on one core: EAST's label
maps by per-pixel Python, its locality-aware suppression in C++, PSENet's expansion in C++. The
per-pixel maps are timed here too, as tests/test_rbox.py has them. Exit code 1 if a bar is missed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Callable, Optional, Tuple

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from ocrdata.geometry import expansion, kernels, nms, rbox  # noqa: E402

MISSED = []


def best_of(call: Callable[[], object], runs: int = 9) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times) * 1000.0


def report(what: str, took: float, bar: Optional[float] = None, why: str = "") -> None:
    line = f"{what:54s} {took:8.2f} ms"
    if bar is not None:
        line += "  bar {:6.1f} ms  {:6s}".format(bar, "ok" if took <= bar else "MISSED")
        if took > bar:
            MISSED.append(what)
    sys.stdout.write(f"{line}  {why}\n".replace("  \n", "\n"))


def texts(rng: np.random.RandomState, count: int, size: Tuple[int, int]) -> np.ndarray:
    """Rotated rectangles, 40 to 140 by 16 to 48 pixels, anywhere in the picture."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0
    angle = rng.uniform(-0.6, 0.6, count)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    sides = rng.uniform((40, 16), (140, 48), (count, 1, 2))
    centre = rng.uniform(0, 1, (count, 1, 2)) * np.array(size[::-1])
    return (corners * sides) @ turn.transpose(2, 0, 1) + centre


def curve(rng: np.random.RandomState) -> np.ndarray:
    """Curved text as CTW1500 has it: a piece of a ring, seven points above, seven below."""
    from test_kernels import arc

    thickness, sweep, turn = rng.uniform(16, 40), rng.uniform(1, 3), rng.uniform(0, 6)
    return arc(rng.uniform(40, 70), thickness, sweep, rng.uniform(60, 450, 2), turn)


def predicted(rng: np.random.RandomState, count: int) -> Tuple[np.ndarray, np.ndarray]:
    """`count` boxes in row order with two pixels of noise, as from a map of 40 cells a text."""
    size = (720, 1280) if count < 10000 else (1440, 2560)
    quads = texts(rng, count // 40, size)
    maps = rbox.encode_rboxes(quads, np.zeros(len(quads), bool), size)
    noisy = maps.geometry + rng.normal(0, 2.0, maps.geometry.shape)
    noisy[..., 4] = maps.geometry[..., 4] + rng.normal(0, 0.02, maps.score.shape)
    found, _ = rbox.decode_rboxes(maps.score, noisy)
    if len(found) < count:
        raise SystemExit(f"too few cells: {len(found)} of {count}")
    return found[:count], rng.uniform(0.8, 1.0, count)


def label_maps() -> None:
    from test_rbox import slow_maps

    rng = np.random.RandomState(0)
    for count, peer in ((10, 690.0), (50, 1010.0), (200, 1570.0)):
        quads, ignore = texts(rng, count, (512, 512)), np.zeros(count, bool)
        took = best_of(lambda q=quads, i=ignore: rbox.encode_rboxes(q, i, (512, 512)))
        slow = best_of(lambda q=quads, i=ignore: slow_maps(q, i, (512, 512), 0.0), 1)
        cells = int(rbox.encode_rboxes(quads, ignore, (512, 512)).score.sum())
        why = (
            "original / 50; {:.2f} us a cell (original 134), plain Python on the same cells {:.1f}"
        )
        why = why.format(took * 1000 / cells, slow * 1000 / cells)
        report(f"EAST maps, 512x512, {count} texts", took, peer / 50.0, why)
    real_crops(rng)
    for count in (10, 50, 200):
        quads, ignore = texts(rng, count, (512, 512)), [False] * count
        for name, scheme in (("original, 6", kernels.ORIGINAL), ("paper, 7", kernels.PAPER)):
            took = best_of(
                lambda q=quads, i=ignore, s=scheme: kernels.encode_kernels(q, i, (512, 512), s)
            )
            bar = 5.0 if count == 50 and scheme is kernels.ORIGINAL else None
            report(f"PSENet maps ({name}), 512x512, {count} texts", took, bar)
    curves, ignore = [curve(rng) for _ in range(50)], [False] * 50
    took = best_of(lambda: kernels.encode_kernels(curves, ignore, (512, 512), kernels.ORIGINAL))
    report("PSENet maps (original, 6), 512x512, 50 curves of 14 points", took)


def real_crops(rng: np.random.RandomState) -> None:
    """The crops on which the original's labels were timed: from ten real pictures, scaled."""
    folder = ROOT.parent / "shared" / "data" / "icdar2015_mini_mmocr" / "gts"
    if not folder.is_dir():
        sys.stdout.write(f"EAST maps of real crops: skipped, {folder} is absent\n")
        return
    crops = []
    for path in sorted(folder.glob("*.txt")) * 12:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        fields = [line.split(",", 8) for line in lines if line.strip()]
        quads = np.array([field[:8] for field in fields], float).reshape(-1, 4, 2)
        scale = rng.choice([0.5, 1.0, 2.0, 3.0])
        corner = rng.uniform(0, 1, 2) * np.maximum(np.array([1280, 720]) * scale - 512, 0)
        crops.append((quads * scale - corner, np.array([field[8] == "###" for field in fields])))
    took = best_of(lambda: [rbox.encode_rboxes(*crop, (512, 512)) for crop in crops], 5) / len(
        crops
    )
    report("EAST maps, mean of 120 crops of real pictures", took, 152.0 / 50, "original / 50")


def suppression() -> None:
    rng = np.random.RandomState(1)
    for count, peer in ((5000, 13.0), (20000, 49.0)):
        quads, scores = predicted(rng, count)
        order = rng.permutation(count)
        turn = (np.arange(4) + rng.randint(0, 4, (count, 1))) % 4
        corners = quads[np.arange(count)[:, None], turn]
        for name, those, weights in (
            ("row order", quads, scores),
            ("any corner first", corners, scores),
            ("unordered", quads[order], scores[order]),
            ("unordered, any corner", corners[order], scores[order]),
        ):
            took = best_of(lambda q=those, s=weights: nms.locality_aware_nms(q, s), 5)
            what = f"locality-aware NMS, {count} boxes, {name}"
            report(what, took, 3 * peer, "3 x C++ in row order")


def stacks(rng: np.random.RandomState, size: Tuple[int, int], count: int) -> np.ndarray:
    """Kernel maps of a picture with ragged edges, as a network gives them."""
    maps = kernels.encode_kernels(
        texts(rng, count, size), [False] * count, size, kernels.ORIGINAL
    ).kernels
    soft = cv2.GaussianBlur(maps.astype(np.float32), (0, 0), 0.8)
    return soft + rng.normal(0, 0.1, soft.shape).astype(np.float32) > 0.5


def expansions() -> None:
    rng = np.random.RandomState(2)
    for size, count, bar in (((720, 1280), 40, 5.0), ((2880, 5120), 400, 30.0)):
        maps = stacks(rng, size, count)
        what = "expansion, {}x{}, {} texts".format(*maps.shape[:2], count)
        report(what, best_of(lambda m=maps: expansion.expand(m)), bar, "bar stated for this size")
    maps = kernels.encode_kernels(texts(rng, 40, (720, 1280)), [False] * 40, (720, 1280)).kernels
    soft = cv2.GaussianBlur(maps.astype(np.float32), (0, 0), 0.8)
    for form in (False, True):
        took = best_of(lambda f=form: expansion.detect_kernels(soft, polygons=f))
        what = "expansion and {}, 180x320, 40 texts"
        report(what.format("polygons" if form else "rectangles"), took)
    for shape in ((180, 320), (720, 1280)):
        for share in (0.3, 0.59, 0.9):
            field = rng.rand(*shape)
            maps = np.stack([field < share * (k + 1) / 6 for k in range(6)], axis=-1)
            what = "expansion, {}x{}, noise, {:.0%} set".format(*shape, share)
            report(what, best_of(lambda m=maps: expansion.expand(m), 3), 1000.0, "never seconds")


def main() -> int:
    cv2.setNumThreads(1)
    for part in (label_maps, suppression, expansions):
        part()
    return 1 if MISSED else 0


if __name__ == "__main__":
    sys.exit(main())
