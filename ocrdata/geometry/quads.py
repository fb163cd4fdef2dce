"""Many four-cornered boxes at once: order of corners, areas, intersections.

Quads are float [n, 4, 2] in pixels, y pointing down; clockwise is meant as seen on the screen.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np

# Lines nearer than this, in pixels, are one line.
SAME_LINE = 1e-6
# Pairs worked on at once: enough to hide NumPy's overhead, few enough for the processor's cache.
_CHUNK = 2048


def cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the third component of the vector product of [..., 2] arrays."""
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def sides(quads: np.ndarray) -> np.ndarray:
    """Returns the vectors from each corner to the next, [n, 4, 2]."""
    return np.roll(quads, -1, axis=1) - quads


def quad_areas(quads: np.ndarray) -> np.ndarray:
    """Returns the signed areas [n] in square pixels, positive for clockwise quads."""
    return cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]) / 2.0


def turns(quads: np.ndarray) -> np.ndarray:
    """Returns [n, 4]: twice the signed area of each corner with its two neighbours."""
    along = sides(quads)
    return cross(np.roll(along, 1, axis=1), along)


def clockwise_quads(quads: np.ndarray) -> np.ndarray:
    """Returns the quads clockwise, each beginning with the same corner as before."""
    backwards = quad_areas(quads) < 0
    if not backwards.any():
        return quads
    return np.where(backwards[:, None, None], quads[:, [0, 3, 2, 1]], quads)


def crossed(quads: np.ndarray) -> np.ndarray:
    """Says which quads have two sides that cross each other, bool [n]."""
    turn = turns(quads)
    return ((turn > 0).sum(axis=1) == 2) & ((turn < 0).sum(axis=1) == 2)


def uncross(quads: np.ndarray) -> np.ndarray:
    """Returns the quads with their corners clockwise around their mean; the first stays first."""
    offset = quads - quads.mean(axis=1, keepdims=True)
    angle = np.arctan2(offset[..., 1], offset[..., 0])
    order = np.argsort((angle - angle[:, :1]) % (2 * np.pi), axis=1)
    return quads[np.arange(len(quads))[:, None], order]


def convex(quads: np.ndarray) -> np.ndarray:
    """Returns the quads clockwise, those that are not convex as their convex hull.

    A hull of three corners repeats one of them.
    """
    quads = clockwise_quads(quads)
    odd = (turns(quads) < 0).any(axis=1)
    if not odd.any():
        return quads
    mended = uncross(quads[odd])
    inward = turns(mended) < 0
    mended = np.where(inward[..., None], np.roll(mended, 1, axis=1), mended)
    result = quads.copy()
    result[odd] = mended
    return result


def enclosing_rectangles(quads: np.ndarray) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the smallest rectangle around each quad: angle [n], low [n, 2] and high [n, 2].

    `low` and `high` limit the coordinates along the axes turned by the angle, which is in
    [-pi/4, pi/4). One side of the smallest rectangle lies along a side of the convex hull, so the
    six directions between two corners are all that need trying. Of equally small ones, as every
    triangle has, the least turned is taken.
    """
    first, second = np.triu_indices(4, 1)
    along = quads[:, second] - quads[:, first]
    angles = np.arctan2(along[..., 1], along[..., 0])
    angles -= np.floor(angles / (np.pi / 2) + 0.5) * (np.pi / 2)
    turned = turn_axes(quads[:, None], angles[..., None])
    low, high = turned.min(axis=2), turned.max(axis=2)
    area = np.prod(high - low, axis=2)
    small = area <= area.min(axis=1, keepdims=True) * (1 + 1e-9)
    best = np.argmin(np.where(small, np.abs(angles), np.inf), axis=1)
    row = np.arange(len(quads))
    return angles[row, best], low[row, best], high[row, best]


def turn_axes(points: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Returns the coordinates of points [..., 2] along axes turned clockwise by `angle` [...]."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y = points[..., 0], points[..., 1]
    return np.stack([x * cosine + y * sine, y * cosine - x * sine], axis=-1)


def quad_overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the intersection over union of pairs of convex clockwise quads, float64 [n]."""
    shared = intersections(first, second)
    union = quad_areas(first) + quad_areas(second) - shared
    return shared / np.maximum(union, 1e-12)


def intersections(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the areas shared by pairs of convex clockwise quads [n, 4, 2], float64 [n].

    By Green's theorem: the outline of what is shared consists of the parts of either quad's sides
    that lie inside the other one. A side that both have is counted for the first quad only.
    """
    result = np.zeros(len(first))
    for at in range(0, len(first), _CHUNK):
        part = slice(at, at + _CHUNK)
        origin = first[part, :1]
        result[part] = _shared(_columns(first[part] - origin), _columns(second[part] - origin))
    return result


def _columns(quads: np.ndarray) -> np.ndarray:
    """Returns x and y as float64 [2, 4, n]: long inner rows are what NumPy is fast at."""
    return np.ascontiguousarray(quads.transpose(2, 1, 0), dtype=np.float64)


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    along, across = np.roll(first, -1, axis=1) - first, np.roll(second, -1, axis=1) - second
    start, end = _distances(first, second, across)
    begin, finish = _distances(second, first, along)
    same = _same_line(start, end, begin, finish)
    if same.any():
        # Inside for the first quad if both run the same way, outside in every other case.
        facing = (along[:, :, None] * across[:, None]).sum(axis=0) > 0
        inside = np.where(facing, 0.0, -1.0)
        start, end = np.where(same, inside, start), np.where(same, inside, end)
        same = same.swapaxes(0, 1)
        begin, finish = np.where(same, -1.0, begin), np.where(same, -1.0, finish)
    moments, others = _moments(first), _moments(second)
    twice = (_inside(start, end) * moments + _inside(begin, finish) * others).sum(axis=0)
    # A quad without area has no lines to be outside of.
    most = np.minimum(moments.sum(axis=0), others.sum(axis=0))
    return np.clip(twice, 0.0, np.maximum(most, 0.0)) / 2.0


def _distances(
    corners: np.ndarray, origin: np.ndarray, direction: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns how far inside lines a quad's sides start and end, each [4 sides, 4 lines, n]."""
    length = np.sqrt(direction[0] ** 2 + direction[1] ** 2)
    some = length > SAME_LINE
    unit = direction / np.where(some, length, 1.0)
    x, y = corners[0][:, None] - origin[0], corners[1][:, None] - origin[1]
    # A repeated corner is no line: everything is inside it.
    start = np.where(some, unit[0] * y - unit[1] * x, 1.0)
    return start, np.roll(start, -1, axis=0)


def _same_line(
    start: np.ndarray, end: np.ndarray, begin: np.ndarray, finish: np.ndarray
) -> np.ndarray:
    """Says where a side of the first and one of the second quad lie on one line, [4, 4, n]."""
    one = np.maximum(np.abs(start), np.abs(end))
    other = np.maximum(np.abs(begin), np.abs(finish)).swapaxes(0, 1)
    return np.maximum(one, other) < SAME_LINE


def _inside(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Returns the share of each side that is inside all four lines, [4 sides, n]."""
    slope = start - end
    parallel = slope == 0
    at = start / np.where(parallel, 1.0, slope)
    enter = np.where(slope < 0, at, 0.0).max(axis=1)
    leave = np.where(slope > 0, at, 1.0).min(axis=1)
    outside = (parallel & (start < 0)).any(axis=1)
    share = np.minimum(leave, 1.0) - np.maximum(enter, 0.0)
    return np.where(outside, 0.0, np.maximum(share, 0.0))


def _moments(corners: np.ndarray) -> np.ndarray:
    following = np.roll(corners, -1, axis=1)
    return corners[0] * following[1] - corners[1] * following[0]
