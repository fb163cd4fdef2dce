"""Synth90k straight from its tar.gz, 10 GB and nine million members, in bounded memory.

A compressed tar can only be read in order, and a Python object for each of its members would take
gigabytes: headers are read one at a time, and the wanted paths are kept as eight-byte hashes.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, Sequence, Tuple

import numpy as np

from ocrdata.base.pairing import is_image
from ocrdata.errors import AnnotationError

_BROKEN = (tarfile.TarError, zlib.error, EOFError, OSError)
MAX_LIST = 1 << 30


def _members(path: Path) -> Iterator[Tuple[tarfile.TarFile, tarfile.TarInfo]]:
    try:
        with tarfile.open(str(path), "r|*") as archive:
            for entry in archive:
                # The list of members seen so far would grow without bound.
                archive.members = []  # type: ignore[attr-defined]
                if entry.isreg():
                    yield archive, entry
    except _BROKEN as error:
        raise AnnotationError(path, f"is a damaged archive: {error}") from error


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(entry)
    return stream.read() if stream else b""


def read_annotation_lists(path: Path, names: Sequence[str]) -> Dict[str, bytes]:
    """Returns the content of the files called `names`, wherever they lie in the archive."""
    found: Dict[str, bytes] = {}
    for archive, entry in _members(path):
        name = entry.name.rsplit("/", 1)[-1]
        if name in names:
            if entry.size > MAX_LIST:
                raise AnnotationError(path, f"{name} has {entry.size:,} bytes")
            found[name] = _content(archive, entry)
            if len(found) == len(names):
                break
    return found


def _hash(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8"), digest_size=8).digest(), "big")


class Wanted:
    """Paths to look for, 16 bytes each: from the last three parts to line and lexicon place."""

    def __init__(self, rows: Iterable[Tuple[int, str, int]]) -> None:
        packed = np.fromiter(
            ((_hash(key), number, place) for number, key, place in rows),
            dtype=[("hash", "u8"), ("line", "u4"), ("place", "u4")],
        )
        packed.sort(order="hash")
        self._rows = packed
        self._seen = np.zeros(len(packed), bool)

    def find(self, key: str) -> Tuple[int, int]:
        """Returns (line, place) of a path and marks it as seen; (0, 0) if it is not wanted."""
        wanted = _hash(key)
        index = int(np.searchsorted(self._rows["hash"], np.uint64(wanted)))
        if index == len(self._rows) or int(self._rows["hash"][index]) != wanted:
            return 0, 0
        self._seen[index] = True
        return int(self._rows["line"][index]), int(self._rows["place"][index])

    def unseen(self) -> List[int]:
        """Returns the lines of the paths that did not come."""
        return sorted(self._rows["line"][~self._seen].tolist())


def images_of(path: Path, wanted: Wanted) -> Iterator[Tuple[str, int, int, bytes]]:
    """Yields (key, line, place, bytes) of the wanted pictures in the archive's order."""
    for archive, entry in _members(path):
        key = _key_of(entry.name)
        line, place = wanted.find(key)
        if line:
            yield key, line, place, _content(archive, entry)


def image_keys(path: Path) -> Iterator[str]:
    """Yields the keys of all pictures in the archive."""
    for _, entry in _members(path):
        if is_image(entry.name):
            yield _key_of(entry.name)


def _key_of(name: str) -> str:
    return "/".join(name.split("/")[-3:])
