"""Work spread over processes, with results in the order of the items and bounded memory."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, Deque, Iterable, Iterator, Optional, Tuple, TypeVar, Union

from ocrdata.errors import OptionError, UnfinishedError

_Item = TypeVar("_Item")
Result = TypeVar("Result")

# Enough to keep every worker busy while the results are written, few enough to stay small.
_AHEAD = 3


class Engine:
    """What works through items instead of processes of this machine; see `scale/beam.py`."""

    def map(
        self,
        function: Callable[[Any], Any],
        items: Iterable[Any],
        initializer: Optional[Callable[..., None]],
        initargs: Tuple[Any, ...],
    ) -> Iterator[Any]:
        """Yields `function(item)` for each item, in order, as `ordered_map` does."""
        raise NotImplementedError


Workers = Union[int, Engine]


def default_workers() -> int:
    """Returns the number of processors this process may use, eight at the most."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(8, count or 1)


def ordered_map(
    function: Callable[[_Item], Result],
    items: Iterable[_Item],
    workers: Workers,
    initializer: Optional[Callable[..., None]] = None,
    initargs: Tuple[Any, ...] = (),
) -> Iterator[Result]:
    """Yields `function(item)` for each item, in order; `workers=0` works in this process.

    An `Engine` in place of a number works wherever it works.

    At most three results a worker wait at any time. `function`, the items and the results must
    be picklable for workers > 0. An error of an item is raised when its turn comes; a worker that
    is killed raises UnfinishedError.
    """
    if isinstance(workers, Engine):
        return workers.map(function, items, initializer, initargs)
    if workers < 0:
        raise OptionError(f"--workers must be 0 or more, not {workers}.")
    if workers == 0:
        if initializer is not None:
            initializer(*initargs)
        return map(function, items)
    return _in_processes(function, iter(items), workers, initializer, initargs)


def _start_worker(
    parent: int, initializer: Optional[Callable[..., None]], initargs: Tuple[Any, ...]
) -> None:
    # Ctrl-C reaches the whole process group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    if initializer is not None:
        initializer(*initargs)


def _leave_with(parent: int) -> None:
    # A parent that is killed cannot tell its workers, which would wait for work for ever.
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _in_processes(
    function: Callable[[_Item], Result],
    items: Iterator[_Item],
    workers: int,
    initializer: Optional[Callable[..., None]],
    initargs: Tuple[Any, ...],
) -> Iterator[Result]:
    # Spawned, not forked: a fork copies the locks of whatever threads the parent runs.
    context = multiprocessing.get_context("spawn")
    start = (os.getpid(), initializer, initargs)
    pool = ProcessPoolExecutor(workers, context, _start_worker, start)
    waiting: Deque[Future[Result]] = deque()
    try:
        for item in itertools.islice(items, workers * _AHEAD):
            waiting.append(pool.submit(function, item))
        while waiting:
            result = waiting.popleft().result()
            for item in itertools.islice(items, 1):
                waiting.append(pool.submit(function, item))
            yield result
    except BrokenProcessPool as error:
        raise UnfinishedError(
            "a worker process ended before its work was done (killed, or out of memory).",
            "Try fewer --workers, and --resume if it can; --workers 0 shows the place.",
        ) from error
    finally:
        for future in waiting:
            future.cancel()
        if waiting:
            _forget_cancelled(pool)
        pool.shutdown(wait=True)


def _forget_cancelled(pool: ProcessPoolExecutor) -> None:
    """Has a pool go past what was cancelled.

    Up to Python 3.8 it may see that only after it was told to end, when nothing is left that would
    wake it, and then waits for ever.
    """
    try:
        pool.submit(_nothing).result()
    except RuntimeError:  # it is broken, or Python is ending
        return


def _nothing() -> None:
    """The work behind all other."""
