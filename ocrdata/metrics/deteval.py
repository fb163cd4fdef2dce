"""Area-based matching of upright rectangles, one to one, one to many and many to one.

Wolf and Jolion (IJDAR 2006) accept a match by two shares: how much of the ground truth is covered
(area recall, at least 0.8) and how much of the detection is ground truth (area precision, at least
0.4). A word found in pieces, or words found as one piece, count with a weight. Rectangles are sets
of pixels: from 3 to 5 is three pixels wide.
"""

from __future__ import annotations

from typing import List, Tuple

import numpy as np

AREA_RECALL = 0.8
AREA_PRECISION = 0.4
SPLIT_WEIGHT = 0.8  # one box of the ground truth found as several
MERGE_WEIGHT = 1.0  # several boxes of the ground truth found as one
CENTRE_DISTANCE = 1.0  # of the mean of both diagonals' halves

_Pairs = List[Tuple[int, int]]


def match_rectangles(
    truth: np.ndarray, found: np.ndarray, ignored: np.ndarray, deteval: bool
) -> Tuple[_Pairs, float, float, np.ndarray]:
    """Matches the rectangles of one picture: float64 [n, 4] and [m, 4], left, top, right, bottom.

    `ignored` (bool [n]) marks ground truth not to be counted. Returns the matched pairs, the sums
    of recall and of precision, and which detections count (bool [m]). Only `deteval` asks that two
    boxes that match touch no third one, that what is split or merged touches two boxes or more,
    and weighs a split into one box as a whole match; it rounds sums of shares to four decimals.
    """
    shared = _shared(truth, found)
    recall = shared / _areas(truth)[:, None]
    precision = shared / _areas(found)[None]
    free = ~(precision[ignored] > AREA_PRECISION).any(axis=0)
    matcher = _Matcher(recall, precision, ~ignored, free, deteval)
    matcher.one_to_one(_near_centres(truth, found))
    matcher.one_to_many()
    matcher.many_to_one()
    return matcher.pairs, matcher.recalled, matcher.precise, free


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0] + 1.0) * (boxes[:, 3] - boxes[:, 1] + 1.0)


def _shared(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    low = np.maximum(truth[:, None, :2], found[None, :, :2])
    high = np.minimum(truth[:, None, 2:], found[None, :, 2:])
    return np.clip(high - low + 1.0, 0.0, None).prod(axis=-1)


def _near_centres(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Says which pairs have centres nearer than the mean of their half diagonals."""

    def parts(boxes: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        sides = boxes[:, 2:] - boxes[:, :2] + 1.0
        return boxes[:, :2] + sides / 2.0, np.hypot(sides[:, 0], sides[:, 1])

    (centres, diagonals), (others, other_diagonals) = parts(truth), parts(found)
    offset = centres[:, None] - others[None]
    distance = np.hypot(offset[..., 0], offset[..., 1])
    scale = diagonals[:, None] + other_diagonals[None]
    return 2.0 * distance / scale < CENTRE_DISTANCE


class _Matcher:
    """The three passes over one picture; a box that was matched takes no part in later ones."""

    def __init__(
        self,
        recall: np.ndarray,
        precision: np.ndarray,
        care: np.ndarray,
        free: np.ndarray,
        deteval: bool,
    ) -> None:
        self.recall, self.precision, self.deteval = recall, precision, deteval
        self.rows_left, self.columns_left = care.copy(), free.copy()
        # How many counting boxes of the other side a box touches at all.
        self.row_overlaps = (recall[:, free] > 0).sum(axis=1)
        self.column_overlaps = (recall[care] > 0).sum(axis=0)
        self.pairs: _Pairs = []
        self.recalled = self.precise = 0.0

    def _reaches(self, shares: np.ndarray, threshold: float) -> bool:
        # Added one after the other: the outcome at the threshold depends on the order.
        total = 0.0
        for share in shares.tolist():
            total += share
        return (round(total, 4) if self.deteval else total) >= threshold

    def _take(self, pairs: _Pairs, recalled: float, precise: float) -> None:
        for row, column in pairs:
            self.rows_left[row] = self.columns_left[column] = False
        self.pairs += pairs
        self.recalled += recalled
        self.precise += precise

    def one_to_one(self, near: np.ndarray) -> None:
        good = (self.recall >= AREA_RECALL) & (self.precision >= AREA_PRECISION)
        alone = (good.sum(axis=1) == 1)[:, None] & (good.sum(axis=0) == 1)[None]
        if self.deteval:
            good &= (self.row_overlaps == 1)[:, None] & (self.column_overlaps == 1)[None]
        counted = self.rows_left[:, None] & self.columns_left[None]
        for row, column in np.argwhere(good & alone & counted & near).tolist():
            self._take([(row, column)], 1.0, 1.0)

    def _several(self, overlaps: np.ndarray) -> np.ndarray:
        """Says which boxes may be split or merged, by how many others they touch."""
        return overlaps >= 2 if self.deteval else np.ones(len(overlaps), bool)

    def one_to_many(self) -> None:
        several = self._several(self.row_overlaps)
        for row in np.nonzero(self.rows_left & several)[0].tolist():
            chosen = np.nonzero(self.columns_left & (self.precision[row] >= AREA_PRECISION))[
                0
            ].tolist()
            if chosen and self._reaches(self.recall[row, chosen], AREA_RECALL):
                whole = self.deteval and len(chosen) == 1
                weight = 1.0 if whole else SPLIT_WEIGHT
                self._take([(row, column) for column in chosen], weight, weight * len(chosen))

    def many_to_one(self) -> None:
        several = self._several(self.column_overlaps)
        for column in np.nonzero(self.columns_left & several)[0].tolist():
            chosen = np.nonzero(self.rows_left & (self.recall[:, column] >= AREA_RECALL))[
                0
            ].tolist()
            if chosen and self._reaches(self.precision[chosen, column], AREA_PRECISION):
                pairs = [(row, column) for row in chosen]
                self._take(pairs, MERGE_WEIGHT * len(chosen), MERGE_WEIGHT)
