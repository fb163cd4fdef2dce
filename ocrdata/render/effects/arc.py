"""A straight strip of ink set along a circle, letters turned with it."""

from __future__ import annotations

from typing import Any, NamedTuple, Tuple

import cv2
import numpy as np

from ocrdata.render.text.text_bitmap import CharacterBox

# The circle is never tighter than this many heights of the line, or its letters would be crushed.
_SHARPEST = 1.5


class Arc(NamedTuple):
    """A circle under a strip: its radius, which way it bends, and how points move onto it.

    `start` is the middle of the straight box; `left` and `middle` are where the bent box starts and
    where the line's middle is, all in pixels.
    """

    radius: float
    over: bool
    start: Tuple[float, float]
    shift: Tuple[float, float]
    box: CharacterBox
    left: float
    middle: float

    def bend(self, points: np.ndarray) -> np.ndarray:
        """Returns where points (float64 [..., 2]) of the straight strip come to lie."""
        return _bend(points, self.radius, self.over, self.start) + self.shift


def _bend(points: np.ndarray, radius: float, over: bool, start: Tuple[float, float]) -> np.ndarray:
    """Moves points to a circle around (0, 0)."""
    angle = (points[..., 0] - start[0]) / radius
    across = points[..., 1] - start[1]
    reach = radius - across if over else radius + across
    side = -1.0 if over else 1.0
    return np.stack([reach * np.sin(angle), side * reach * np.cos(angle)], axis=-1)


def bend_ink(ink: np.ndarray, box: CharacterBox, turn: float) -> Tuple[np.ndarray, Arc]:
    """Returns ink (uint8 [h, w]) bent by `turn` radians from end to end, and how it was bent.

    Over the circle where the turn is positive, under it where it is negative, and by less where
    the letters would be pressed together.
    """
    width, height = max(box[2] - box[0], 1.0), max(box[3] - box[1], 1.0)
    turn, over = min(abs(turn), width / (_SHARPEST * height), 3.0), turn > 0
    radius = width / max(turn, 1e-3)
    start = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
    xs = np.linspace(box[0], box[2], 17)
    edges = np.stack([np.tile(xs, 2), np.repeat((box[1], box[3]), 17)], axis=1)
    bent = _bend(edges, radius, over, start)
    low, high = bent.min(axis=0), bent.max(axis=0)
    # Room for what hangs on the letters beyond their box.
    room = 0.25 * height
    shift = room - low
    size = np.ceil(high - low + 2.0 * room).astype(int).tolist()
    x: Any = np.arange(size[0], dtype=np.float32)[None, :] + np.float32(0.5 - shift[0])
    y: Any = np.arange(size[1], dtype=np.float32)[:, None] + np.float32(0.5 - shift[1])
    y = -y if over else y
    along = np.arctan2(x, y) * np.float32(radius) + np.float32(start[0] - 0.5)
    away = np.hypot(x, y) - np.float32(radius)
    across = (-away if over else away) + np.float32(start[1] - 0.5)
    made = cv2.remap(ink, along, across.astype(np.float32), cv2.INTER_LINEAR)
    middle = float((-radius if over else radius) + shift[1])
    found = (room, room, float(high[0] - low[0]) + room, float(high[1] - low[1]) + room)
    move = float(shift[0]), float(shift[1])
    return made, Arc(radius, over, start, move, found, room, middle)
