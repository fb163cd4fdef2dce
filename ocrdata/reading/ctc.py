"""Connectionist temporal classification (Graves et al. 2006) in NumPy: reading, and how sure."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np

_NEVER = -1e30  # the logarithm of a probability of zero, which sums can take


def best_paths(scores: np.ndarray, lengths: np.ndarray) -> List[List[int]]:
    """Returns the classes of the most probable path of each line: repeats merged, blanks left out.

    `scores` float32 [T, B, C], the blank last; `lengths` int [B] in time steps.
    """
    best = scores.argmax(axis=2)
    changed = np.ones(best.shape, bool)
    changed[1:] = best[1:] != best[:-1]
    inside = np.arange(len(best))[:, None] < np.asarray(lengths)[None]
    keep = changed & inside & (best != scores.shape[2] - 1)
    return [best[keep[:, line], line].tolist() for line in range(best.shape[1])]


def text_probability(
    scores: np.ndarray, lengths: np.ndarray, texts: Sequence[Sequence[int]]
) -> np.ndarray:
    """Returns the probability of each text (classes), over all paths that give it: float64 [B].

    `scores` are logarithms of probabilities, [T, B, C]. The forward pass of the paper (equations 5
    to 8) over all lines at once.
    """
    steps, lines, classes = scores.shape
    blank = classes - 1
    size = 2 * max([len(text) for text in texts] + [0]) + 1
    states = np.full((lines, size), blank)
    last = np.zeros(lines, int)
    for line, text in enumerate(texts):
        states[line, 1 : 2 * len(text) : 2] = text
        last[line] = 2 * len(text)
    # A step may pass over a blank between two different characters.
    skip = np.zeros((lines, size), bool)
    skip[:, 2:] = (states[:, 2:] != blank) & (states[:, 2:] != states[:, :-2])
    emitted = np.take_along_axis(
        scores.astype(np.float64), np.broadcast_to(states, (steps, lines, size)), axis=2
    )
    reached = np.full((lines, size), _NEVER)
    reached[:, :2] = emitted[0, :, :2]
    for step in range(1, steps):
        following = _advance(reached, skip) + emitted[step]
        reached = np.where((step < np.asarray(lengths))[:, None], following, reached)
    row = np.arange(lines)
    ends = np.where(last > 0, reached[row, last - 1], _NEVER)
    return np.exp(np.logaddexp(reached[row, last], ends))


def _advance(reached: np.ndarray, skip: np.ndarray) -> np.ndarray:
    """Returns, for each state, the sum over the states it can be reached from."""
    one = np.full_like(reached, _NEVER)
    one[:, 1:] = reached[:, :-1]
    two = np.full_like(reached, _NEVER)
    two[:, 2:] = reached[:, :-2]
    two = np.where(skip, two, _NEVER)
    return np.logaddexp(np.logaddexp(reached, one), two)
