"""Text lines that wait to become batches: records that are not decoded yet, or rendered lines."""

from __future__ import annotations

import itertools
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


class RecordPool(LinePool):
    """Records of text lines."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self._parts = parts
        tables = [part.table for part in parts]
        self._data = [np.frombuffer(table.data, np.uint8) for table in tables]
        self._rows = np.concatenate([_rows(*numbered) for numbered in enumerate(tables)])
        self._texts = list(itertools.chain.from_iterable(table.texts for table in tables))
        self._keys = list(itertools.chain.from_iterable(table.keys for table in tables))
        sizes = [np.stack([np.maximum(1, table.height), table.width]) for table in tables]
        self.sizes = np.concatenate(sizes, axis=1)

    def images(self, places: Sequence[int], channels: int) -> Iterator[np.ndarray]:
        kind = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        kind |= cv2.IMREAD_IGNORE_ORIENTATION
        for part, row, jpeg, start, end in self._rows[places].tolist():
            data, image = self._data[part][start:end], None
            # OpenCV knows no transparency.
            if jpeg or is_opaque_png(data.tobytes()):
                image = cv2.imdecode(data, kind)
            yield self._otherwise(part, row, data) if image is None else image

    def texts(self, places: Sequence[int]) -> PackedTexts:
        texts = self._texts
        return PackedTexts.of_bytes([texts[place] for place in places])

    def keys(self, places: Sequence[int]) -> PackedTexts:
        keys = self._keys
        return PackedTexts.of_bytes([keys[place] for place in places])

    def _otherwise(self, part: int, row: int, data: np.ndarray) -> np.ndarray:
        try:
            return decode_rgb(data.tobytes())[:, :, ::-1]
        except ValueError as error:
            raise self._error(part, row, f"has a picture that {error}") from error

    def _error(self, part: int, row: int, problem: str) -> RecordError:
        number = self._parts[part].first + row
        return RecordError(self._parts[part].path, f"record {number} {problem}")


def _rows(part: int, table: LineTable) -> np.ndarray:
    """Returns the part, the row, whether it is JPEG, and where the picture begins and ends."""
    count = len(table.jpeg)
    number, row = np.full(count, part), np.arange(count)
    return np.column_stack([number, row, table.jpeg, table.image])


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
    columns: Sequence[Any] = part.table[1:]
    table = LineTable(part.table.data, *(column[first:last] for column in columns))
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
