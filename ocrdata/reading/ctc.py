"""Connectionist temporal classification (Graves et al. 2006) in NumPy: reading, and how sure."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np

_LEAST = 1e-300  # stands for a sum of zero, which nothing can be divided by


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
    emitted = np.exp(
        np.take_along_axis(scores, np.broadcast_to(states, (steps, lines, size)), axis=2).astype(
            np.float64
        )
    )
    inside = np.arange(steps)[:, None] < np.asarray(lengths)
    reached = np.zeros((lines, size))
    reached[:, :2] = emitted[0, :, :2]
    logarithm = np.zeros(lines)
    for step in range(1, steps):
        # Each step's sum is taken out and kept, as the product would leave float64's range.
        total = np.maximum(reached.sum(axis=1), _LEAST)
        logarithm += np.where(inside[step], np.log(total), 0.0)
        following = _advance(reached / total[:, None], skip) * emitted[step]
        reached = np.where(inside[step][:, None], following, reached)
    row = np.arange(lines)
    ends = reached[row, last] + np.where(last > 0, reached[row, last - 1], 0.0)
    with np.errstate(divide="ignore"):
        return np.exp(np.log(ends) + logarithm)


def _advance(reached: np.ndarray, skip: np.ndarray) -> np.ndarray:
    """Returns, for each state, the sum over the states it can be reached from."""
    following = reached.copy()
    following[:, 1:] += reached[:, :-1]
    following[:, 2:] += reached[:, :-2] * skip[:, 2:]
    return following
