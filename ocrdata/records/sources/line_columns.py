"""The lines of a sample list as columns: split many at a time, which takes a third of the time.

Only lines that cannot be wrong are: all others are left to the reader that says what is.
"""

from __future__ import annotations

import itertools
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.sample import split_sample_line

_BOM = b"\xef\xbb\xbf"
# Bytes of a list that are split at once.
CHUNK_BYTES = 1 << 16
# What paths may have that lead out of the folder, or nowhere.
_DOUBTFUL = ("\n/", "..", "\0")


class LineChunk(NamedTuple):
    """Whole lines of a list: where they start in the file, the number of the first one from 1, or
    -1 where nobody has counted, and their bytes."""

    offset: int
    number: int
    data: bytes

    def lines(self) -> Iterator[Tuple[int, int, bytes]]:
        """Yields offset, number and bytes of each line without its end."""
        offset, number = self.offset, self.number
        for line in self.data.split(b"\n"):
            yield offset, number, line
            offset += len(line) + 1
            number += number > 0


class LineColumns(NamedTuple):
    """Samples of a list: where their lines start, the numbers of the lines (-1: nobody has
    counted), their keys and their labels."""

    offsets: Sequence[int]
    numbers: Sequence[int]
    keys: Sequence[str]
    texts: Sequence[str]

    def chosen(self, rows: Sequence[int]) -> LineColumns:
        """Returns the samples of some rows."""
        return LineColumns(
            [self.offsets[row] for row in rows],
            [self.numbers[row] for row in rows],
            [self.keys[row] for row in rows],
            [self.texts[row] for row in rows],
        )


def read_chunks(stream: Any, start: int, end: int) -> Iterator[LineChunk]:
    """Yields the lines of a list that start at `start` or behind it, and before `end`."""
    offset = start
    if start:
        stream.seek(start - 1)
        offset += len(stream.readline()) - 1
    number = -1 if offset else 1
    while offset < end:
        data = stream.read(min(CHUNK_BYTES, end - offset))
        if not data:
            return
        if not data.endswith(b"\n"):
            data += stream.readline()
        bom = len(_BOM) if number == 1 and data.startswith(_BOM) else 0
        yield LineChunk(offset + bom, number, data[bom:])
        offset += len(data)
        number += data.count(b"\n") if number > 0 else 0


def split_chunk(chunk: LineChunk) -> Optional[LineColumns]:
    """Returns the samples of a chunk; None where any of its lines has to be looked at by itself."""
    try:
        lines = chunk.data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return None
    lines = lines if lines[-1] else lines[:-1]
    if b"\r" in chunk.data:
        lines = [line.rstrip("\r") for line in lines]
    keys, texts = _split(lines, b"\t" in chunk.data)
    joined = "\n" + "\n".join(keys)
    if not (all(keys) and all(map(str.strip, texts))) or any(s in joined for s in _DOUBTFUL):
        return None
    sizes = map(len, chunk.data.split(b"\n"))
    offsets = list(itertools.accumulate(itertools.chain([chunk.offset], (n + 1 for n in sizes))))
    count, first = len(lines), chunk.number
    numbers = range(first, first + count) if first > 0 else [first] * count
    return LineColumns(offsets[:count], numbers, keys, texts)


def _split(lines: List[str], tabs: bool) -> Tuple[List[str], List[str]]:
    if tabs:
        pairs = list(map(split_sample_line, lines))
        return [key for key, _ in pairs], [text for _, text in pairs]
    parts = [line.partition(" ") for line in lines]
    return [part[0] for part in parts], [part[2] for part in parts]
