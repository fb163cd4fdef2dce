"""LMDB as the deep-text-recognition-benchmark family reads it: pictures and labels by number.

    image-000000001  the encoded picture      label-000000001  the text, UTF-8
    num-samples      how many there are, in decimal digits; numbers begin at 1

Keys are put in their order, which fills the pages: first the pictures, at the end the labels. Some
blocks are a transaction, and what is there already is not put again, so an interrupted run leads to
the same bytes.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Tuple

from ocrdata.base.sample import RECOGNITION
from ocrdata.base.storage.remote import is_remote
from ocrdata.errors import OptionError
from ocrdata.exporters.base import SHORT, Exporter, FormatInfo, SplitWriter, library

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts, Pictures

_PAGE = 4096
_FIRST_MAP = 1 << 24
_LABELS_AT_ONCE = 1 << 16
# A transaction ends with the block that reaches one of them.
_BLOCKS_AT_ONCE, _BYTES_AT_ONCE = 16, 1 << 24
_COUNT = b"num-samples"


class _Database(SplitWriter):
    """An environment whose map grows by a rule that depends on what was put into it alone.

    It is opened for each transaction: LMDB remembers between them which pages are free, and what
    it writes where would depend on when a run was interrupted.
    """

    def __init__(self, path: Path, rows: Iterable[Any]) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._map = self._needed = _FIRST_MAP
        self._taken = 0
        self._waiting: List[List[bytes]] = []
        self._bytes = 0
        total = 0
        for size, _ in rows:
            self._taken += 1
            total += size
        self._grow(self._taken, total)

    def add(self, payload: Any, shard: int, ends: bool) -> bool:
        self._waiting.append(payload)
        self._bytes += sum(map(len, payload))
        if len(self._waiting) < _BLOCKS_AT_ONCE and self._bytes < _BYTES_AT_ONCE:
            return False
        self.complete()
        return True

    def complete(self) -> None:
        values = list(itertools.chain.from_iterable(self._waiting))
        if values:
            self._grow(len(values), self._bytes)
            self._put("image", values, self._taken + 1)
        self._taken += len(values)
        self._waiting, self._bytes = [], 0

    def _grow(self, count: int, size: int) -> None:
        # A value takes whole pages, and a transaction copies the way to where it writes: twice
        # what is needed is a map that no block can fill.
        self._needed += 2 * (size + count * _PAGE)
        while self._map < self._needed:
            self._map *= 2

    @contextmanager
    def _opened(self, sync: bool = False) -> Iterator[Any]:
        env = _library().open(
            str(self._path), map_size=self._map, lock=False, sync=False, readahead=False
        )
        try:
            with env.begin(write=True) as transaction:
                yield transaction
            # What was put is brought to the disk once, at the end.
            if sync:
                env.sync(True)
        finally:
            env.close()

    def _put(self, name: str, values: Iterable[bytes], first: int) -> None:
        with self._opened() as transaction:
            if transaction.get(_key(name, first)) is None:
                form = name.encode("ascii") + b"-%09d"
                items = [(form % number, value) for number, value in enumerate(values, first)]
                transaction.cursor().putmulti(items, append=True)

    def finish(self, texts: Iterable[str]) -> None:
        """Puts the labels and their number."""
        rows, first = iter(texts), 1
        while True:
            labels = [text.encode("utf-8") for text in itertools.islice(rows, _LABELS_AT_ONCE)]
            if not labels:
                break
            self._grow(len(labels), sum(map(len, labels)))
            self._put("label", labels, first)
            first += len(labels)
        with self._opened(sync=True) as transaction:
            transaction.put(_COUNT, str(first - 1).encode("ascii"), overwrite=False)


def _library() -> Any:
    return library("lmdb", "lmdb", "writing LMDB needs it")


def _key(name: str, number: int) -> bytes:
    return f"{name}-{number:09d}".encode("ascii")


class LmdbExporter(Exporter):
    """A database a split, of pictures as they are."""

    def check(self) -> None:
        _library()

    def pack(
        self, folder: Path, split: str, pictures: Pictures, counts: Counts
    ) -> Tuple[Any, List[Any]]:
        rows = [[len(data), text] for data, text in zip(pictures.data, pictures.texts)]
        return pictures.data, rows

    def open(self, folder: Path, split: str, rows: Iterable[Any] = ()) -> SplitWriter:
        if is_remote(folder):
            raise OptionError("LMDB is written to a local disk only.", "Copy it from there.")
        return _Database(folder / SHORT[split], rows)

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        _Database(folder / SHORT[split], rows).finish(text for _, text in rows)


LMDB = LmdbExporter(
    FormatInfo(
        "lmdb",
        "LMDB of the deep-text-recognition-benchmark family",
        "https://github.com/clovaai/deep-text-recognition-benchmark",
        "deep-text-recognition-benchmark, PARSeq, ABINet, TRBA, OpenOCR",
        (RECOGNITION,),
        """
  train/data.mdb  val/data.mdb  test/data.mdb    image-000000001, label-000000001, num-samples
""",
        extra="lmdb",
    ),
)
