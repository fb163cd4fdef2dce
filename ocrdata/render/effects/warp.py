"""The one warp of a line: size, place, rotation, shear, perspective, wave and elastic bending.

Coordinates are continuous: pixel i reaches from i to i + 1. What is new carries no ink, so no
corner is black. `line_geometry.py` finds where a line goes.
"""

from __future__ import annotations

import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.noise import smooth_field
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.text_bitmap import CharacterBox

# So far, in pixels a pixel of height, perspective may make a letter lean.
MAX_LEAN = 0.3


class Frame(NamedTuple):
    """What the picture must be: its fixed side, a fixed length or None, and the direction."""

    height: int
    length: Optional[int] = None
    vertical: bool = False


class Wave(NamedTuple):
    """A displacement across the line: amplitude and period in pixels, and where it starts."""

    amplitude: float
    period: float
    phase: float


class Placement(NamedTuple):
    """Where a bitmap goes: its matrix (3 x 3) to a canvas of `width` x `height`, and bends.

    With `exact` it is copied to that corner, x and y in whole pixels, and has no matrix.
    """

    matrix: np.ndarray
    width: int
    height: int
    scale: float
    exact: Optional[Tuple[int, int]]
    wave: Optional[Wave]
    elastic: float
    elastic_at: float
    vertical: bool


class Shape(NamedTuple):
    """A homography about the middle of a box, by its numbers, and the warped box's bounds.

    Plain numbers: NumPy would take ten times as long for so few.
    """

    affine: Tuple[float, float, float, float]
    tilt: Tuple[float, float]
    middle: Tuple[float, float]
    low: Tuple[float, float]
    high: Tuple[float, float]


def shape_of(box: CharacterBox, scale: float, style: LineStyle, frame: Frame) -> Shape:
    """Returns how a style turns, shears and tilts a box that is scaled."""
    width, height = max(box[2] - box[0], 1.0), max(box[3] - box[1], 1.0)
    length = height if frame.vertical else width * style.stretch
    rise = style.rise * frame.height / (scale * length)
    limit = math.degrees(math.asin(min(1.0, rise)))
    angle = math.radians(max(-limit, min(limit, style.rotation)))
    cos, sin, shear = math.cos(angle) * scale, math.sin(angle) * scale, style.shear
    a, b, c, d = cos, sin - shear * cos, -sin, cos + shear * sin
    a, c = a * style.stretch, c * style.stretch
    # At the ends of a long line the letters lean with the tilt across it.
    kx = _within(style.perspective_x / width, 2.0 * MAX_LEAN / height)
    ky = _within(style.perspective_y / height, 2.0 * MAX_LEAN / width)
    middle = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
    x, y = width / 2.0, height / 2.0
    if not (kx or ky):
        reach = abs(a) * x + abs(b) * y, abs(c) * x + abs(d) * y
        return Shape((a, b, c, d), (kx, ky), middle, (-reach[0], -reach[1]), reach)
    # Clockwise from the top left; opposite corners differ by their signs.
    one, other = (a * x + b * y, c * x + d * y), (a * x - b * y, c * x - d * y)
    near, far = kx * x + ky * y, kx * x - ky * y
    xs = -one[0] / (1 - near), other[0] / (1 + far), one[0] / (1 + near), -other[0] / (1 - far)
    ys = -one[1] / (1 - near), other[1] / (1 + far), one[1] / (1 + near), -other[1] / (1 - far)
    return Shape((a, b, c, d), (kx, ky), middle, (min(xs), min(ys)), (max(xs), max(ys)))


def _within(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def matrix_of(shape: Shape, factor: Sequence[float], centre: Sequence[float]) -> np.ndarray:
    """Returns middle to centre, by way of affine, tilt and the two factors."""
    (a, b, c, d), (kx, ky), (mx, my) = shape.affine, shape.tilt, shape.middle
    a, b, c, d = a * factor[0], b * factor[0], c * factor[1], d * factor[1]
    a, b = a + centre[0] * kx, b + centre[0] * ky
    c, d = c + centre[1] * kx, d + centre[1] * ky
    x, y = centre[0] - a * mx - b * my, centre[1] - c * mx - d * my
    return np.array(((a, b, x), (c, d, y), (kx, ky, 1.0 - kx * mx - ky * my)))


def box_corners(boxes: np.ndarray) -> np.ndarray:
    """Returns the corners (float64 [n, 4, 2], clockwise from the top left) of boxes [n, 4]."""
    return boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2).astype(np.float64)


def transform(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Applies a homography to points [..., 2]."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return moved[..., :2] / moved[..., 2:]


def warp_ink(ink: np.ndarray, place: Placement, oversample: int = 1) -> np.ndarray:
    """Returns the ink on its canvas, uint8 [height, width].

    With `oversample` the canvas is drawn that much larger and averaged, which keeps thin strokes
    of small text as FreeType would draw them.
    """
    if place.exact is not None:
        return _copy(ink, place)
    matrix = _pixels(place.matrix, oversample)
    size = (place.width * oversample, place.height * oversample)
    if place.wave or place.elastic:
        canvas = _remap(ink, matrix, size, place, oversample)
    elif abs(matrix[2, 0]) + abs(matrix[2, 1]) > 1e-9:
        canvas = cv2.warpPerspective(ink, matrix, size, flags=cv2.INTER_LINEAR)
    else:
        canvas = cv2.warpAffine(ink, matrix[:2], size, flags=cv2.INTER_LINEAR)
    if oversample > 1:
        canvas = cv2.resize(canvas, (place.width, place.height), interpolation=cv2.INTER_AREA)
    return canvas


def _pixels(matrix: np.ndarray, factor: int) -> np.ndarray:
    """Returns a matrix between pixels' centres, counted from 0, on a canvas so much finer."""
    (a, b, x), (c, d, y), (kx, ky, w) = matrix.tolist()
    x, y, w = x + (a + b) / 2.0, y + (c + d) / 2.0, w + (kx + ky) / 2.0
    # Written out: lists of three take twice as long.
    across = factor * a - 0.5 * kx, factor * b - 0.5 * ky, factor * x - 0.5 * w
    down = factor * c - 0.5 * kx, factor * d - 0.5 * ky, factor * y - 0.5 * w
    return np.array((across, down, (kx, ky, w)))


def _copy(ink: np.ndarray, place: Placement) -> np.ndarray:
    x, y = place.exact or (0, 0)
    height, width = ink.shape
    canvas = np.zeros((place.height, place.width), np.uint8)
    if x < 0 or y < 0 or y + height > place.height or x + width > place.width:
        ink = ink[max(-y, 0) : place.height - y, max(-x, 0) : place.width - x]
        x, y, (height, width) = max(x, 0), max(y, 0), ink.shape
    canvas[y : y + height, x : x + width] = ink
    return canvas


def _remap(
    ink: np.ndarray, matrix: np.ndarray, size: Tuple[int, int], place: Placement, factor: int
) -> np.ndarray:
    x = np.arange(size[0], dtype=np.float32)
    y = np.arange(size[1], dtype=np.float32)
    bent = np.zeros(1, np.float32)
    if place.wave:
        run = y if place.vertical else x
        bent = _wave(place.wave, (run + np.float32(0.5)) / factor) * np.float32(factor)
    field = _field(place, factor) if place.elastic else None
    tilted = bool(matrix[2, 0] or matrix[2, 1])
    sources: List[Any] = []
    for a, b, c in _inverse(matrix)[: 3 if tilted else 2]:
        # Both are lines of numbers, and become a plane only where they meet.
        across, down = x * np.float32(a) + np.float32(c), y * np.float32(b)
        if place.vertical:
            down = down - bent * np.float32(a)
        else:
            across = across - bent * np.float32(b)
        plane: Any = across + down[:, None]
        if field is not None:
            reach = place.elastic * factor
            plane += cv2.addWeighted(field[0], -a * reach, field[1], -b * reach, 0.0)
        sources.append(plane)
    if tilted:
        for source in sources[:2]:
            source /= sources[2]
    return cv2.remap(ink, sources[0], sources[1], cv2.INTER_LINEAR)


def _inverse(matrix: np.ndarray) -> List[List[float]]:
    """Returns the inverse of a 3 x 3 matrix, but for a factor, with 1 as its last number."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    rows = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ]
    return [[number / rows[2][2] for number in row] for row in rows]


def _wave(wave: Wave, run: np.ndarray) -> np.ndarray:
    """Returns how far points at `run` pixels along the line are bent, in pixels."""
    turn = np.float32(2 * math.pi) * (run / np.float32(wave.period) + np.float32(wave.phase))
    return np.float32(wave.amplitude) * np.sin(turn, dtype=np.float32)


def _field(place: Placement, factor: int) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the elastic field's x and y on a canvas so much finer, in [-1, 1]."""
    cell = max(4.0, 0.6 * min(place.width, place.height))
    shape = (place.height * factor, place.width * factor)
    return smooth_field(place.elastic_at, shape, cell * factor)


def _displacement(place: Placement, points: np.ndarray) -> np.ndarray:
    """Returns how far points [..., 2] are bent, in pixels of the canvas."""
    moved = np.zeros(points.shape)
    if place.wave:
        along, across = (1, 0) if place.vertical else (0, 1)
        moved[..., across] = _wave(place.wave, points[..., along])
    if place.elastic:
        fields = _field(place, 1)
        column = np.clip(points[..., 0], 0, place.width - 1).astype(np.intp)
        row = np.clip(points[..., 1], 0, place.height - 1).astype(np.intp)
        moved += place.elastic * np.stack([field[row, column] for field in fields], axis=-1)
    return moved


def warp_quads(corners: np.ndarray, place: Placement) -> np.ndarray:
    """Returns the quads (float32 [n, 4, 2], clockwise) of corners [n, 4, 2] of the bitmap."""
    if place.exact is not None:
        return (corners + place.exact).astype(np.float32)
    quads = transform(place.matrix, corners)
    if place.wave or place.elastic:
        start = quads
        for _ in range(2):
            quads = start + _displacement(place, quads)
    return quads.astype(np.float32)
