"""Where in a scene there is room for another block of text."""

from __future__ import annotations

import math
import random
from typing import NamedTuple, Optional, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.quads import grow_quad
from ocrdata.render.effects.warp import Frame, box_corners, matrix_of, shape_of, transform
from ocrdata.render.scenes.scene_layout import TextBlock
from ocrdata.render.style.line_style import LineStyle

# Where a block may stand is looked up on a grid this much coarser than the picture.
GRID = 4
_TRIES = 40
# Where, from the middle to a corner, it is looked first whether a place is taken.
_NEAR = (0.9, 0.5)
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
    ) -> Optional[Tuple[float, float]]:
        """Returns where the middle of a block's box may go, in pixels; None where there is no room.

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
        outer = grow_quad(quad, max(least, margin[0]), max(least, margin[1]))
        mark = _marked(outer, quad)
        drawn = np.array([rng.random() for _ in range(2 * _TRIES)]).reshape(-1, 2)
        centres = drawn * free + (3.0 - shape.low[0], 3.0 - shape.low[1])
        cells = np.rint(centres / GRID).astype(np.intp)
        # Most tries fail, and most of those at one of a few cells.
        columns, rows = (cells[:, axis, None] + mark.probes[:, axis] for axis in (0, 1))
        for place in np.flatnonzero(~self.taken[rows, columns].any(axis=1)).tolist():
            x, y = cells[place].tolist()
            if self._take(mark, x, y):
                return float(centres[place, 0]), float(centres[place, 1])
        return None

    def block(self, outline: np.ndarray) -> None:
        """Takes the place of an outline, float [n, 2] in pixels, and a little around it."""
        cells = np.zeros_like(self.taken)
        cv2.fillPoly(cells, [np.rint(outline / GRID).astype(np.int32)], 1)
        near: np.ndarray = cv2.dilate(cells, np.ones((3, 3), np.uint8))
        cv2.bitwise_or(self.taken, near, self.taken)

    def _take(self, mark: _Mark, x: int, y: int) -> bool:
        """Takes the cells of a mark whose middle is a cell; False where one is taken already."""
        height, width = mark.cells.shape
        x, y = x + mark.low[0], y + mark.low[1]
        left, top = max(0, -x), max(0, -y)
        part = self.taken[y + top : y + height, x + left : x + width]
        cells = mark.cells[top : top + part.shape[0], left : left + part.shape[1]]
        if cv2.countNonZero(cv2.bitwise_and(cells, part)):
            return False
        part |= cells
        return True


def put_block(
    block: TextBlock, style: LineStyle, centre: Tuple[float, float]
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the matrix that takes the middle of a block's box to `centre`, and its outer quad."""
    matrix = matrix_of(shape_of(block.box, block.scale, style, _FREE), (1.0, 1.0), centre)
    return matrix, transform(matrix, box_corners(np.array([block.box])))[0]


class _Mark(NamedTuple):
    """The cells that a block needs, uint8 [h, w], and the first one's place beside its middle.

    `probes` (int [n, 2]) are some of them, beside its middle, that lie in the picture with a block.
    """

    cells: np.ndarray
    low: Tuple[int, int]
    probes: np.ndarray


def _marked(quad: np.ndarray, inner: np.ndarray) -> _Mark:
    grown = quad / GRID
    xs, ys = grown.T.tolist()
    low = math.floor(min(xs)) - 1, math.floor(min(ys)) - 1
    size = math.ceil(max(xs)) + 2 - low[0], math.ceil(max(ys)) + 2 - low[1]
    cells = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(cells, np.rint(grown - low).astype(np.int32), 1)
    near = [(int(x * share), int(y * share)) for x, y in (inner / GRID).tolist() for share in _NEAR]
    probes = [(x, y) for x, y in [(0, 0), *near] if cells.item(y - low[1], x - low[0])]
    return _Mark(cells, low, np.array(probes, np.intp))
