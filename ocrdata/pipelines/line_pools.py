"""Text lines that wait to become batches: records that are not decoded yet, or rendered lines."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List, NamedTuple, Sequence

import cv2
import numpy as np

from ocrdata.errors import RecordError
from ocrdata.images.decode import decode_rgb
from ocrdata.images.plain_header import is_opaque_png
from ocrdata.records.format.line_table import LineTable, RecordProblem, read_table
from ocrdata.records.sources.shares import RecordBlock
from ocrdata.text.packed_texts import PackedTexts


class LinePool:
    """Lines that wait. `sizes` is their height and width in pixels, int64 [2, n], as far as it is
    known without decoding them."""

    sizes: np.ndarray

    def images(self, places: Sequence[int], channels: int) -> Iterator[np.ndarray]:
        """Yields pictures, uint8 [h, w] or [h, w, 3] (blue first); raises RecordError."""
        raise NotImplementedError

    def texts(self, places: Sequence[int]) -> PackedTexts:
        """Returns the texts of lines."""
        raise NotImplementedError

    def keys(self, places: Sequence[int]) -> PackedTexts:
        """Returns the keys of lines."""
        raise NotImplementedError


class RenderedPool(LinePool):
    """Rendered lines."""

    def __init__(self, lines: Sequence[Any]) -> None:
        self._lines = lines
        self.sizes = np.array([line.image.shape[:2] for line in lines], np.int64).T

    def images(self, places: Sequence[int], channels: int) -> Iterator[np.ndarray]:
        for place in places:
            image = self._lines[place].image
            yield image[..., ::-1] if image.ndim == 3 else image

    def texts(self, places: Sequence[int]) -> PackedTexts:
        return PackedTexts.of(self._lines[place].text for place in places)

    def keys(self, places: Sequence[int]) -> PackedTexts:
        return PackedTexts.of(self._lines[place].key for place in places)


class _Part(NamedTuple):
    """Rows of a table of records, and the number of its first row's record in its file."""

    table: LineTable
    path: Any
    first: int


# Columns of the rows of a pool.
_PART, _ROW, _JPEG, _IMAGE, _TEXT, _KEY = 0, 1, 2, slice(3, 5), slice(5, 7), slice(7, 9)


class RecordPool(LinePool):
    """Records of text lines."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts
        self._data = [part.table.data for part in parts]
        self._rows = np.concatenate([_rows(number, part) for number, part in enumerate(parts)])
        sizes = [np.stack([np.maximum(1, part.table.height), part.table.width]) for part in parts]
        self.sizes = np.concatenate(sizes, axis=1)

    def images(self, places: Sequence[int], channels: int) -> Iterator[np.ndarray]:
        kind = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        kind |= cv2.IMREAD_IGNORE_ORIENTATION
        for part, row, jpeg, start, end in self._rows[places, : _IMAGE.stop].tolist():
            data = self._data[part]
            image: Any = None
            # OpenCV knows no transparency.
            if jpeg or is_opaque_png(data[start:end]):
                image = cv2.imdecode(np.frombuffer(data, np.uint8, end - start, start), kind)
            yield self._otherwise(part, row, data[start:end]) if image is None else image

    def texts(self, places: Sequence[int]) -> PackedTexts:
        return self._packed(self._rows[places], _TEXT)

    def keys(self, places: Sequence[int]) -> PackedTexts:
        return self._packed(self._rows[places], _KEY)

    def _otherwise(self, part: int, row: int, data: bytes) -> np.ndarray:
        try:
            return decode_rgb(data)[:, :, ::-1]
        except ValueError as error:
            raise self._error(part, row, f"has a picture that {error}") from error

    def _packed(self, rows: np.ndarray, column: slice) -> PackedTexts:
        data = self._data
        spans = zip(rows[:, _PART].tolist(), rows[:, column].tolist())
        return PackedTexts.of_bytes([data[part][start:end] for part, (start, end) in spans])

    def _error(self, part: int, row: int, problem: str) -> RecordError:
        number = self._parts[part].first + row
        return RecordError(self._parts[part].path, f"record {number} {problem}")


def _rows(number: int, part: _Part) -> np.ndarray:
    table = part.table
    count = len(table.jpeg)
    rows = np.empty((count, 9), np.int64)
    rows[:, _PART], rows[:, _ROW], rows[:, _JPEG] = number, np.arange(count), table.jpeg
    rows[:, _IMAGE], rows[:, _TEXT], rows[:, _KEY] = table.image, table.text, table.key
    return rows


def record_pools(blocks: Iterable[RecordBlock], size: int) -> Iterator[RecordPool]:
    """Yields the records of blocks in pools of `size`; only the last one is smaller.

    Raises RecordError for a record that holds no text line.
    """
    return map(RecordPool, _gathered(map(_table_of, blocks), size))


def rendered_pools(lines: Iterable[Any], size: int) -> Iterator[RenderedPool]:
    """Yields rendered lines in pools of `size`; only the last one is smaller."""
    pool: List[Any] = []
    for line in lines:
        pool.append(line)
        if len(pool) == size:
            yield RenderedPool(pool)
            pool = []
    if pool:
        yield RenderedPool(pool)


def _table_of(block: RecordBlock) -> _Part:
    try:
        return _Part(read_table(block.data, block.starts, block.ends), block.path, block.first)
    except RecordProblem as error:
        text = f"record {block.first + error.row} {error}"
        raise RecordError(block.path, text) from error


def _cut(part: _Part, first: int, last: int) -> _Part:
    data, *columns = part.table
    table = LineTable(data, *(column[first:last] for column in columns))
    return part._replace(table=table, first=part.first + first)


def _gathered(parts: Iterable[_Part], size: int) -> Iterator[List[_Part]]:
    """Yields parts that have `size` rows together."""
    pool: List[_Part] = []
    lacks = size
    for part in parts:
        count, first = len(part.table.jpeg), 0
        while first < count:
            last = min(count, first + lacks)
            pool.append(_cut(part, first, last))
            lacks -= last - first
            first = last
            if not lacks:
                yield pool
                pool, lacks = [], size
    if pool:
        yield pool
