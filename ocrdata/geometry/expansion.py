"""PSENet's progressive scale expansion and the text regions it ends with.

Wang et al. 2019, arXiv 1806.02559, section 3.3 and algorithm 1.
"""

from __future__ import annotations

from typing import List, Optional, Tuple

import cv2
import numpy as np

from ocrdata.geometry.polygons import clockwise

NOBODY = np.iinfo(np.int32).max


def expand(kernels: np.ndarray, min_kernel_area: int = 0) -> np.ndarray:
    """Grows the pieces of the smallest kernel map through the larger ones.

    `kernels` bool or 0/1 [h, w, n], smallest first. Pieces are 4-connected, numbered from 1 in row
    order; those of fewer than `min_kernel_area` cells are dropped. In each map in turn they grow by
    one cell at a time, through the map's cells, into what nobody has; where several reach a cell in
    the same step, the lowest number has it, as in the algorithm, whose queue is filled piece by
    piece. Returns int32 [h, w], 0 where there is no text.
    """
    rows, columns, count = kernels.shape
    # A border that is nobody's and closed saves asking whether a neighbour is in the picture.
    labels = np.full((rows + 2, columns + 2), NOBODY, np.int32)
    seeds = _pieces(np.ascontiguousarray(kernels[..., 0], np.uint8), min_kernel_area)
    inner = labels[1:-1, 1:-1]
    inner[seeds > 0] = seeds[seeds > 0]
    free, place = np.zeros(labels.shape, bool), np.zeros(labels.size, np.int64)
    for level in range(1, count):
        np.logical_and(kernels[..., level], inner == NOBODY, out=free[1:-1, 1:-1])
        _grow(labels.reshape(-1), free.reshape(-1), place, columns + 2)
    return np.where(inner == NOBODY, 0, inner)


def _pieces(kernel: np.ndarray, min_area: int) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(kernel, connectivity=4)
    keep = stats[:, cv2.CC_STAT_AREA] >= min_area
    keep[0] = False
    number = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    return number[labels]


def _grow(labels: np.ndarray, free: np.ndarray, place: np.ndarray, width: int) -> None:
    """Gives all free cells that can be reached a label, in place, one step after the other."""
    around = np.array([-width, -1, 1, width])
    cells = np.flatnonzero(free)
    while len(cells):
        nearest = labels[cells[:, None] + around].min(axis=1)
        reached = nearest < NOBODY
        cells = cells[reached]
        labels[cells] = nearest[reached]
        free[cells] = False
        cells = (cells[:, None] + around).reshape(-1)
        cells = cells[free[cells]]
        # A cell next to several new ones is listed once: the number that stays marks one of them.
        place[cells] = np.arange(len(cells))
        cells = cells[place[cells] == np.arange(len(cells))]


def detect_kernels(
    maps: np.ndarray,
    *,
    threshold: float = 0.5,
    polygons: bool = False,
    min_kernel_area: int = 5,
    min_area: float = 0.0,
    min_score: float = 0.0,
    min_side: float = 5.0,
    stride: int = 4,
    scale: Optional[Tuple[float, float]] = None,
) -> Tuple[List[np.ndarray], np.ndarray]:
    """Returns the texts in one picture's maps: outlines float32 [points, 2] and mean scores [k].

    `maps` [h, w, n] are the network's probabilities, smallest kernel first, cut at `threshold`; a
    kernel counts within the largest one only, as it is learned. Outlines, clockwise, are rotated
    rectangles or, by `polygons`, as many points as the shape needs. `scale` =
    (x, y) multiplies the coordinates, for pictures that were resized. Texts are dropped below
    `min_area` (square pixels of the map's picture, before scaling), below `min_score`, the mean of
    the largest map, and, in pixels after scaling, with a rectangle's side below `min_side`.
    """
    above = maps > threshold
    labels = expand(above & above[..., -1:], min_kernel_area)
    cells = _cells_of(labels)
    scores = _mean_scores(labels, maps[..., -1], len(cells))
    factor = np.asarray(scale or (1.0, 1.0), np.float32)
    outlines, kept = [], []
    for number, points in enumerate(cells):
        if len(points) * stride * stride < min_area or scores[number] < min_score:
            continue
        rectangle = _rectangle(points, stride) * factor
        if np.hypot(*(rectangle[1:3] - rectangle[:2]).T).min() < min_side:
            continue
        outlines.append(
            clockwise(
                _outline(points, labels, maps[..., -1], stride) * factor if polygons else rectangle
            )
        )
        kept.append(number)
    return outlines, scores[kept]


def _cells_of(labels: np.ndarray) -> List[np.ndarray]:
    """Returns the (x, y) of each label's cells, int32 [cells, 2], for labels 1, 2, ..."""
    where = np.flatnonzero(labels)
    which = labels.reshape(-1)[where]
    where = where[np.argsort(which, kind="stable")]
    points = np.stack([where % labels.shape[1], where // labels.shape[1]], axis=1).astype(np.int32)
    ends = np.cumsum(np.bincount(which, minlength=1)[1:])
    return np.split(points, ends[:-1]) if len(ends) else []


def _mean_scores(labels: np.ndarray, score: np.ndarray, count: int) -> np.ndarray:
    number = labels.reshape(-1)
    total = np.bincount(number, score.reshape(-1), minlength=count + 1)[1:]
    return total / np.maximum(np.bincount(number, minlength=count + 1)[1:], 1)


def _rectangle(points: np.ndarray, stride: int) -> np.ndarray:
    """Returns the smallest rectangle around cells, each half a stride wide to all sides."""
    centre, sides, angle = cv2.minAreaRect(points)
    grown = ((sides[0] + 1.0) * stride, (sides[1] + 1.0) * stride)
    return cv2.boxPoints(((centre[0] * stride, centre[1] * stride), grown, angle))


def _outline(points: np.ndarray, labels: np.ndarray, score: np.ndarray, stride: int) -> np.ndarray:
    """Returns the outer outline of connected cells in pixels, with corners only where it bends.

    It runs between the text's cells and their neighbours, where the map `score` is one half, so
    that slanting sides have no steps, and half way between two texts that touch.
    """
    low, end = points.min(axis=0) - 1, points.max(axis=0) + 2
    first, last = np.maximum(low, 0), np.minimum(end, labels.shape[::-1])
    part = np.s_[first[1] : last[1], first[0] : last[0]]
    number, score = labels[points[0, 1], points[0, 0]], score[part]
    outside = np.where(labels[part] > 0, 1.0 - score, score)
    inside = labels[part] == number
    field = np.where(inside, np.maximum(score, 0.55), np.minimum(outside, 0.45))
    (left, top), (right, bottom) = first - low, end - last
    field = np.pad(field.astype(np.float32), ((top, bottom), (left, right)), "constant")
    large = cv2.resize(field, None, fx=stride, fy=stride, interpolation=cv2.INTER_LINEAR)
    # One pixel more to the right and below makes pixels into their corners, which outlines are of.
    filled = cv2.dilate((large > 0.5).astype(np.uint8), np.ones((2, 2), np.uint8), anchor=(1, 1))
    outlines = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    simple = cv2.approxPolyDP(max(outlines, key=len), stride / 2.0, True)
    # The middle of the enlarged cell is the cell's sample point.
    return (simple[:, 0] + low * stride - stride / 2.0).astype(np.float32)
