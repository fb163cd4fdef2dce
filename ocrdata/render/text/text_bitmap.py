"""A line's ink in one bitmap, with a box for each character, and how inks are put into it."""

from __future__ import annotations

from typing import List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.text.shaped_layout import PlacedInk

CharacterBox = Tuple[float, float, float, float]
Clusters = Sequence[Tuple[int, int]]


class TextBitmap(NamedTuple):
    """Ink (uint8 [h, w]) with the box of all ink in it and the rows of the em box.

    `box` and `boxes` are left, top, right, bottom in pixels of the bitmap; a character without ink
    has the box of its advance. `em_top` and `em_left` are where the em box of the line (or of the
    column) starts. Boxes of a shaped text are those of `clusters`, (first, end) of its characters.
    """

    ink: np.ndarray
    box: CharacterBox
    em_top: float
    em_left: float
    boxes: Sequence[CharacterBox]
    clusters: Optional[Clusters] = None

    def shrunk(self, factor: float) -> TextBitmap:
        """Returns the bitmap made smaller by a factor, each pixel the mean of those it covers."""
        height, width = self.ink.shape
        size = max(1, int(round(width * factor))), max(1, int(round(height * factor)))
        x, y = size[0] / width, size[1] / height

        def moved(box: CharacterBox) -> CharacterBox:
            return box[0] * x, box[1] * y, box[2] * x, box[3] * y

        ink = cv2.resize(self.ink, size, interpolation=cv2.INTER_AREA)
        boxes = list(map(moved, self.boxes))
        top, left = self.em_top * y, self.em_left * x
        return TextBitmap(ink, moved(self.box), top, left, boxes, self.clusters)


NO_LINE = TextBitmap(np.zeros((0, 0), np.uint8), (0, 0, 0, 0), 0, 0, ())


def paste_inks(bitmap: np.ndarray, placed: Sequence[PlacedInk], left: int, top: int) -> None:
    """Puts inks into a bitmap whose corner lies at `left` and `top`."""
    for ink, at_x, at_y in placed:
        x, y = int(at_x) - left, int(at_y) - top
        h, w = ink.shape
        # Neighbours may overlap: the darker ink of the two stays.
        target = bitmap[y : y + h, x : x + w]
        np.maximum(target, ink, out=target)


def paste_bitmap(
    placed: Sequence[PlacedInk], boxes: List[CharacterBox], em_top: float, em_left: float, size: int
) -> TextBitmap:
    """Puts inks where they belong on a ground that just holds them."""
    if not placed:
        ink = np.zeros((size, max(1, int(boxes[-1][2]) if boxes else size)), np.uint8)
        return TextBitmap(ink, (0.0, 0.0, ink.shape[1], size), em_top, em_left, boxes)
    left = int(min(x for _, x, _ in placed))
    top = int(min(y for _, _, y in placed))
    width = int(max(x + ink.shape[1] for ink, x, _ in placed)) - left
    height = int(max(y + ink.shape[0] for ink, _, y in placed)) - top
    bitmap = np.zeros((height, width), np.uint8)
    paste_inks(bitmap, placed, left, top)
    moved = [(x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in boxes]
    return TextBitmap(bitmap, (0.0, 0.0, width, height), em_top - top, em_left - left, moved)
