"""From a second stage's overlapping boxes to one box a text.

Suppression, then, if asked for, the voting of Gidaris and Komodakis (2015, arXiv 1505.01749,
section 4) and the filter of boxes within boxes, as DeepText (arXiv 1605.07314, section 2.4) has it.
Boxes are float32 [n, 4] as in `ocrdata.geometry.boxes`.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np

from ocrdata.geometry import boxes as b
from ocrdata.geometry.nms import standard_nms

VOTES = 0.5  # a box votes for another that it overlaps by this
INSIDE = 0.9  # share of the smaller box from which on it lies within the larger


def vote_boxes(
    boxes: np.ndarray,
    scores: np.ndarray,
    *,
    threshold: float = 0.8,
    nms_threshold: float = 0.5,
    voting: bool = False,
    most: int = 100,
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the boxes [k, 4] with scores [k] above `threshold`, falling, `most` at the most.

    Of those that overlap by more than `nms_threshold` the best is kept; with `voting` it becomes
    the mean of all boxes that overlap it, weighted by their scores, and of two boxes of which one
    lies within the other the better is kept.
    """
    boxes, scores = np.asarray(boxes, np.float32), np.asarray(scores, np.float64)
    sound = b.box_areas(boxes) > 0
    likely = np.flatnonzero(sound & (scores > threshold))
    kept = likely[standard_nms(boxes_to_quads(boxes[likely]), scores[likely], nms_threshold)]
    found, best = boxes[kept], scores[kept]
    if voting and len(kept):
        found = vote(found, boxes[sound], scores[sound])
        apart = not_within(found)
        found, best = found[apart], best[apart]
    return found[:most], best[:most]


def boxes_to_quads(boxes: np.ndarray) -> np.ndarray:
    """Returns the corners [n, 4, 2] of boxes, clockwise from the upper left."""
    return np.asarray(boxes)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)


def vote(kept: np.ndarray, boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Returns each kept box as the mean of the boxes that overlap it, weighted by their scores."""
    weights = scores[None] * (b.box_overlaps(kept, boxes) >= VOTES)
    total = weights.sum(axis=1, keepdims=True)
    return np.where(total > 0, weights @ boxes / np.maximum(total, 1e-9), kept).astype(np.float32)


def not_within(boxes: np.ndarray) -> np.ndarray:
    """Returns the places of boxes, the best first, that no better one holds or lies within."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    smaller = np.minimum(b.box_areas(boxes)[:, None], b.box_areas(boxes)[None])
    nested = shared >= INSIDE * np.maximum(smaller, 1e-9)
    kept = []  # type: list[int]
    for place in range(len(boxes)):
        if not nested[place, kept].any():
            kept.append(place)
    return np.array(kept, int)
