"""What Unicode says of a character that matters to a picture: seen or not, set as it is or shaped.

Scripts are those of Unicode's Scripts.txt, as fontTools carries them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from fontTools import unicodedata as script_data

# Unicode's Default_Ignorable_Code_Point, and fillers, controls and marks without any form.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Scripts whose characters stand side by side, each in one form, from left to right.
_SET_AS_IT_IS = (
    "Zyyy Zzzz Hani Hira Kana Bopo Hang Latn Grek Cyrl Armn Geor Ethi Cher Cans Yiii Nshu Tang Kits"
    " Lisu Brai Ogam Runr Copt Goth Glag Vaii Bamu Tfng Olck Osge Dsrt Shaw Osma Linb Lina Ugar"
    " Xpeo Xsux Egyp Hluw Cari Lyci Ital Aghb Elba"
)
_SIMPLE = frozenset(_SET_AS_IT_IS.split())
_BESIDE = frozenset(("Mn", "Mc", "Me"))
# Conjoining jamo, and the two joiners, which say how their neighbours look.
_CONJOINING = re.compile("[\u1100-\u115e\u1161-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")
JOINERS = frozenset("\u200c\u200d")


def is_invisible(character: str) -> bool:
    """Says whether a character has no form of its own in any font; white space has its width."""
    return _INVISIBLE.match(character) is not None


def invisible_in(text: str) -> str:
    """Returns the first character of a text that no picture of it can show, "" if there is none.

    The two joiners count where they do not stand behind a character whose form they may change.
    """
    for match in _INVISIBLE.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if match.group() not in JOINERS or not (before and needs_shaping(before)):
            return match.group()
    return ""


@lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """Returns the ISO 15924 code of a character's script, "Zyyy" for what all scripts share."""
    return script_data.script(character)


def script_title(code: str) -> str:
    """Returns the English name of a script: "Arabic" for "Arab"."""
    return script_data.script_name(code, code)


def needs_shaping(character: str) -> bool:
    """Says whether a character's form or place hangs on its neighbours.

    That is so with all scripts that join, reorder, stack or run from right to left, with combining
    marks, and with jamo that are put together to syllables.
    """
    if character.isascii() or "\u4e00" <= character <= "\u9fff":
        return False
    return (
        script_of(character) not in _SIMPLE
        or unicodedata.category(character) in _BESIDE
        or unicodedata.bidirectional(character) in ("R", "AL", "AN")
        or character in JOINERS
        or _CONJOINING.match(character) is not None
    )
