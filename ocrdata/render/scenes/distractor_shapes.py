"""The kinds of distractors, each drawn into a small picture with a transparency of its own.

Nothing here has the shape of a letter, a figure or a Chinese character that could be read; rows of
strokes are too blurred to be read as such.
"""

from __future__ import annotations

import math
import random
from typing import Any, Callable, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.colors import Color, tinted

SIDE = 192
_SHIFT = 4  # bits behind the point in OpenCV's coordinates

Point = Tuple[float, float]


class Canvas:
    """A picture, uint8 BGR [h, w, 3], and where it is there at all, uint8 [h, w]."""

    def __init__(self) -> None:
        self.image: Any = np.zeros((SIDE, SIDE, 3), np.uint8)
        self.mask: Any = np.zeros((SIDE, SIDE), np.uint8)

    def fill(self, color: Color) -> None:
        """Covers all of it."""
        self.image[:], self.mask[:] = color, 255

    def polygon(self, points: np.ndarray, color: Color) -> None:
        """Draws a convex polygon, float [n, 2]."""
        fixed = np.rint(points * (1 << _SHIFT)).astype(np.int32)
        cv2.fillConvexPoly(self.image, fixed, color, cv2.LINE_AA, _SHIFT)
        cv2.fillConvexPoly(self.mask, fixed, 255, cv2.LINE_AA, _SHIFT)

    def bar(
        self, start: Tuple[float, float], end: Tuple[float, float], thick: int, color: Color
    ) -> None:
        """Draws a line."""
        first, last = (tuple(int(round(v)) for v in point) for point in (start, end))
        cv2.line(self.image, first, last, color, thick, cv2.LINE_AA)
        cv2.line(self.mask, first, last, 255, thick, cv2.LINE_AA)

    def disc(
        self, middle: Tuple[float, float], radius: float, color: Color, thick: int = -1
    ) -> None:
        """Draws a disc, or a ring."""
        centre = int(round(middle[0])), int(round(middle[1]))
        cv2.circle(self.image, centre, max(1, int(radius)), color, thick, cv2.LINE_AA)
        cv2.circle(self.mask, centre, max(1, int(radius)), 255, thick, cv2.LINE_AA)


def _color(rng: random.Random, low: float = 15, high: float = 240, tint: float = 0.5) -> Color:
    return tinted(rng.uniform(low, high), rng.uniform(0, 360), rng.random() * tint)


def _rectangle(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _railing(canvas: Canvas, rng: random.Random) -> None:
    color, step = _color(rng), rng.uniform(9, 26)
    thick = max(1, int(step * rng.uniform(0.15, 0.45)))
    for place in np.arange(step / 2, SIDE, step):
        canvas.bar((place, 8), (place, SIDE - 8), thick, color)
    for height in sorted(rng.uniform(8, SIDE - 8) for _ in range(rng.randint(2, 3))):
        canvas.bar((0, height), (SIDE, height), thick + 2, color)


def _mesh(canvas: Canvas, rng: random.Random) -> None:
    color, step, thick = _color(rng), rng.uniform(8, 24), rng.randint(1, 3)
    lean = rng.choice((0.0, 1.0))
    for place in np.arange(-SIDE, 2 * SIDE, step):
        canvas.bar((place, 0), (place + lean * SIDE, SIDE), thick, color)
        if lean:
            canvas.bar((place, 0), (place - SIDE, SIDE), thick, color)
        else:
            canvas.bar((0, place), (SIDE, place), thick, color)


def _bricks(canvas: Canvas, rng: random.Random) -> None:
    canvas.fill(_color(rng, 90, 220, 0.2))
    base, height = _color(rng, 50, 190), rng.uniform(10, 26)
    length = height * rng.uniform(1.0, 3.0)
    shifted = rng.random() < 0.7
    for row, y in enumerate(np.arange(0.0, SIDE, height)):
        for x in np.arange(-length * (0.5 if shifted and row % 2 else 0.0), SIDE, length):
            light = rng.uniform(0.85, 1.15)
            blue, green, red = (min(255.0, part * light) for part in base)
            brick = _rectangle(x + 1, y + 1, x + length - 1, y + height - 1)
            canvas.polygon(brick, (blue, green, red))


def _windows(canvas: Canvas, rng: random.Random) -> None:
    canvas.fill(_color(rng, 80, 230, 0.3))
    columns, rows = rng.randint(2, 7), rng.randint(2, 8)
    wide, high = SIDE / columns, SIDE / rows
    frame, dark = _color(rng), _color(rng, 10, 110)
    for column in range(columns):
        for row in range(rows):
            glass = dark if rng.random() < 0.75 else _color(rng, 120, 240, 0.3)
            x, y = column * wide, row * high
            canvas.polygon(
                _rectangle(x + 0.2 * wide, y + 0.2 * high, x + 0.8 * wide, y + 0.85 * high), glass
            )
            middle = x + 0.5 * wide
            canvas.bar((middle, y + 0.2 * high), (middle, y + 0.85 * high), 1, frame)


def _leaves(canvas: Canvas, rng: random.Random) -> None:
    hue = rng.choice((110.0, 95.0, 80.0, 35.0))
    for _ in range(rng.randint(150, 420)):
        shade = tinted(rng.uniform(20, 200), hue + rng.gauss(0, 12), rng.uniform(0.3, 0.9))
        middle = rng.gauss(SIDE / 2, SIDE / 5), rng.gauss(SIDE / 2, SIDE / 5)
        box = (middle, (rng.uniform(3, 16), rng.uniform(2, 6)), rng.uniform(0, 180))
        cv2.ellipse(canvas.image, box, shade, -1, cv2.LINE_AA)
        cv2.ellipse(canvas.mask, box, 255, -1, cv2.LINE_AA)


def _lamps(canvas: Canvas, rng: random.Random) -> None:
    for _ in range(rng.randint(1, 9)):
        middle = rng.uniform(20, SIDE - 20), rng.uniform(20, SIDE - 20)
        canvas.disc(middle, rng.uniform(3, 16), _color(rng, 200, 255, 0.4))
    soft = cv2.GaussianBlur(canvas.mask, (0, 0), rng.uniform(1.0, 5.0))
    spread = cv2.dilate(canvas.image, np.ones((15, 15), np.uint8))
    canvas.image, canvas.mask = spread, soft


def _cables(canvas: Canvas, rng: random.Random) -> None:
    color = _color(rng, 5, 90, 0.2)
    for _ in range(rng.randint(1, 6)):
        left, right, sag = rng.uniform(0, SIDE), rng.uniform(0, SIDE), rng.uniform(0, 50)
        x = np.linspace(0, 1, 24)
        y = left + (right - left) * x + sag * 4 * x * (1 - x)
        points = np.stack([x * SIDE, y], axis=1).astype(np.int32)
        thick = rng.randint(1, 3)
        cv2.polylines(canvas.image, [points], False, color, thick, cv2.LINE_AA)
        cv2.polylines(canvas.mask, [points], False, 255, thick, cv2.LINE_AA)


def _wheel(canvas: Canvas, rng: random.Random) -> None:
    middle, radius = (SIDE / 2, SIDE / 2), rng.uniform(50, 90)
    rim, spoke = _color(rng, 10, 100, 0.1), _color(rng, 60, 220, 0.2)
    canvas.disc(middle, radius, rim, max(2, int(radius * rng.uniform(0.06, 0.3))))
    count = rng.randint(5, 24)
    for number in range(count):
        angle = 2 * math.pi * number / count
        end = middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)
        canvas.bar(middle, end, rng.randint(1, 4), spoke)
    canvas.disc(middle, radius * 0.15, spoke)


def _sign(canvas: Canvas, rng: random.Random) -> None:
    """A board with an arrow or a pictogram of a person; a warning triangle."""
    board, mark = _color(rng), _color(rng)
    kind = rng.randrange(3)
    if kind == 0:
        canvas.polygon(_rectangle(20, 50, SIDE - 20, SIDE - 50), board)
        canvas.polygon(_rectangle(45, 88, 115, 104), mark)
        canvas.polygon(np.array([[112, 66], [150, 96], [112, 126]]), mark)
    elif kind == 1:
        canvas.disc((SIDE / 2, SIDE / 2), 80, board)
        canvas.disc((SIDE / 2, 62), 15, mark)
        canvas.polygon(np.array([[78, 82], [114, 82], [124, 150], [68, 150]]), mark)
    else:
        canvas.polygon(np.array([[96, 14], [180, 164], [12, 164]]), mark)
        canvas.polygon(np.array([[96, 40], [158, 152], [34, 152]]), board)


def _strokes(canvas: Canvas, rng: random.Random) -> None:
    """Rows of strokes in the size of words, blurred until no stroke is left to be read."""
    canvas.fill(_color(rng, 120, 245, 0.2))
    ink, height = _color(rng, 5, 90), rng.uniform(7, 13)
    for y in np.arange(12, SIDE - 12, height * rng.uniform(1.5, 2.2)):
        x = 10.0
        while x < SIDE - 16:
            if rng.random() < 0.82:
                lean = rng.uniform(-2, 2)
                top = y + rng.uniform(0, 0.4) * height
                canvas.bar((x, top), (x + lean, y + height), rng.randint(1, 2), ink)
            x += rng.uniform(2.0, 4.0)
    canvas.image = cv2.GaussianBlur(canvas.image, (0, 0), 0.33 * height)


DRAWERS: Tuple[Callable[[Canvas, random.Random], None], ...] = (
    _railing,
    _mesh,
    _bricks,
    _windows,
    _leaves,
    _lamps,
    _cables,
    _wheel,
    _sign,
    _strokes,
)
