"""Blocks of text lines in a scene: how large they come out, and where there is room for them."""

from __future__ import annotations

import math
import random
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.text_effects import dress
from ocrdata.render.effects.warp import Frame, box_corners, matrix_of, shape_of, transform
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import NO_LINE, Typesetting, set_column, set_line

# Where a block may stand is looked up on a grid this much coarser than the picture.
GRID = 4
_TRIES = 24
# Masters grow by this step, so that a few sizes serve all heights.
_STEP = 1.25
_FREE = Frame(1 << 20)
# Points on each side of a curved line, and its smallest radius in heights of the line.
ARC_POINTS, SHARPEST = 7, 1.5


class TextBlock(NamedTuple):
    """Lines set together at a master size: ink, its outer box, and an outline for each line.

    `outlines` are float64 [lines, points, 2]; `scale` takes the master to the picture.
    """

    ink: np.ndarray
    box: Tuple[float, float, float, float]
    outlines: np.ndarray
    scale: float
    em: float


def master_of(em: float) -> int:
    """Returns the em that text of `em` pixels is composed at: 1.5 to 1.9 times as large."""
    steps = math.ceil(math.log(max(em, 6.0) * 1.5 / 12.0, _STEP))
    return int(round(12.0 * _STEP ** max(0, steps)))


def set_block(
    texts: Sequence[str], style: LineStyle, em: float, vertical: bool, cache: GlyphCache
) -> TextBlock:
    """Sets lines below each other (columns from right to left) at `em` pixels."""
    size = master_of(em)
    setting = Typesetting(style.spacing * size, style.word_spacing)
    put = set_column if vertical else set_line
    inks, boxes = [], []
    for text in texts:
        strip = put(text, cache.pick(text, style.face), size, setting, cache)
        ink, box, _ = dress(strip, size, style, NO_LINE)
        x0, y0, x1, y1 = (
            math.floor(box[0]),
            math.floor(box[1]),
            math.ceil(box[2]),
            math.ceil(box[3]),
        )
        inks.append(ink[max(0, y0) : y1, max(0, x0) : x1])
        boxes.append(inks[-1].shape)
    gap = int(round(0.35 * size))
    if vertical:
        inks, boxes = inks[::-1], boxes[::-1]
    along, across = (0, 1) if vertical else (1, 0)
    length = max(shape[along] for shape in boxes)
    thick = sum(shape[across] for shape in boxes) + gap * (len(boxes) - 1)
    canvas = np.zeros((length, thick) if vertical else (thick, length), np.uint8)
    lines, at = [], 0
    for ink in inks:
        height, width = ink.shape
        x, y = (at, 0) if vertical else (0, at)
        canvas[y : y + height, x : x + width] = ink
        lines.append((x, y, x + width, y + height))
        at += ink.shape[across] + gap
    if vertical:
        lines = lines[::-1]
    box = (0.0, 0.0, float(canvas.shape[1]), float(canvas.shape[0]))
    return TextBlock(canvas, box, box_corners(np.array(lines, np.float64)), em / size, em)


def bend(block: TextBlock, sweep: float) -> TextBlock:
    """Returns a block of one line set along a circle instead of a straight line.

    The line's middle keeps its length and turns by `sweep` radians from end to end: over the circle
    where that is positive, under it where it is negative, and by less where its characters would be
    pressed together. Outlines have 14 points as in CTW1500, 7 above from left to right and 7 below
    from right to left, and hold all of the ink. Lines shorter than two heights stay straight.
    """
    height, width = block.ink.shape
    if width < 2 * height or not sweep:
        return block
    turn = min(abs(sweep), width / (SHARPEST * height))
    radius, over = width / turn, sweep > 0
    outline = _arc(radius, height, turn, over)
    low = np.floor(outline.min(axis=0))
    size = np.ceil(outline.max(axis=0) - low).astype(int).tolist()
    x: Any = np.arange(size[0], dtype=np.float32)[None, :] + np.float32(0.5 + low[0])
    y: Any = np.arange(size[1], dtype=np.float32)[:, None] + np.float32(0.5 + low[1])
    y = -y if over else y
    distance = np.hypot(x, y)
    along = np.arctan2(x, y) * np.float32(radius) + np.float32(width / 2.0 - 0.5)
    across = (radius - distance if over else distance - radius) + np.float32(height / 2.0 - 0.5)
    ink = cv2.remap(block.ink, along, across.astype(np.float32), cv2.INTER_LINEAR)
    box = (0.0, 0.0, float(size[0]), float(size[1]))
    return block._replace(ink=ink, box=box, outlines=(outline - low)[None])


def _arc(radius: float, height: float, turn: float, over: bool) -> np.ndarray:
    """Returns the outline of a ring's piece, float64 [14, 2], around the ring's centre."""
    angles = np.linspace(-turn / 2.0, turn / 2.0, ARC_POINTS)
    rays = np.stack([np.sin(angles), -np.cos(angles) if over else np.cos(angles)], axis=1)
    # The chords of the far side touch its circle, those of the near side lie within it.
    far = (radius + height / 2.0) / math.cos(turn / 2.0 / (ARC_POINTS - 1))
    near = radius - height / 2.0
    above, below = (far, near) if over else (near, far)
    return np.concatenate([above * rays, below * rays[::-1]])


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


def grow_quad(quad: np.ndarray, margin: float) -> np.ndarray:
    """Moves the corners of a quad away from each other along its sides, by a margin in pixels."""
    grown = quad.copy()
    for corner in range(4):
        for other in (corner - 1, (corner + 1) % 4):
            side = quad[corner] - quad[other]
            grown[corner] += side / max(float(np.hypot(*side)), 1e-6) * margin
    return grown


def line_outlines(block: TextBlock, matrix: np.ndarray) -> List[np.ndarray]:
    """Returns the outline of each line, float32 [points, 2], clockwise from where reading begins.

    The first half of the points lies above the line, the second below (for columns, at its sides).
    """
    return list(transform(matrix, block.outlines).astype(np.float32))
