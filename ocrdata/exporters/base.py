"""What an exporter is: facts about a format, and functions from samples to its files.

Samples come in blocks. `pack` turns a block into what the format stores, in any process; what
`open` returns takes the blocks of a split in order, in one process; `finish` writes what needs all
rows of a split, such as a label file. Most formats are picture files and a list: `files.py`.
"""

from __future__ import annotations

import importlib
import itertools
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Sequence,
    Tuple,
)

from ocrdata.base.sample import DETECTION, RECOGNITION, TEST, TRAIN, VALIDATION, Sample
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import MissingExtraError, PathLike
from ocrdata.exporters.pictures import SUFFIXES, read_picture
from ocrdata.images.header import ImageHeader

if TYPE_CHECKING:
    Counts = Counter[str]

# As nearly all tools call them in names of files and folders.
SHORT = {TRAIN: "train", VALIDATION: "val", TEST: "test"}
BLOCK = {RECOGNITION: 256, DETECTION: 32}


@dataclass(frozen=True)
class FormatInfo:
    """What `ocrdata list exporters` says of a format; `tree` shows the files written.

    `readers` are the tools that read it and `extra` the extra that brings its library, if any.
    """

    name: str
    title: str
    homepage: str
    readers: str
    tasks: Tuple[str, ...]
    tree: str
    extra: str = ""


class Picture(NamedTuple):
    """A sample whose picture was read: its number in its split, from 0, a name without suffix that
    no other picture of the split has, the encoded file, and what its header says."""

    number: int
    name: str
    data: bytes
    header: ImageHeader
    sample: Sample

    @property
    def text(self) -> str:
        """The label of a text line."""
        return self.sample.text or ""

    @property
    def file_name(self) -> str:
        """The name with the suffix that belongs to the content."""
        return f"{self.name}.{SUFFIXES[self.header.format]}"


class Pictures:
    """The pictures of a block in order, one by one, and what formats take as columns: the encoded
    files, the keys, and the texts of lines. `one(row)` makes a single picture."""

    def __init__(
        self,
        data: List[bytes],
        keys: Sequence[str],
        texts: Sequence[str],
        one: Callable[[int], Picture],
    ) -> None:
        self.data, self.keys, self.texts, self._one = data, keys, texts, one

    @staticmethod
    def of(pictures: Sequence[Picture]) -> Pictures:
        """Puts single pictures side by side."""
        return Pictures(
            [one.data for one in pictures],
            [one.sample.key for one in pictures],
            [one.text for one in pictures],
            pictures.__getitem__,
        )

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Picture]:
        return map(self._one, range(len(self)))


class SplitWriter:
    """Takes the blocks of a split in order. Here, of a format that needs no such thing."""

    def add(self, payload: Any, shard: int, ends: bool) -> bool:
        """Stores what `pack` returned; says whether all so far would outlive this process.

        `shard` is the number of the shard that the block belongs to, and `ends` tells its last one.
        """
        return True

    def close(self) -> None:
        """Finishes the file that is open."""


@dataclass(frozen=True)
class Exporter:
    """A format that can be written, for one of its tasks."""

    info: FormatInfo
    task: str = RECOGNITION
    samples_per_shard: int = 10_000

    @property
    def shards(self) -> bool:
        """Whether the format is cut into shards of `samples_per_shard` samples."""
        return False

    def pack(
        self, folder: Path, split: str, pictures: Pictures, counts: Counts
    ) -> Tuple[Any, List[Any]]:
        """Returns what the split's writer takes, and a row (plain JSON values) for each picture.

        `counts` counts by description what the format cannot hold as it is.
        """
        raise NotImplementedError

    def open(self, folder: Path, split: str, rows: Iterable[Any] = ()) -> SplitWriter:
        """Returns what takes the blocks of a split; `rows` are those of the blocks it has."""
        return SplitWriter()

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        """Writes what needs the rows of the whole split, which can be gone through again.

        May be called once more after an interruption."""

    def check(self) -> None:
        """Raises MissingExtraError where the format's library is not installed."""

    def write(self, samples: Iterable[Sample], folder: PathLike, split: str = TRAIN) -> int:
        """Writes the samples of one split into a folder, in this process; returns their number.

        Raises InputError and ValueError for a picture that cannot be read. `ocrdata convert` does
        the same with many processes, counts what it leaves out and can be resumed.
        """
        self.check()
        root = as_path(folder)
        root.mkdir(parents=True, exist_ok=True)
        pictures = (read_one(n, line_name(n), sample) for n, sample in enumerate(samples))
        rows: List[Any] = []
        writer = self.open(root, split)
        for first in itertools.count(0, BLOCK[self.task]):
            block = list(itertools.islice(pictures, BLOCK[self.task]))
            if not block:
                break
            payload, more = self.pack(root, split, Pictures.of(block), Counter())
            rows += more
            writer.add(payload, first // self.samples_per_shard, False)
        writer.close()
        self.finish(root, split, rows)
        return len(rows)


def line_name(number: int) -> str:
    """Returns the name of a text line by its number in its split."""
    return f"{number:08d}"


def read_one(number: int, name: str, sample: Sample) -> Picture:
    """Returns a sample with its picture's bytes; raises InputError and ValueError."""
    data = sample.image_bytes()
    return Picture(number, name, data, read_picture(data), sample)


def library(name: str, extra: str, why: str) -> ModuleType:
    """Imports a format's library; raises MissingExtraError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(name.partition(".")[0], extra, why) from error


def one_line(text: str, counts: Counts) -> str:
    """Returns a text for a file with a sample a line: tabs and line breaks become spaces."""
    if text.isprintable():
        return text
    plain = "".join(" " if character in "\t\n\v\f\r" else character for character in text)
    if plain != text:
        counts["tab or line break in a text made a space"] += 1
    return plain
