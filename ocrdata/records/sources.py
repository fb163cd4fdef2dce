"""Sample lists as writers of shards use them: read once in order, then line by line from anywhere.

A list of ten million lines is not held in memory: what is kept of a line is its place in the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Iterator, NamedTuple, Optional, Tuple

from ocrdata.base.sample import Sample, parse_sample_line, read_lines
from ocrdata.errors import AnnotationError, PathLike

_BOM = b"\xef\xbb\xbf"


class ListedLine(NamedTuple):
    """A line of a sample list: where it starts in the file, its number from 1, and its text."""

    offset: int
    number: int
    text: str


class SampleList:
    """A `sample.txt` whose pictures lie under `root`."""

    def __init__(self, path: PathLike, root: PathLike) -> None:
        self.path = Path(path)
        self.root = Path(root)
        self._stream: Optional[BinaryIO] = None

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
            problem = "cannot be read: {}".format(error.strerror)
            raise AnnotationError(self.path, problem) from error

    def row_at(self, offset: int) -> Tuple[str, str]:
        """Returns (key, label) of the line that starts at a byte."""
        if self._stream is None:
            # Small, because every seek throws the buffer away.
            self._stream = self.path.open("rb", 512)
        self._stream.seek(offset)
        line = self._stream.readline().decode("utf-8").rstrip("\r\n")
        return parse_sample_line(self.path, 0, line)

    def sample_at(self, offset: int) -> Sample:
        """Returns the sample of the line that starts at a byte."""
        key, text = self.row_at(offset)
        return Sample(key, self.root / key, text)

    def number_at(self, offset: int) -> int:
        """Returns the number, from 1, of the line that starts at a byte; for messages."""
        with self.path.open("rb") as stream:
            count = 1
            while stream.tell() < offset:
                count += stream.read(min(1 << 20, offset - stream.tell())).count(b"\n")
        return count

    def __enter__(self) -> SampleList:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file that `row_at` opened."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
