"""What an export is given: samples one by one, or the lines of a list as columns."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, replace
from typing import NamedTuple, Optional, Sequence, Tuple, Union

from ocrdata.base.sample import Sample


class Found(NamedTuple):
    """A sample of a stream: its place from 0, its split, and the file and line that name it."""

    place: int
    split: str
    sample: Sample
    path: str = ""
    line: Optional[int] = None


@dataclass(frozen=True)
class FoundLines:
    """Text lines of one list and one split in order, each column with a value a line.

    `root` is the folder of their pictures, and `path` the list; `places` are those in the stream,
    which ascend, and `numbers` those of the lines of the list.
    """

    split: str
    root: str
    path: str
    places: Sequence[int]
    numbers: Sequence[int]
    keys: Sequence[str]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.places)

    def cut(self, first: int, last: int) -> FoundLines:
        """Returns the lines from one row up to another, excluded."""
        return replace(
            self,
            places=self.places[first:last],
            numbers=self.numbers[first:last],
            keys=self.keys[first:last],
            texts=self.texts[first:last],
        )

    def behind(self, place: int) -> FoundLines:
        """Returns the lines behind a place of the stream."""
        return self.cut(bisect.bisect_right(self.places, place), len(self))

    def joined(self, more: FoundLines) -> FoundLines:
        """Returns these lines and further ones of the same list."""
        return replace(
            self,
            places=[*self.places, *more.places],
            numbers=[*self.numbers, *more.numbers],
            keys=[*self.keys, *more.keys],
            texts=[*self.texts, *more.texts],
        )

    def image(self, row: int) -> str:
        """Returns where the picture of a line lies."""
        return f"{self.root}/{self.keys[row]}"

    def sample(self, row: int) -> Sample:
        """Returns a line as a sample."""
        return Sample(self.keys[row], self.image(row), self.texts[row])

    def found(self, row: int) -> Found:
        """Returns a line as a single sample is found."""
        return Found(self.places[row], self.split, self.sample(row), self.path, self.numbers[row])


# A stream has either the one or the other.
FoundItem = Union[Found, FoundLines]
FoundItems = Union[Tuple[Found, ...], FoundLines]
