"""Batches of text lines as tensors."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Tuple, Union

import torch
from torch import distributed
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from ocrdata.errors import OptionError
from ocrdata.pipelines.line_batches import (
    Allocate,
    BatchOptions,
    Line,
    LineBatch,
    LineBatches,
    make_batch,
)
from ocrdata.records.sources.shares import ReaderShare
from ocrdata.text.charset import Charset
from ocrdata.text.visual_order import LineOrder
from ocrdata.torch.shared_batches import BatchGroup, as_tensors, in_groups, single


class LineDataset(IterableDataset):
    """Text lines of a shard set, or rendered as they are needed, in batches of like width.

    `dataset.loader(num_workers=N)` reads it in other processes, and so does
    `torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=N)`, more slowly. It makes
    its own batches. Workers and ranks take equal shares, without saying so.

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
            return map(as_tensors, self._epochs(self._lines.lines))
        if get_worker_info() is None:
            return self.alone()
        return single(self._batches)

    def alone(self) -> Iterator[LineBatch]:
        """Yields the batches in this process."""
        return map(as_tensors, self._epochs(self._lines.batches))

    def groups(self) -> Iterator[BatchGroup]:
        """Yields the batches as they leave a worker: several at a time."""
        return in_groups(self._batches)

    def loader(self, num_workers: int = 0, **options: Any) -> LineLoader:
        """Returns what yields the batches, read in other processes, which stay from epoch to epoch:
        more of them a second than a `DataLoader` over this dataset gives. `options` are those of
        `DataLoader`."""
        if not self._batched:
            raise OptionError("loader() is for batches; this dataset has batch_size=None.")
        return LineLoader(self, num_workers, options)

    def _batches(self, allocate: Allocate) -> Iterator[LineBatch]:
        return self._epochs(partial(self._lines.batches, allocate=allocate))

    def _epochs(self, read: Callable[[int, ReaderShare], Iterator[Any]]) -> Iterator[Any]:
        worker = get_worker_info()
        share = self._share.within(worker.id, worker.num_workers) if worker else self._share
        epoch = int(self._epoch)
        while True:
            empty = True
            for one in read(epoch, share):
                empty = False
                yield one
            if not self._endless or empty:
                return
            epoch += 1


class LineLoader:
    """Batches of a `LineDataset`, read by worker processes. An epoch is a run through it."""

    def __init__(self, lines: LineDataset, num_workers: int, options: Dict[str, Any]) -> None:
        self._lines = lines
        self._loader: Any = None
        if num_workers:
            given = {"persistent_workers": True, **options, "num_workers": num_workers}
            self._loader = DataLoader(_Groups(lines), None, collate_fn=_as_it_is, **given)

    def __iter__(self) -> Iterator[LineBatch]:
        if self._loader is None:
            yield from self._lines.alone()
            return
        for group in self._loader:
            yield from group.batches()


class _Groups(IterableDataset):
    """The batches of a dataset, several as one item."""

    def __init__(self, lines: LineDataset) -> None:
        super().__init__()
        self._lines = lines

    def __iter__(self) -> Iterator[BatchGroup]:
        return self._lines.groups()


def _as_it_is(group: BatchGroup) -> BatchGroup:
    return group


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
