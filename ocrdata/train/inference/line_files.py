"""Picture files of text lines, read a window at a time and in batches of like width."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from ocrdata.images.decode import IGNORE
from ocrdata.images.header import read_header
from ocrdata.images.plain import to_plain
from ocrdata.train.protocols import Protocol

_WINDOW = 16  # batches that are sorted together, at the most


class FileReader(Protocol):
    """Reads picture files of text lines, a batch at a time."""

    def read(self, files: Sequence[bytes]) -> List[Tuple[str, float]]:
        """Returns text and confidence of each JPEG or PNG file."""

    def close(self) -> None:
        """Frees what it holds."""


class LineFile(NamedTuple):
    """A picture: its path, its JPEG or PNG file, and its width over its height."""

    path: Path
    content: bytes
    shape: float


def windows(
    paths: Sequence[Path], batch_size: int, unreadable: Dict[str, str], exif: str = IGNORE
) -> Iterator[List[LineFile]]:
    """Yields the pictures, some batches at a time; `unreadable` gets paths and reasons.

    The first window is one batch, so that results come at once; later ones have up to 16.
    """
    batches, window = 1, []  # type: int, List[LineFile]
    for path in paths:
        try:
            window.append(read_line_file(path, exif))
        except (OSError, ValueError) as error:
            unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
        if len(window) == batches * batch_size:
            yield window
            batches, window = min(2 * batches, _WINDOW), []
    if window:
        yield window


def read_window(
    reader: FileReader, window: Sequence[LineFile], batch_size: int
) -> List[Tuple[str, float]]:
    """Returns text and confidence of each picture, in their order.

    `reader.read` gets batches of like width: there is little padding, and it changes nothing.
    """
    order = sorted(range(len(window)), key=lambda place: window[place].shape)
    found: Dict[int, Tuple[str, float]] = {}
    for at in range(0, len(order), batch_size):
        batch = order[at : at + batch_size]
        found.update(zip(batch, reader.read([window[place].content for place in batch])))
    return [found[place] for place in range(len(window))]


def read_line_file(path: Path, exif: str = IGNORE) -> LineFile:
    """Returns a picture file as TensorFlow can decode it; raises OSError or ValueError.

    Plain JPEG and PNG files go on as they are, so that they are decoded as in training.
    """
    content = to_plain(path.read_bytes(), exif).data
    header = read_header(content)
    return LineFile(path, content, header.width / header.height)
