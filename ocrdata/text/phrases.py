"""Phrases of a corpus: which of them are taken, and why others are left out."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from typing import Dict, Optional

from ocrdata.errors import OptionError
from ocrdata.text.properties import invisible_in

# Why limits leave a phrase out.
LIMIT_REASONS = TOO_SHORT, TOO_LONG, TOO_RARE = "too short", "too long", "too rare"


@dataclass(frozen=True)
class Phrase:
    """A text to draw; `frequency` is how often its source says it occurs."""

    text: str
    frequency: int = 1


@dataclass(frozen=True)
class CorpusOptions:
    """Which texts of a source are taken, and how.

    Args:
        min_length: of a text, in characters.
        max_length: of a text; None for any length.
        min_frequency: how often a text occurs at least, where its source says so.
        limit: the most texts, of all sources together.
        cut_length: cuts running text into phrases of at most so many characters; None cuts nothing.
        unique: leaves out a text that has come before, whatever its source; eight bytes of hash
            are kept for each.

    Raises OptionError for limits that exclude each other.
    """

    min_length: int = 1
    max_length: Optional[int] = None
    min_frequency: int = 0
    limit: Optional[int] = None
    cut_length: Optional[int] = None
    unique: bool = True

    def __post_init__(self) -> None:
        low, high = self.min_length, self.max_length
        if low < 1 or (high is not None and high < low):
            problem = f"the lengths of a text cannot be {low} to {high}."
            raise OptionError(problem, "Give 1 <= minimum <= maximum.")
        if any(number is not None and number < 1 for number in (self.limit, self.cut_length)):
            raise OptionError("the limit and the length to cut to must be 1 or more.")

    @property
    def longest_cut(self) -> Optional[int]:
        """The most characters of a phrase that is cut out of running text."""
        return self.cut_length and min(self.cut_length, self.max_length or self.cut_length)


CORPUS_DEFAULTS = CorpusOptions()


class PhraseFilter:
    """Says which phrases stay, and counts the others by reason."""

    def __init__(self, options: CorpusOptions, skips: Dict[str, int]) -> None:
        self.lengths = options.min_length, options.max_length or float("inf")
        self.min_frequency, self.unique, self.skips = options.min_frequency, options.unique, skips
        self._seen = set()  # type: set[int]

    def reason_against(self, phrase: Phrase) -> str:
        """Returns why a phrase is left out, having counted it, or nothing if it stays."""
        reason = self._reason(phrase)
        if reason:
            self.skips[reason] = self.skips.get(reason, 0) + 1
        return reason

    def _reason(self, phrase: Phrase) -> str:
        if not phrase.text:
            return "empty line"
        unseen = invisible_in(phrase.text)
        if unseen:
            controls = unicodedata.category(unseen) == "Cc"
            return "control character" if controls else "character without a visible form"
        if len(phrase.text) < self.lengths[0]:
            return TOO_SHORT
        if len(phrase.text) > self.lengths[1]:
            return TOO_LONG
        if phrase.frequency < self.min_frequency:
            return TOO_RARE
        return "repeated" if self.unique and self._repeated(phrase.text) else ""

    def _repeated(self, text: str) -> bool:
        # Not hash(): it differs from run to run, and so would a collision.
        digest = hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        known = number in self._seen
        self._seen.add(number)
        return known
