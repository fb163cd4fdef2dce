"""Polygons as float32 [n, 2] arrays of pixel coordinates, y pointing down, and cuts along them."""

from __future__ import annotations

from typing import Iterable, Sequence, Tuple

import cv2
import numpy as np


def as_polygon(points: Iterable[Iterable[float]]) -> np.ndarray:
    """Returns points as a polygon, float32 [n, 2]."""
    return np.array([tuple(point) for point in points], np.float32).reshape(-1, 2)


def signed_area(polygon: np.ndarray) -> float:
    """Returns the area in square pixels, positive if the corners run clockwise on the screen."""
    x, y = polygon[:, 0].astype(np.float64), polygon[:, 1].astype(np.float64)
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2.0


def clockwise(polygon: np.ndarray) -> np.ndarray:
    """Returns the polygon with its corners clockwise on the screen; the first one stays first."""
    if signed_area(polygon) >= 0:
        return polygon
    return np.concatenate([polygon[:1], polygon[:0:-1]])


def crosses_itself(polygon: np.ndarray) -> bool:
    """Says whether two sides cross; sides that only touch do not."""
    start = polygon.astype(np.float64)
    end = np.roll(start, -1, axis=0)
    count = len(start)
    for i in range(count):
        for j in range(i + 2, count - (i == 0)):
            if _cross(start[i], end[i], start[j], end[j]):
                return True
    return False


def _cross(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> bool:
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> float:
    along, across = b - a, point - a
    return float(along[0] * across[1] - along[1] * across[0])


def bounds(polygon: np.ndarray) -> Tuple[float, float, float, float]:
    """Returns left, top, right and bottom."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def smallest_quad(polygon: np.ndarray) -> np.ndarray:
    """Returns the smallest rotated rectangle around a polygon: float32 [4, 2], from top-left on."""
    box = cv2.boxPoints(cv2.minAreaRect(polygon.astype(np.float32)))
    return from_top_left(clockwise(np.asarray(box, np.float32)))


def to_quads(polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Returns polygons [n, 2] as quads, float32 [k, 4, 2]: the smallest one where n is not 4."""
    quads = [polygon if len(polygon) == 4 else smallest_quad(polygon) for polygon in polygons]
    return np.array(quads, np.float32).reshape(-1, 4, 2)


def from_top_left(quad: np.ndarray) -> np.ndarray:
    """Returns the corners in the same order, beginning with the one nearest to the top left."""
    return np.roll(quad, -int(np.argmin(quad.sum(axis=1))), axis=0)


def is_upright(quad: np.ndarray) -> bool:
    """Says whether four corners are an upright rectangle, clockwise from top-left."""
    left, top, right, bottom = bounds(quad)
    expected = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    return quad.shape == (4, 2) and bool((quad == expected).all())


def cut_box(image: np.ndarray, polygon: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Returns the part of an image [h, w, c] under the polygon's upright bounds.

    `margin` widens them by that share of their smaller side. Where nothing of the picture lies
    inside, a side of the result is 0.
    """
    left, top, right, bottom = bounds(polygon)
    extra = margin * min(right - left, bottom - top)
    height, width = image.shape[:2]
    x0, x1 = np.clip([round(left - extra), round(right + extra)], 0, width).astype(int)
    y0, y1 = np.clip([round(top - extra), round(bottom + extra)], 0, height).astype(int)
    return image[y0:y1, x0:x1]


def rectify(image: np.ndarray, quad: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Returns the part of an image [h, w, c] inside four corners, made a rectangle by perspective.

    The corners are text's top-left, top-right, bottom-right, bottom-left. An upright rectangle is
    cut out as it is, without resampling. The size is the mean length of opposite sides, in pixels.
    """
    if is_upright(quad):
        return cut_box(image, quad, margin)
    sides = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    width, height = (sides[0] + sides[2]) / 2.0, (sides[1] + sides[3]) / 2.0
    extra = margin * min(width, height)
    # No crop is larger than its picture, whatever the annotation says.
    columns = int(np.clip(round(width + 2 * extra), 0, 2 * max(image.shape[:2])))
    rows = int(np.clip(round(height + 2 * extra), 0, 2 * max(image.shape[:2])))
    if not columns or not rows:
        return image[:0, :0]
    target = np.array(
        [
            (extra, extra),
            (columns - extra, extra),
            (columns - extra, rows - extra),
            (extra, rows - extra),
        ],
        np.float32,
    )
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    return cv2.warpPerspective(
        image, matrix, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
