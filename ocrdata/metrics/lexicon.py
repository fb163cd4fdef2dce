"""Recognition with a lexicon: what was read is taken for the nearest word of a list.

Scene-text sets give such lists with each picture (IIIT5K: 50 and 1,000 words; SVT: 50) or for all
of them (ICDAR 2003: every word of the test set).
"""

from __future__ import annotations

from typing import Callable, Dict, List, Sequence

import numpy as np


class Lexicon:
    """Words, normalised, ready for finding the nearest one by edit distance."""

    def __init__(self, words: Sequence[str], normalise: Callable[[str], str] = str) -> None:
        seen: Dict[str, None] = dict.fromkeys(filter(None, map(normalise, words)))
        self.words: List[str] = list(seen)
        self._known = set(seen)
        self._lengths = np.array([len(word) for word in self.words], np.int64)
        width = int(self._lengths.max()) if self.words else 0
        self._points = np.zeros((len(self.words), width), np.uint32)
        for row, word in zip(self._points, self.words):
            row[: len(word)] = [ord(character) for character in word]

    def distances(self, text: str) -> np.ndarray:
        """Returns the edit distance of a text to every word, int64 [n].

        One row of the usual table for all words at once, a row a character of the text. An
        insertion depends on the cell to its left: a running minimum of (cell - column) stands
        for it.
        """
        columns = np.arange(self._points.shape[1] + 1)
        row = np.broadcast_to(columns, (len(self.words), len(columns))).copy()
        for number, character in enumerate(text, 1):
            above = row + 1
            above[:, 1:] = np.minimum(above[:, 1:], row[:, :-1] + (self._points != ord(character)))
            above[:, 0] = number
            row = np.minimum.accumulate(above - columns, axis=1) + columns
        return row[np.arange(len(self.words)), self._lengths]

    def nearest(self, text: str) -> str:
        """Returns the word with the least edit distance, the first of several; "" without words."""
        if text in self._known or not self.words:
            return text if self.words else ""
        return self.words[int(self.distances(text).argmin())]
