"""Texts side by side in one string, each made when it is asked for, and their classes at once."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, List, Optional, Union

import numpy as np

from ocrdata.text.visual_order import LineOrder


class PackedTexts:
    """A sequence of texts, equal to a list of the same. Most readers in training never look.

    It does not derive from `Sequence`: PyTorch goes through those text by text.

    `joined` is all of them one behind the other, `lengths` int64 [n] how many characters each has.
    """

    def __init__(self, joined: str, lengths: np.ndarray) -> None:
        self.joined, self.lengths = joined, lengths
        self._edges: Optional[List[int]] = None

    @staticmethod
    def of(texts: Iterable[str]) -> PackedTexts:
        """Packs texts."""
        given = list(texts)
        return PackedTexts("".join(given), np.array(list(map(len, given)), np.int64))

    @staticmethod
    def of_bytes(parts: List[bytes]) -> PackedTexts:
        """Packs texts in UTF-8; raises UnicodeDecodeError if one of them is not."""
        data = b"".join(parts)
        sizes = np.array(list(map(len, parts)), np.int64)
        joined = data.decode("utf-8")
        if len(joined) == len(data):
            return PackedTexts(joined, sizes)
        begins = (np.frombuffer(data, np.uint8) & 0xC0) != 0x80
        edges = np.concatenate([[0], np.cumsum(sizes)])
        if not begins[edges[:-1][sizes > 0]].all():
            # Two that are damaged may make a sound one.
            return PackedTexts.of(part.decode("utf-8") for part in parts)
        counts = np.concatenate([[0], np.cumsum(begins)])[edges]
        return PackedTexts(joined, np.diff(counts))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        edges = self._edges
        if edges is None:
            edges = self._edges = np.concatenate([[0], np.cumsum(self.lengths)]).tolist()
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(f"there is no text {place} of {len(self)}")
        return self.joined[edges[at] : edges[at + 1]]

    def __iter__(self) -> Iterator[str]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (PackedTexts, list)):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


TextList = Union[List[str], PackedTexts]


class TextEncoder:
    """Turns packed texts into the classes of a dictionary, as `LineOrder.encode` does each."""

    def __init__(self, order: LineOrder) -> None:
        self._order = order
        codes = np.array(list(map(ord, order.charset.characters)), np.int64)
        # What is behind the last character is in no dictionary.
        self._classes = np.full(int(codes.max(initial=-1)) + 2, -1, np.int64)
        self._classes[codes] = np.arange(len(codes))

    def encode(self, texts: PackedTexts) -> np.ndarray:
        """Returns the classes of all texts, one behind the other, int64 [sum of lengths].

        Raises CharsetError for an unknown character.
        """
        if self._order.reorders:
            return np.array([one for text in texts for one in self._order.encode(text)], np.int64)
        codes = np.frombuffer(texts.joined.encode("utf-32-le", "surrogatepass"), "<u4")
        classes: np.ndarray = self._classes.take(codes, mode="clip")
        if (classes < 0).any():
            for text in texts:
                self._order.encode(text)
        return classes
