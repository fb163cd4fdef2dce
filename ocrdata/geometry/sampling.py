"""Which anchors and proposals DeepText learns from (Zhong et al. 2017, sections 2.1 and 2.2).

Every array has a fixed number of rows, whatever the picture holds: unused ones have weight 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np

from ocrdata.base import seeds
from ocrdata.geometry import boxes as b

BACKGROUND, TEXT, AMBIGUOUS = 0, 1, 2
UNUSED = -1


@dataclass(frozen=True)
class Targets:
    """What one stage learns from in one picture: `count` rows, the unused ones last.

    `index` int32 [count] into the anchors or proposals (0 in unused rows), `labels` int32 [count]
    (0 background, 1 text, 2 ambiguous), `deltas` float32 [count, 4] (0 but for text), `matched`
    int32 [count] into the ground truth (-1 but for text), `weights` float32 [count], 1 or 0.
    """

    index: np.ndarray
    labels: np.ndarray
    deltas: np.ndarray
    matched: np.ndarray
    weights: np.ndarray


def match_anchors(
    overlap: np.ndarray,
    allowed: np.ndarray,
    *,
    positive: float = 0.5,
    negative: float = 0.3,
    least_best: float = 0.3,
) -> Tuple[np.ndarray, np.ndarray]:
    """Labels anchors by their overlap [n, m] with the ground truth: (labels, matched), int32 [n].

    Text: from `positive` on, and for each ground truth the anchors that overlap it most, if by
    `least_best` at least. Background: below `negative`. The others are unused (-1), as are all that
    are not `allowed` (bool [n]). Of equal overlaps the first ground truth counts.
    """
    if not overlap.shape[1]:
        return np.where(allowed, BACKGROUND, UNUSED).astype(np.int32), _nothing(len(overlap))
    columns = np.ascontiguousarray(overlap.T)
    most, best = columns.max(axis=0), (columns * allowed).max(axis=1)
    sure = most >= positive
    truth, anchor = np.nonzero((columns == best[:, None]) & (best >= least_best)[:, None])
    anchor, first = np.unique(anchor, return_index=True)
    labels = np.where(most < negative, BACKGROUND, UNUSED).astype(np.int32)
    labels[anchor], labels[sure], labels[~allowed] = TEXT, TEXT, UNUSED
    matched = _nothing(len(overlap))
    matched[anchor], matched[sure] = truth[first], overlap[sure].argmax(axis=1)
    matched[~allowed] = UNUSED
    return labels, matched


def match_proposals(
    overlap: np.ndarray, allowed: np.ndarray, *, positive: float = 0.5, ambiguous: float = 0.2
) -> Tuple[np.ndarray, np.ndarray]:
    """Labels proposals by their overlap [n, m] with the ground truth: (labels, matched), int32 [n].

    Text from `positive` on, ambiguous from `ambiguous` on, background below.
    """
    if not overlap.shape[1]:
        return np.where(allowed, BACKGROUND, UNUSED).astype(np.int32), _nothing(len(overlap))
    most = overlap.max(axis=1)
    labels = np.where(most >= positive, TEXT, np.where(most >= ambiguous, AMBIGUOUS, BACKGROUND))
    labels = np.where(allowed, labels, UNUSED).astype(np.int32)
    return labels, np.where(labels == TEXT, overlap.argmax(axis=1), UNUSED).astype(np.int32)


def _nothing(count: int) -> np.ndarray:
    return np.full(count, UNUSED, np.int32)


def choose(
    labels: np.ndarray, priority: np.ndarray, limits: Tuple[int, ...], count: int
) -> np.ndarray:
    """Returns the rows to learn from, int64 [at most `count`]: text, ambiguous, then background.

    `limits` are the most of text and, if there are two, of ambiguous ones; background fills up to
    `count`. Of each kind those of the lowest `priority` [n] are taken.
    """
    chosen = []
    for label, limit in zip((TEXT, AMBIGUOUS), limits):
        chosen.append(_lowest(labels == label, priority, min(limit, count)))
        count -= len(chosen[-1])
    chosen.append(_lowest(labels == BACKGROUND, priority, count))
    return np.concatenate(chosen)


def _lowest(which: np.ndarray, priority: np.ndarray, limit: int) -> np.ndarray:
    places = np.flatnonzero(which)
    if len(places) > limit > 0:
        last = np.partition(priority[places], limit - 1)[limit - 1]
        places = places[priority[places] <= last]
    # Two of the same priority, however unlikely, must not make one row too many.
    return places[:limit]


def sample_anchors(
    anchors: np.ndarray,
    truth: np.ndarray,
    size: Tuple[int, int],
    *,
    seed: int,
    step: int,
    key: str,
    count: int = 256,
    texts: int = 128,
    inside_only: bool = True,
) -> Targets:
    """Chooses the anchors that the first stage learns from in one picture of `size` (h, w).

    `truth` float32 [m, 4], rows without area being padding. `seed`, `step` and `key` (the
    picture's) decide which ones. `inside_only` leaves out anchors that reach out of the picture.
    """
    real = np.flatnonzero(b.areas(truth) > 0)
    height, width = size
    allowed = np.ones(len(anchors), bool)
    if inside_only:
        left, top, right, bottom = anchors.T
        allowed = (left >= 0) & (top >= 0) & (right <= width) & (bottom <= height)
    labels, matched = match_anchors(b.overlaps(anchors, truth[real]), allowed)
    priority = _priority(seed, "anchors", key, step, len(anchors))
    chosen = choose(labels, priority, (texts,), count)
    return _fixed(chosen, labels, real, matched, anchors, truth, count, (1.0, 1.0, 1.0, 1.0))


def sample_proposals(
    proposals: np.ndarray,
    valid: np.ndarray,
    truth: np.ndarray,
    *,
    seed: int,
    step: int,
    key: str,
    count: int = 640,
    texts: int = 128,
    ambiguous: int = 128,
) -> Tuple[np.ndarray, Targets]:
    """Chooses the proposals that the second stage learns from in one picture.

    `proposals` float32 [n, 4] with `valid` bool [n]; the ground truth `truth` [m, 4] is added to
    them. Returns the boxes float32 [count, 4] and the targets, whose index counts `truth` after the
    proposals.
    """
    pool = np.concatenate([proposals, truth]).astype(np.float32)
    allowed = np.concatenate([valid, b.areas(truth) > 0])
    real = np.flatnonzero(b.areas(truth) > 0)
    labels, matched = match_proposals(b.overlaps(pool, truth[real]), allowed)
    priority = _priority(seed, "proposals", key, step, len(pool))
    chosen = choose(labels, priority, (texts, ambiguous), count)
    deviations = b.SECOND_STAGE_DEVIATIONS
    targets = _fixed(chosen, labels, real, matched, pool, truth, count, deviations)
    return pool[targets.index] * targets.weights[:, None], targets


def _priority(seed: int, what: str, key: str, step: int, count: int) -> np.ndarray:
    name = "{}:{}".format(what, key)
    return seeds.uniform_block(seed, name, step, count, 1)[:, 0]


def _fixed(
    chosen: np.ndarray,
    labels: np.ndarray,
    real: np.ndarray,
    matched: np.ndarray,
    boxes: np.ndarray,
    truth: np.ndarray,
    count: int,
    deviations: Tuple[float, ...],
) -> Targets:
    index, label, match = np.zeros(count, np.int32), np.zeros(count, np.int32), _nothing(count)
    deltas, weights = np.zeros((count, 4), np.float32), np.zeros(count, np.float32)
    used = len(chosen)
    index[:used], label[:used], weights[:used] = chosen, labels[chosen], 1.0
    text = np.flatnonzero(label == TEXT)
    match[text] = real[matched[index[text]]]
    deltas[text] = b.encode(truth[match[text]], boxes[index[text]], deviations)
    return Targets(index, label, deltas, match, weights)
