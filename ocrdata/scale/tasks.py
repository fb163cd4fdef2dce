"""Tasks on storage that all machines of a cluster see: their function, their items, their results.

    results/      a file for each finished task, named by the hash of its item
    plans/PLAN/   what one run is to do, under a name that no other run has:
        work      the function, pickled
        items     the items, one pickle behind the other; a block's samples are pickles of their own
        index     where each item starts in `items`, and the hash of its bytes
        failed    there once a task has failed: the others are passed over

A worker is told a plan and a number, reads that item and no other, and writes its result under a
temporary name first. A task may therefore be tried again, by several machines at once, or by a
later run. That run has fewer items under other numbers, while workers may still be at those of a
launcher that was killed: whatever they keep or read must be of the plan they were given.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
import uuid
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Callable, Iterable, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.base.storage.files import remove_tree
from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OcrdataError
from ocrdata.importers.blocks import ImportBlock
from ocrdata.scale.freed_memory import keep_freed_memory

Call = Tuple[Callable[[Any], Any], Optional[Callable[..., None]], Tuple[Any, ...]]

_INDEX = np.dtype([("start", "<i8"), ("digest", "V16")])
_PROTOCOL = 4
_FAILED = "failed"
# What is read of the items at once.
_BLOCK = 1 << 16
# Renderers keep what they have drawn and are not made for threads, of which some runners start
# several a process. Processes are what these runners have one of for each processor.
_ONE_AT_A_TIME = threading.Lock()


class _Hashed:
    """A stream that notes how much went through, and the hash of it since `start`."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.size = stream, 0
        self.start()

    def start(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self.size += memoryview(data).nbytes
        return self.stream.write(data)


class TaskFolder:
    """The tasks in a folder, and the plan of a run once it is written: workers get it whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = self.plan = folder

    # --- the launcher

    def write(self, call: Call, items: Iterable[Any]) -> int:
        """Writes the function with its initializer, and the items; returns how many there are.

        Results of an earlier run stay, but not its plan or its errors, nor what cannot be read.
        """
        (self.folder / "results").mkdir(parents=True, exist_ok=True)
        self._keep_good_results()
        remove_tree(self.folder / "plans", ignore_errors=True)
        self.plan = self.folder / "plans" / uuid.uuid4().hex
        self.plan.mkdir(parents=True)
        rows: List[Tuple[int, bytes]] = []
        with (self.plan / "items").open("wb") as stream:
            out = _Hashed(stream)
            for item in items:
                start = out.size
                out.start()
                _dump(item, out)
                rows.append((start, out.digest.digest()))
        write_atomic(self.plan / "index", np.array(rows, _INDEX).tobytes())
        write_atomic(self.plan / "work", pickle.dumps(call, _PROTOCOL))
        return len(rows)

    def _keep_good_results(self) -> None:
        for path in list((self.folder / "results").glob("[!.]*")):
            if not _is_good(path):
                path.unlink()

    def is_unfinished(self) -> bool:
        """Says whether there is a task without a result."""
        there = {path.name for path in (self.folder / "results").glob("*")}
        return not there.issuperset(self._digests())

    def is_settled(self) -> bool:
        """Says whether nothing is left to do: all results are there, or a task has failed."""
        return (self.plan / _FAILED).is_file() or not self.is_unfinished()

    def results(self, wait: Callable[[], bool] = lambda: False) -> Iterator[Any]:
        """Yields the results in the order of the items; raises the error of a task that failed.

        Where one is not there yet, `wait` waits a little and returns whether it may still come.
        Ends early where it does not.
        """
        for digest in self._digests():
            path = self.folder / "results" / digest
            while not path.is_file():
                if not wait() and not path.is_file():
                    self.raise_failure()
                    return
            yield _outcome(path)

    def stop(self) -> None:
        """Has workers pass over all tasks that they have not begun."""
        write_atomic(self.plan / _FAILED, b"")

    def raise_failure(self) -> None:
        """Raises the first error of a task that failed, if there is one."""
        if (self.plan / _FAILED).is_file():
            for digest in self._digests():
                if (self.folder / "results" / digest).is_file():
                    _outcome(self.folder / "results" / digest)

    def _digests(self) -> Iterator[str]:
        for row in _read_index(self.plan):
            yield row["digest"].tobytes().hex()

    # --- a worker

    def run(self, number: int) -> None:
        """Works on one task and writes its result.

        An OcrdataError is a result too: runners would only repeat what raises it.
        """
        start, digest = _cached_index(self.plan)[number]
        path = self.folder / "results" / digest.tobytes().hex()
        if path.is_file() or (self.plan / _FAILED).is_file():
            return
        with _ONE_AT_A_TIME, self._item(int(start)) as item:
            function = _cached_function(self.plan)
            try:
                outcome: Tuple[bool, Any] = (True, function(item))
            except OcrdataError as error:
                outcome = (False, error)
        # A worker would wait for the disk; what was cut off is found before a run goes on.
        write_atomic(path, pickle.dumps(outcome, _PROTOCOL), synced=False)
        if not outcome[0]:
            write_atomic(self.plan / _FAILED, b"")

    @contextmanager
    def _item(self, start: int) -> Iterator[Any]:
        with (self.plan / "items").open("rb", _BLOCK) as stream:
            stream.seek(start)
            head, count = pickle.load(stream), pickle.load(stream)
            yield head if count is None else head._replace(items=_parts(stream, count))


def _dump(item: Any, out: Any) -> None:
    # The pictures of a block are read one by one, as its worker comes to them.
    parts = item.items if isinstance(item, ImportBlock) else None
    pickle.dump(item if parts is None else item._replace(items=()), out, _PROTOCOL)
    pickle.dump(None if parts is None else len(parts), out, _PROTOCOL)
    for part in parts or ():
        pickle.dump(part, out, _PROTOCOL)


def _parts(stream: BinaryIO, count: int) -> Iterator[Any]:
    for _ in range(count):
        yield pickle.load(stream)


def _is_good(path: Path) -> bool:
    try:
        done, _ = pickle.loads(path.read_bytes())
    except Exception:  # it was cut off, which pickle may take for anything
        return False
    return bool(done)


def _outcome(path: Path) -> Any:
    done, value = pickle.loads(path.read_bytes())
    if not done:
        raise value
    return value


def _read_index(plan: Path) -> Any:
    return np.frombuffer((plan / "index").read_bytes(), _INDEX)


@lru_cache(maxsize=2)
def _cached_index(plan: Path) -> Any:
    return _read_index(plan)


@lru_cache(maxsize=1)
def _cached_function(plan: Path) -> Callable[[Any], Any]:
    keep_freed_memory()
    function, initializer, initargs = pickle.loads((plan / "work").read_bytes())
    if initializer is not None:
        initializer(*initargs)
    return function
