"""From outlines to texts: cutting out, turning what stands upright, reading, ordering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.errors import OptionError, UnknownNameError
from ocrdata.geometry.polygons import from_top_left, rectify, smallest_quad
from ocrdata.images.decode import APPLY, EXIF_WAYS
from ocrdata.reading.lines import LineReader
from ocrdata.reading.scenes import SceneReader

VERTICAL = ("auto", "keep", "stack", "turn")
# What is so many times as high as wide may be written from top to bottom.
TALL = 1.5
_LEAST = 2  # pixels of a side that can hold a character


@dataclass(frozen=True)
class ReadOptions:
    """How texts are cut out and read.

    `margin` is added around an outline, as a share of its shorter side. `vertical` says what is
    done with what is half as high again as wide: kept as it is, turned to the left, its square
    cells put side by side ("stack"), or all three, of which the surest reading counts ("auto").
    Readings less probable than `min_confidence` are left out. `exif` says whether photographs are
    turned upright by their orientation mark, one of EXIF_WAYS.
    """

    margin: float = 0.1
    vertical: str = "auto"
    min_confidence: float = 0.0
    exif: str = APPLY

    def __post_init__(self) -> None:
        if not 0.0 <= self.margin <= 1.0:
            raise OptionError(f"--margin must lie between 0 and 1, not {self.margin}.")
        if self.vertical not in VERTICAL:
            raise UnknownNameError("way of reading vertical text", self.vertical, VERTICAL)
        if self.exif not in EXIF_WAYS:
            raise UnknownNameError("way with orientation marks", self.exif, EXIF_WAYS)


class WordCrop(NamedTuple):
    """A text that was found and read: outline float32 [n, 2], scores of finding and of reading."""

    polygon: np.ndarray
    score: float
    text: str
    confidence: float

    def as_dict(self) -> Dict[str, Any]:
        """Returns plain values; corners are whole pixels."""
        return {
            "polygon": np.round(self.polygon).astype(int).tolist(),
            "score": round(self.score, 6),
            "text": self.text,
            "confidence": round(self.confidence, 6),
        }


def read_word_crops(
    image: np.ndarray, scenes: SceneReader, lines: LineReader, options: ReadOptions
) -> List[WordCrop]:
    """Returns the words of a picture, uint8 [h, w, 3] (blue first), in reading order."""
    outlines, scores = scenes.find(image)
    views: List[np.ndarray] = []
    owners: List[int] = []
    for place, outline in enumerate(outlines):
        for view in views_of(cut(image, outline, options.margin), options.vertical):
            views.append(view)
            owners.append(place)
    best: Dict[int, Tuple[str, float]] = {}
    for owner, reading in zip(owners, lines.read(views) if views else ()):
        if owner not in best or _sureness(*reading) > _sureness(*best[owner]):
            best[owner] = reading
    words = [
        WordCrop(outlines[place], float(scores[place]), *best[place])
        for place in in_reading_order(outlines)
        if place in best
    ]
    return [word for word in words if word.confidence >= options.min_confidence]


def cut(image: np.ndarray, outline: np.ndarray, margin: float) -> np.ndarray:
    """Returns what is inside an outline [n, 2], made a rectangle by perspective."""
    quad = outline if len(outline) == 4 else smallest_quad(outline)
    if len(outline) == 4 and not _starts_top_left(quad):
        quad = from_top_left(quad)
    return rectify(image, quad, margin)


def _starts_top_left(quad: np.ndarray) -> bool:
    """Says whether the first side runs to the right: where a detector says where text begins."""
    along = quad[1] - quad[0]
    return bool(along[0] > 0 and abs(along[1]) <= abs(along[0]))


def views_of(crop: np.ndarray, vertical: str) -> List[np.ndarray]:
    """Returns the pictures of lines that a crop [h, w, c] may be; none of what is too small."""
    height, width = crop.shape[:2]
    if min(height, width) < _LEAST:
        return []
    if height <= TALL * width or vertical == "keep":
        return [crop]
    turned = np.ascontiguousarray(np.rot90(crop))
    if vertical == "turn":
        return [turned]
    return [stacked(crop)] if vertical == "stack" else [crop, turned, stacked(crop)]


def stacked(crop: np.ndarray) -> np.ndarray:
    """Returns the about square cells of a column [h, w, c] side by side, the upper one first."""
    height, width = crop.shape[:2]
    count = max(1, int(round(height / width)))
    size = height // count
    return np.concatenate([crop[n * size : (n + 1) * size] for n in range(count)], axis=1)


def _sureness(text: str, confidence: float) -> float:
    """Returns the mean probability of a character: longer texts are not less sure for that."""
    return float(confidence) ** (1.0 / len(text)) if text else 0.0


def in_reading_order(outlines: Sequence[np.ndarray]) -> List[int]:
    """Returns the places of outlines row by row, from left to right.

    An outline is in the row whose first member's middle lies at its height.
    """
    boxes = [(*outline.min(axis=0), *outline.max(axis=0)) for outline in outlines]
    rows: List[List[int]] = []
    for place in sorted(range(len(boxes)), key=lambda n: (boxes[n][1] + boxes[n][3], boxes[n][0])):
        top, bottom = boxes[place][1], boxes[place][3]
        for row in rows:
            first = boxes[row[0]]
            if top <= (first[1] + first[3]) / 2.0 <= bottom:
                row.append(place)
                break
        else:
            rows.append([place])
    return [place for row in rows for place in sorted(row, key=lambda n: boxes[n][0])]
