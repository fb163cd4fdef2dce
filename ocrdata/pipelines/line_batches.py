"""Batches of text lines as arrays, for training in any framework; ocrdata.torch makes tensors.

Lines come from a shard set, or are rendered as they are needed. Each process takes a share of them.
A pool of lines is shuffled, sorted by width and cut into batches, so that little is padded, and
the batches are shuffled. What comes when is a function of the seed, the epoch and the share alone.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any, Iterable, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.base.random_streams import stream, uniform_block
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import OptionError, PathLike, RecordError
from ocrdata.pipelines.batch_arrays import Line, LineBatch, padded_images
from ocrdata.pipelines.line_pools import LinePool, record_pools, rendered_pools
from ocrdata.reading.lines import ready_line, scaled_width
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.schema import DATASET_INFO, LAYOUT, RECOGNITION, RECORDS_DIR
from ocrdata.records.sources.read_ahead import read_parts
from ocrdata.records.sources.shares import ReaderShare, read_record_blocks, runs_of, shard_order
from ocrdata.text.charset import Charset
from ocrdata.text.packed_texts import TextEncoder
from ocrdata.text.visual_order import LineOrder

_WHOLE = ReaderShare()
_LINES_AT_ONCE = 64
# Pixels of width that are set aside because a record says so.
_TRUSTED = 1 << 13
# Batches that each thread has read before they are asked for.
AHEAD = 2


@dataclass(frozen=True)
class BatchOptions:
    """How lines become batches.

    Args:
        batch_size: lines of a batch.
        height: pixels that every line is brought to, keeping its shape.
        channels: 1 (gray) or 3 (red first).
        width: the most pixels, to which wider lines are squeezed; 0 for as many as there are.
        min_width: the least pixels, to which narrower lines are stretched; at most `width`.
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
    min_width: int = 0
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
        # Whether lines are drawn as they are needed.
        self.rendered = hasattr(source, "share")
        self._source = source
        self._files: List[Any] = []
        if not self.rendered:
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
        self._encoder = TextEncoder(self.order)
        self._size = (options.height, options.channels, options.width)

    @property
    def samples(self) -> Optional[int]:
        """How many lines an epoch has; None where there is no end."""
        if self.rendered:
            count: Optional[int] = self._source.count
            return count
        return sum(count for _, count in self._files)

    def lines(self, epoch: int = 0, share: ReaderShare = _WHOLE) -> Iterator[Line]:
        """Yields the lines of a share of an epoch, one by one."""
        share.check()
        for pool in self._pools(epoch, share, _LINES_AT_ONCE):
            places = range(pool.sizes.shape[1])
            images = map(self._ready, pool.images(places, self.options.channels))
            for image, text, key in zip(images, pool.texts(places), pool.keys(places)):
                classes = np.array(self.order.encode(text), np.int64)
                whole = np.ascontiguousarray(image).reshape(-1, *image.shape[-2:])
                yield Line(whole, classes, text, key)

    def batches(
        self, epoch: int = 0, share: ReaderShare = _WHOLE, threads: int = 0, ahead: int = AHEAD
    ) -> Iterator[LineBatch]:
        """Yields the batches of a share of an epoch.

        Each of `threads` reads a part of it, up to `ahead` batches before they are taken, and they
        come in turn; 0 reads in the calling thread. Raises OptionError for threads that would draw:
        that is work for processes.
        """
        share.check()
        if not threads:
            return self._batches(epoch, share)
        self.check_threads(threads)
        return read_parts(partial(self._batches, epoch), share, threads, ahead)

    def check_threads(self, threads: int) -> None:
        """Raises OptionError where so many threads cannot read."""
        if threads < 0:
            raise OptionError(f"there must be 0 threads or more, not {threads}.")
        if self.rendered:
            hint = "Let processes draw them: each takes its ReaderShare."
            raise OptionError("threads do not draw lines faster than one does.", hint)

    def _batches(self, epoch: int, share: ReaderShare) -> Iterator[LineBatch]:
        size = self.options.batch_size * self.options.pool
        for number, pool in enumerate(self._pools(epoch, share, size)):
            for places in self._cut(pool.sizes, ("line-pool", epoch, share.part, number)):
                yield self._batch(pool, places.tolist())

    def _batch(self, pool: LinePool, places: List[int]) -> LineBatch:
        height, channels, most = self._size
        heights, widths = pool.sizes[:, places]
        wide = min(_TRUSTED, int(scaled_width(heights, widths, height).max()))
        wide = max(wide, self.options.min_width)
        images = map(self._ready, pool.images(places, channels))
        shape = (len(places), channels, height, max(1, min(wide, most) if most else wide))
        texts, keys = pool.texts(places), pool.keys(places)
        classes = self._encoder.encode(texts)
        return LineBatch(*padded_images(images, shape), classes, texts.lengths, texts, keys)

    def _cut(self, sizes: np.ndarray, key: Tuple[object, ...]) -> Iterable[np.ndarray]:
        """Cuts a pool into batches of like width; only its last one may be short."""
        size, seed, count = self.options.batch_size, self.options.seed, sizes.shape[1]
        order = np.arange(count)
        if self.options.shuffle:
            order = np.argsort(uniform_block(seed, repr(key), 0, count, 1)[:, 0], kind="stable")
        # What is left over must be a fair choice too, not the widest lines.
        rest = order[count - count % size :]
        kept = order[: count - count % size]
        height, width = sizes[:, kept]
        kept = kept[np.argsort(width / height, kind="stable")]
        batches = list(kept.reshape(-1, size))
        if self.options.shuffle:
            stream(seed, *key).shuffle(batches)
        return batches + ([rest] if len(rest) and not self.options.drop_last else [])

    def _pools(self, epoch: int, share: ReaderShare, size: int) -> Iterator[LinePool]:
        if self.rendered:
            return rendered_pools(self._source.share(*share), size)
        options, files = self.options, self._files
        if options.shuffle:
            files = shard_order(files, options.seed, epoch)
        total = sum(count for _, count in files)
        if options.even:
            total -= total % share.parts
        first, last = (total * edge // share.parts for edge in (share.part, share.part + 1))
        runs = map(read_record_blocks, runs_of(files, first, last))
        return record_pools(itertools.chain.from_iterable(runs), size)

    def _ready(self, image: np.ndarray) -> np.ndarray:
        """Returns a picture as [channels, height, w], or [height, w] if that is all there is."""
        height, channels, most = self._size
        tall, wide, *deep = image.shape
        fits = tall == height and wide >= self.options.min_width and not 0 < most < wide
        if fits and channels == (3 if deep else 1):
            return image.transpose(2, 0, 1)[::-1] if deep else image
        least = self.options.min_width
        return ready_line(image, height, channels, most, least).transpose(2, 0, 1)


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
