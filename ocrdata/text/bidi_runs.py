"""In which order the parts of a text stand in a line: the Unicode bidirectional algorithm (UAX #9).

Levels come from python-bidi. What it leaves out is done here: brackets take the direction of what
they enclose (rule N0), so that they stay pairs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Dict, List, Optional, Tuple

# start, end, and whether it runs from right to left; in the order in which they stand.
DirectionRun = Tuple[int, int, bool]
_RIGHT_TO_LEFT = ("R", "AL", "AN", "RLE", "RLO", "RLI")
LEFTWARDS, RIGHTWARDS = 1, 0  # levels of lines
# Strong and weak directions, as rule N0 takes numbers.
_STRONG = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
# What python-bidi's rules stop at. Controls that nobody sees are neutral; a character that this
# Python's Unicode does not know yet has no direction there.
_UNSEEN = ("BN", "FSI", "LRE", "LRI", "LRO", "PDF", "PDI", "RLE", "RLI", "RLO")
_ALLOWED = {"": "L", **dict.fromkeys(_UNSEEN, "ON")}
_BRACKETS = re.compile(r"[()\[\]{}\u2329\u232a\u3008-\u3011\u3014-\u301b\u207d\u207e\u208d\u208e]")


@lru_cache(maxsize=8192)
def direction_runs(text: str, base: Optional[int] = None) -> Tuple[DirectionRun, ...]:
    """Returns the runs of one direction from left to right, each in the order of the text.

    `base` is the line's own direction, LEFTWARDS or RIGHTWARDS; without it the first letter says it
    (rules P2 and P3).
    """
    if base != LEFTWARDS and not any(map(is_leftwards, text)):
        return ((0, len(text), False),)
    return _in_order(_levels(text, base))


def is_leftwards(character: str) -> bool:
    """Says whether a character makes a part of its line run from right to left."""
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT


def _levels(text: str, base: Optional[int]) -> List[int]:
    """Returns the resolved level of each character."""
    from bidi import algorithm

    storage: Dict[str, Any] = algorithm.get_empty_storage()
    if base is None:
        base = int(algorithm.get_base_level(text))
    storage["base_level"], storage["base_dir"] = base, "LR"[base]
    algorithm.get_embedding_levels(text, storage)
    places = list(range(len(text)))
    for place, row in zip(places, storage["chars"]):
        row["place"] = place
        row["type"] = _ALLOWED.get(row["type"], row["type"])
    algorithm.calc_level_runs(storage)
    algorithm.resolve_weak_types(storage, False)
    _resolve_brackets(storage["chars"], "LR"[base])
    algorithm.resolve_neutral_types(storage, False)
    algorithm.resolve_implicit_levels(storage, False)
    levels = [base] * len(text)
    for row in storage["chars"]:
        levels[row["place"]] = row["level"]
    # Spaces at the end stand where the line ends (rule L1).
    for place in range(len(text) - 1, -1, -1):
        if not text[place].isspace():
            break
        levels[place] = base
    return levels


def _resolve_brackets(rows: List[Dict[str, Any]], embedding: str) -> None:
    """Gives pairs of brackets their direction, by what stands inside and before them (N0)."""
    for start, end in _pairs(rows):
        inside = {_STRONG.get(row["type"]) for row in rows[start + 1 : end]} - {None}
        if not inside:
            continue
        direction = embedding
        if embedding not in inside:
            before = [_STRONG[row["type"]] for row in rows[:start] if row["type"] in _STRONG]
            # What lies inside runs the other way; so do the brackets if what stands before does.
            other = next(iter(inside))
            direction = other if (before or [embedding])[-1] == other else embedding
        for place in (start, end):
            rows[place]["type"] = direction
            # A mark on a bracket goes with it.
            after = place + 1
            while after < len(rows) and rows[after]["orig"] == "NSM":
                rows[after]["type"] = direction
                after += 1


def _pairs(rows: List[Dict[str, Any]]) -> List[Tuple[int, int]]:
    """Returns where brackets that are pairs stand, in the order of the opening ones (BD16)."""
    opened: List[Tuple[str, int]] = []
    found = []
    for place, row in enumerate(rows):
        character = row["ch"]
        if row["type"] != "ON" or not _BRACKETS.match(character):
            continue
        if unicodedata.category(character) == "Ps":
            opened.append((character, place))
            continue
        for depth in range(len(opened) - 1, -1, -1):
            if _closes(opened[depth][0], character):
                found.append((opened[depth][1], place))
                del opened[depth:]
                break
    return sorted(found)


def _closes(opening: str, closing: str) -> bool:
    # Of all pairs the closing bracket follows the opening one by a place or two.
    opening, closing = (unicodedata.normalize("NFC", one) for one in (opening, closing))
    return 0 < ord(closing) - ord(opening) <= 2


def _in_order(levels: List[int]) -> Tuple[DirectionRun, ...]:
    """Returns the runs of one level, put in the order in which they stand (rule L2)."""
    runs: List[Tuple[int, int, int]] = []
    for place, level in enumerate(levels):
        if runs and runs[-1][2] == level:
            runs[-1] = (runs[-1][0], place + 1, level)
        else:
            runs.append((place, place + 1, level))
    for least in range(max(levels), 0, -1):
        place = 0
        while place < len(runs):
            end = place
            while end < len(runs) and runs[end][2] >= least:
                end += 1
            runs[place:end] = runs[place:end][::-1]
            place = max(end, place + 1)
    return tuple((start, end, bool(level % 2)) for start, end, level in runs)
