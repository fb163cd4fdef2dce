"""Lines of text on a page: set on a common baseline, each part with an outline."""

from __future__ import annotations

import math
import random
from typing import Iterator, List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.warp import box_corners
from ocrdata.render.scenes.scene_config import boxes_words
from ocrdata.render.scenes.scene_layout import master_of, words_of
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import EM_TOP, Typesetting, set_line

# Of a line's height, in ems; texts that are tried for one line.
LEADING = 1.5
_MOST_JOINED = 8


class PageLine(NamedTuple):
    """A line at its size on the page: ink, its baseline and width in pixels, and its parts.

    `outlines` are float64 [parts, 4, 2] from the ink's own corner; `texts` says what each reads.
    """

    ink: np.ndarray
    baseline: float
    outlines: np.ndarray
    texts: Tuple[str, ...]

    @property
    def width(self) -> int:
        """Pixels of ink."""
        return int(self.ink.shape[1])


class PageTexts:
    """Gives the lines of a page, one after the other, from a scene's texts."""

    def __init__(
        self, texts: Tuple[str, ...], cache: GlyphCache, boxes: str, rng: random.Random
    ) -> None:
        self._texts: Iterator[str] = iter(texts)
        self._cache, self._boxes = cache, boxes
        self._faces = rng.random(), rng.random()

    def line(
        self, width: float, em: float, heading: bool = False, most: int = _MOST_JOINED
    ) -> Optional[PageLine]:
        """Returns a line of as many texts, `most` at the most, as `width` pixels hold.

        None where the texts are at an end, or the next one is too wide.
        """
        found, text = None, ""
        for _ in range(most):
            more = next(self._texts, None)
            if more is None:
                break
            joined = _joined(text, more)
            if self._cache.missing(joined):
                break
            line = self.set(joined, em, heading)
            if line.width > width:
                break
            found, text = line, joined
        return found

    def set(self, text: str, em: float, heading: bool = False) -> PageLine:
        """Returns a text as a line of its own."""
        size = master_of(em)
        face = self._cache.pick(text, self._faces[heading])
        words = boxes_words(text, self._boxes) and " " in text
        bitmap = set_line(text, face, size, Typesetting(), self._cache, boxes=words)
        left, top, right, bottom = bitmap.box
        x, y = math.floor(left), math.floor(top)
        ink = bitmap.ink[y : math.ceil(bottom), x : math.ceil(right)]
        scale = em / size
        wide = max(1, int(round(ink.shape[1] * scale))), max(1, int(round(ink.shape[0] * scale)))
        parts = words_of(text, bitmap.boxes) if words else [(text, bitmap.box)]
        corners = box_corners(np.array([box for _, box in parts], np.float64)) - (x, y)
        # Whole pixels, so the ink may be a little wider than its scale says.
        corners = corners * (wide[0] / ink.shape[1], wide[1] / ink.shape[0])
        baseline = (bitmap.em_top + EM_TOP * size - y) * scale
        small = cv2.resize(ink, wide, interpolation=cv2.INTER_AREA)
        return PageLine(small, baseline, corners, tuple(text for text, _ in parts))

    def draws(self, text: str) -> bool:
        """Says whether the fonts have a text that no corpus holds: a number, a price."""
        return not self._cache.missing(text)


def _joined(before: str, text: str) -> str:
    if not before:
        return text
    apart = boxes_words(before, "auto") or boxes_words(text, "auto")
    return f"{before} {text}" if apart else before + text


class Page:
    """What is written on a page [height, width]: ink, rules, and where each part of a text is.

    A share of the lines, `dont_care`, is smeared; `unread` says of each part whether it is.
    """

    def __init__(self, size: Tuple[int, int], dont_care: float, rng: random.Random) -> None:
        width, height = size
        self.ink = np.zeros((height, width), np.uint8)
        self.rules = np.zeros((height, width), np.uint8)
        # From this row on there is nothing but a stamp.
        self.stamped = height
        self.outlines: List[np.ndarray] = []
        self.texts: List[str] = []
        self.unread: List[bool] = []
        self._dont_care, self._rng = dont_care, rng

    def put(self, line: PageLine, x: float, baseline: float) -> bool:
        """Writes a line from `x` on its baseline; False where it would leave the page."""
        height, width = line.ink.shape
        left, top = int(round(x)), int(round(baseline - line.baseline))
        inside = left >= 0 and top >= 0
        if not inside or left + width > self.ink.shape[1] or top + height > self.ink.shape[0]:
            return False
        smeared, ink = self._rng.random() < self._dont_care, line.ink
        if smeared:
            ink = cv2.GaussianBlur(ink, (0, 0), 0.2 * height)
        part = self.ink[top : top + height, left : left + width]
        np.maximum(part, ink, out=part)
        self.outlines += list(line.outlines + (left, top))
        self.texts += line.texts
        self.unread += [smeared] * len(line.texts)
        return True

    def rule(
        self, start: Tuple[float, float], end: Tuple[float, float], thick: int, dash: float = 0.0
    ) -> None:
        """Draws a straight rule, dashed where `dash` pixels are given."""
        first, last = np.array(start), np.array(end)
        pieces = max(1, int(np.hypot(*(last - first)) / (2 * dash))) if dash else 1
        for piece in range(pieces):
            ends = piece / pieces, (piece + (0.5 if dash else 1.0)) / pieces
            a, b = (np.rint(first + (last - first) * end).astype(int).tolist() for end in ends)
            cv2.line(self.rules, tuple(a), tuple(b), 255, thick)
