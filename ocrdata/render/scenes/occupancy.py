"""Where in a scene there is room for another block of text."""

from __future__ import annotations

import random
from typing import Optional, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.warp import Frame, box_corners, matrix_of, shape_of, transform
from ocrdata.render.scenes.scene_layout import TextBlock, grow_quad
from ocrdata.render.style.line_style import LineStyle

# Where a block may stand is looked up on a grid this much coarser than the picture.
GRID = 4
_TRIES = 24
_FREE = Frame(1 << 20)


class OccupancyGrid:
    """The free places of a picture."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.taken = np.zeros((height // GRID + 2, width // GRID + 2), np.uint8)

    def find(
        self, block: TextBlock, style: LineStyle, rng: random.Random
    ) -> Optional[Tuple[np.ndarray, np.ndarray]]:
        """Returns a matrix for a block that fits somewhere, and its outer quad; None if none does.

        The place is taken by the call.
        """
        shape = shape_of(block.box, block.scale, style, _FREE)
        width, height = self.size
        free = [
            width - 6.0 - (shape.high[0] - shape.low[0]),
            height - 6.0 - (shape.high[1] - shape.low[1]),
        ]
        if min(free) <= 0:
            return None
        for _ in range(_TRIES):
            corner = 3.0 + rng.random() * free[0], 3.0 + rng.random() * free[1]
            centre = corner[0] - shape.low[0], corner[1] - shape.low[1]
            matrix = matrix_of(shape, (1.0, 1.0), centre)
            quad = transform(matrix, box_corners(np.array([block.box])))[0]
            if self._take(quad, 0.35 * block.em):
                return matrix, quad
        return None

    def _take(self, quad: np.ndarray, margin: float) -> bool:
        grown = grow_quad(quad, margin) / GRID
        low = np.maximum(np.floor(grown.min(axis=0)).astype(int) - 1, 0)
        high = np.ceil(grown.max(axis=0)).astype(int) + 2
        part = self.taken[low[1] : high[1], low[0] : high[0]]
        mark = np.zeros_like(part)
        cv2.fillConvexPoly(mark, np.rint(grown - low).astype(np.int32), 1)
        if cv2.countNonZero(cv2.bitwise_and(mark, part)):
            return False
        part |= mark
        return True
