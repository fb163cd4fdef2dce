"""A few samples of a data set, chosen by the seed, without reading all of it."""

from __future__ import annotations

import heapq
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from ocrdata.base.random_streams import order_key, stream
from ocrdata.base.sample import Region, Sample, parse_sample_line
from ocrdata.base.skips import Skips
from ocrdata.errors import AnnotationError, InputError, PathLike
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.layouts import record_of
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.records.sources.identify import Artefact, ArtefactKind, holds_images, identify
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


def _from_images(path: Path, choice: _Choice) -> List[Shown]:
    """Returns pictures with ground truth, of a folder or an archive."""
    salt = f"preview-{choice.seed}"
    pairs = (
        (order_key(sample.key, salt), _shown(sample, name.lower()))
        for name, sample in read_pictures(path, Skips(errors=True))
        if choice.split in (None, name.lower())
    )
    return [shown for _, shown in heapq.nsmallest(choice.number, pairs, key=lambda pair: pair[0])]


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
    found = identify(path)
    shown = _samples_of(found, _Choice(count, split, seed))
    if not shown:
        raise InputError(found.path, "has no samples" + (f" in {split}" if split else ""))
    return shown


class _Choice(NamedTuple):
    """How many samples to show, of which split, and the seed that chooses them."""

    number: int
    split: Optional[str]
    seed: int


def _samples_of(found: Artefact, choice: _Choice) -> List[Shown]:
    where, kind = found.path, found.kind
    if kind is ArtefactKind.MISSING:
        raise InputError(where, "does not exist", hint="Make a data set: ocrdata gen-pics.")
    if kind in (ArtefactKind.DATA_DIR, ArtefactKind.SAMPLE_LIST) and found.lists:
        return _from_lists(found, choice)
    if found.records:
        return _from_set(found.records, choice)
    if kind is ArtefactKind.RECORD_FILES:
        shards = [("", path, sum(1 for _ in scan_records(path))) for path in found.files]
        return _from_shards(shards, choice.number, choice.seed)
    if kind is ArtefactKind.IMAGES or (kind is ArtefactKind.DATA_DIR and holds_images(where)):
        return _from_images(where, choice)
    if kind in (ArtefactKind.DATA_DIR, ArtefactKind.UNKNOWN) and where.is_dir():
        problem = "holds neither lists of samples nor records nor pictures with ground truth"
        raise AnnotationError(where, problem, hint="Make a data set: ocrdata gen-pics.")
    hint = "Name a data folder, a sample.txt, pictures with ground truth, or records."
    raise InputError(where, f"is not anything that can be shown ({kind.value})", hint=hint)


def _from_set(folder: Path, choice: _Choice) -> List[Shown]:
    shards = read_shard_set(folder).shards(choice.split)
    return _from_shards(
        [(name, path, entry["samples"]) for name, path, entry in shards], choice.number, choice.seed
    )


def _from_lists(found: Artefact, choice: _Choice) -> List[Shown]:
    lists = {name.lower(): path for name, path in found.lists.items()}
    names = [name for name in lists if choice.split in (None, name)]
    if not names:
        if found.records:
            return _from_set(found.records, choice)
        problem = f"has no {choice.split} split"
        raise AnnotationError(found.path, problem, hint=f"It has {', '.join(lists)}.")
    listed = [
        _from_list(lists[name], found.root, name, choice.number, choice.seed) for name in names
    ]
    # The first list gets what the others, a quarter of the pictures each, leave free; they get
    # what it leaves.
    rooms = [min(len(one), choice.number // 4) for one in listed]
    for place, one in enumerate(listed):
        rooms[place] = min(len(one), choice.number - sum(rooms) + rooms[place])
    return [shown for one, room in zip(listed, rooms) for shown in one[:room]]
