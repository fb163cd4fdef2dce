"""Rendered samples by number, drawn ahead by other processes."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from typing import Any, Iterator, List, Optional

from ocrdata.base.parallel import default_workers, ordered_map
from ocrdata.train.protocols import Protocol


class RenderJob(Protocol):
    """Samples without end, in blocks; see `ocrdata.pipelines.render_job`."""

    block_size: int
    sha256: str

    def block(self, number: int) -> List[Any]:
        """Returns the samples of a block."""


class RenderedSamples:
    """Sample n of a job, whoever asks and in whatever order; threads may ask at once.

    Workers draw on from the block that was asked for last; the `kept` newest blocks stay, for
    those who are a little behind. Who asks for another place than that waits until it is drawn.
    """

    def __init__(self, job: RenderJob, workers: int = 0, kept: int = 32) -> None:
        self._job, self._kept = job, kept
        self._workers = workers or max(1, default_workers() - 1)
        self._blocks: OrderedDict[int, List[Any]] = OrderedDict()
        self._drawing: Optional[Iterator[List[Any]]] = None
        self._next = 0
        self._lock = threading.Lock()

    def get(self, number: int) -> Any:
        """Returns a sample; raises what drawing it raises."""
        block, place = divmod(number, self._job.block_size)
        with self._lock:
            # What lies a few blocks ahead is being drawn; anything else is begun there.
            if block not in self._blocks and not 0 <= block - self._next < self._kept:
                self._begin(block)
            while block not in self._blocks:
                self._take()
            return self._blocks[block][place]

    def _begin(self, block: int) -> None:
        self._stop()
        self._next = block
        self._drawing = iter(ordered_map(self._job.block, itertools.count(block), self._workers))

    def _take(self) -> None:
        if self._drawing is None:
            self._begin(self._next)
        assert self._drawing is not None
        self._blocks[self._next] = next(self._drawing)
        self._next += 1
        while len(self._blocks) > self._kept:
            self._blocks.popitem(last=False)

    def _stop(self) -> None:
        close = getattr(self._drawing, "close", None)
        if close:
            close()
        self._drawing = None

    def close(self) -> None:
        """Ends the processes."""
        with self._lock:
            self._stop()
