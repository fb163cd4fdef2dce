"""LMDB as the deep-text-recognition-benchmark family reads it: pictures and labels by number.

    image-000000001  the encoded picture      label-000000001  the text, UTF-8
    num-samples      how many there are, in decimal digits; numbers begin at 1

Keys are put in their order, which fills the pages: first the pictures, at the end the labels. A
block is a transaction, and what is there already is not put again, so an interrupted run leads to
the same bytes.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, Sequence, Tuple

from ocrdata.base.sample import RECOGNITION
from ocrdata.base.storage.remote import is_remote
from ocrdata.errors import OptionError
from ocrdata.exporters.base import SHORT, Exporter, FormatInfo, SplitWriter, library

if TYPE_CHECKING:
    from ocrdata.exporters.base import Counts, Pictures

_FIRST_MAP = 1 << 24
_LABELS_AT_ONCE = 1 << 16
_COUNT = b"num-samples"


class _Database(SplitWriter):
    """An environment that is opened for each transaction.

    LMDB remembers between them which pages are free, and what it writes where would depend on when
    a run was interrupted. So would the size of its map, which follows from what is there already.
    """

    def __init__(self, path: Path, taken: int = 0) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self._path, self._taken = path, taken

    def add(self, payload: Any, shard: int, ends: bool) -> bool:
        # More blocks in a transaction take longer a line: what they write is out of the
        # processor's cache before it goes to the disk.
        self._put("image", payload, self._taken + 1)
        self._taken += len(payload)
        return True

    @contextmanager
    def _opened(self, count: int, size: int) -> Iterator[Any]:
        """Opens it for so many further values of `size` bytes in all."""
        env = _library().open(
            str(self._path), map_size=_FIRST_MAP, lock=False, sync=False, readahead=False
        )
        try:
            # A value takes whole pages, and a transaction copies the way to where it writes: twice
            # what is needed is a map that no block can fill.
            page = env.stat()["psize"]
            needed = (env.info()["last_pgno"] + 1) * page + 2 * (size + count * page)
            env.set_mapsize(max(_FIRST_MAP, 1 << (needed - 1).bit_length()))
            yield env
        finally:
            env.close()

    def _put(self, name: str, values: Sequence[bytes], first: int) -> None:
        opened = self._opened(len(values), sum(map(len, values)))
        with opened as env, env.begin(write=True) as transaction:
            if transaction.get(_key(name, first)) is None:
                form = name.encode("ascii") + b"-%09d"
                keys = map(form.__mod__, range(first, first + len(values)))
                transaction.cursor().putmulti(list(zip(keys, values)), append=True)

    def finish(self, texts: Iterable[str]) -> None:
        """Puts the labels and their number."""
        rows, first = iter(texts), 1
        while True:
            labels = [text.encode("utf-8") for text in itertools.islice(rows, _LABELS_AT_ONCE)]
            if not labels:
                break
            self._put("label", labels, first)
            first += len(labels)
        with self._opened(1, 0) as env:
            with env.begin(write=True) as transaction:
                transaction.put(_COUNT, str(first - 1).encode("ascii"), overwrite=False)
            # What was put is brought to the disk once, at the end.
            env.sync(True)


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
        return pictures.data, list(pictures.texts)

    def open(self, folder: Path, split: str, rows: Iterable[Any] = ()) -> SplitWriter:
        if is_remote(folder):
            raise OptionError("LMDB is written to a local disk only.", "Copy it from there.")
        return _Database(folder / SHORT[split], sum(1 for _ in rows))

    def finish(self, folder: Path, split: str, rows: Iterable[Any]) -> None:
        _Database(folder / SHORT[split]).finish(rows)


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
