"""Maps with a key for each sample, in bounded memory: what is large moves to a database on disk.

The database is SQLite's, temporary and nameless, in the folder for temporary files (TMPDIR). A map
of fewer keys than MEMORY_KEYS is a dictionary and nothing else.
"""

from __future__ import annotations

import marshal
from contextlib import contextmanager
from typing import (
    Any,
    Callable,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Tuple,
    TypeVar,
)

from ocrdata.errors import OcrdataError

Value = TypeVar("Value")
# What sorts keys: bytes whose order is wanted; of two keys with the same, the key itself decides.
Order = Callable[[str], bytes]

MEMORY_KEYS = 100_000
_CACHE = 8 << 10  # KiB of the database in memory; the system keeps more of it
_SETTINGS = (
    "journal_mode = OFF",  # nothing is ever taken back, nor read after this process
    "synchronous = OFF",
    "locking_mode = EXCLUSIVE",
    f"cache_size = -{_CACHE}",
)


def code_points(key: str) -> bytes:
    """The order of texts in Python: UTF-8 keeps it."""
    # Names of files may have bytes that are not UTF-8, as lone surrogates.
    return key.encode("utf-8", "surrogatepass")


class DiskMap(Generic[Value]):
    """A map from texts to plain values: numbers, texts, tuples and lists of them, but not None.

    Iterating yields the keys sorted by `order`, whenever they were added; no key may be added
    meanwhile. Raises OcrdataError where the disk is full.
    """

    def __init__(self, order: Order = code_points) -> None:
        self._recent: Dict[str, Value] = {}
        self._table: Optional[_Table] = None
        self._order, self._sorted = order, None  # type: Order, Optional[List[str]]

    def __setitem__(self, key: str, value: Value) -> None:
        self._recent[key] = value
        self._sorted = None
        if len(self._recent) >= MEMORY_KEYS:
            self._move()

    def get(self, key: str) -> Optional[Value]:
        """Returns the value of a key, None where there is none."""
        found = self._recent.get(key)
        if found is None and self._table is not None:
            value: Optional[Value] = self._table.get(key)
            return value
        return found

    def __getitem__(self, key: str) -> Value:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    def setdefault(self, key: str, value: Value) -> Value:
        """Returns the value of a key, which is the one given where there was none."""
        found = self.get(key)
        if found is not None:
            return found
        self[key] = value
        return value

    def __len__(self) -> int:
        if self._table is None:
            return len(self._recent)
        self._move()
        return self._table.count()

    def __iter__(self) -> Iterator[str]:
        if self._table is not None:
            self._move()
            return self._table.keys(self._order)
        if self._sorted is None:
            self._sorted = sorted(self._recent, key=lambda key: (self._order(key), key))
        return iter(self._sorted)

    def _move(self) -> None:
        if self._table is None:
            self._table = _Table()
        if self._recent:
            self._table.put(self._recent)
            self._recent = {}


def append_to(lists: DiskMap[List[str]], key: str, more: str) -> None:
    """Adds a text behind those of a key."""
    found = lists.get(key) or []
    found.append(more)
    lists[key] = found


class Chosen(Iterable[str]):
    """The names of some that a rule chooses, in their order; to be gone through more than once."""

    def __init__(self, names: Iterable[str], rule: Callable[[str], bool]) -> None:
        self._names, self._rule = names, rule

    def __iter__(self) -> Iterator[str]:
        return filter(self._rule, self._names)

    def __bool__(self) -> bool:
        return next((True for _ in self), False)


class _Table:
    """The part of a map that is on disk."""

    def __init__(self) -> None:
        import sqlite3

        self._error = sqlite3.Error
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in _SETTINGS:
            self._do(f"PRAGMA {setting}")
        self._do("CREATE TABLE pairs (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
        self._ordered = False

    def __del__(self) -> None:
        self._database.close()

    def _do(self, command: str, *values: Any) -> Any:
        with self._clean():
            return self._database.execute(command, values)

    @contextmanager
    def _clean(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            problem = f"temporary files cannot be written: {error}."
            raise OcrdataError(problem, "Set TMPDIR to a folder with more room.") from error

    def put(self, pairs: Mapping[str, Any]) -> None:
        """Adds pairs, or replaces their values."""
        # In order, so that a page of the database is written once.
        rows = ((code_points(key), marshal.dumps(pairs[key])) for key in sorted(pairs))
        if self._ordered:
            self._do("DROP TABLE ordered")
            self._ordered = False
        with self._clean():
            self._do("BEGIN")
            self._database.executemany("INSERT OR REPLACE INTO pairs VALUES (?, ?)", rows)
            self._do("COMMIT")

    def get(self, key: str) -> Any:
        row = self._do("SELECT value FROM pairs WHERE key = ?", code_points(key)).fetchone()
        return None if row is None else marshal.loads(row[0])

    def count(self) -> int:
        return int(self._do("SELECT count(*) FROM pairs").fetchone()[0])

    def keys(self, order: Order) -> Iterator[str]:
        if order is code_points:
            return map(_key, self._do("SELECT key FROM pairs ORDER BY key"))
        if not self._ordered:
            self._sort(order)
        return map(_key, self._do("SELECT key FROM ordered ORDER BY rowid"))

    def _sort(self, order: Order) -> None:
        self._database.create_function("place", 1, lambda key: order(_key((key,))))
        self._do("CREATE TABLE ordered (key BLOB)")
        self._do("INSERT INTO ordered SELECT key FROM pairs ORDER BY place(key), key")
        self._ordered = True


def _key(row: Tuple[bytes]) -> str:
    return row[0].decode("utf-8", "surrogatepass")
