"""LMDB of the deep-text-recognition-benchmark family: pictures and labels by number, from 1.

image-000000001  the encoded picture      label-000000001  the text, UTF-8
num-samples      how many there are
"""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional

from ocrdata.base.sample import RECOGNITION, Sample
from ocrdata.errors import AnnotationError, MissingExtraError, PathLike
from ocrdata.importers.base import BAD, MISSING, DatasetInfo, ImportedSample, OnProblem
from ocrdata.importers.containers import ContainerImporter, decoded
from ocrdata.importers.splits import split_of_folder
from ocrdata.importers.tool_files import SPLITS_OF_TOOLS

_DATA = "data.mdb"
_COUNT = b"num-samples"


class LmdbImporter(ContainerImporter):
    """A database a folder."""

    def is_container(self, name: str) -> bool:
        return name.rpartition("/")[2].lower() == _DATA

    def tell(self, name: str, root: PathLike) -> Optional[str]:
        return split_of_folder(name, root)

    def samples(self, path: Path, name: str, report: OnProblem) -> Iterator[Sample]:
        folder = name[: -len(_DATA)]
        with _opened(path) as transaction:
            for number in range(1, _count(transaction, path) + 1):
                key = f"{folder}image-{number:09d}"
                image = transaction.get(b"image-%09d" % number)
                if not image:
                    report(MISSING, AnnotationError(path, f"has no image-{number:09d}"), key)
                    continue
                label = transaction.get(b"label-%09d" % number)
                try:
                    if label is None:
                        raise ValueError("is not there")
                    text = decoded(label)
                except ValueError as error:
                    report(BAD, AnnotationError(path, f"label-{number:09d} {error}"), key)
                    continue
                yield ImportedSample(key, image, text, (), str(path))

    def keys(self, path: Path, name: str) -> Iterator[str]:
        with _opened(path) as transaction, transaction.cursor() as cursor:
            there = cursor.set_range(b"image-")
            while there and cursor.key().startswith(b"image-"):
                yield name[: -len(_DATA)] + cursor.key().decode("utf-8", "replace")
                there = cursor.next()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        lmdb = importlib.import_module("lmdb")
    except ImportError as error:
        raise MissingExtraError("lmdb", "lmdb", "reading LMDB needs it") from error
    try:
        env = lmdb.open(str(path.parent), readonly=True, lock=False, readahead=False)
    except lmdb.Error as error:
        raise AnnotationError(path, f"is damaged or not an LMDB: {error}") from error
    try:
        with env.begin() as transaction:
            yield transaction
    except lmdb.Error as error:
        raise AnnotationError(path, f"is damaged: {error}") from error
    finally:
        env.close()


def _count(transaction: Any, path: Path) -> int:
    count = transaction.get(_COUNT)
    if count is None or not count.strip().isdigit():
        hint = "Databases of other tools have other keys; convert them with the tool's own reader."
        problem = "has no num-samples: not of the deep-text-recognition-benchmark family"
        raise AnnotationError(path, problem, hint=hint)
    return int(count)


LMDB_FILES = LmdbImporter(
    DatasetInfo(
        "lmdb",
        "LMDB of the deep-text-recognition-benchmark family",
        homepage="https://github.com/clovaai/deep-text-recognition-benchmark",
        licence="your own",
        tasks=(RECOGNITION,),
        splits=SPLITS_OF_TOOLS,
        tree="""
  train/data.mdb  val/data.mdb  test/data.mdb    image-000000001, label-000000001, num-samples
  (training/, validation/ and evaluation/ with folders below them, as data_lmdb_release has them)
""",
    ),
)
