"""Non-maximum suppression for quads: greedy, and EAST's locality-aware form.

Zhou et al. 2017, "EAST: an efficient and accurate scene text detector", section 3.6, algorithm 1.
Quads that are not convex count by their convex hull.
"""

from __future__ import annotations

from typing import Tuple

import numpy as np

from ocrdata.geometry import quads as q

_BLOCK = 128


def locality_aware_nms(
    quads: np.ndarray, scores: np.ndarray, threshold: float = 0.2
) -> Tuple[np.ndarray, np.ndarray]:
    """Merges each quad with the ones before it while they overlap, then suppresses the rest.

    `quads` [n, 4, 2] in pixels come in row order, as maps are read; any other order and any first
    corner is allowed, only less is merged. `scores` [n] are positive; quads merge, and suppress
    each other, at an intersection over union above `threshold`. Returns quads float32 [k, 4, 2],
    clockwise, and the sums of the scores that each was merged from, float64 [k], falling.
    """
    merged, weights = merge_in_order(quads, scores, threshold)
    keep = standard_nms(merged, weights, threshold)
    return merged[keep].astype(np.float32), weights[keep]


def standard_nms(quads: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Returns the places of quads that no better one overlaps by more than `threshold`.

    The best score comes first, of equal ones the one listed first. int64 [k].
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    boxes = q.convex(np.asarray(quads, np.float64).reshape(-1, 4, 2))[order]
    bounds = np.concatenate([boxes.min(axis=1), -boxes.max(axis=1)], axis=1)
    kept = [np.zeros(0, np.int64)]
    left = np.arange(len(boxes))
    while len(left):
        block, left = left[:_BLOCK], left[_BLOCK:]
        block = block[_best_of(_conflicts(boxes, bounds, block, block, threshold))]
        kept.append(block)
        left = left[~_conflicts(boxes, bounds, block, left, threshold).any(axis=0)]
    return order[np.concatenate(kept)]


def _conflicts(
    boxes: np.ndarray, bounds: np.ndarray, first: np.ndarray, second: np.ndarray, threshold: float
) -> np.ndarray:
    """Says which of `first` overlap which later ones of `second`, bool [first, second]."""
    near = first[:, None] < second
    for side in range(4):
        # Boxes meet if each one's left is before the other's right, and so on.
        limit = -bounds[second, (side + 2) % 4]
        near &= bounds[first, side][:, None] < limit
    one, other = np.nonzero(near)
    above = q.quad_overlaps(boxes[first[one]], boxes[second[other]]) > threshold
    near[one, other] = above
    return near


def _best_of(conflicts: np.ndarray) -> np.ndarray:
    alive = np.ones(len(conflicts), bool)
    for place, others in enumerate(conflicts):
        if alive[place]:
            alive &= ~others
    return alive


def merge_in_order(
    quads: np.ndarray, scores: np.ndarray, threshold: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the quads after the merging pass: float64 [m, 4, 2], and their weights [m].

    Each quad is compared with the one merged last, whose corners are the mean, weighted by score,
    of those that went into it. That chain of decisions is found as a fixed point: guess them all,
    compute every running mean from the guess, decide again, until nothing changes. The first wrong
    decision is right after each round, so the result is the chain's own; a few rounds are enough.
    """
    boxes = q.clockwise_quads(np.asarray(quads, np.float64).reshape(-1, 4, 2))
    weights = np.asarray(scores, np.float64)
    if not len(boxes):
        return boxes, weights
    joins, turn = _guess(boxes, threshold)
    doubtful = np.arange(1, len(boxes))
    while True:
        means, sums = _running_means(_turned(boxes, turn), weights, joins)
        found, turns = _decide(means[doubtful - 1], boxes[doubtful], threshold)
        wrong = doubtful[(found != joins[doubtful]) | (turns != turn[doubtful])]
        if not len(wrong):
            break
        joins[doubtful], turn[doubtful] = found, turns
        doubtful = _after(wrong, joins)
    ends = np.append(~joins[1:], True)
    return means[ends], sums[ends]


def _guess(boxes: np.ndarray, threshold: float) -> Tuple[np.ndarray, np.ndarray]:
    """Guesses the decisions from each quad and the one before it."""
    joins, turn = np.zeros(len(boxes), bool), np.zeros(len(boxes), np.int64)
    joins[1:], turn[1:] = _decide(boxes[:-1], boxes[1:], threshold)
    total = np.cumsum(turn)
    return joins, (total - total[_starts(joins)]) % 4


def _decide(
    merged: np.ndarray, boxes: np.ndarray, threshold: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns whether each box joins the merged one before it, and turned by how many corners."""
    joins = q.quad_overlaps(q.convex(merged), q.convex(boxes)) > threshold
    shifts = [np.roll(boxes, -turn, axis=1) - merged for turn in range(4)]
    distance = [np.einsum("nij,nij->n", shift, shift) for shift in shifts]
    return joins, np.where(joins, np.argmin(distance, axis=0), 0)


def _turned(boxes: np.ndarray, turn: np.ndarray) -> np.ndarray:
    if not turn.any():
        return boxes
    corner = (np.arange(4) + turn[:, None]) % 4
    return boxes[np.arange(len(boxes))[:, None], corner]


def _starts(joins: np.ndarray) -> np.ndarray:
    """Returns where the chain of merged quads that each one belongs to begins."""
    places = np.arange(len(joins))
    return np.maximum.accumulate(np.where(joins, 0, places))


def _running_means(
    boxes: np.ndarray, weights: np.ndarray, joins: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns each chain's weighted mean up to and with each quad, and its sum of weights."""
    values = np.concatenate([boxes.reshape(-1, 8) * weights[:, None], weights[:, None]], axis=1)
    sums = np.cumsum(values, axis=0)
    starts = _starts(joins)
    sums = sums - (sums - values)[starts]
    means = sums[:, :8] / sums[:, 8:]
    return means.reshape(-1, 4, 2), sums[:, 8]


def _after(wrong: np.ndarray, joins: np.ndarray) -> np.ndarray:
    """Returns the places whose decision hangs on one of the wrong ones."""
    last = np.full(len(joins), -1)
    last[wrong] = wrong
    last = np.maximum.accumulate(last)
    return np.flatnonzero(last[:-1] >= _starts(joins)[:-1]) + 1
