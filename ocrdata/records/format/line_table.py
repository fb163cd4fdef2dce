"""Records of text lines taken apart many at a time.

Those that we wrote have one form, and NumPy walks through all of them in step: a hundredth of the
operations that one by one take. Readers that feed training read each record once an epoch, so this
is worth having twice. A record of any other form is left to the reader of any protocol buffer.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.schema import (
    CLASS,
    ENCODED,
    FORMAT,
    HEIGHT,
    SOURCE_ID,
    TEXT,
    WIDTH,
    LineRecord,
    encode_line,
    line_of,
)

_ENTRY, _BYTES, _INT64 = 0x0A, 0x0A, 0x1A
_LARGEST = (1 << 30) - 1
_JPEG = np.frombuffer(b"jpeg", np.uint8)


class LineTable(NamedTuple):
    """Text lines, a row each, [n]: where in `data` the pictures begin and end, int64 [n, 2], texts
    and keys in UTF-8, and the sizes in pixels, int64 [n], 0 to 2**30 - 1 whatever the record says.
    `jpeg` says of which the format is JPEG.
    """

    data: bytes
    image: np.ndarray
    texts: List[bytes]
    keys: List[bytes]
    height: np.ndarray
    width: np.ndarray
    jpeg: np.ndarray


class RecordProblem(ValueError):
    """What is wrong with the record in the row `row`, from 0."""

    def __init__(self, row: int, problem: str) -> None:
        super().__init__(problem)
        self.row = row


def read_table(data: bytes, starts: Sequence[int], ends: Sequence[int]) -> LineTable:
    """Returns the lines of the records that begin and end there in `data`.

    Raises RecordProblem for one that holds no text line: keys and texts are sound UTF-8.
    """
    found, sound = _walk(data, starts, ends)
    if not sound.all():
        records = [data[start:end] for start, end in zip(starts, ends)]
        for row in np.flatnonzero(~sound).tolist():
            records[row] = _rewritten(records[row], row)
        edges = np.cumsum([0, *map(len, records)]).tolist()
        found, _ = _walk(b"".join(records), edges[:-1], edges[1:])
    table = found.table()
    if not _is_text(table):
        # The slow reader says which record it is.
        for row, (start, end) in enumerate(zip(starts, ends)):
            _rewritten(data[start:end], row)
    return table


def _is_text(table: LineTable) -> bool:
    try:
        # A line feed between two, so that one that is cut off is not mended by the next.
        b"\n".join(table.texts + table.keys).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _rewritten(record: bytes, row: int) -> bytes:
    """Returns a record in our own form."""
    try:
        line = line_of(decode_example(record))
    except ValueError as error:
        raise RecordProblem(row, str(error)) from error
    height, width = (min(max(size, 0), _LARGEST) for size in (line.height, line.width))
    return encode_line(LineRecord(line.key, line.image, line.format, height, width, line.text, ()))


class _Walk:
    """A place in each record, and which of them were as expected so far."""

    def __init__(self, data: bytes, starts: Sequence[int], ends: Sequence[int]) -> None:
        self.data, self.bytes = data, np.frombuffer(data, np.uint8)
        self.place = np.array(starts, np.int64)
        self.end = np.array(ends, np.int64)
        self.sound = np.ones(len(self.place), bool)

    def expect(self, content: bytes) -> None:
        """Goes past what stands in each record; it must not end with a zero byte."""
        size = len(content)
        if size == 1:
            self.sound &= self._at(self.place) == content[0]
        else:
            self.sound &= self._windows(size) == content
        self.place = self.place + size

    def _windows(self, size: int) -> np.ndarray:
        """Returns so many bytes from each place on, none where the data end before."""
        last = len(self.data) - size
        if last < 0:
            return np.zeros(len(self.place), f"S{size}")
        # A view of all places: the bytes overlap. NumPy's strings end before zeros.
        windows = np.ndarray(last + 1, f"S{size}", self.data, strides=1)
        return np.where(self.place > last, b"", windows[np.minimum(self.place, last)])

    def number(self) -> np.ndarray:
        """Goes past a number below 2**35 and returns it."""
        byte = self._at(self.place)
        value, more = (byte & 127).astype(np.int64), byte > 127
        self.place = self.place + 1
        for shift in (7, 14, 21, 28):
            if not more.any():
                return value
            byte = self._at(self.place)
            value += np.where(more, (byte & 127).astype(np.int64) << shift, 0)
            self.place = self.place + more
            more &= byte > 127
        self.sound &= ~more
        return value

    def part(self, head: bytes, end: np.ndarray) -> None:
        """Goes past the head of a part that reaches to `end`."""
        self.expect(head)
        size = self.number()
        self.sound &= self.place + size == end

    def numbers(self, end: np.ndarray) -> None:
        """Goes past a list of numbers, which may be empty, that reaches to `end`."""
        before, empty = self.sound, self.place == end
        self.sound = before.copy()
        self.part(b"\x0a", end)
        self.sound &= self._at(end - 1) < 128
        self.sound |= before & empty
        self.place = end

    def _at(self, places: np.ndarray) -> np.ndarray:
        found: np.ndarray = self.bytes.take(places, mode="clip")
        return found


class _Spans(NamedTuple):
    """Where in `data` each field begins and ends, int64 [n, 2], or its number twice."""

    data: bytes
    fields: Dict[str, np.ndarray]
    jpeg: np.ndarray

    def table(self) -> LineTable:
        """Returns the lines. All must be sound: a span could be all of the data."""
        fields = self.fields
        return LineTable(
            data=self.data,
            image=fields[ENCODED],
            texts=self._parts(TEXT),
            keys=self._parts(SOURCE_ID),
            height=np.minimum(fields[HEIGHT][:, 0], _LARGEST),
            width=np.minimum(fields[WIDTH][:, 0], _LARGEST),
            jpeg=self.jpeg,
        )

    def _parts(self, name: str) -> List[bytes]:
        data = self.data
        return [data[start:end] for start, end in self.fields[name].tolist()]


def _walk(data: bytes, starts: Sequence[int], ends: Sequence[int]) -> Tuple[_Spans, np.ndarray]:
    """Returns the fields, and which of the records were in our own form, bool [n]."""
    walk = _Walk(data, starts, ends)
    walk.part(bytes([_ENTRY]), walk.end)
    spans: Dict[str, np.ndarray] = {}
    # TensorFlow's and our own writer sort the features by name.
    for name in sorted((CLASS, ENCODED, FORMAT, HEIGHT, SOURCE_ID, TEXT, WIDTH)):
        spans[name] = _feature(walk, name)
    walk.sound &= walk.place == walk.end
    form = spans[FORMAT]
    letters = walk.bytes.take(form[:, :1] + np.arange(len(_JPEG)), mode="clip")
    size = form[:, 1] - form[:, 0]
    jpeg = (letters == _JPEG).all(axis=1) & (size == len(_JPEG))
    # The letters of a shorter name reach into the next feature's head, which is ASCII too.
    walk.sound &= (letters < 128).all(axis=1) & (size <= len(_JPEG))
    return _Spans(data, spans, jpeg), walk.sound


def _feature(walk: _Walk, name: str) -> np.ndarray:
    """Goes past a feature; returns where its bytes begin and end, or its number twice, [n, 2]."""
    walk.expect(bytes([_ENTRY]))
    size = walk.number()
    end = walk.place + size
    encoded = name.encode("ascii")
    head = bytes([0x0A, len(encoded)]) + encoded + b"\x12"
    walk.part(head, end)
    walk.part(bytes([_BYTES if name in (ENCODED, FORMAT, SOURCE_ID, TEXT) else _INT64]), end)
    if name == CLASS:
        # Readers make classes of the text, for whichever dictionary.
        walk.numbers(end)
        return np.stack([end, end], axis=1)
    walk.part(b"\x0a", end)
    if name in (HEIGHT, WIDTH):
        value = walk.number()
        walk.sound &= walk.place == end
        return np.stack([value, value], axis=1)
    start, walk.place = walk.place, end
    return np.stack([start, end], axis=1)
