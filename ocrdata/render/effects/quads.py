"""What quads in a picture cover, and how they grow, in plain numbers: they are small and many."""

from __future__ import annotations

import math
from typing import Optional, Tuple

import numpy as np


def covered_box(
    points: np.ndarray, shape: Tuple[int, ...], margin: int = 0
) -> Tuple[int, int, int, int]:
    """Returns left, top, right and bottom of the part of a picture [h, w, ...] that points cover.

    Points are float [n, 2], x and y in pixels; right and bottom lie behind the last pixel.
    """
    xs, ys = points.T.tolist()
    high, wide = shape[:2]
    left, top = math.floor(min(xs)) - margin, math.floor(min(ys)) - margin
    right, bottom = math.ceil(max(xs)) + margin + 1, math.ceil(max(ys)) + margin + 1
    ends = min(max(right, 0), wide), min(max(bottom, 0), high)
    return min(max(left, 0), wide), min(max(top, 0), high), ends[0], ends[1]


def grow_quad(quad: np.ndarray, along: float, across: Optional[float] = None) -> np.ndarray:
    """Moves the corners of a quad away from each other along its sides, by margins in pixels.

    `along` is that at both ends, `across` that above and below, the same without it.
    """
    points = quad.tolist()
    margins = (along, along if across is None else across) * 2
    moves = []
    for (x0, y0), (x1, y1), margin in zip(points, points[1:] + points[:1], margins):
        factor = margin / max(math.hypot(x1 - x0, y1 - y0), 1e-6)
        moves.append(((x1 - x0) * factor, (y1 - y0) * factor))
    rows = zip(points, moves, moves[-1:] + moves[:-1])
    return np.array([(x - a + c, y - b + d) for (x, y), (a, b), (c, d) in rows])
