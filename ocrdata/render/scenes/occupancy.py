"""Where in a scene there is room for another block of text."""

from __future__ import annotations

import random
from typing import NamedTuple, Optional, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.warp import Frame, box_corners, matrix_of, shape_of, transform
from ocrdata.render.scenes.scene_layout import TextBlock, grow_quad
from ocrdata.render.style.line_style import LineStyle

# Where a block may stand is looked up on a grid this much coarser than the picture.
GRID = 4
_TRIES = 40
_FREE = Frame(1 << 20)


class OccupancyGrid:
    """The free places of a picture."""

    def __init__(self, width: int, height: int) -> None:
        self.size = width, height
        self.taken = np.zeros((height // GRID + 2, width // GRID + 2), np.uint8)

    def find(
        self,
        block: TextBlock,
        style: LineStyle,
        rng: random.Random,
        margin: Tuple[float, float] = (0.0, 0.0),
    ) -> Optional[Tuple[np.ndarray, np.ndarray]]:
        """Returns a matrix for a block that fits somewhere, and its outer quad; None if none does.

        The place is taken by the call, with a margin in pixels along and across the block.
        """
        shape = shape_of(block.box, block.scale, style, _FREE)
        width, height = self.size
        free = [
            width - 6.0 - (shape.high[0] - shape.low[0]),
            height - 6.0 - (shape.high[1] - shape.low[1]),
        ]
        if min(free) <= 0:
            return None
        least = max(3.0, 0.35 * block.em)
        quad = transform(
            matrix_of(shape, (1.0, 1.0), (0.0, 0.0)), box_corners(np.array([block.box]))
        )[0]
        mark = _marked(grow_quad(quad, max(least, margin[0]), max(least, margin[1])))
        for _ in range(_TRIES):
            corner = 3.0 + rng.random() * free[0], 3.0 + rng.random() * free[1]
            centre = corner[0] - shape.low[0], corner[1] - shape.low[1]
            if self._take(mark, centre):
                return matrix_of(shape, (1.0, 1.0), centre), quad + centre
        return None

    def block(self, outline: np.ndarray) -> None:
        """Takes the place of an outline, float [n, 2] in pixels, and a little around it."""
        cells = np.zeros_like(self.taken)
        cv2.fillPoly(cells, [np.rint(outline / GRID).astype(np.int32)], 1)
        near: np.ndarray = cv2.dilate(cells, np.ones((3, 3), np.uint8))
        cv2.bitwise_or(self.taken, near, self.taken)

    def _take(self, mark: _Mark, centre: Tuple[float, float]) -> bool:
        height, width = mark.cells.shape
        x, y = (round(at / GRID) + low for at, low in zip(centre, mark.low))
        left, top = max(0, -x), max(0, -y)
        part = self.taken[y + top : y + height, x + left : x + width]
        cells = mark.cells[top : top + part.shape[0], left : left + part.shape[1]]
        if cv2.countNonZero(cv2.bitwise_and(cells, part)):
            return False
        part |= cells
        return True


class _Mark(NamedTuple):
    """The cells that a block needs, uint8 [h, w], and the first one's place beside its middle."""

    cells: np.ndarray
    low: Tuple[int, int]


def _marked(quad: np.ndarray) -> _Mark:
    grown = quad / GRID
    low = np.floor(grown.min(axis=0)).astype(int) - 1
    size = np.ceil(grown.max(axis=0)).astype(int) + 2 - low
    cells = np.zeros((int(size[1]), int(size[0])), np.uint8)
    cv2.fillConvexPoly(cells, np.rint(grown - low).astype(np.int32), 1)
    return _Mark(cells, (int(low[0]), int(low[1])))
