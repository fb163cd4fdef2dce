"""A stream of samples cut into blocks, the same for any number of workers."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from ocrdata.base.names import UniqueNames, plain_name
from ocrdata.base.sample import DETECTION, Sample
from ocrdata.errors import OptionError
from ocrdata.exporters.base import BLOCK, Exporter
from ocrdata.exporters.found import Found, FoundItem, FoundItems, FoundLines


class Block(NamedTuple):
    """Consecutive samples of a split: the number of the first one in its split, from 0, and names
    of their own, which scenes have. `ends` tells the last block of a shard."""

    split: str
    shard: int
    ends: bool
    first: int
    names: Tuple[str, ...]
    items: FoundItems

    @property
    def place(self) -> int:
        """The place of its last sample in the stream."""
        items = self.items
        return items.places[-1] if isinstance(items, FoundLines) else items[-1].place


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
        self.lines: Optional[FoundLines] = None

    def count(self) -> int:
        """Returns how many there are."""
        return len(self.items) + (len(self.lines) if self.lines else 0)


class BlockCutter:
    """Cuts a stream into blocks, each of one split and one shard."""

    def __init__(self, exporter: Exporter, done: Mapping[str, Position]) -> None:
        self._exporter = exporter
        self._waiting: Dict[str, _Waiting] = {
            split: _Waiting(place) for split, place in done.items()
        }
        self._names = UniqueNames()
        self._size, self._scenes = BLOCK[exporter.task], exporter.task == DETECTION
        self._per_shard = exporter.samples_per_shard if exporter.shards else 1 << 62

    def cut(self, stream: Iterable[FoundItem]) -> Iterator[Block]:
        """Yields the blocks that are not done yet.

        Raises OptionError for samples that are not of the exporter's task.
        """
        for found in stream:
            if isinstance(found, FoundLines):
                yield from self._cut_lines(found)
                continue
            split = found.split
            if (found.sample.text is None) != self._scenes:
                raise self._mistaken(found.sample)
            waiting = self._of(split)
            # Scenes come by names of their own; they take a place whether done or not.
            name = self._names.take(plain_name(found.sample.key), split) if self._scenes else ""
            if found.place <= waiting.place:
                continue
            waiting.items.append(found)
            if self._scenes:
                waiting.names.append(name)
            waiting.taken += 1
            if len(waiting.items) == self._size or not waiting.taken % self._per_shard:
                yield self._block(split)
        for split, waiting in self._waiting.items():
            if waiting.count():
                yield self._block(split)

    def _cut_lines(self, lines: FoundLines) -> Iterator[Block]:
        if self._scenes:
            raise self._mistaken(lines.sample(0))
        split, waiting = lines.split, self._of(lines.split)
        lines = lines.behind(waiting.place)
        if waiting.lines and waiting.lines.path != lines.path:
            yield self._block(split)
        while len(lines):
            room = self._size - waiting.count()
            room = min(room, self._per_shard - waiting.taken % self._per_shard)
            head, lines = lines.cut(0, room), lines.cut(room, len(lines))
            waiting.lines = waiting.lines.joined(head) if waiting.lines else head
            waiting.taken += len(head)
            if len(head) == room:
                yield self._block(split)

    def _of(self, split: str) -> _Waiting:
        waiting = self._waiting.get(split)
        if waiting is None:
            waiting = self._waiting[split] = _Waiting(Position())
        return waiting

    def _block(self, split: str) -> Block:
        waiting = self._waiting[split]
        first, ends = waiting.taken - waiting.count(), not waiting.taken % self._per_shard
        items = waiting.lines or tuple(waiting.items)
        names = tuple(waiting.names)
        waiting.items, waiting.names, waiting.lines = [], [], None
        return Block(split, first // self._exporter.samples_per_shard, ends, first, names, items)

    def _mistaken(self, sample: Sample) -> OptionError:
        name, key = self._exporter.info.name, sample.key
        if sample.text is None:
            problem = f"{name} takes text lines; {key} is a picture with regions."
            hint = "Cut lines out of it: ocrdata import NAME SOURCE --crops."
            return OptionError(problem, hint)
        return OptionError(f"{name} takes pictures with regions; {key} is a line.")
