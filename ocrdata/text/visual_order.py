"""Texts in the order in which their characters stand in a picture, and back.

Labels are in logical order: what is read first comes first. A network that reads a picture column
by column from the left meets the characters of a line in visual order, so this is what it is taught
where a line runs from right to left, and what it reads is turned back.

The order is that of the Unicode bidirectional algorithm (UAX #9), which renderers follow. Brackets
become what is seen of them (rule L4), and marks come behind their letter (rule L3).

The algorithm has no exact inverse: a word of Latin and then one of Hebrew stand in a picture as the
two do the other way round. A line that may be read either way is taken to run from right to left,
so the other text is not one that a picture tells: `tells_order` says which are.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Container, Iterable, Iterator, List, Pattern, Sequence

from ocrdata.text.bidi_runs import LEFTWARDS, RIGHTWARDS, DirectionRun, direction_runs, is_leftwards
from ocrdata.text.charset import Charset

# What stays as it is in a line from right to left, in letters for kinds of characters: words of
# other scripts, and numbers, without and with the signs on them.
_KEPT = (re.compile("L(?:[^R]*[LD])?|D+"), re.compile("L(?:[^R]*[LD])?|[DS]*D[DS]*"))
# Where such characters are at all: most texts have none.
_MAY_RUN_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufeff"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# Beside letters from right to left: what runs the other way.
_OTHERS = ("L", "EN", "AN", "LRE", "LRO", "LRI", "RLI", "FSI")
_KINDS = {"L": "L", "R": "R", "AL": "R", "EN": "D", "AN": "D", "WS": " "}


class LineOrder:
    """Turns texts into classes in visual order, and classes as they were read into texts.

    Does what the dictionary does, where that has no character that runs from right to left.
    """

    def __init__(self, charset: Charset) -> None:
        self.charset = charset
        self.reorders = any(map(is_leftwards, charset.characters))

    def encode(self, text: str) -> List[int]:
        """Returns the class indices of a text from left to right; raises CharsetError."""
        return self.charset.encode(visual_order(text, self.charset) if self.reorders else text)

    def decode(self, classes: Iterable[int]) -> str:
        """Returns the text of class indices that were read from left to right.

        Blanks and padding (-1) are left out; raises CharsetError.
        """
        text = self.charset.decode(classes)
        return logical_order(text, self.charset) if self.reorders else text

    def arrange(self, classes: Sequence[int]) -> List[int]:
        """Returns the classes of a label from left to right; there are as many of them."""
        return self.encode(self.charset.decode(classes))

    def is_told(self, text: str) -> bool:
        """Says whether a picture of a text, read, can give this text: see `tells_order`."""
        return not self.reorders or tells_order(text, self.charset)


def visual_order(text: str, known: Container[str]) -> str:
    """Returns a text as it stands in a picture, from left to right.

    Brackets that `known` has no counterpart of stay as they are.
    """
    return _arranged(text, direction_runs(text), known)


def logical_order(text: str, known: Container[str]) -> str:
    """Returns the text that stands in a picture as `text` does from left to right.

    What is not the order of any text (as misread lines may be) is read from right to left.
    """
    if not any(map(is_leftwards, text)):
        return text
    guesses = _guesses(text, known)
    first = next(guesses)
    if visual_order(first, known) == text:
        return first
    return next((guess for guess in guesses if visual_order(guess, known) == text), first)


class _AllCharacters:
    """A dictionary of all characters."""

    def __contains__(self, character: object) -> bool:
        return True


_ALL = _AllCharacters()


def tells_order(text: str, known: Container[str] = _ALL) -> bool:
    """Says whether a picture of a text, read back, gives this text and not one in another order.

    All do but some that run in both directions.
    """
    if not _MAY_RUN_LEFT.search(text) or not any(map(is_leftwards, text)):
        return True
    if not any(unicodedata.bidirectional(one) in _OTHERS for one in text):
        return True
    return logical_order(visual_order(text, known), known) == text


def with_told_order(text: str) -> str:
    """Returns the text that a picture of `text` is read as; of odd ones, one direction only."""
    if tells_order(text):
        return text
    read = logical_order(visual_order(text, _ALL), _ALL)
    return read if tells_order(read) else "".join(filter(is_leftwards, text))


def _guesses(text: str, known: Container[str]) -> Iterator[str]:
    """Yields texts that may stand as `text` does; the algorithm is nearly its own inverse."""
    yield _arranged(text, direction_runs(text, LEFTWARDS), known)
    # Where a sign on a number, or between two, does not belong to it; and where it does.
    for kept in _KEPT:
        yield _arranged(text, _runs_around(text, kept), known)
    yield _arranged(text, direction_runs(text, RIGHTWARDS), known)


def _arranged(text: str, runs: Sequence[DirectionRun], known: Container[str]) -> str:
    parts = (
        _backwards(text[start:end], known) if backwards else text[start:end]
        for start, end, backwards in runs
    )
    return "".join(parts)


def _backwards(text: str, known: Container[str]) -> str:
    """Returns a run from right to left: letters with their marks, brackets as they are seen."""
    letters: List[str] = []
    for character in text:
        if letters and unicodedata.bidirectional(character) == "NSM":
            letters[-1] += character
        else:
            letters.append(_mirrored(character, known))
    return "".join(reversed(letters))


def _mirrored(character: str, known: Container[str]) -> str:
    if not unicodedata.mirrored(character):
        return character
    from bidi.mirror import MIRRORED

    other: str = MIRRORED.get(character, character)
    return other if other in known else character


def _runs_around(text: str, kept: Pattern[str]) -> List[DirectionRun]:
    """Returns runs of what is kept as it is, and all else from right to left."""
    kinds = "".join(_KINDS.get(unicodedata.bidirectional(one), "S") for one in text)
    runs, place = [], len(text)
    for match in reversed(list(kept.finditer(kinds))):
        runs += [(match.end(), place, True), (match.start(), match.end(), False)]
        place = match.start()
    return [*runs, (0, place, True)]
