"""Hashes of millions of keys, texts or pictures compared with each other, in bounded memory.

A column keeps them on disk in sorted runs, 12 bytes each. Columns are compared range by range of
their hashes: an external sort, of which a part is in memory at any time.
"""

from __future__ import annotations

import itertools
import tempfile
from array import array
from typing import Any, Iterable, Iterator, List, NamedTuple, Tuple

import numpy as np

EXAMPLES = 5  # of rows that are found, and of problems that are told
# Hashes that are sorted together, and that are compared together.
_RUN = _AT_ONCE = 1 << 18
_RANGES = 1024
_STARTS = np.array([(1 << 64) // _RANGES * number for number in range(_RANGES)], np.uint64)
_IN_MEMORY = 1 << 21  # bytes of a column that has no file yet
Rows = Tuple[np.ndarray, np.ndarray]


class RowsFound(NamedTuple):
    """How many rows were found, and the first EXAMPLES of them, in order."""

    total: int
    first: List[int]


class HashColumn:
    """Hashes (64 bits), one a row, in the order in which they are added; 0 stands for none."""

    def __init__(self) -> None:
        self._waiting = array("Q")
        # Where each sorted run begins in the file, its first row, and how many it has.
        self._runs: List[Tuple[int, int, int]] = []
        self._file: Any = tempfile.SpooledTemporaryFile(  # noqa: SIM115
            _IN_MEMORY, prefix="ocrdata-"
        )
        self._sorted = 0

    def __del__(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._sorted + len(self._waiting)

    def extend(self, hashes: Iterable[int]) -> None:
        """Adds rows."""
        more = iter(hashes)
        while True:
            self._waiting.extend(itertools.islice(more, _RUN - len(self._waiting)))
            if len(self._waiting) < _RUN:
                return
            self._write_run()

    def _write_run(self) -> None:
        hashes, count = np.array(self._waiting, np.uint64), len(self._waiting)
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        edges = np.append(np.searchsorted(hashes, _STARTS), count)
        self._file.seek(0, 2)
        self._runs.append((self._file.tell(), self._sorted, count))
        for part, kind in ((edges, "<i8"), (hashes, "<u8"), (order, "<u4")):
            self._file.write(part.astype(kind).tobytes())
        self._sorted, self._waiting = self._sorted + count, array("Q")

    def in_ranges(self, low: int, high: int) -> Rows:
        """Returns the hashes of some ranges, in order, uint64 [n], and their rows, int64 [n]."""
        if self._waiting:
            self._write_run()
        hashes, rows = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for place, row, count in self._runs:
            start, end = (int(self._read(place + 8 * edge, 1, "<i8")[0]) for edge in (low, high))
            place += 8 * (_RANGES + 1)
            hashes.append(self._read(place + 8 * start, end - start, "<u8"))
            place += 8 * count
            rows.append(self._read(place + 4 * start, end - start, "<u4").astype(np.int64) + row)
        found, behind = np.concatenate(hashes), np.concatenate(rows)
        order = np.argsort(found, kind="stable")
        return found[order], behind[order]

    def _read(self, place: int, count: int, kind: str) -> np.ndarray:
        self._file.seek(place)
        return np.frombuffer(self._file.read(count * np.dtype(kind).itemsize), kind)


def repeats(column: HashColumn) -> RowsFound:
    """Returns the rows whose hash stands in an earlier row already."""
    return _found(rows[1:][hashes[1:] == hashes[:-1]] for ((hashes, rows),) in _ranges(column))


def first_shared(ours: HashColumn, others: HashColumn) -> RowsFound:
    """Returns the first row of each of our hashes that `others` has too."""

    def shared() -> Iterator[np.ndarray]:
        for (hashes, rows), (theirs, _) in _ranges(ours, others):
            first = np.append(np.ones(len(hashes[:1]), bool), hashes[1:] != hashes[:-1])
            yield rows[first & (hashes != 0) & np.isin(hashes, theirs)]

    return _found(shared())


def missing_from(ours: HashColumn, others: HashColumn) -> RowsFound:
    """Returns our rows whose hash `others` does not have."""
    pairs = _ranges(ours, others)
    return _found(rows[~np.isin(hashes, theirs)] for (hashes, rows), (theirs, _) in pairs)


def _ranges(*columns: HashColumn) -> Iterator[List[Rows]]:
    total = sum(len(column) for column in columns)
    step = min(_RANGES, max(1, _RANGES * _AT_ONCE // max(1, total)))
    for low in range(0, _RANGES, step):
        yield [column.in_ranges(low, min(_RANGES, low + step)) for column in columns]


def _found(parts: Iterable[np.ndarray]) -> RowsFound:
    count, first = 0, np.zeros(0, np.int64)
    for rows in parts:
        count += len(rows)
        first = np.sort(np.concatenate([first, rows]))[:EXAMPLES]
    return RowsFound(count, first.tolist())
