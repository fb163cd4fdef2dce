"""Work spread over processes, with results in the order of the items and bounded memory."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Deque, Iterable, Iterator, Optional, Tuple, TypeVar, Union

from ocrdata.errors import OptionError, UnfinishedError

_Item = TypeVar("_Item")
Result = TypeVar("Result")

# Enough to keep every worker busy while the results are written, few enough to stay small.
_AHEAD = 3
# Of Python 3.9 and 3.10 the first few releases start a process when it is needed, and by then a
# thread of the pool runs; all others that fork start every process before that thread.
_STARTS_AT_ONCE = sys.version_info < (3, 9) or hasattr(ProcessPoolExecutor, "_launch_processes")
_THREADS = Path("/proc/self/task")
# How often it is looked for threads that have just ended, and the seconds between.
_LOOKS, _PAUSE = 10, 0.001
# Seconds that a worker may outlive a parent that was killed: the next run may begin meanwhile.
_PARENT = 0.1


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
    before_fork: Optional[Callable[[int], None]] = None,
) -> Iterator[Result]:
    """Yields `function(item)` for each item, in order; `workers=0` works in this process.

    An `Engine` in place of a number works wherever it works.

    At most three results a worker wait at any time. `function`, the items and the results must
    be picklable for workers > 0, `initargs` too, and hold nothing that is open: workers that are
    forked share it. `before_fork(count)` prepares in this process what so many workers, two or
    more, will then have; it is left out where none are forked. An error of an item is raised when
    its turn comes; a worker that is killed raises UnfinishedError.
    """
    if isinstance(workers, Engine):
        return workers.map(function, items, initializer, initargs)
    if workers < 0:
        raise OptionError(f"--workers must be 0 or more, not {workers}.")
    if workers == 0:
        if initializer is not None:
            initializer(*initargs)
        return map(function, items)
    return _in_processes(function, iter(items), workers, initializer, initargs, before_fork)


def can_fork() -> bool:
    """Says whether workers may be forked from this process: on Linux, where one thread runs in it.

    A fork copies the locks of other threads, Python's or a library's, in whatever state they are.
    """
    if sys.platform != "linux" or not _STARTS_AT_ONCE or threading.active_count() > 1:
        return False
    if 1 < _count_threads() <= 1 + _most_blas_threads():
        _end_blas_threads()
    for _ in range(_LOOKS):
        if _count_threads() == 1:
            return True
        # One that Python has joined may not be gone yet.
        time.sleep(_PAUSE)
    return False


def _count_threads() -> int:
    """Returns how many threads this process has, whoever started them; 0 if that is not known."""
    with suppress(OSError):
        return sum(1 for _ in _THREADS.iterdir())
    return 0


def _most_blas_threads() -> int:
    """Returns how many threads the copies of OpenBLAS have at the most (NumPy's, OpenCV's)."""
    with suppress(OSError):
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        return len({line.split()[-1] for line in lines if "blas" in line}) * (os.cpu_count() or 1)
    return 0


def _end_blas_threads() -> None:
    """Has OpenBLAS end its threads, which it starts when it is loaded.

    It does so in front of every fork, and starts them again when it next needs them. Threads of
    others stay.
    """
    with suppress(OSError):
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)


def _start_worker(
    parent: int, initializer: Optional[Callable[..., None]], initargs: Tuple[Any, ...]
) -> None:
    # What a forked worker has of its parent is left as it is: nothing is ended or written twice.
    gc.freeze()
    _drop_signal_handlers()
    # Ctrl-C reaches the whole process group; the parent alone answers it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    if initializer is not None:
        initializer(*initargs)


def _drop_signal_handlers() -> None:
    """Has signals do what they do in a new process, not what the parent does about them."""
    signal.set_wakeup_fd(-1)
    for number in range(1, signal.NSIG):
        with suppress(OSError, ValueError):  # of numbers that are no signals
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)


def _leave_with(parent: int) -> None:
    # A parent that is killed cannot tell its workers, which would wait for work for ever.
    while os.getppid() == parent:
        time.sleep(_PARENT)
    os._exit(1)


def _in_processes(
    function: Callable[[_Item], Result],
    items: Iterator[_Item],
    workers: int,
    initializer: Optional[Callable[..., None]],
    initargs: Tuple[Any, ...],
    before_fork: Optional[Callable[[int], None]],
) -> Iterator[Result]:
    first = list(itertools.islice(items, workers * _AHEAD))
    if not first:
        return
    count = min(workers, len(first))
    if before_fork is not None and count > 1 and can_fork():
        before_fork(count)
    # Asked again, as that may have started threads.
    context = multiprocessing.get_context("fork" if can_fork() else "spawn")
    start = (os.getpid(), initializer, initargs)
    pool = ProcessPoolExecutor(count, context, _start_worker, start)
    waiting: Deque[Future[Result]] = deque()
    try:
        waiting.extend(pool.submit(function, item) for item in first)
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
