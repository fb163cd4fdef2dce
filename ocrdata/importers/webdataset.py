"""WebDataset: tar files in which the members of a sample stand side by side.

    000000000.jpg  000000000.txt     a text line and its label, UTF-8
    000000000.jpg  000000000.json    the same with {"text": ...}; or, with --task detection,
                                     {"regions": [{"polygon": [...], "text": ..., "ignore": ...}]}

What belongs together has the same name up to its first dot. A tar is read from end to end.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import tarfile
import zlib
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, NamedTuple, Tuple

from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, RECOGNITION, Sample
from ocrdata.errors import AnnotationError
from ocrdata.importers.base import BAD, MISSING, DatasetInfo, ImportedSample, OnProblem
from ocrdata.importers.containers import ContainerImporter, decoded, regions_of, text_of
from ocrdata.importers.tool_files import SPLITS_OF_TOOLS

_SUFFIXES = (".tar", ".tar.gz", ".tgz")
_BROKEN = (tarfile.TarError, zlib.error, EOFError, OSError)
_TEXTS = ("txt", "gt.txt", "text")


class _Member(NamedTuple):
    """A file of a tar: its name up to the first dot, what follows it, and its content."""

    stem: str
    suffix: str
    read: Callable[[], bytes]


class WebDatasetImporter(ContainerImporter):
    """Tar files of pictures with their truths beside them."""

    def is_container(self, name: str) -> bool:
        return name.lower().endswith(_SUFFIXES)

    def samples(self, path: Path, name: str, report: OnProblem) -> Iterator[Sample]:
        for stem, members in itertools.groupby(_members(path), lambda one: one.stem):
            files = {one.suffix: one.read() for one in members}
            pictures = [suffix for suffix in files if is_image(f"a.{suffix}")]
            truths = {s: data for s, data in files.items() if s in _TEXTS or s == "json"}
            if not truths:
                continue  # Other files, and pictures without a truth, which are counted as such.
            if len(pictures) != 1:
                problem = f"{stem} has {len(pictures) or 'no'} pictures beside its truth"
                keys = [f"{name}/{stem}.{suffix}" for suffix in pictures]
                reason = BAD if pictures else MISSING
                report(reason, AnnotationError(path, problem), *keys)
                continue
            key = f"{name}/{stem}.{pictures[0]}"
            try:
                truth = self._truth(truths)
            except ValueError as error:
                report(BAD, AnnotationError(path, f"{stem} {error}"), key)
                continue
            yield ImportedSample(key, files[pictures[0]], *truth, str(path))

    def _truth(self, files: Dict[str, bytes]) -> Tuple[Any, Any]:
        plain = next((files[suffix] for suffix in _TEXTS if suffix in files), None)
        if self.task == RECOGNITION:
            if plain is not None:
                return decoded(plain), ()
            values = _json(files["json"])
            if "regions" in values:
                raise ValueError("has regions, not a text: add --task detection")
            return text_of(values, self.text_attribute), ()
        if "json" not in files:
            raise ValueError("has a text and no regions: leave out --task detection")
        return None, regions_of(_json(files["json"]).get("regions"), self.text_attribute)

    def keys(self, path: Path, name: str) -> Iterator[str]:
        for member in _members(path):
            if is_image(f"a.{member.suffix}"):
                yield f"{name}/{member.stem}.{member.suffix}"


def _members(path: Path) -> Iterator[_Member]:
    with contextlib.ExitStack() as stack:
        with _named(path):
            stream = stack.enter_context(path.open("rb"))
            archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r|*"))
        while True:
            with _named(path):
                entry = archive.next()
            if entry is None:
                return
            # The list of members seen so far would grow without bound.
            archive.members = []  # type: ignore[attr-defined]
            if entry.isreg():
                folder, slash, file = entry.name.rpartition("/")
                stem, _, suffix = file.partition(".")
                read = functools.partial(_content, path, archive, entry)
                yield _Member(folder + slash + stem, suffix.lower(), read)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise AnnotationError(path, f"is a damaged archive: {error}") from error


def _content(path: Path, archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    with _named(path):
        stream = archive.extractfile(entry)
        return stream.read() if stream else b""


def _json(data: bytes) -> Dict[str, Any]:
    try:
        values = json.loads(decoded(data))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"has a .json that is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ValueError("has a .json that is not an object")
    return values


WEBDATASET_FILES = WebDatasetImporter(
    DatasetInfo(
        "webdataset",
        "tar files of WebDataset",
        homepage="https://github.com/webdataset/webdataset",
        licence="your own",
        tasks=(RECOGNITION, DETECTION),
        splits=SPLITS_OF_TOOLS,
        tree="""
  train-000000.tar  train-000001.tar ...   000000000.jpg and 000000000.txt, or .json
  val-000000.tar    test-000000.tar ...    the same (--task detection: .json with regions)
""",
    ),
    options=("text_attribute",),
)
