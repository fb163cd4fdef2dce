"""Where a writer of shards takes samples from: read once in order, then one by one from anywhere.

Ten million samples are not held in memory: what is kept of one is its place, a number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, NamedTuple, Optional, Tuple

from ocrdata.base.sample import Sample, parse_sample_line, read_lines, split_sample_line
from ocrdata.base.skips import BAD_LINE, Skips
from ocrdata.base.storage.files import open_for_seeking
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.records.sources.truth import parse_regions

_BOM = b"\xef\xbb\xbf"


class SampleRow(NamedTuple):
    """A sample in passing: its place, its line (0: it has none), its key, and its label.

    Pictures with regions have no label.
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

    def rows(self, skips: Skips) -> Iterator[SampleRow]:
        """Yields the samples in order; what is wrong goes to `skips`."""
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


def _parse(path: Path, number: int, line: str) -> Tuple[str, str]:
    """Does what `parse_sample_line` does, without taking apart paths that cannot be wrong."""
    key, label = split_sample_line(line)
    if label.strip() and key and key[0] != "/" and ".." not in key and "\0" not in key:
        return key, label
    return parse_sample_line(path, number, line)


class ListedLine(NamedTuple):
    """A line of a sample list: where it starts in the file, its number from 1, and its text."""

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

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "_stream": None}

    def lines(self) -> Iterator[ListedLine]:
        """Yields the lines that are not empty; raises AnnotationError for one that is not UTF-8."""
        offset = 0
        try:
            with self.path.open("rb") as stream:
                for number, raw in enumerate(stream, 1):
                    start, offset = offset, offset + len(raw)
                    if number == 1 and raw.startswith(_BOM):
                        start, raw = 3, raw[3:]
                    text = raw.decode("utf-8").rstrip("\r\n")
                    if text.strip():
                        yield ListedLine(start, number, text)
        except UnicodeDecodeError:
            # The shared reader says so best.
            for _ in read_lines(self.path):
                pass
            raise
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            raise AnnotationError(self.path, problem) from error

    def rows(self, skips: Skips) -> Iterator[SampleRow]:
        for line in self.lines():
            try:
                key, text = _parse(self.path, line.number, line.text)
            except AnnotationError as error:
                skips.refuse(BAD_LINE, error)
                continue
            yield SampleRow(line.offset, line.number, key, text)

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
        with self.path.open("rb") as stream:
            count = 1
            while stream.tell() < offset:
                count += stream.read(min(1 << 20, offset - stream.tell())).count(b"\n")
        return count

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class SceneList(SampleList):
    """A list of `picture truth` lines; the truth is a text file of boxes, as ICDAR 2015 has."""

    def rows(self, skips: Skips) -> Iterator[SampleRow]:
        for row in super().rows(skips):
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
