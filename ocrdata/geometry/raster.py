"""Polygons to map cells, exactly: a cell is inside if its sample point is.

Cell (row i, column j) of a map with stride s stands for the picture's point (x = s * j, y = s * i).
OpenCV's `fillPoly` also draws the outline, which at stride 4 makes a line of text 4 px thicker.
"""

from __future__ import annotations

from typing import Sequence, Tuple, Union

import numpy as np

Paths = Union[np.ndarray, Sequence[np.ndarray]]


def map_shape(size: Tuple[int, int], stride: int) -> Tuple[int, int]:
    """Returns rows and columns of the map of a picture of `size` = (height, width) pixels."""
    return -(-size[0] // stride), -(-size[1] // stride)


def ranges(start: np.ndarray, stop: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Joins the half-open integer ranges [start, stop): (which range, value), both int64 [sum]."""
    count = np.maximum(stop - start, 0)
    which = np.repeat(np.arange(len(count)), count)
    shift = start - (np.cumsum(count) - count)
    return which, np.arange(len(which)) + shift[which]


def fill(
    paths: Paths, owner: np.ndarray, shape: Tuple[int, int], stride: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the cells inside polygons: (flat cell index, owner), both int64 [k], owners rising.

    `paths` are float [n, 2] polygons in pixels, `owner` int [len(paths)] says whose they are; those
    of one owner count together. The even-odd rule decides; a point on a left or upper side is
    inside, on a right or lower side outside, so that polygons that touch share no cell.
    """
    return fill_joined(*join(paths), owner, shape, stride)


def fill_joined(
    points: np.ndarray, count: np.ndarray, owner: np.ndarray, shape: Tuple[int, int], stride: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Is `fill` of paths that are one behind the other in `points`, of `count` points each."""
    if not len(points):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    start, end, whose = sides_of(points, count, np.asarray(owner, np.int64))
    line, x = _crossings(start / stride, end / stride, whose, shape[0])
    x = np.clip(x, 0, shape[1])
    # One key sorts seven times as fast as two. It rounds x to a millionth of a cell, no more.
    # Each side's crossings are in order already, which a stable sort makes use of.
    order = np.argsort(line * (2.0 * shape[1]) + x, kind="stable")
    line, x = line[order[::2]], x[order]
    low, high = np.minimum(x[::2], x[1::2]), np.maximum(x[::2], x[1::2])
    row = line % shape[0] * shape[1]
    run, cells = ranges(row + np.ceil(low).astype(np.int64), row + np.ceil(high).astype(np.int64))
    return cells, (line // shape[0])[run]


def join(paths: Paths) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the points of all paths, float64 [points, 2], and how many each one has."""
    if not len(paths):
        return np.zeros((0, 2)), np.zeros(0, np.int64)
    return np.concatenate(paths).astype(np.float64), np.array([len(path) for path in paths])


def sides_of(
    points: np.ndarray, count: np.ndarray, owner: np.ndarray
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns where all sides start and end, float64 [sides, 2], and whose each one is."""
    following = np.arange(1, len(points) + 1)
    last = np.cumsum(count)
    following[last - 1] = last - count
    return points, points[following], np.repeat(owner, count)


def _crossings(
    start: np.ndarray, end: np.ndarray, whose: np.ndarray, rows: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns where sides meet the rows' sample lines: (owner * rows + row, x in cells)."""
    top = np.minimum(start[:, 1], end[:, 1])
    bottom = np.maximum(start[:, 1], end[:, 1])
    limits = np.clip(np.ceil([top, bottom]), 0, rows).astype(np.int64)
    side, row = ranges(limits[0], limits[1])
    # Column by column, which NumPy gathers several times as fast as rows of two.
    (x, y), (right, down) = start.T, (end - start).T
    meeting = x[side] + (row - y[side]) * right[side] / down[side]
    return whose[side] * rows + row, meeting


def topmost(cells: np.ndarray, owner: np.ndarray, shape: Tuple[int, int]) -> np.ndarray:
    """Returns the largest owner of each cell, int64 [rows * columns], -1 where there is none."""
    result = np.full(shape[0] * shape[1], -1, np.int64)
    while len(cells):
        # NumPy does not promise which of two values for one cell stays, so ask until none is lost.
        result[cells] = owner
        lost = owner > result[cells]
        cells, owner = cells[lost], owner[lost]
    return result
