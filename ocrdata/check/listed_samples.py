"""The samples of lists, kept on disk while they are checked, and compared with each other."""

from __future__ import annotations

import bisect
import itertools
import tempfile
from array import array
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Iterator, Sequence, Set, Tuple

import numpy as np

from ocrdata.base.findings import Findings, hash64
from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.base.storage.hash_columns import (
    HashColumn,
    RowsFound,
    first_shared,
    missing_from,
    repeats,
)
from ocrdata.base.storage.walking import walk
from ocrdata.records.sources.listed import SampleList


class Offsets:
    """Offsets in a list, in order, on disk: 8 bytes each."""

    def __init__(self) -> None:
        self._file: Any = tempfile.SpooledTemporaryFile(1 << 20, prefix="ocrdata-")  # noqa: SIM115
        self.count = 0

    def __del__(self) -> None:
        self._file.close()

    def add(self, offset: int) -> None:
        """Adds a row."""
        self._file.write(array("q", [offset]).tobytes())
        self.count += 1

    def some(self, start: int, end: int) -> np.ndarray:
        """Returns the offsets of some rows, int64 [n]."""
        self._file.seek(8 * start)
        return np.frombuffer(self._file.read(8 * (end - start)), np.int64)


@dataclass
class ListedSamples:
    """The lines of one list that can be used: hashes of texts and pictures, and where they stand.

    `folders` are the top folders of their pictures.
    """

    source: SampleList
    offsets: Offsets = field(default_factory=Offsets)
    texts: HashColumn = field(default_factory=HashColumn)
    pictures: HashColumn = field(default_factory=HashColumn)
    folders: Set[str] = field(default_factory=set)

    def place(self, row: int) -> Tuple[str, str, str]:
        """Returns ("path:line", key, text) of a row."""
        offset = int(self.offsets.some(row, row + 1)[0])
        key, text = self.source.row_at(offset)
        return f"{self.source.path}:{self.source.number_at(offset)}", key, text


def hash_key(key: str) -> int:
    """Returns the hash of a picture's path in a list."""
    return hash64(str(PurePosixPath(key)).encode("utf-8"))


def check_repeats(listed: Sequence[ListedSamples], keys: HashColumn, found: Findings) -> None:
    """Notes pictures that are listed before."""
    starts = list(itertools.accumulate([0] + [one.offsets.count for one in listed]))
    again = repeats(keys)
    for row in again.first:
        which = bisect.bisect_right(starts, row) - 1
        where, key, _ = listed[which].place(row - starts[which])
        found.add("repeated-key", f"{where}: {key!r} is listed before")
    _count_rest("repeated-key", again, found)


def _count_rest(kind: str, rows: RowsFound, found: Findings) -> None:
    if rows.total > len(rows.first):
        found.add(kind, "and more", rows.total - len(rows.first))


def check_splits(first: ListedSamples, second: ListedSamples, found: Findings) -> None:
    """Notes labels and pictures of a list that an earlier one has too."""
    shared = first_shared(second.texts, first.texts)
    for row in shared.first:
        where, _, text = second.place(row)
        found.add("text-in-two-splits", f"{where}: {text!r} is in {first.source.path}")
    _count_rest("text-in-two-splits", shared, found)
    shared = first_shared(second.pictures, first.pictures)
    for row in shared.first:
        where, key, _ = second.place(row)
        message = f"{where}: the picture {key!r} is in {first.source.path}"
        found.add("picture-in-two-splits", message)
    _count_rest("picture-in-two-splits", shared, found)


def check_unreferenced(
    root: Path, listed: Sequence[ListedSamples], keys: HashColumn, found: Findings
) -> None:
    """Notes pictures in the folders of the lists that no list names."""
    tops = sorted(set().union(*(one.folders for one in listed)))
    there = HashColumn()
    there.extend(map(hash_key, _pictures_below(root, tops)))
    unlisted = missing_from(there, keys)
    if unlisted.total:
        pictures = itertools.islice(_pictures_below(root, tops), unlisted.first[-1] + 1)
        for row, key in enumerate(pictures):
            if row in unlisted.first:
                found.add("unreferenced-picture", f"{root / key} is in no list")
    _count_rest("unreferenced-picture", unlisted, found)


def _pictures_below(root: Path, tops: Sequence[str]) -> Iterator[str]:
    for top in tops:
        for folder, files in walk(root / top):
            for name in sorted(f for f in files if f.lower().endswith(IMAGE_SUFFIXES)):
                yield (folder / name).relative_to(root).as_posix()
