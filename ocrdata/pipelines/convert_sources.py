"""What `ocrdata convert` reads: data of ours, pictures with ground truth, data sets of others.

Samples are read one at a time, and nothing is written between.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from ocrdata.base.sample import TRAIN, Sample
from ocrdata.base.skips import BAD_LINE, Skips
from ocrdata.base.storage.digest import file_sha256, names_sha256
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike
from ocrdata.importers.base import Importer, option_values
from ocrdata.importers.filters import TextFilter
from ocrdata.importers.labels import LABELS_NORMALIZED, normalized_sample
from ocrdata.importers.unused import Unused
from ocrdata.records.sources.identify import identify
from ocrdata.records.sources.inputs import LIST_OF, open_input
from ocrdata.records.sources.line_columns import LineColumns
from ocrdata.records.sources.listed import SampleList, open_sample_list
from ocrdata.text.normalization import DEFAULT_NORMALIZATION

# The list that a sample belongs to ("" where it is in none), the sample, and file and line.
ListedSample = Tuple[str, Sample, str, Optional[int]]
ReadSamples = Callable[[Skips], Iterator[ListedSample]]
# The list, and some of its lines.
ListedLines = Tuple[SampleList, LineColumns]


class ConvertSource(NamedTuple):
    """Samples to read, what tells them from others, and the lists they are in if that is known.

    With `exif` ("apply" or "ignore") pictures are made such as all readers decode alike. `lines`
    reads the same as `read` many lines at a time, where all are lines of lists.
    """

    read: ReadSamples
    origin: Dict[str, Any]
    names: Tuple[str, ...] = ()
    exif: Optional[str] = None
    lines: Optional[Callable[[Skips], Iterator[ListedLines]]] = None


@dataclass(frozen=True)
class ImportedLayout:
    """The layout of others' files. `exif` is "apply" or "ignore", None for what the tool does."""

    importer: Importer
    exif: Optional[str] = None
    text_normalization: str = DEFAULT_NORMALIZATION


# --- what there is at a path


def open_source(path: PathLike, layout: Optional[ImportedLayout] = None) -> ConvertSource:
    """Returns what can be read at a path, which is told by itself or in a given layout.

    Raises InputError and AnnotationError where there are none.
    """
    if layout is not None:
        return _imported(path, layout)
    found = identify(path)
    if found.lists:
        root = found.root
        return _listed([open_sample_list(one, root, name) for name, one in found.lists.items()])
    given = open_input(found.records or found.path)
    return ConvertSource(
        lambda skips: ((name, sample, "", None) for name, sample in given.read(skips)),
        given.origin,
    )


def _listed(sources: List[SampleList]) -> ConvertSource:
    def read(skips: Skips) -> Iterator[ListedSample]:
        for source in sources:
            yield from _rows(source, skips)

    def lines(skips: Skips) -> Iterator[ListedLines]:
        return ((source, columns) for source in sources for columns in source.columns(skips))

    digests = {source.name: file_sha256(source.path) for source in sources}
    plain = all(type(source) is SampleList for source in sources)
    origin = {"lists": digests}
    return ConvertSource(read, origin, tuple(digests), lines=lines if plain else None)


def _rows(source: SampleList, skips: Skips) -> Iterator[ListedSample]:
    name, path, root = source.name, str(source.path), str(source.root)
    if type(source) is SampleList:
        for _, number, key, text in source.rows(skips):
            yield name, Sample(key, f"{root}/{key}", text), path, number
        return
    with source:
        for place, number, _, _ in source.rows(skips):
            try:
                sample = source.sample_at(place)
            except AnnotationError as error:
                skips.refuse(BAD_LINE, error)
                continue
            yield name, sample, path, number


# --- in the layout of others


def _imported(root: PathLike, layout: ImportedLayout) -> ConvertSource:
    importer = layout.importer
    splits = importer.splits(root)
    # Where there is nothing but train, it is divided as what belongs to no list is.
    names = {split: "" if splits == [TRAIN] else LIST_OF[split] for split in splits}
    exif = layout.exif or importer.exif
    origin = {
        "importer": importer.info.name,
        "options": {name: str(value) for name, value in option_values(importer).items()},
        "exif": exif,
        "text_normalization": layout.text_normalization,
        "files": _files_digest(root),
    }

    def read(skips: Skips) -> Iterator[ListedSample]:
        return _import_rows(root, layout, names, skips)

    return ConvertSource(read, origin, tuple(names.values()), exif)


def _files_digest(root: PathLike) -> str:
    """Returns a hash of the names of the files, and of the size of one that is no archive."""
    path = as_path(root)
    try:
        with Tree(path) as tree:
            return names_sha256(tree.names)
    except AnnotationError:
        return names_sha256([f"{path.name} {path.stat().st_size}"])


def _import_rows(
    root: PathLike, layout: ImportedLayout, names: Dict[str, str], skips: Skips
) -> Iterator[ListedSample]:
    importer, unused = layout.importer, Unused(layout.importer, root)
    rules = TextFilter(ignore_marks=getattr(importer, "ignore_marks", ()))

    def report(reason: str, error: Optional[AnnotationError], *keys: str) -> None:
        unused.take(*keys)
        if error is None:
            skips.add({reason: 1}, [])
        else:
            skips.refuse(reason, error)

    for split, name in names.items():
        for given in importer.read(root, split, report):
            unused.take(given.key)
            counts: Counter[str] = Counter()
            sample = normalized_sample(given, layout.text_normalization, rules, counts)
            skips.normalized += counts[LABELS_NORMALIZED]
            reason = None if sample.text is None else rules.reason(sample.text)
            if reason:
                skips.add({reason: 1}, [])
                continue
            yield name, sample, getattr(sample, "origin", ""), getattr(sample, "line", None)
    unused.count()
    skips.add(unused.counts, unused.examples)
