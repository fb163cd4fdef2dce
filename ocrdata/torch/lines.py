"""Batches of text lines as tensors."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from torch import distributed
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ocrdata.errors import OptionError
from ocrdata.pipelines.batch_arrays import Line, LineBatch, make_batch
from ocrdata.pipelines.line_batches import AHEAD, BatchOptions, LineBatches
from ocrdata.records.sources.read_ahead import read_parts
from ocrdata.records.sources.shares import ReaderShare
from ocrdata.text.charset import Charset
from ocrdata.text.visual_order import LineOrder


class LineDataset(IterableDataset):
    """Text lines of a shard set, or rendered as they are needed, in batches of like width.

    `dataset.loader(num_workers=N)` reads it in threads and draws lines in processes;
    `torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=N)` does both in processes,
    with the same batches. It makes its own batches. Workers and ranks take equal shares, without
    saying so.

    Args:
        source: a shard set, a data folder with one, or what `ocrdata.generate_lines` returns.
        split: "train", "validation" or "test" of a shard set.
        batch_size: lines of a batch; None for lines one by one, to be put together by
            `collate_lines`.
        charset: the dictionary of the classes; by default the shards' own.
        options: height, channels, shuffling and more.
        endless: goes on with the next epoch, for training by steps. Processes that train together
            then never wait for one that has run out.
        rank, world_size: which of several processes this is; by default what torch.distributed
            says, or RANK and WORLD_SIZE in the environment.

    Call `set_epoch` before each epoch for another order. Items are `LineBatch` or `Line` with
    tensors in place of arrays. Raises RecordError and OptionError.
    """

    def __init__(
        self,
        source: Any,
        split: str = "train",
        batch_size: Optional[int] = 64,
        *,
        charset: Optional[Charset] = None,
        options: Optional[BatchOptions] = None,
        endless: bool = False,
        rank: Optional[int] = None,
        world_size: Optional[int] = None,
    ) -> None:
        super().__init__()
        chosen = options or BatchOptions()
        if batch_size is not None:
            chosen = replace(chosen, batch_size=batch_size)
        self._lines = LineBatches(source, split, charset, chosen)
        self._batched, self._endless = batch_size is not None, endless
        self._share = ReaderShare(*_process(rank, world_size))
        self._share.check()
        # Workers that stay alive see what is set here.
        self._epoch = torch.zeros((), dtype=torch.int64).share_memory_()

    @property
    def charset(self) -> Charset:
        """The dictionary; `charset.blank` is the blank of CTC."""
        return self._lines.charset

    @property
    def order(self) -> LineOrder:
        """Turns classes that were read from left to right into texts: `order.decode`."""
        return self._lines.order

    @property
    def samples(self) -> Optional[int]:
        """How many lines an epoch has, of all processes; None where there is no end."""
        return self._lines.samples

    def set_epoch(self, epoch: int) -> None:
        """Says which epoch comes next: it decides the order."""
        self._epoch.fill_(epoch)

    def __iter__(self) -> Iterator[Union[Line, LineBatch]]:
        if not self._batched:
            return map(as_tensors, self._from_now(self._lines.lines)(self._part()))
        batches = map(as_tensors, self._from_now(self._lines.batches)(self._part()))
        return itertools.starmap(SentBatch, batches) if get_worker_info() else batches

    def loader(
        self, num_workers: int = 0, prefetch_factor: Optional[int] = None, **options: Any
    ) -> DataLoader:
        """Returns a `DataLoader` that yields the batches.

        A shard set is read by so many threads of this process, each of which has two batches, or
        `prefetch_factor`, ready: decoding lets other threads run, and nothing is handed from
        process to process. Rendered lines are drawn by so many processes, as
        `DataLoader(self, batch_size=None, num_workers=N)` does it.

        `options` are those of `DataLoader`; with threads there is `pin_memory` only. Raises
        OptionError for others, and for a dataset of single lines.
        """
        if not self._batched:
            raise OptionError("loader() is for batches; this dataset has batch_size=None.")
        if self._lines.rendered:
            if prefetch_factor is not None:
                options["prefetch_factor"] = prefetch_factor
            return DataLoader(self, None, num_workers=num_workers, **options)
        self._lines.check_threads(num_workers)
        _check_options(num_workers, prefetch_factor, options)
        return DataLoader(_Threads(self, num_workers, prefetch_factor or AHEAD), None, **options)

    def threads(self, count: int, ahead: int) -> Iterator[LineBatch]:
        """Yields the batches that threads read, in turn, each of them `ahead` batches ahead."""
        read = self._from_now(self._lines.batches)
        return map(as_tensors, read_parts(read, self._part(), count, ahead))

    def _part(self) -> ReaderShare:
        worker = get_worker_info()
        return self._share.within(worker.id, worker.num_workers) if worker else self._share

    def _from_now(self, read: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """Returns what reads a share, from the epoch on that is set now."""
        if self._endless:
            read = partial(_without_end, read)
        return partial(read, int(self._epoch))


def _without_end(
    read: Callable[..., Iterator[Any]], first: int, share: ReaderShare
) -> Iterator[Any]:
    for epoch in itertools.count(first):
        empty = True
        for one in read(epoch, share):
            empty = False
            yield one
        if empty:
            return


def _check_options(num_workers: int, prefetch_factor: Optional[int], options: Any) -> None:
    """Raises OptionError for what threads cannot do."""
    unknown = sorted(set(options) - {"pin_memory"})
    if unknown:
        problem = f"loader() reads a shard set in threads, which have no {unknown[0]}"
        hint = "For processes: DataLoader(dataset, batch_size=None, num_workers=N, ...)."
        raise OptionError(f"{problem}.", hint)
    if prefetch_factor is not None and min(num_workers, prefetch_factor) < 1:
        raise OptionError("prefetch_factor must be 1 or more, and needs num_workers=1 or more.")


class _Threads(IterableDataset):
    """The batches of a dataset, read by threads; without threads as they are asked for."""

    def __init__(self, lines: LineDataset, count: int, ahead: int) -> None:
        super().__init__()
        self._lines, self._count, self._ahead = lines, count, ahead

    def __iter__(self) -> Iterator[Any]:
        if not self._count:
            return iter(self._lines)
        return self._lines.threads(self._count, self._ahead)


class SentBatch(LineBatch):
    """A batch that leaves a worker process, all but its pixels as arrays.

    Each tensor that is handed over takes a connection between two processes, as long as decoding
    ten lines or more.
    """

    __slots__ = ()

    def __reduce__(self) -> Tuple[Any, ...]:
        images, *others = self
        return _received, (images, [one.numpy() if torch.is_tensor(one) else one for one in others])


def _received(images: Any, others: List[Any]) -> LineBatch:
    batch: LineBatch = as_tensors(LineBatch(images, *others))
    return batch


def as_tensors(item: Any) -> Any:
    """Returns a Line or LineBatch with tensors in place of its arrays."""
    return type(item)(*(torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in item))


def collate_lines(lines: Sequence[Line]) -> LineBatch:
    """Returns single lines as a batch, for DataLoader(..., batch_size=N, collate_fn=...)."""
    batch: LineBatch = as_tensors(make_batch([_as_arrays(line) for line in lines]))
    return batch


def _as_arrays(line: Any) -> Line:
    return Line(line.image.numpy(), line.classes.numpy(), line.text, line.key)


def _process(rank: Optional[int], world_size: Optional[int]) -> Tuple[int, int]:
    if (rank is None) != (world_size is None):
        raise OptionError("rank and world_size go together.")
    if rank is not None and world_size is not None:
        return rank, world_size
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
