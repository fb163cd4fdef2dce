"""One rule for what a label is, whatever wrote it: spreadsheets, web pages and tools leave
characters behind that no picture shows.

    none      the label as it stands in the file
    spaces    every kind of space is a plain one, runs are one, none is at the ends, and characters
              without any form (zero-width space, byte order mark, soft hyphen) are gone: default
    nfc       the same, and letters with their marks as one character (Unicode's NFC)
    nfkc      the same, and full-width letters, ligatures and the like as plain ones (NFKC)

Line breaks stay: a label with one is no line, which whoever takes it says.
"""

from __future__ import annotations

import re
import unicodedata
from typing import List

from ocrdata.errors import UnknownNameError
from ocrdata.text.properties import invisible_in, is_invisible

NORMALIZATIONS = NO_NORMALIZATION, SPACES, NFC, NFKC = ("none", "spaces", "nfc", "nfkc")
DEFAULT_NORMALIZATION = SPACES

# All white space but what ends a line.
_SPACE = re.compile("[\t \x1f\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BREAKS = frozenset("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_PLAIN = re.compile("[!-~\u4e00-\u9fff]+( [!-~\u4e00-\u9fff]+)*")


def normalize_label(text: str, how: str = DEFAULT_NORMALIZATION) -> str:
    """Returns a label as one of NORMALIZATIONS has it; raises UnknownNameError for another."""
    if how not in NORMALIZATIONS:
        raise UnknownNameError("text normalization", how, NORMALIZATIONS)
    if how == NO_NORMALIZATION or _PLAIN.fullmatch(text):
        return text
    if how != SPACES:
        text = unicodedata.normalize("NFC" if how == NFC else "NFKC", text)
    return _SPACE.sub(" ", _visible(_SPACE.sub(" ", text))).strip(" ")


def _visible(text: str) -> str:
    """Returns a text without the characters that have no form, but for joiners in their place."""
    kept: List[str] = []
    for character in text:
        unseen = is_invisible(character) and character not in _BREAKS
        if not (unseen and invisible_in("".join(kept[-1:]) + character)):
            kept.append(character)
    return "".join(kept)


def unseen_in(text: str) -> str:
    """Returns a description of what nobody can see in a label: "" where `spaces` keeps it."""
    if normalize_label(text) == text:
        return ""
    odd = [one for one in dict.fromkeys(text) if is_unseen(one)]
    named = ", ".join(f"U+{ord(one):04X}" for one in odd)
    return named or "spaces at an end or in a run"


def is_unseen(character: str) -> bool:
    """Says whether a character is a space but not the plain one, or has no form of its own."""
    return character != " " and normalize_label(f"a{character}a") != f"a{character}a"
