"""The one record that flows from importers and the renderer to every writer, and its list file.

`sample.txt` has one line a picture, `relative/path label`, UTF-8 and LF. The path ends at the
first tab, or at the first space where there is no tab: one with spaces is written with a tab.
Everything behind it is the label, which may hold spaces. A byte order mark and CRLF are accepted on
reading and never written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Iterable, Iterator, Optional, Tuple, Union

from ocrdata.base.encodings import encoding_hint
from ocrdata.base.storage.files import read_whole
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import AnnotationError, InputError, PathLike

if TYPE_CHECKING:
    import numpy as np

SAMPLE_LIST = "sample.txt"
TRAIN, VALIDATION, TEST = SPLITS = ("train", "validation", "test")
# What a sample is for: a line with its text, or a scene with its regions.
TASKS = RECOGNITION, DETECTION = ("recognition", "detection")
_HEAD = 1 << 16


@dataclass(frozen=True)
class Region:
    """One piece of text in a picture: its outline (float32 [n, 2], x and y in pixels) and text."""

    polygon: np.ndarray
    text: str
    ignore: bool = False


@dataclass(frozen=True)
class Sample:
    """A picture with its truth: `text` for a line, `regions` for a scene.

    `key` is unique, relative and stable. `image` is the encoded file (bytes) or where it lies.
    """

    key: str
    image: Union[bytes, str, Path]
    text: Optional[str] = None
    regions: Tuple[Region, ...] = field(default=())

    def image_bytes(self) -> bytes:
        """Returns the encoded picture; raises InputError where its file cannot be read."""
        if isinstance(self.image, bytes):
            return self.image
        try:
            return read_whole(self.image)
        except OSError as error:
            raise InputError(self.image, f"cannot be read: {error.strerror}") from error


def read_lines(path: PathLike) -> Iterator[Tuple[int, str]]:
    """Yields (line number from 1, text) of a UTF-8 file; empty lines are passed over.

    Raises AnnotationError naming the line that is not UTF-8.
    """
    try:
        with as_path(path).open("rb") as stream:
            for number, raw in enumerate(stream, 1):
                if number == 1 and raw.startswith(b"\xef\xbb\xbf"):
                    raw = raw[3:]
                try:
                    line = raw.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise AnnotationError(
                        path,
                        f"is not UTF-8 ({error.reason})",
                        number,
                        encoding_hint(raw + stream.read(_HEAD)),
                    ) from error
                if line.strip():
                    yield number, line
    except OSError as error:
        raise AnnotationError(path, f"cannot be read: {error.strerror}") from error


def split_sample_line(line: str) -> Tuple[str, str]:
    """Splits a line of `sample.txt` into (path, label), whatever they are."""
    key, tab, label = line.partition("\t")
    if not tab:
        key, _, label = line.partition(" ")
    return key, label


def join_sample_line(key: str, label: str) -> str:
    """Returns the line of `sample.txt` that `split_sample_line` splits again."""
    return f"{key}\t{label}\n" if " " in key or "\t" in label else f"{key} {label}\n"


def parse_sample_line(path: PathLike, number: int, line: str) -> Tuple[str, str]:
    """Splits a line of `sample.txt` into (relative path, label); raises AnnotationError."""
    key, label = split_sample_line(line)
    if not label.strip():
        raise AnnotationError(path, f"has no label behind the path {key!r}", number)
    pure = PurePosixPath(key)
    if not key or pure.is_absolute() or ".." in pure.parts or "\0" in key:
        raise AnnotationError(path, f"{key!r} is not a path inside the folder", number)
    return key, label


def read_sample_list(path: PathLike, root: PathLike) -> Iterator[Sample]:
    """Yields the samples of a `sample.txt`, with the pictures' paths under `root`.

    Raises AnnotationError(path, line) for a line without a label or a path that leaves `root`.
    """
    base = as_path(root)
    for number, line in read_lines(path):
        key, label = parse_sample_line(path, number, line)
        yield Sample(key, base / key, label)


def write_sample_list(path: PathLike, rows: Iterable[Tuple[str, str]]) -> int:
    """Writes (key, label) rows as a `sample.txt` and returns how many there were.

    Raises AnnotationError for a key with a tab or a line break, or a label with a line break.
    """
    count = 0
    with as_path(path).open("w", encoding="utf-8", newline="\n") as stream:
        for key, label in rows:
            broken = key.strip() != key or len(key.split("\t")) + len(key.splitlines()) != 2
            if broken or len(label.splitlines()) != 1 or not label.strip():
                problem = f"cannot hold the path {key!r} with the label {label!r}"
                raise AnnotationError(path, problem, count + 1)
            stream.write(join_sample_line(key, label))
            count += 1
    return count
