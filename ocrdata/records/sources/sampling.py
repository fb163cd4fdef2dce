"""A few samples of a data set, chosen by the seed, without reading all of it."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from ocrdata.base.pairing import is_image
from ocrdata.base.random_streams import order_key, stream
from ocrdata.base.sample import SAMPLE_LIST, Region, Sample, parse_sample_line
from ocrdata.base.sample_lists import TEST_LIST, TRAIN_LIST
from ocrdata.base.skips import Skips
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import AnnotationError, InputError, PathLike
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.layouts import record_of
from ocrdata.records.format.schema import DATASET_INFO, RECORDS_DIR
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.records.sources.inputs import read_pictures
from ocrdata.records.sources.listed import SampleList, open_sample_list

# Records are shuffled, so the first of a shard are as good as any and quick to reach.
_FIRST = 2000


class Shown(NamedTuple):
    """A sample to show; `problem` says why its picture could not be read.

    `regions` are None for a text line.
    """

    key: str
    split: str
    image: bytes
    text: str
    problem: str = ""
    regions: Optional[Tuple[Region, ...]] = None


def _list_rows(source: SampleList, salt: str) -> Iterator[Tuple[bytes, int]]:
    for line in source.lines():
        key, _ = parse_sample_line(source.path, line.number, line.text)
        yield order_key(key, salt), line.offset


def _from_list(path: Path, root: Path, split: str, count: int, seed: int) -> List[Shown]:
    """Returns `count` samples of a list: those whose keys hash lowest."""
    shown = []
    with open_sample_list(path, root) as source:
        chosen = heapq.nsmallest(count, _list_rows(source, f"preview-{seed}"))
        for _, offset in chosen:
            shown.append(_shown(source.sample_at(offset), split))
    return shown


def _shown(sample: Sample, split: str) -> Shown:
    try:
        data, problem = sample.image_bytes(), ""
    except InputError as error:
        data, problem = b"", error.problem
    regions = sample.regions if sample.text is None else None
    return Shown(sample.key, split, data, sample.text or "", problem, regions)


def _from_images(path: Path, count: int, split: Optional[str], seed: int) -> List[Shown]:
    """Returns pictures with ground truth, of a folder or an archive."""
    salt = f"preview-{seed}"
    pairs = (
        (order_key(sample.key, salt), _shown(sample, name.lower()))
        for name, sample in read_pictures(path, Skips(errors=True))
        if split in (None, name.lower())
    )
    return [shown for _, shown in heapq.nsmallest(count, pairs, key=lambda pair: pair[0])]


def _from_shards(shards: Sequence[Tuple[str, Path, int]], count: int, seed: int) -> List[Shown]:
    """Returns `count` records of shards given as (split, path, records)."""
    ordered = sorted(shards, key=lambda shard: order_key(shard[1].name, seed))
    places: List[Tuple[int, int]] = []
    for index, (_, _, size) in enumerate(ordered):
        places += ((index, number) for number in range(min(size, _FIRST)))
        # More shards than a picture each would only take time to open.
        if index + 1 >= count and len(places) >= 4 * count:
            break
    chosen = stream(seed, "preview").sample(places, min(count, len(places)))
    found: Dict[Tuple[int, int], Shown] = {}
    for index in sorted({place[0] for place in chosen}):
        split, path, _ = ordered[index]
        numbers = {number for shard, number in chosen if shard == index}
        for number, shown in _records(path, split, numbers):
            found[index, number] = shown
    return [found[place] for place in chosen if place in found]


def _records(path: Path, split: str, numbers: Set[int]) -> Iterator[Tuple[int, Shown]]:
    last = max(numbers)
    for record in scan_records(path):
        if record.problem:
            raise record.error(path)
        if record.number in numbers:
            try:
                found: Any = record_of(example_of(path, record))
            except ValueError as error:
                raise record.error(path, str(error)) from error
            text, regions = getattr(found, "text", ""), getattr(found, "regions", None)
            yield record.number, Shown(found.key, split, found.image, text, "", regions)
        if record.number == last:
            return


def choose_samples(
    path: PathLike, count: int, split: Optional[str] = None, seed: int = 0
) -> List[Shown]:
    """Returns samples of a data folder, a sample list, a shard set, a record file, or of pictures
    with ground truth in a folder or an archive.

    The same ones for the same seed. `split` is "train", "validation" or "test".
    Raises InputError where there is nothing to show.
    """
    where = as_path(path)
    if where.is_dir() and (where / DATASET_INFO).is_file():
        shown = _from_set(where, count, split, seed)
    elif where.is_dir() and not holds_images_only(where):
        shown = _from_data_dir(where, count, split, seed)
    elif where.is_dir() or (where.is_file() and archive_stem(where.name)):
        shown = _from_images(where, count, split, seed)
    elif where.name == SAMPLE_LIST and where.is_file():
        folder = where.resolve().parent
        shown = _from_list(where, folder.parent, folder.name.lower(), count, seed)
    elif ".tfrecord" in where.name and where.is_file():
        shown = _from_shards([("", where, sum(1 for _ in scan_records(where)))], count, seed)
    elif not where.exists():
        raise InputError(where, "does not exist", hint="Make a data set: ocrdata gen-pics.")
    else:
        hint = "Name a data folder, a sample.txt, pictures with ground truth, or records."
        raise InputError(where, "is nothing that can be shown", hint=hint)
    if not shown:
        raise InputError(where, "has no samples{}".format(" in " + split if split else ""))
    return shown


def holds_images_only(root: Path) -> bool:
    """Says whether a folder holds pictures (or archives of them), but neither lists nor shards."""
    lists = any((root / name / SAMPLE_LIST).is_file() for name in (TRAIN_LIST, TEST_LIST))
    if lists or (root / RECORDS_DIR / DATASET_INFO).is_file():
        return False
    return any(is_image(path.name) or archive_stem(path.name) for path in files_below(root))


def _from_set(folder: Path, count: int, split: Optional[str], seed: int) -> List[Shown]:
    shards = read_shard_set(folder).shards(split)
    return _from_shards(
        [(name, path, entry["samples"]) for name, path, entry in shards], count, seed
    )


def _from_data_dir(root: Path, count: int, split: Optional[str], seed: int) -> List[Shown]:
    lists = [(name.lower(), root / name / SAMPLE_LIST) for name in (TRAIN_LIST, TEST_LIST)]
    found = [(n, path) for n, path in lists if path.is_file() and split in (None, n)]
    if not found and (root / RECORDS_DIR / DATASET_INFO).is_file():
        return _from_set(root / RECORDS_DIR, count, split, seed)
    if not found:
        hint = "Make one: ocrdata gen-pics."
        raise AnnotationError(lists[0][1], "does not exist", hint=hint)
    # Train gets what Test, a quarter of the pictures, leaves free.
    quarter = count // 4 if len(found) == 2 else 0
    tests = _from_list(found[1][1], root, found[1][0], quarter, seed) if quarter else []
    return _from_list(found[0][1], root, found[0][0], count - len(tests), seed) + tests
