"""Blocks of samples checked and packed, in any process."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from ocrdata.base.names import UniqueNames, plain_name
from ocrdata.base.sample import DETECTION, Sample
from ocrdata.base.skips import BAD_PICTURE, Skips
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import AnnotationError, InputError, OptionError
from ocrdata.exporters.base import BLOCK, Exporter, Picture, read_one


class Found(NamedTuple):
    """A sample of a stream: its place from 0, its split, and the file and line that name it."""

    place: int
    split: str
    sample: Sample
    path: str = ""
    line: Optional[int] = None


class Item(NamedTuple):
    """A sample with its number in its split, from 0, and the name of its picture there."""

    number: int
    name: str
    found: Found


class Block(NamedTuple):
    """Consecutive samples of a split. `ends` tells the last one of a shard."""

    split: str
    shard: int
    ends: bool
    items: Tuple[Item, ...]


class Packed(NamedTuple):
    """A packed block: what the split's writer takes, and a row for the journal."""

    block: Tuple[str, int, bool]
    payload: Any
    row: Dict[str, Any]


class Position(NamedTuple):
    """Up to where a split is written: the place of its last sample in the stream, and how many
    samples of the split were taken."""

    place: int = -1
    taken: int = 0


class BlockCutter:
    """Cuts a stream into blocks, each of one split and one shard."""

    def __init__(self, exporter: Exporter, done: Mapping[str, Position]) -> None:
        self._exporter = exporter
        self._last = {split: place.place for split, place in done.items()}
        self._taken = {split: place.taken for split, place in done.items()}
        self._waiting: Dict[str, List[Item]] = {}
        self._names = UniqueNames()

    def cut(self, stream: Iterable[Found]) -> Iterator[Block]:
        """Yields the blocks that are not done yet.

        Raises OptionError for samples that are not of the exporter's task.
        """
        size, scenes = BLOCK[self._exporter.task], self._exporter.task == DETECTION
        per_shard = self._exporter.samples_per_shard if self._exporter.shards else 1 << 62
        for found in stream:
            sample, split = found.sample, found.split
            if (sample.text is None) != scenes:
                raise self._mistaken(sample)
            # Scenes come by names of their own; they take a place whether done or not.
            name = self._names.take(plain_name(sample.key), split) if scenes else ""
            if found.place <= self._last.get(split, -1):
                continue
            number = self._taken.get(split, 0)
            self._taken[split] = number + 1
            items = self._waiting.setdefault(split, [])
            items.append(Item(number, name or f"{number:08d}", found))
            ends = (number + 1) % per_shard == 0
            if len(items) == size or ends:
                yield self._block(split, ends)
        for split in list(self._waiting):
            if self._waiting[split]:
                yield self._block(split, False)

    def _block(self, split: str, ends: bool) -> Block:
        items = tuple(self._waiting.pop(split))
        return Block(split, items[0].number // self._exporter.samples_per_shard, ends, items)

    def _mistaken(self, sample: Sample) -> OptionError:
        name, key = self._exporter.info.name, sample.key
        if sample.text is None:
            problem = f"{name} takes text lines; {key} is a picture with regions."
            hint = "Cut lines out of it: ocrdata import NAME SOURCE --crops."
            return OptionError(problem, hint)
        return OptionError(f"{name} takes pictures with regions; {key} is a line.")


@dataclass(frozen=True)
class BlockPacker:
    """Reads and checks the pictures of a block, and packs them."""

    exporter: Exporter
    folder: Path
    skip_errors: bool = False

    def __call__(self, block: Block) -> Packed:
        skips, counts = Skips(errors=self.skip_errors), Counter()  # type: Skips, Counter[str]
        pictures = [one for one in (self._read(item, skips) for item in block.items) if one]
        payload, rows = self.exporter.pack(self.folder, block.split, pictures, counts)
        last = block.items[-1]
        row = {
            "split": block.split,
            "place": last.found.place,
            "taken": last.number + 1,
            "rows": rows,
            "regions": sum(len(picture.sample.regions) for picture in pictures),
            "changed": dict(counts),
            "skipped": dict(skips.counts),
            "examples": skips.examples,
        }
        return Packed((block.split, block.shard, block.ends), payload, row)

    def _read(self, item: Item, skips: Skips) -> Optional[Picture]:
        found = item.found
        try:
            return read_one(item.number, item.name, found.sample)
        except InputError as error:
            skips.refuse(BAD_PICTURE, _problem(found, error.problem))
        except ValueError as error:
            skips.refuse(BAD_PICTURE, _problem(found, str(error)))
        return None


def _problem(found: Found, problem: str) -> AnnotationError:
    image = found.sample.image
    name = found.sample.key if isinstance(image, bytes) else as_path(image)
    hint = "Replace it, delete the line, or leave such pictures out with --skip-errors."
    if not found.path:
        return AnnotationError(str(name), f"picture {problem}", hint=hint)
    return AnnotationError(found.path, f"picture {name} {problem}", found.line, hint)
