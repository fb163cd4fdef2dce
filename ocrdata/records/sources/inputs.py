"""Other things than sample lists to make shards of: pictures with ground truth, in a folder or an
archive, and shard sets.

    road/img_1.jpg   road/gt_img_1.txt      or road/img_1.txt, or the text in another folder

A folder or an archive with Train/sample.txt and the like inside keeps these lists.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path, PurePosixPath
from typing import Any, Callable, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base import sample_lists as lists
from ocrdata.base.encodings import lines_of_file
from ocrdata.base.pairing import is_image, pair_names
from ocrdata.base.sample import (
    DETECTION,
    SAMPLE_LIST,
    TEST,
    TRAIN,
    VALIDATION,
    Sample,
    parse_sample_line,
)
from ocrdata.base.sample_lists import VALIDATION_LIST
from ocrdata.base.skips import BAD_LINE, BAD_PICTURE, UNCLEAR, UNPAIRED, Skips
from ocrdata.base.storage.digest import file_sha256, names_sha256
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, InputError, PathLike, RecordError
from ocrdata.records.format.dataset_info import ShardSet, read_shard_set
from ocrdata.records.format.layouts import record_of
from ocrdata.records.format.scene_record import scene_of
from ocrdata.records.format.schema import DATASET_INFO, LAYOUT, line_of
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.records.sources.identify import ArtefactKind, identify
from ocrdata.records.sources.truth import parse_regions
from ocrdata.text.charset import Charset

SamplePairs = Iterator[Tuple[str, Sample]]
_SPLIT_IN_NAME = re.compile(r"(?:^|[^a-z])(train|validation|val|test)(?![a-z])")
LIST_OF = {TRAIN: lists.TRAIN_LIST, VALIDATION: VALIDATION_LIST, TEST: lists.TEST_LIST}
_LISTS = (lists.TRAIN_LIST, VALIDATION_LIST, lists.TEST_LIST)


class SampleInput(NamedTuple):
    """Samples to read: `read(skips)` yields (list, sample), `origin` names them for a manifest.

    `charset` is the dictionary they bring along, if any.
    """

    read: Callable[[Skips], SamplePairs]
    origin: Dict[str, Any]
    charset: Optional[Charset] = None

    def opener(self, skips: Skips) -> Callable[[int], SamplePairs]:
        """Returns a function that yields the samples from a number on."""
        return lambda start: itertools.islice(self.read(skips), start, None)


def open_input(path: PathLike) -> SampleInput:
    """Returns what there is at a path: a shard set, record files, or pictures with their truth.

    Raises InputError where there is none of these.
    """
    found = identify(path)
    if found.kind is ArtefactKind.SHARD_SET:
        return _open_shards(found.path)
    if found.kind is ArtefactKind.RECORD_FILES:
        digest = names_sha256(f"{file.name} {file_sha256(file)}" for file in found.files)
        listed = [(_list_of_file(file.name), file) for file in found.files]
        return SampleInput(lambda skips: _read_files(listed, skips), {"files": digest})
    if found.kind in (ArtefactKind.ORIGINAL_RECORDS, ArtefactKind.MINDRECORDS):
        hint = f"Read them with --from-original {path}."
        raise RecordError(path, "holds records of an original", hint=hint)
    return _open_pictures(found.path)


def _open_shards(where: Path) -> SampleInput:
    shards = read_shard_set(where)
    if shards.info["layout"] != LAYOUT:
        problem = f"has records in the layout {shards.info['layout']}"
        raise RecordError(where, problem, hint="Read them with --from-original.")
    origin = {"shards": file_sha256(where / DATASET_INFO)}
    charset = shards.charset if shards.has_dictionary else None
    return SampleInput(lambda skips: read_shards(shards, skips), origin, charset)


def _open_pictures(where: Path) -> SampleInput:
    with Tree(where) as tree:
        digest = names_sha256(tree.names)
        if not any(map(is_image, tree.names)):
            problem = f"holds no picture and no {DATASET_INFO}"
            raise InputError(where, problem, hint="Name a folder or archive of pictures.")
    origin = {"names": digest}
    if where.is_file():
        origin["archive"] = file_sha256(where)
    return SampleInput(lambda skips: read_pictures(where, skips), origin)


def read_shards(shards: ShardSet, skips: Skips) -> SamplePairs:
    """Yields the samples of a shard set with the lists its splits are written from."""
    read = scene_of if shards.task == DETECTION else line_of
    listed = [(LIST_OF.get(split, ""), path) for split, path, _ in shards.shards()]
    return _read_files(listed, skips, read)


def _list_of_file(name: str) -> str:
    """Returns the list that a record file's name tells of, as in train-00000-of-00010."""
    match = _SPLIT_IN_NAME.search(name.lower())
    return LIST_OF[{"val": VALIDATION}.get(match.group(1), match.group(1))] if match else ""


def _read_files(
    listed: Sequence[Tuple[str, Path]], skips: Skips, read: Callable[[Any], Any] = record_of
) -> SamplePairs:
    for name, path in listed:
        for sample in read_record_file(path, skips, read):
            yield name, sample


def read_record_file(
    path: PathLike, skips: Skips, read: Callable[[Any], Any] = record_of
) -> Iterator[Sample]:
    """Yields the samples of one record file; `read` makes a record of decoded features."""
    try:
        for record in scan_records(path):
            try:
                if record.problem:
                    raise record.error(path)
                found: Any = read(example_of(path, record))
            except ValueError as error:
                skips.refuse(BAD_PICTURE, record.error(path, str(error)))
                continue
            except RecordError as error:
                skips.refuse(BAD_PICTURE, error)
                continue
            yield _sample(found)
    except RecordError as error:
        # The rest of a damaged compressed stream.
        skips.refuse(BAD_PICTURE, error)


def _sample(found: Any) -> Sample:
    text, regions = getattr(found, "text", None), getattr(found, "regions", ())
    return Sample(found.key, found.image, text, regions)


# --- pictures with ground truth


def read_pictures(path: PathLike, skips: Skips) -> SamplePairs:
    """Yields the pictures of a folder or an archive with their regions or labels.

    Archives are read in place. Pictures without a truth or with two, and truths (gt_*.txt) without
    a picture, go to `skips`.
    """
    with Tree(path) as tree:
        found = [name for name in tree.names if _list_name(name)]
        if found:
            for name in found:
                yield from _listed(tree, name, skips)
            return
        paired = pair_names(tree.names)
        for unclear in paired.unclear:
            skips.refuse(UNCLEAR, unclear.error(tree.where))
        for name in paired.alone:
            missing = "ground-truth file" if is_image(name) else "picture"
            problem = f"has no {missing} that belongs to it"
            skips.refuse(UNPAIRED, AnnotationError(tree.where(name), problem))
        for image, truth in paired.pairs:
            try:
                regions = parse_regions(tree.read(truth), tree.where(truth))
                yield "", Sample(image, tree.picture(image), None, regions)
            except AnnotationError as error:
                skips.refuse(BAD_LINE, error)


def _list_name(name: str) -> str:
    parts = PurePosixPath(name).parts
    known = len(parts) > 1 and parts[-1] == SAMPLE_LIST and parts[-2] in _LISTS
    return parts[-2] if known else ""


def _listed(tree: Tree, name: str, skips: Skips) -> SamplePairs:
    """Yields the samples of a list inside a folder or archive."""
    root = PurePosixPath(name).parent.parent
    where = tree.where(name)
    for number, line in lines_of_file(tree, name):
        try:
            key, label = parse_sample_line(where, number, line)
            image, truth = str(root / key), str(root / label)
            if image not in tree:
                raise AnnotationError(where, f"{key!r} is not there", number)
            if truth in tree and truth.endswith(".txt"):
                regions = parse_regions(tree.read(truth), tree.where(truth))
                yield _list_name(name), Sample(key, tree.picture(image), None, regions)
            else:
                yield _list_name(name), Sample(key, tree.picture(image), label)
        except AnnotationError as error:
            skips.refuse(BAD_LINE, error)
