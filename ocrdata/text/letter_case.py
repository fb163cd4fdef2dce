"""Texts in other letter cases: lower, Title, UPPER. Scripts without cases stay as they are."""

from __future__ import annotations

import re
from typing import Iterable, List, Match

from ocrdata.text.words import lower_case

CASES = ("keep", "lower", "title", "upper")
# Letters that belong together: no capital in don't and 5th.
_WORD = re.compile(r"(?<![\w'’])[^\W\d_]+(?:['’][^\W\d_]+)*")


def in_case(text: str, case: str) -> str:
    """Returns a text in one of CASES, by Unicode's own mapping (ß becomes SS in capitals)."""
    if case == "lower":
        return lower_case(text)
    if case == "upper":
        return text.upper()
    return _WORD.sub(_titled, lower_case(text)) if case == "title" else text


def all_cases(text: str, cases: Iterable[str]) -> List[str]:
    """Returns the texts, each once, that a text is in some of CASES."""
    return list(dict.fromkeys(in_case(text, case) for case in cases))


def _titled(word: "Match[str]") -> str:
    letters = word.group()
    # Unicode's titlecase of the first letter: ǆ becomes ǅ, Georgian stays as it is.
    return letters[0].title() + letters[1:]
