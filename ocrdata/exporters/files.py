"""Formats of picture files with a list, or a file beside each picture, that says what they show."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Iterable, Iterator, List, Tuple

from ocrdata.base.storage.files import FolderWriter
from ocrdata.exporters.base import SHORT, Exporter, Picture, Pictures

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts

File = Tuple[str, bytes]


class FileExporter(Exporter):
    """Writes picture files where a block is packed, and what says what they show at the end."""

    def pack(
        self, folder: Path, split: str, pictures: Pictures, counts: Counts
    ) -> Tuple[Any, List[Any]]:
        writer = FolderWriter(folder)
        rows = []
        for picture in pictures:
            files, row = self.files(split, picture, counts)
            for name, data in files:
                writer.write(name, data)
            if row is not None:
                rows.append(row)
        return None, rows

    def files(self, split: str, picture: Picture, counts: Counts) -> Tuple[List[File], Any]:
        """Returns the (path, content) of a picture's files, and its row for `finish`, None for a
        picture that the format cannot hold."""
        raise NotImplementedError


_GROUP = 10_000


def grouped(split: str, picture: Picture) -> str:
    """Returns a path of at most 10,000 text lines to a folder: train/0001/00012345.jpg.

    Pictures of scenes are fewer, and have names of their own.
    """
    short = SHORT[split]
    if picture.sample.text is None:
        return f"{short}/{picture.file_name}"
    return f"{short}/{picture.number // _GROUP:04d}/{picture.file_name}"


@contextmanager
def text_file(path: Path) -> Iterator[IO[str]]:
    """Opens a UTF-8 file with LF line ends, and makes its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        yield stream


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Writes lines, one at a time."""
    with text_file(path) as stream:
        for line in lines:
            stream.write(line + "\n")


def to_json(value: Any) -> str:
    """Returns JSON on one line, with characters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def json_bytes(value: Any) -> bytes:
    """Returns the content of a small JSON file."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return (text + "\n").encode("utf-8", "surrogatepass")


def write_json_list(stream: IO[str], items: Iterable[Any]) -> None:
    """Writes a JSON list of any length, an item a line."""
    separator = "[\n"
    for item in items:
        stream.write(separator + to_json(item))
        separator = ",\n"
    stream.write("\n]" if separator == ",\n" else "[]")
