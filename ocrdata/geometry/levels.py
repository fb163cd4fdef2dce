"""Texts that were found in one picture at several sizes, made one list."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.geometry import quads as q
from ocrdata.geometry.polygons import to_quads

_COVERED = 0.5  # of the smaller one's area: more of it, and both are the same text


class Level(NamedTuple):
    """What was found at one size: outlines float [n, 2], in pixels of the picture, scores [k].

    `zoom` is that size as a share of the picture's.
    """

    outlines: Sequence[np.ndarray]
    scores: np.ndarray
    zoom: float


def merge_levels(
    levels: Sequence[Level], sides: Tuple[float, float]
) -> Tuple[List[np.ndarray], np.ndarray]:
    """Returns the outlines of all levels, each text once, and their scores [k].

    `levels` come from the smallest to the largest picture. A text counts at a level if its short
    side there, in pixels of that level, is one of `sides` = (least, largest): the sizes that the
    detector was trained with, as in SNIP (Singh and Davis 2018, arXiv 1711.08189). The largest
    level also has what is smaller, and the smallest what is larger. Of texts that share more than
    half of the smaller one, the one of the larger level stays. Within a level all stay.
    """
    outlines: List[np.ndarray] = []
    scores: List[np.ndarray] = []
    kept = np.zeros((0, 4, 2))
    for place in reversed(range(len(levels))):
        level = levels[place]
        quads = q.convex(np.asarray(to_quads(level.outlines), np.float64).reshape(-1, 4, 2))
        fits = _fits(quads, level.zoom, (place > 0, place < len(levels) - 1), sides)
        chosen = np.flatnonzero(fits & ~_covered(quads, kept))
        outlines += [level.outlines[number] for number in chosen.tolist()]
        scores.append(np.asarray(level.scores)[chosen])
        kept = np.concatenate([kept, quads[chosen]])
    return outlines, np.concatenate(scores)


def short_sides(quads: np.ndarray) -> np.ndarray:
    """Returns the shortest side of each quad [n, 4, 2], float64 [n]."""
    lengths: np.ndarray = np.linalg.norm(q.sides(np.asarray(quads, np.float64)), axis=2)
    return lengths.min(axis=1)


def _fits(
    quads: np.ndarray, zoom: float, bounded: Tuple[bool, bool], sides: Tuple[float, float]
) -> np.ndarray:
    """Says which quads count: `bounded` = (whether there is a largest, a least size)."""
    seen = short_sides(quads) * zoom
    largest, least = bounded
    return ((seen <= sides[1]) | (not largest)) & ((seen >= sides[0]) | (not least))


def _covered(quads: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Says which quads are the same text as one of those kept, bool [n]."""
    low, high = quads.min(axis=1)[:, None], quads.max(axis=1)[:, None]
    one, other = np.nonzero(((low < kept.max(axis=1)) & (high > kept.min(axis=1))).all(axis=2))
    shared = q.intersections(quads[one], kept[other])
    smaller = np.minimum(q.quad_areas(quads)[one], q.quad_areas(kept)[other])
    result = np.zeros(len(quads), bool)
    result[one[shared > _COVERED * smaller]] = True
    return result
