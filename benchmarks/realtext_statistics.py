"""In what rendered words differ from real ones: statistics of both, and a sheet side by side.

All are measured in the same way on pictures scaled to 32 pixels of height, without knowing where
the text is: Otsu's level parts ink from ground, and the ground is what most of the border is.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np

SIDE = 32
PERCENTILES = (5, 25, 50, 75, 95)
MEASURES = {
    "height of ink": "rows that ink reaches, as a share of the height",
    "ink share": "of the pixels",
    "pixels a character": "at a height of 32",
    "pitch": "pixels a character, over the height of ink",
    "contrast": "between mean ink and mean ground, grey levels",
    "angle": "of the ink's main axis, degrees, words of three characters and more",
    "sharpness": "steepest steps, as a share of the contrast a pixel",
    "noise": "of the ground, grey levels",
    "colour": "largest less smallest channel, mean",
}


class Word(NamedTuple):
    """A picture of a word (uint8 BGR [h, w, 3]), its text, and its key in the data folder."""

    image: np.ndarray
    text: str
    key: str


def read_words(data_dir: Path, lists: Sequence[str], limit: int) -> Iterator[Word]:
    """Yields up to `limit` words of a data folder's lists, spread evenly over them."""
    rows: List[Tuple[str, str]] = []
    for name in lists:
        lines = (data_dir / name / "sample.txt").read_text(encoding="utf-8").splitlines()
        rows += [(key, text) for key, _, text in (line.partition(" ") for line in lines)]
    step = max(1, len(rows) // limit)
    for key, text in rows[::step][:limit]:
        image = cv2.imread(str(data_dir / key))
        if image is not None:
            yield Word(image, text, key)


def measures_of(word: Word) -> Dict[str, float]:
    """Returns the measures of one picture; what cannot be measured is missing."""
    height, width = word.image.shape[:2]
    wide = max(8, int(round(width * SIDE / height)))
    way = cv2.INTER_AREA if height > SIDE else cv2.INTER_CUBIC
    image = cv2.resize(word.image, (wide, SIDE), interpolation=way)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    ink = grey > level
    border = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    if border.mean() > 0.5:
        ink = ~ink
    if not ink.any() or ink.all():
        return {}
    flat = grey.astype(np.float64)
    contrast = abs(flat[ink].mean() - flat[~ink].mean())
    rows = np.flatnonzero(ink.mean(axis=1) > 0.04)
    high = (rows[-1] - rows[0] + 1) / SIDE if len(rows) else 1.0
    steps = np.abs(np.diff(flat, axis=1))
    away = cv2.erode((~ink).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rough = flat - cv2.GaussianBlur(flat, (0, 0), 1.5)
    found = {
        "height of ink": high,
        "ink share": float(ink.mean()),
        "pixels a character": wide / len(word.text),
        "pitch": wide / len(word.text) / (high * SIDE),
        "contrast": float(contrast),
        "sharpness": float(np.percentile(steps, 98) / max(contrast, 1.0)),
        "colour": float((image.max(axis=2).astype(int) - image.min(axis=2)).mean()),
    }
    if away.sum() > 20:
        found["noise"] = float(rough[away].std())
    if len(word.text) >= 3:
        found["angle"] = _angle(ink)
    return found


def _angle(ink: np.ndarray) -> float:
    y, x = np.nonzero(ink)
    slope = np.polyfit(x, y, 1)[0] if np.ptp(x) else 0.0
    return abs(math.degrees(math.atan(slope)))


def statistics(words: Sequence[Word]) -> Dict[str, np.ndarray]:
    """Returns each measure over all words, float64 [n]."""
    rows = [measures_of(word) for word in words]
    return {name: np.array([row[name] for row in rows if name in row]) for name in MEASURES}


def table(sets: Dict[str, Dict[str, np.ndarray]]) -> List[str]:
    """Returns the lines of a table: percentiles of each measure, a column a set of pictures."""
    head = "| measure (percentiles {}) | {} |".format(
        ", ".join(map(str, PERCENTILES)), " | ".join(sets)
    )
    lines = [head, "|---" * (len(sets) + 1) + "|"]
    for name in MEASURES:
        cells = []
        for found in sets.values():
            values = np.percentile(found[name], PERCENTILES)
            cells.append(" ".join(f"{value:.3g}" for value in values))
        lines.append("| {} | {} |".format(name, " | ".join(cells)))
    return lines


def sheet(left: Sequence[Word], right: Sequence[Word], rows: int = 24) -> np.ndarray:
    """Returns real words on the left and rendered ones on the right, uint8 BGR."""
    half, side, gap = 620, 40, 6
    page = np.full((rows * (side + gap) + gap, 2 * half + 3 * gap, 3), 235, np.uint8)
    for column, words in enumerate((left, right)):
        start, queue = gap + column * (half + gap), list(words)
        for row in range(rows):
            x, y = 0, gap + row * (side + gap)
            while queue:
                image = queue[0].image
                wide = max(8, int(image.shape[1] * side / image.shape[0]))
                if x + wide > half and x:
                    break
                wide = min(wide, half)
                image = cv2.resize(queue.pop(0).image, (wide, side), interpolation=cv2.INTER_CUBIC)
                page[y : y + side, start + x : start + x + wide] = image
                x += wide + gap
    return page
