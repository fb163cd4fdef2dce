"""DeepText's anchors, box coding and overlap (Zhong et al. 2017, arXiv 1605.07314, section 2.1).

Boxes are float32 [..., 4]: left, top, right, bottom in pixels, upright, right and bottom exclusive.
"""

from __future__ import annotations

from typing import Optional, Sequence, Tuple

import numpy as np

SCALES = (2.0, 4.0, 6.0, 8.0, 12.0)
RATIOS = (0.2, 0.5, 0.8, 1.0, 1.2, 1.5)
# What the second stage's deltas are divided by; the first stage's are used as they are.
SECOND_STAGE_DEVIATIONS = (0.1, 0.1, 0.2, 0.2)
# A side grows at most by 1000 / 16 at once, so that a wild prediction stays a finite box.
MOST_GROWTH = float(np.log(1000.0 / 16.0))


def anchors(
    rows: int,
    columns: int,
    *,
    base: float = 16.0,
    scales: Sequence[float] = SCALES,
    ratios: Sequence[float] = RATIOS,
) -> np.ndarray:
    """Returns the anchors of a feature map, [rows * columns * ratios * scales, 4].

    Each cell of `base` pixels has, around its centre, one box for each ratio (height / width) and
    scale (square root of its area / `base`), the scales running fastest.
    """
    ratio, scale = np.meshgrid(np.asarray(ratios, float), np.asarray(scales, float), indexing="ij")
    width, height = base * scale / np.sqrt(ratio), base * scale * np.sqrt(ratio)
    shape = np.stack([-width, -height, width, height], axis=-1).reshape(-1, 4) / 2.0
    x, y = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    centre = np.stack([x, y, x, y], axis=-1).reshape(-1, 1, 4) * base
    return (centre + shape).reshape(-1, 4).astype(np.float32)


def encode_boxes(
    boxes: np.ndarray, references: np.ndarray, deviations: Sequence[float] = (1.0, 1.0, 1.0, 1.0)
) -> np.ndarray:
    """Returns the deltas float32 [n, 4] that turn references into boxes.

    Shifts of the centre in units of the reference's sides, then logarithms of the sides' ratios,
    each divided by its deviation. Boxes without area, as padding is, have deltas 0.
    """
    boxes = np.asarray(boxes, np.float64)
    centre, side = _centre_and_side(boxes)
    origin, unit = _centre_and_side(np.asarray(references, np.float64))
    sound = (side > 0).all(axis=-1, keepdims=True) & (unit > 0).all(axis=-1, keepdims=True)
    unit = np.where(sound, unit, 1.0)
    growth = np.log(np.where(sound, side, 1.0) / unit)
    deltas = np.concatenate([(centre - origin) / unit, growth], axis=-1)
    return np.where(sound, deltas / np.asarray(deviations, float), 0.0).astype(np.float32)


def decode_boxes(
    deltas: np.ndarray,
    references: np.ndarray,
    deviations: Sequence[float] = (1.0, 1.0, 1.0, 1.0),
    size: Optional[Tuple[float, float]] = None,
) -> np.ndarray:
    """Returns the boxes [n, 4] that deltas make of references, cut to a picture.

    `size` is the picture's (height, width); without it nothing is cut.
    """
    deltas = np.asarray(deltas, np.float64) * np.asarray(deviations, float)
    origin, unit = _centre_and_side(np.asarray(references, np.float64))
    centre = origin + deltas[..., :2] * unit
    half = unit * np.exp(np.minimum(deltas[..., 2:], MOST_GROWTH)) / 2.0
    boxes = np.concatenate([centre - half, centre + half], axis=-1)
    if size is not None:
        height, width = size
        boxes = np.clip(boxes, 0.0, [width, height, width, height])
    return boxes.astype(np.float32)


def _centre_and_side(boxes: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    return (boxes[..., :2] + boxes[..., 2:]) / 2.0, boxes[..., 2:] - boxes[..., :2]


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Returns the areas [n] in square pixels, 0 for boxes turned inside out."""
    side = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    return side[..., 0] * side[..., 1]


def box_overlaps(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Returns the intersection over union of each box with each other one, float32 [n, m]."""
    boxes, others = np.asarray(boxes, np.float32), np.asarray(others, np.float32)
    result = np.zeros((len(others), len(boxes)), np.float32)
    area = box_areas(boxes)
    left, top, right, bottom = np.ascontiguousarray(boxes.T)
    for row, other in zip(result, others):
        # One box against all at a time stays in the cache; most do not meet it at all.
        meet = np.flatnonzero(
            (left < other[2]) & (right > other[0]) & (top < other[3]) & (bottom > other[1])
        )
        width = np.minimum(right[meet], other[2]) - np.maximum(left[meet], other[0])
        height = np.minimum(bottom[meet], other[3]) - np.maximum(top[meet], other[1])
        shared = width * height
        row[meet] = shared / np.maximum(area[meet] + box_areas(other) - shared, np.float32(1e-9))
    return result.T
