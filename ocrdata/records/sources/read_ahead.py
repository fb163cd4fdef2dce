"""Iterators that threads read ahead of whoever takes their items.

Of use where most of the time goes into libraries that let other threads run, as decoding does:
nothing crosses a border between processes.
"""

from __future__ import annotations

from functools import partial
from queue import SimpleQueue
from threading import Semaphore, Thread, current_thread
from typing import Any, Callable, Generic, Iterator, List, Sequence, TypeVar
from weakref import finalize

from ocrdata.errors import OptionError
from ocrdata.records.sources.shares import ReaderShare

_Item = TypeVar("_Item")


def read_in_turn(sources: Sequence[Callable[[], Iterator[_Item]]], ahead: int) -> Iterator[_Item]:
    """Yields the first item of each source, then the second of each, until all have ended.

    Each is read by a thread of its own, at most `ahead` items before they are taken. Threads start
    with the first item that is asked for. They have ended when this ends, is closed or is no longer
    referred to.

    Raises what a source raises, when its turn comes; OptionError for `ahead` below 1.
    """
    if ahead < 1:
        raise OptionError(f"at least 1 must be read ahead, not {ahead}.")
    return _read_in_turn(sources, ahead)


def read_parts(
    read: Callable[[ReaderShare], Iterator[_Item]], share: ReaderShare, threads: int, ahead: int
) -> Iterator[_Item]:
    """Yields what `read` gives of so many equal parts of a share, in turn: see `read_in_turn`."""
    parts = [share.within(part, threads) for part in range(threads)]
    return read_in_turn([partial(read, part) for part in parts], ahead)


def _read_in_turn(sources: Sequence[Callable[[], Iterator[_Item]]], ahead: int) -> Iterator[_Item]:
    threads = _Threads()
    try:
        turns = [threads.begin(source, ahead) for source in sources]
        while turns:
            for reader in tuple(turns):
                try:
                    item = next(reader)
                except StopIteration:
                    turns.remove(reader)
                else:
                    yield item
    finally:
        threads.end()


class _Reader(Generic[_Item]):
    """Items that a thread reads."""

    def __init__(self, source: Callable[[], Iterator[_Item]], ahead: int) -> None:
        self._room, self._ended = Semaphore(ahead), False
        self._found: SimpleQueue[Any] = SimpleQueue()
        self.thread = Thread(target=self._read, args=(source,), name="ocrdata-reader", daemon=True)

    def _read(self, source: Callable[[], Iterator[_Item]]) -> None:
        try:
            items = source()
            while self._may_go_on():
                self._found.put((next(items), None))
        except BaseException as error:  # noqa: BLE001 - whoever takes the items gets it
            self._found.put((None, error))

    def _may_go_on(self) -> bool:
        # Room comes first: what is being made counts too.
        self._room.acquire()
        return not self._ended

    def __next__(self) -> _Item:
        item, error = self._found.get()
        if error is not None:
            raise error
        self._room.release()
        found: _Item = item
        return found

    def end(self) -> None:
        """Makes the thread end behind the item that it is at."""
        self._ended = True
        self._room.release()


class _Threads:
    """Readers, which `end` with this, and before Python does: a thread that the interpreter stops
    inside a library may take the process down."""

    def __init__(self) -> None:
        self.readers: List[_Reader[Any]] = []
        self.end = finalize(self, _end, self.readers)

    def begin(self, source: Callable[[], Iterator[_Item]], ahead: int) -> _Reader[_Item]:
        """Starts one."""
        reader = _Reader(source, ahead)
        # Ctrl-C may come while it starts.
        self.readers.append(reader)
        reader.thread.start()
        return reader


def _end(readers: Sequence[_Reader[Any]]) -> None:
    for reader in readers:
        reader.end()
    for reader in readers:
        # Garbage is collected in any thread.
        if reader.thread.is_alive() and reader.thread is not current_thread():
            reader.thread.join()
