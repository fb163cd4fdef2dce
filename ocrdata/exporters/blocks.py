"""Blocks of samples checked and packed, in any process."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from ocrdata.base.names import UniqueNames, plain_name
from ocrdata.base.sample import DETECTION, Sample
from ocrdata.base.skips import BAD_PICTURE, Skips
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import AnnotationError, InputError, OptionError
from ocrdata.exporters.base import BLOCK, Exporter, Picture, read_one
from ocrdata.images.plain import to_plain


class Found(NamedTuple):
    """A sample of a stream: its place from 0, its split, and the file and line that name it."""

    place: int
    split: str
    sample: Sample
    path: str = ""
    line: Optional[int] = None


class Block(NamedTuple):
    """Consecutive samples of a split: the number of the first one in its split, from 0, and their
    names there. `ends` tells the last block of a shard."""

    split: str
    shard: int
    ends: bool
    first: int
    names: Tuple[str, ...]
    items: Tuple[Found, ...]


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


class _Waiting:
    """The samples of a split that are not in a block yet."""

    def __init__(self, done: Position) -> None:
        self.place, self.taken = done
        self.items: List[Found] = []
        self.names: List[str] = []


class BlockCutter:
    """Cuts a stream into blocks, each of one split and one shard."""

    def __init__(self, exporter: Exporter, done: Mapping[str, Position]) -> None:
        self._exporter = exporter
        self._waiting = {split: _Waiting(place) for split, place in done.items()}
        self._names = UniqueNames()

    def cut(self, stream: Iterable[Found]) -> Iterator[Block]:
        """Yields the blocks that are not done yet.

        Raises OptionError for samples that are not of the exporter's task.
        """
        size, scenes = BLOCK[self._exporter.task], self._exporter.task == DETECTION
        per_shard = self._exporter.samples_per_shard if self._exporter.shards else 1 << 62
        for found in stream:
            place, split, sample, _, _ = found
            if (sample.text is None) != scenes:
                raise self._mistaken(sample)
            waiting = self._waiting.get(split)
            if waiting is None:
                waiting = self._waiting[split] = _Waiting(Position())
            # Scenes come by names of their own; they take a place whether done or not.
            name = self._names.take(plain_name(sample.key), split) if scenes else ""
            if place <= waiting.place:
                continue
            items = waiting.items
            items.append(found)
            if scenes:
                waiting.names.append(name)
            waiting.taken = taken = waiting.taken + 1
            ends = not taken % per_shard
            if ends or len(items) == size:
                yield self._block(split, ends)
        for split, waiting in self._waiting.items():
            if waiting.items:
                yield self._block(split, False)

    def _block(self, split: str, ends: bool) -> Block:
        waiting = self._waiting[split]
        items, first = tuple(waiting.items), waiting.taken - len(waiting.items)
        names = tuple(waiting.names) or tuple(f"{first + n:08d}" for n in range(len(items)))
        waiting.items, waiting.names = [], []
        return Block(split, first // self._exporter.samples_per_shard, ends, first, names, items)

    def _mistaken(self, sample: Sample) -> OptionError:
        name, key = self._exporter.info.name, sample.key
        if sample.text is None:
            problem = f"{name} takes text lines; {key} is a picture with regions."
            hint = "Cut lines out of it: ocrdata import NAME SOURCE --crops."
            return OptionError(problem, hint)
        return OptionError(f"{name} takes pictures with regions; {key} is a line.")


@dataclass(frozen=True)
class BlockPacker:
    """Reads and checks the pictures of a block, and packs them.

    With `exif` ("apply" or "ignore") they are made such as all readers decode alike.
    """

    exporter: Exporter
    folder: Path
    skip_errors: bool = False
    exif: Optional[str] = None

    def __call__(self, block: Block) -> Packed:
        skips, counts = Skips(errors=self.skip_errors), Counter()  # type: Skips, Counter[str]
        pictures: List[Picture] = []
        for number, name, found in zip(itertools.count(block.first), block.names, block.items):
            try:
                sample = found.sample if self.exif is None else self._plain(found.sample, counts)
                pictures.append(read_one(number, name, sample))
            except InputError as error:
                skips.refuse(BAD_PICTURE, _problem(found, error.problem))
            except ValueError as error:
                skips.refuse(BAD_PICTURE, _problem(found, str(error)))
        payload, rows = self.exporter.pack(self.folder, block.split, pictures, counts)
        row = {
            "split": block.split,
            "place": block.items[-1].place,
            "taken": block.first + len(block.items),
            "rows": rows,
            "regions": sum(len(picture.sample.regions) for picture in pictures),
            "changed": dict(counts),
            "skipped": dict(skips.counts),
            "examples": skips.examples,
        }
        return Packed((block.split, block.shard, block.ends), payload, row)

    def _plain(self, sample: Sample, counts: Counter[str]) -> Sample:
        plain = to_plain(sample.image_bytes(), str(self.exif))
        if plain.converted:
            counts[f"picture encoded anew ({plain.converted})"] += 1
        return replace(sample, image=plain.data)


def _problem(found: Found, problem: str) -> AnnotationError:
    image = found.sample.image
    name = found.sample.key if isinstance(image, bytes) else as_path(image)
    hint = "Replace it, delete the line, or leave such pictures out with --skip-errors."
    if not found.path:
        return AnnotationError(str(name), f"picture {problem}", hint=hint)
    return AnnotationError(found.path, f"picture {name} {problem}", found.line, hint)
