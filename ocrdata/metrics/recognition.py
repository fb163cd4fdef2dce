"""How well lines of text were read: full-sequence accuracy, character error rate, 1-NED."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, Iterable, Tuple

from ocrdata.errors import UnknownNameError

_NOT_ALPHANUMERIC = re.compile("[^0-9a-z]")


def edit_distance(first: str, second: str) -> int:
    """Returns the Levenshtein distance: the least insertions, deletions and replacements.

    Myers' bit-parallel algorithm (1999) in Hyyro's form (2001): a column of the table is one
    integer, so that a line costs some ten operations a character, whatever its length.
    """
    if first == second or not first or not second:
        return 0 if first == second else len(first) + len(second)
    places: Dict[str, int] = {}
    for index, character in enumerate(first):
        places[character] = places.get(character, 0) | (1 << index)
    full, last, distance = (1 << len(first)) - 1, 1 << (len(first) - 1), len(first)
    plus, minus = full, 0  # where a column rises and falls by one
    for character in second:
        same = places.get(character, 0)
        diagonal = (((same & plus) + plus) ^ plus) | same | minus
        up = minus | ~(diagonal | plus) & full
        down = diagonal & plus
        distance += (up & last > 0) - (down & last > 0)
        up = ((up << 1) | 1) & full
        plus = (((down << 1) & full) | ~(diagonal | up)) & full
        minus = up & diagonal
    return distance


def exact(text: str) -> str:
    """Returns the text as it is."""
    return text


def alphanumeric(text: str) -> str:
    """Returns lower-case letters a-z and digits only, as scene-text sets in English are scored."""
    return _NOT_ALPHANUMERIC.sub("", text.lower())


TEXT_PROTOCOLS = {"alphanumeric": alphanumeric, "exact": exact}


@dataclass
class RecognitionScore:
    """Sums over lines, and the figures they give; every line counts the same, the last one too."""

    protocol: str = "exact"
    lines: int = 0
    correct: int = 0
    edits: int = 0
    characters: int = 0
    similarity: float = 0.0
    unscored: int = field(default=0)

    def __post_init__(self) -> None:
        if self.protocol not in TEXT_PROTOCOLS:
            raise UnknownNameError("protocol", self.protocol, TEXT_PROTOCOLS)

    def add(self, truth: str, read: str) -> bool:
        """Counts one line and returns whether it was read right.

        A label of which the protocol leaves nothing is counted in `unscored` only.
        """
        normalise = TEXT_PROTOCOLS[self.protocol]
        expected, found = normalise(truth), normalise(read)
        if not expected:
            self.unscored += 1
            return not found
        edits = edit_distance(expected, found)
        self.lines += 1
        self.correct += not edits
        self.edits += edits
        self.characters += len(expected)
        self.similarity += 1.0 - edits / float(max(len(expected), len(found)))
        return not edits

    def add_all(self, pairs: Iterable[Tuple[str, str]]) -> RecognitionScore:
        """Counts (truth, read) pairs and returns itself."""
        for truth, read in pairs:
            self.add(truth, read)
        return self

    @property
    def accuracy(self) -> float:
        """Full-sequence accuracy: the part of lines read without any mistake."""
        return self.correct / float(max(1, self.lines))

    @property
    def character_error_rate(self) -> float:
        """Edits per character of the labels (may exceed 1)."""
        return self.edits / float(max(1, self.characters))

    @property
    def one_minus_ned(self) -> float:
        """The mean of 1 - edits / longer length, as in the ICDAR 2019 competitions."""
        return self.similarity / float(max(1, self.lines))

    def figures(self) -> Dict[str, float]:
        """Returns the figures by their names."""
        return {
            "accuracy": self.accuracy,
            "character_error_rate": self.character_error_rate,
            "one_minus_ned": self.one_minus_ned,
        }
