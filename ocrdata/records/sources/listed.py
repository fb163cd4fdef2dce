"""Where a writer of shards takes samples from: read once in order, then one by one from anywhere.

Ten million samples are not held in memory: what is kept of one is its place, a number.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ocrdata.base.sample import Sample, parse_sample_line, read_lines, split_sample_line
from ocrdata.base.skips import BAD_LINE, Skips
from ocrdata.base.storage.files import open_for_seeking
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.records.sources.line_columns import (
    LineChunk,
    LineColumns,
    read_chunks,
    split_chunk,
)
from ocrdata.records.sources.truth import parse_regions

# Bytes of a list that are read as one part: some hundred thousand lines.
PART_BYTES = 1 << 24
Span = Tuple[int, int]


class SampleRow(NamedTuple):
    """A sample in passing: its place, its line (0: it has none), its key, and its label.

    Pictures with regions have no label. In a part that is not the first, the line is -1: nobody
    has counted.
    """

    place: int
    number: int
    key: str
    text: str


class Source:
    """One list of samples. `name` is Train, Validation, Test, or "" where it is not divided yet.

    Sources travel to worker processes, so what they keep open stays behind.
    """

    name: str
    path: Path

    def parts(self) -> List[Span]:
        """Returns spans (from, to below) that `rows` takes and that divide the samples in order."""
        raise NotImplementedError

    def rows(self, skips: Skips, span: Optional[Span] = None) -> Iterator[SampleRow]:
        """Yields the samples (of a part) in order; what is wrong goes to `skips`."""
        raise NotImplementedError

    def sample_at(self, place: int) -> Sample:
        """Returns a sample; raises AnnotationError where its annotation cannot be read."""
        raise NotImplementedError

    def key_at(self, place: int) -> str:
        """Returns the key of a sample."""
        return self.sample_at(place).key

    def size_at(self, place: int) -> int:
        """Returns the bytes of a sample's picture, 0 where it is missing."""
        raise NotImplementedError

    def origin(self, place: int) -> Tuple[PathLike, Optional[int]]:
        """Returns the file and line that name a sample; for messages."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes what was opened; the source can be used again."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ListedLine(NamedTuple):
    """A line of a sample list: where it starts in the file, its number from 1, and its text.

    In a part that is not the first lines are not counted, and the number is -1.
    """

    offset: int
    number: int
    text: str


class SampleList(Source):
    """A `sample.txt` whose pictures lie under `root`; places are offsets in the file."""

    def __init__(self, path: PathLike, root: PathLike, name: str = "") -> None:
        self.path = as_path(path)
        self.root = as_path(root)
        self.name = name
        self._stream: Optional[BinaryIO] = None
        # A place and the number of its line, from where lines are counted on.
        self._counted = (0, 1)

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "_stream": None}

    def parts(self) -> List[Span]:
        size = self.path.stat().st_size
        edges = [*range(0, size, PART_BYTES), size]
        return list(zip(edges, edges[1:]))

    def lines(self, span: Optional[Span] = None) -> Iterator[ListedLine]:
        """Yields the lines that are not empty, of a part those that start in it.

        Raises AnnotationError for one that is not UTF-8.
        """
        return itertools.chain.from_iterable(map(self._lines_of, self._chunks(span)))

    def _chunks(self, span: Optional[Span]) -> Iterator[LineChunk]:
        try:
            with self.path.open("rb") as stream:
                yield from read_chunks(stream, *(span or (0, 1 << 62)))
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            raise AnnotationError(self.path, problem) from error

    def _lines_of(self, chunk: LineChunk) -> Iterator[ListedLine]:
        for offset, number, raw in chunk.lines():
            try:
                text = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                # The shared reader says so best.
                for _ in read_lines(self.path):
                    pass
                raise
            if text.strip():
                yield ListedLine(offset, number, text)

    def columns(self, skips: Skips, span: Optional[Span] = None) -> Iterator[LineColumns]:
        """Yields the samples (of a part) in order, many at a time; `rows` has them one by one."""
        for chunk in self._chunks(span):
            columns = split_chunk(chunk)
            if columns is None:
                rows = list(self._checked(chunk, skips))
                columns = LineColumns(*(list(column) for column in zip(*rows))) if rows else None
            if columns is not None:
                yield columns

    def rows(self, skips: Skips, span: Optional[Span] = None) -> Iterator[SampleRow]:
        for columns in self.columns(skips, span):
            yield from map(SampleRow, *columns)

    def _checked(self, chunk: LineChunk, skips: Skips) -> Iterator[SampleRow]:
        for offset, number, line in self._lines_of(chunk):
            try:
                key, label = parse_sample_line(self.path, number, line)
            except AnnotationError as error:
                shown = number if number > 0 else self.number_at(offset)
                skips.refuse(BAD_LINE, AnnotationError(self.path, error.problem, shown))
                continue
            yield SampleRow(offset, number, key, label)

    def row_at(self, offset: int) -> Tuple[str, str]:
        """Returns (key, label) of the line that starts at a byte."""
        if self._stream is None:
            # Small, because every seek throws the buffer away.
            self._stream = open_for_seeking(self.path, 512)
        self._stream.seek(offset)
        line = self._stream.readline().decode("utf-8").rstrip("\r\n")
        return split_sample_line(line)

    def key_at(self, place: int) -> str:
        return self.row_at(place)[0]

    def sample_at(self, place: int) -> Sample:
        key, text = self.row_at(place)
        return Sample(key, f"{self.root}/{key}", text)

    def size_at(self, place: int) -> int:
        try:
            return (self.root / self.key_at(place)).stat().st_size
        except OSError:
            return 0

    def origin(self, place: int) -> Tuple[PathLike, Optional[int]]:
        return self.path, self.number_at(place)

    def number_at(self, offset: int) -> int:
        """Returns the number, from 1, of the line that starts at a byte; for messages."""
        place, count = self._counted if self._counted[0] <= offset else (0, 1)
        with self.path.open("rb") as stream:
            stream.seek(place)
            while stream.tell() < offset:
                count += stream.read(min(1 << 20, offset - stream.tell())).count(b"\n")
        self._counted = offset, count
        return count

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class SceneList(SampleList):
    """A list of `picture truth` lines; the truth is a text file of boxes, as ICDAR 2015 has."""

    def rows(self, skips: Skips, span: Optional[Span] = None) -> Iterator[SampleRow]:
        for row in super().rows(skips, span):
            yield row._replace(text="")

    def sample_at(self, place: int) -> Sample:
        key, truth = self.row_at(place)
        # A second path of the list that must not lead out of the folder.
        parse_sample_line(self.path, 0, truth + " -")
        path = self.root / truth
        try:
            data = path.read_bytes()
        except OSError as error:
            raise AnnotationError(path, f"cannot be read: {error.strerror}") from error
        return Sample(key, self.root / key, None, parse_regions(data, path))


def is_scene_list(path: PathLike, root: PathLike) -> bool:
    """Says whether a list names text files of boxes instead of labels, by its first line."""
    for _, line in read_lines(path):
        truth = split_sample_line(line)[1]
        return truth.endswith(".txt") and (as_path(root) / truth).is_file()
    return False


def open_sample_list(path: PathLike, root: PathLike, name: str = "") -> SampleList:
    """Returns a list as what it is: one of labelled lines or one of pictures with boxes."""
    kind = SceneList if is_scene_list(path, root) else SampleList
    return kind(path, root, name)
