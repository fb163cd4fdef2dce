"""Batches of text lines as arrays, for training in any framework; ocrdata.torch makes tensors.

Lines come from a shard set, or are rendered as they are needed. Each process takes a share of them.
A pool of lines is shuffled, sorted by width and cut into batches, so that little is padded, and
the batches are shuffled. What comes when is a function of the seed, the epoch and the share alone.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Sequence

import cv2
import numpy as np

from ocrdata.base.random_streams import stream
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import OptionError, PathLike, RecordError
from ocrdata.images.decode import decode_rgb
from ocrdata.reading.lines import batch_of, ready_line
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.line_reader import decode_line
from ocrdata.records.format.schema import DATASET_INFO, LAYOUT, RECOGNITION, RECORDS_DIR, LineRecord
from ocrdata.records.sources.shares import ReaderShare, read_record_run, runs_of, shard_order
from ocrdata.text.charset import Charset
from ocrdata.text.visual_order import LineOrder

_WHOLE = ReaderShare()


@dataclass(frozen=True)
class BatchOptions:
    """How lines become batches.

    Args:
        batch_size: lines of a batch.
        height: pixels that every line is brought to, keeping its shape.
        channels: 1 (gray) or 3 (red first).
        width: the most pixels, to which wider lines are squeezed; 0 for as many as there are.
        shuffle: in another order each epoch; otherwise in that of the files.
        pool: batches whose lines are sorted by width together.
        drop_last: leaves out a last batch that is not full.
        even: gives each of several processes as many lines as the others, leaving out fewer lines
            than there are processes, others each epoch. Without it one may have a line more.
    """

    batch_size: int = 64
    height: int = 32
    channels: int = 1
    width: int = 0
    shuffle: bool = True
    pool: int = 16
    drop_last: bool = False
    even: bool = True
    seed: int = 0

    def check(self) -> None:
        """Raises OptionError for a value out of range."""
        for name in ("batch_size", "height", "pool"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} must be 1 or more, not {getattr(self, name)}.")
        if self.channels not in (1, 3):
            raise OptionError(f"channels must be 1 or 3, not {self.channels}.")


class Line(NamedTuple):
    """A text line ready for a network.

    `image` is uint8 [channels, height, w], `classes` int64 [n] of the dictionary, without blanks.
    """

    image: np.ndarray
    classes: np.ndarray
    text: str
    key: str


class LineBatch(NamedTuple):
    """Text lines of like width.

    `images` is uint8 [B, channels, height, W] with zeros on the right, `widths` int64 [B] the
    pixels of each line. `classes` is int64 [sum of lengths], one line behind the other as CTC
    losses take them, and `lengths` int64 [B].
    """

    images: Any
    widths: Any
    classes: Any
    lengths: Any
    texts: List[str]
    keys: List[str]


class _Waiting(NamedTuple):
    """A line that is not decoded yet, and how wide it will be."""

    width: float
    content: Any


class LineBatches:
    """Text lines of a source, epoch after epoch.

    `source` is a shard set, a data folder with one, or what `ocrdata.generate_lines` returns. Its
    classes are those of `charset`, by default the shards' own, from left to right as the line shows
    them: `order.decode` makes texts of what a network reads.
    Raises RecordError where there are no records of text lines, OptionError for rendered lines
    without a charset.
    """

    def __init__(
        self,
        source: Any,
        split: str = "train",
        charset: Optional[Charset] = None,
        options: BatchOptions = BatchOptions(),  # noqa: B008 - it cannot change
    ) -> None:
        options.check()
        self.options = options
        self._rendered = source if hasattr(source, "share") else None
        self._files: List[Any] = []
        if self._rendered is None:
            shards = _line_shards(source)
            self._files = [(path, int(one["samples"])) for _, path, one in shards.shards(split)]
            if not self._files:
                known = ", ".join(shards.splits)
                raise RecordError(source, f"has no split {split}", hint=f"It has: {known}.")
            charset = charset or shards.charset
        if charset is None:
            hint = "Pass charset=ocrdata.collect_characters(texts)."
            raise OptionError("rendered lines have no dictionary of their own.", hint)
        self.charset, self.order = charset, LineOrder(charset)

    @property
    def samples(self) -> Optional[int]:
        """How many lines an epoch has; None where there is no end."""
        if self._rendered is not None:
            count: Optional[int] = self._rendered.count
            return count
        return sum(count for _, count in self._files)

    def lines(self, epoch: int = 0, share: ReaderShare = _WHOLE) -> Iterator[Line]:
        """Yields the lines of a share of an epoch, one by one."""
        share.check()
        return map(self._ready, self._waiting(epoch, share))

    def batches(self, epoch: int = 0, share: ReaderShare = _WHOLE) -> Iterator[LineBatch]:
        """Yields the batches of a share of an epoch."""
        share.check()
        size = self.options.batch_size
        rng = stream(self.options.seed, "line-pools", epoch, share.part)
        waiting = iter(self._waiting(epoch, share))
        while True:
            pool = list(itertools.islice(waiting, size * self.options.pool))
            if not pool:
                return
            for batch in self._cut(pool, rng):
                yield make_batch([self._ready(one) for one in batch])

    def _cut(self, pool: List[_Waiting], rng: random.Random) -> Iterable[List[_Waiting]]:
        """Cuts a pool into batches of like width; only its last one may be short."""
        size = self.options.batch_size
        if self.options.shuffle:
            rng.shuffle(pool)
        # What is left over must be a fair choice too, not the widest lines.
        left = len(pool) % size
        rest = pool[len(pool) - left :]
        kept = sorted(pool[: len(pool) - left], key=lambda one: one.width)
        batches = [kept[first : first + size] for first in range(0, len(kept), size)]
        if self.options.shuffle:
            rng.shuffle(batches)
        return batches + ([rest] if rest and not self.options.drop_last else [])

    def _waiting(self, epoch: int, share: ReaderShare) -> Iterable[_Waiting]:
        if self._rendered is not None:
            for line in self._rendered.share(*share):
                yield _Waiting(line.image.shape[1] / line.image.shape[0], line)
            return
        options, files = self.options, self._files
        if options.shuffle:
            files = shard_order(files, options.seed, epoch)
        total = sum(count for _, count in files)
        if options.even:
            total -= total % share.parts
        first, last = (total * edge // share.parts for edge in (share.part, share.part + 1))
        for run in runs_of(files, first, last):
            for number, data in enumerate(read_record_run(run), run.skip):
                yield _decoded(data, run.path, number)

    def _ready(self, waiting: _Waiting) -> Line:
        line, options = waiting.content, self.options
        if isinstance(line, LineRecord):
            image = _pixels(line, options.channels)
        else:
            image = line.image[..., ::-1] if line.image.ndim == 3 else line.image
        ready = ready_line(image, options.height, options.channels, options.width)
        classes = np.array(self.order.encode(line.text), np.int64)
        return Line(ready.transpose(2, 0, 1), classes, line.text, line.key)


def _line_shards(source: PathLike) -> Any:
    folder = as_path(source)
    if not (folder / DATASET_INFO).is_file() and (folder / RECORDS_DIR / DATASET_INFO).is_file():
        folder = folder / RECORDS_DIR
    shards = read_shard_set(folder)
    if shards.task != RECOGNITION or shards.info["layout"] != LAYOUT:
        layout = shards.info["layout"]
        problem = f"has records for {shards.task} in the layout {layout}, not text lines"
        raise RecordError(folder, problem)
    return shards


def _decoded(data: bytes, path: Any, number: int) -> _Waiting:
    try:
        line = decode_line(data)
    except ValueError as error:
        raise RecordError(path, f"record {number} {error}") from error
    return _Waiting(line.width / max(1, line.height), line)


def _pixels(line: LineRecord, channels: int) -> np.ndarray:
    """Returns a picture as uint8 [h, w] or [h, w, 3], blue first; raises RecordError."""
    if _is_opaque(line):
        kind = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
        data = np.frombuffer(line.image, np.uint8)
        image = cv2.imdecode(data, kind | cv2.IMREAD_IGNORE_ORIENTATION)
        if image is not None:
            return np.asarray(image)
    try:
        return decode_rgb(line.image)[:, :, ::-1]
    except ValueError as error:
        raise RecordError(line.key, f"picture {error}") from error


def _is_opaque(line: LineRecord) -> bool:
    """Says whether OpenCV decodes a picture as all others do: it knows no transparency."""
    data = line.image
    if line.format == "png":
        return data[25:26] in (b"\0", b"\2") and data.find(b"tRNS", 33, data.find(b"IDAT")) < 0
    return line.format == "jpeg"


def make_batch(lines: Sequence[Line]) -> LineBatch:
    """Returns lines of one height as a batch of arrays."""
    ready = batch_of([line.image.transpose(1, 2, 0) for line in lines])
    return LineBatch(
        np.ascontiguousarray(ready["images"].transpose(0, 3, 1, 2)),
        ready["widths"].astype(np.int64),
        np.concatenate([line.classes for line in lines]),
        np.array([len(line.classes) for line in lines], np.int64),
        [line.text for line in lines],
        [line.key for line in lines],
    )
