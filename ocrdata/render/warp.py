"""The one warp of a line: size, place, rotation, shear, perspective, wave and elastic bending.

Coordinates are continuous: pixel i reaches from i to i + 1. The canvas is made to hold the warped
box of the ink, so nothing is ever clipped, and what is new carries no ink, so no corner is black.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.banks import smooth_field
from ocrdata.render.layout import Box
from ocrdata.render.style import LineStyle

# A line may rise by this share of the picture's height from end to end, and be condensed so far.
MAX_RISE = 0.3
MIN_CONDENSED = 0.7


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
    """Where a strip goes: its matrix (3 x 3) to a canvas of `width` x `height`, and bends."""

    matrix: np.ndarray
    width: int
    height: int
    scale: float
    exact: Optional[Tuple[int, int]]
    wave: Optional[Wave]
    elastic: float
    elastic_at: float
    vertical: bool


def place_strip(
    box: Box, em: Tuple[float, float, float], style: LineStyle, frame: Frame
) -> Placement:
    """Finds the canvas and the matrix for a strip whose ink, with all around it, fills `box`.

    `em` is (left, top, size) of the em box in the strip, in pixels. The line is made smaller
    where it would not fit the picture's fixed side.
    """
    side = frame.height
    scale = style.size * side / em[2]
    if _is_plain(style, scale):
        found = _place_exactly(box, em, style, frame)
        if found is not None:
            return found
    shape = shape_of(box, scale, style, frame)
    across, along = (0, 1) if frame.vertical else (1, 0)
    bend = style.curve * side + style.elastic * em[2] * scale
    room = side - 2.0 * bend
    factor = [min(1.0, 0.999 * room / (shape.high[across] - shape.low[across]))] * 2
    before, behind = style.margin_left * side, style.margin_right * side
    if frame.length is not None:
        before, behind = min(before, 0.1 * frame.length), min(behind, 0.1 * frame.length)
        free = frame.length - before - behind - 2.0 * bend
        room = free / ((shape.high[along] - shape.low[along]) * factor[along])
        less = min(1.0, room / MIN_CONDENSED)
        factor[along] *= min(1.0, max(room, MIN_CONDENSED)) * less
        factor[across] *= less
    low = [edge * by - bend for edge, by in zip(shape.low, factor)]
    high = [edge * by + bend for edge, by in zip(shape.high, factor)]
    extent = high[along] - low[along]
    length = frame.length or max(8, int(math.ceil(before + extent + behind)))
    centre = [0.0, 0.0]
    centre[along] = before - low[along]
    if frame.length is not None:
        centre[along] += style.align * max(0.0, length - before - behind - extent)
    em_size = em[2] * scale * factor[across]
    middle = em[across] + em[2] / 2.0 - (box[across] + box[across + 2]) / 2.0
    wanted = side / 2.0 + style.shift * (side - em_size) / 2.0 - middle * scale * factor[across]
    centre[across] = min(max(wanted, -low[across]), side - high[across])
    size = (side, length) if frame.vertical else (length, side)
    matrix = matrix_of(shape, factor, centre)
    return _placement(matrix, size, scale * min(factor), style, extent, frame.vertical)


def _is_plain(style: LineStyle, scale: float) -> bool:
    return (
        abs(scale - 1.0) < 0.02
        and not (style.rotation or style.shear or style.perspective_x or style.perspective_y)
        and not (style.curve or style.elastic)
    )


def _place_exactly(
    box: Box, em: Tuple[float, float, float], style: LineStyle, frame: Frame
) -> Optional[Placement]:
    """Puts the strip on whole pixels, without any resampling; None where it does not fit."""
    side = frame.height
    across, along = (0, 1) if frame.vertical else (1, 0)
    size = (box[2] - box[0], box[3] - box[1])
    before, behind = (int(round(m * side)) for m in (style.margin_left, style.margin_right))
    length = max(8, before + int(math.ceil(size[along])) + behind)
    if frame.length is not None:
        before, length = min(before, frame.length // 10), frame.length
        free = length - 2 * before - int(math.ceil(size[along]))
        if free < 0:
            return None
        before += int(round(style.align * free))
    if size[across] > side:
        return None
    top = (side - em[2]) / 2.0 * (1.0 + style.shift) - em[across]
    corner = int(min(max(round(top + box[across]), 0), side - math.ceil(size[across])))
    place = [0, 0]
    place[along], place[across] = before - int(box[along]), corner - int(box[across])
    matrix = np.array([[1.0, 0.0, place[0]], [0.0, 1.0, place[1]], [0.0, 0.0, 1.0]])
    width, height = (side, length) if frame.vertical else (length, side)
    exact = (place[0], place[1])
    return Placement(matrix, width, height, 1.0, exact, None, 0.0, 0.0, frame.vertical)


class Shape(NamedTuple):
    """A homography about the middle of a box, by its numbers, and the warped box's bounds.

    Plain numbers: NumPy would take ten times as long for so few.
    """

    affine: Tuple[float, float, float, float]
    tilt: Tuple[float, float]
    middle: Tuple[float, float]
    low: Tuple[float, float]
    high: Tuple[float, float]


def shape_of(box: Box, scale: float, style: LineStyle, frame: Frame) -> Shape:
    """Returns how a style turns, shears and tilts a box that is scaled."""
    width, height = max(box[2] - box[0], 1.0), max(box[3] - box[1], 1.0)
    rise = MAX_RISE * frame.height / (scale * (height if frame.vertical else width))
    limit = math.degrees(math.asin(min(1.0, rise)))
    angle = math.radians(max(-limit, min(limit, style.rotation)))
    cos, sin, shear = math.cos(angle) * scale, math.sin(angle) * scale, style.shear
    a, b, c, d = cos, sin - shear * cos, -sin, cos + shear * sin
    kx, ky = style.perspective_x / width, style.perspective_y / height
    xs, ys = [], []
    for x, y in ((-width, -height), (width, -height), (width, height), (-width, height)):
        x, y = x / 2.0, y / 2.0
        w = 1.0 + kx * x + ky * y
        xs.append((a * x + b * y) / w)
        ys.append((c * x + d * y) / w)
    middle = (box[0] + box[2]) / 2.0, (box[1] + box[3]) / 2.0
    return Shape((a, b, c, d), (kx, ky), middle, (min(xs), min(ys)), (max(xs), max(ys)))


def matrix_of(shape: Shape, factor: Sequence[float], centre: Sequence[float]) -> np.ndarray:
    """Returns middle to centre, by way of affine, tilt and the two factors."""
    (a, b, c, d), (kx, ky), (mx, my) = shape.affine, shape.tilt, shape.middle
    a, b, c, d = a * factor[0], b * factor[0], c * factor[1], d * factor[1]
    a, b = a + centre[0] * kx, b + centre[0] * ky
    c, d = c + centre[1] * kx, d + centre[1] * ky
    x, y = centre[0] - a * mx - b * my, centre[1] - c * mx - d * my
    return np.array(((a, b, x), (c, d, y), (kx, ky, 1.0 - kx * mx - ky * my)))


def _placement(
    matrix: np.ndarray,
    size: Tuple[int, int],
    scale: float,
    style: LineStyle,
    extent: float,
    vertical: bool,
) -> Placement:
    wave = None
    if style.curve:
        period = max(style.curve_period * max(extent, 1.0), 2.0 * min(size))
        wave = Wave(style.curve * min(size), period, style.curve_at)
    elastic = style.elastic * style.size * min(size)
    return Placement(
        matrix, size[0], size[1], scale, None, wave, elastic, style.elastic_at, vertical
    )


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
    rows = [
        [factor * e - 0.5 * f for e, f in zip(row, (kx, ky, w))] for row in ((a, b, x), (c, d, y))
    ]
    return np.array((rows[0], rows[1], (kx, ky, w)))


def _copy(ink: np.ndarray, place: Placement) -> np.ndarray:
    x, y = place.exact or (0, 0)
    height, width = ink.shape
    canvas = np.zeros((place.height, place.width), np.uint8)
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + height, place.height), min(x + width, place.width)
    canvas[top:bottom, left:right] = ink[top - y : bottom - y, left - x : right - x]
    return canvas


def _remap(
    ink: np.ndarray, matrix: np.ndarray, size: Tuple[int, int], place: Placement, factor: int
) -> np.ndarray:
    inverse: Any = np.linalg.inv(matrix)
    inverse = (inverse / inverse[2, 2]).astype(np.float32)
    x: Any = np.arange(size[0], dtype=np.float32)[None, :]
    y: Any = np.arange(size[1], dtype=np.float32)[:, None]
    dx, dy = _displacement(place, (x + 0.5) / factor, (y + 0.5) / factor)
    x, y = x - dx * np.float32(factor), y - dy * np.float32(factor)
    source_x = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]
    source_y = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]
    if inverse[2, 0] or inverse[2, 1]:
        below = inverse[2, 0] * x + inverse[2, 1] * y + np.float32(1.0)
        source_x, source_y = source_x / below, source_y / below
    shape = (size[1], size[0])
    source_x, source_y = np.broadcast_to(source_x, shape), np.broadcast_to(source_y, shape)
    return cv2.remap(
        ink, np.ascontiguousarray(source_x), np.ascontiguousarray(source_y), cv2.INTER_LINEAR
    )


def _displacement(place: Placement, x: np.ndarray, y: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Returns how far points are bent, in pixels of the canvas, float32."""
    dx = dy = np.zeros((1, 1), np.float32)
    if place.wave:
        run = y if place.vertical else x
        turn = np.float32(2 * math.pi) * (run / place.wave.period + place.wave.phase)
        bent = np.float32(place.wave.amplitude) * np.sin(turn, dtype=np.float32)
        dx, dy = (dx + bent, dy) if place.vertical else (dx, dy + bent)
    if place.elastic:
        cell = max(4.0, 0.6 * min(place.width, place.height))
        shape = (place.height, place.width)
        field_x, field_y = smooth_field(place.elastic_at, shape, cell)
        column = np.clip(x, 0, place.width - 1).astype(np.intp)
        row = np.clip(y, 0, place.height - 1).astype(np.intp)
        dx = dx + np.float32(place.elastic) * field_x[row, column]
        dy = dy + np.float32(place.elastic) * field_y[row, column]
    return dx, dy


def warp_boxes(boxes: np.ndarray, place: Placement) -> np.ndarray:
    """Returns the quads (float32 [n, 4, 2], clockwise) of boxes [n, 4] of the strip."""
    quads = transform(place.matrix, box_corners(boxes))
    if place.wave or place.elastic:
        start = quads
        for _ in range(2):
            dx, dy = _displacement(place, quads[..., 0], quads[..., 1])
            quads = start + np.stack(np.broadcast_arrays(dx, dy), axis=-1)
    return quads.astype(np.float32)
