"""What a data set holds, counted while it streams by: texts, characters, lengths, regions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from ocrdata.base.findings import hash64
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import Region
from ocrdata.base.skips import Skips
from ocrdata.errors import AnnotationError, InputError, PathLike
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.layouts import record_of
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.records.sources.identify import identify
from ocrdata.records.sources.inputs import read_pictures
from ocrdata.records.sources.listed import SceneList, open_sample_list

# Samples of a split that are looked at: enough for every figure, and a minute at the most.
MOST = 200_000
_KEPT_TEXTS = 200_000  # distinct texts of a split that are compared with other splits'


class PageItem(NamedTuple):
    """A sample without its picture: a text, or regions."""

    text: str
    regions: Optional[Tuple[Region, ...]] = None


@dataclass
class SplitFacts:
    """Counts over one split; `total` samples, of which `samples` were looked at."""

    samples: int = 0
    total: int = 0
    characters: "Counter[str]" = field(default_factory=Counter)
    lengths: "Counter[int]" = field(default_factory=Counter)
    regions: "Counter[int]" = field(default_factory=Counter)  # pictures by their regions
    heights: "Counter[int]" = field(default_factory=Counter)  # regions by their shorter side
    read: int = 0
    ignored: int = 0
    unreadable: int = 0
    texts: Set[int] = field(default_factory=set)  # hashes

    def add(self, item: PageItem) -> None:
        """Counts one sample."""
        self.samples += 1
        if item.regions is None:
            self._add_text(item.text)
            return
        self.regions[len(item.regions)] += 1
        for region in item.regions:
            if region.ignore:
                self.ignored += 1
                continue
            self.read += 1
            self.heights[_shorter_side(region.polygon)] += 1
            if region.text:
                self._add_text(region.text)

    def _add_text(self, text: str) -> None:
        self.characters.update(text)
        self.lengths[len(text)] += 1
        if len(self.texts) < _KEPT_TEXTS:
            self.texts.add(hash64(text.encode("utf-8", "surrogatepass")))


def _shorter_side(polygon: np.ndarray) -> int:
    points = np.asarray(polygon, float)
    if len(points) != 4:
        low, high = points.min(axis=0), points.max(axis=0)
        return int(round(float((high - low).min())))
    sides = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
    return int(round(min(sides[0] + sides[2], sides[1] + sides[3]) / 2.0))


def collect_facts(
    path: PathLike, split: Optional[str] = None, on_progress: Optional[OnProgress] = None
) -> Dict[str, SplitFacts]:
    """Returns the facts of each split ("" where there are none) of whatever lies at a path.

    At most 200,000 samples of a split are looked at. Raises InputError where nothing can be read;
    single samples that cannot are counted.
    """
    found: Dict[str, SplitFacts] = {}
    done = 0
    for name, items in _sources(Path(path)):
        if split not in (None, name):
            continue
        facts = found.setdefault(name, SplitFacts())
        for item in items(facts):
            facts.add(item)
            done += 1
            if on_progress and done % 500 == 0:
                on_progress(done, None)
            if facts.samples >= MOST:
                break
        facts.total = max(facts.total, facts.samples)
    return found


Items = Callable[[SplitFacts], Iterator[PageItem]]


def _sources(where: Path) -> Iterator[Tuple[str, Items]]:
    """Yields each split with a function that yields its samples."""
    artefact = identify(where)
    if artefact.lists:
        for name, path in artefact.lists.items():
            yield _of_list(path, artefact.root, name.lower())
    elif artefact.records:
        yield from _of_shards(artefact.records)
    elif artefact.files:
        yield "", lambda facts: _of_files(artefact.files, facts)
    else:
        yield from _of_images(where)


def _of_list(path: Path, root: Path, name: str) -> Tuple[str, Items]:
    def read(facts: SplitFacts) -> Iterator[PageItem]:
        with open_sample_list(path, root) as source:
            facts.total = sum(1 for _ in source.lines())
            for line in source.lines():
                try:
                    if isinstance(source, SceneList):
                        yield PageItem("", source.sample_at(line.offset).regions)
                    else:
                        yield PageItem(line.text.partition(" ")[2])
                except AnnotationError:
                    facts.unreadable += 1

    return name, read


def _of_shards(folder: Path) -> Iterator[Tuple[str, Items]]:
    shards = read_shard_set(folder)
    for split in shards.splits:
        paths = [path for _, path, _ in shards.shards(split)]
        total = sum(entry["samples"] for _, _, entry in shards.shards(split))

        def read(
            facts: SplitFacts, paths: List[Path] = paths, total: int = total
        ) -> Iterator[PageItem]:
            facts.total = total
            yield from _of_files(paths, facts)

        yield split, read


def _of_files(paths: Iterable[Path], facts: SplitFacts) -> Iterator[PageItem]:
    for path in paths:
        yield from _of_file(path, facts)


def _of_file(path: Path, facts: SplitFacts) -> Iterator[PageItem]:
    """Yields the samples of one record file."""
    try:
        for record in scan_records(path):
            try:
                if record.problem:
                    raise ValueError(record.problem)
                found: Any = record_of(example_of(path, record))
            except (ValueError, InputError):
                facts.unreadable += 1
                continue
            yield PageItem(getattr(found, "text", ""), getattr(found, "regions", None))
    except InputError:
        facts.unreadable += 1  # a file that is missing, or damaged beyond reading on


def _of_images(where: Path) -> Iterator[Tuple[str, Items]]:
    """Yields the lists of a folder or archive of pictures, read once for each."""
    skips = Skips(errors=True)
    names = list(dict.fromkeys(name for name, _ in read_pictures(where, skips)))

    def reader(wanted: str) -> Items:
        def read(facts: SplitFacts) -> Iterator[PageItem]:
            left_out = Skips(errors=True)
            for name, sample in read_pictures(where, left_out):
                if name == wanted:
                    yield PageItem(sample.text or "", None if sample.text else sample.regions)
            if name_is_first(wanted):
                facts.unreadable += sum(left_out.counts.values())

        return read

    def name_is_first(wanted: str) -> bool:
        return wanted == names[0]

    for name in names:
        yield name.lower(), reader(name)
