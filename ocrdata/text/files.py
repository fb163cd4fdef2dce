"""Files of phrases: UTF-8, a phrase a line, or phrase<TAB>frequency, a pair a line.

A file is taken for pairs when its first line with text has a TAB. BOM and CRLF are accepted.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Iterator, Optional, Tuple

from ocrdata.errors import CorpusError

_CONVERT = "Convert it first: iconv -f {} -t UTF-8 {} > converted.txt"
_PAIRS = "Each line needs phrase<TAB>count, or no line a TAB."
_COUNT = re.compile(r" *[0-9]+")


def read_phrases(path: Path) -> Iterator[Tuple[str, int]]:
    """Yields (text, frequency) for each line; an empty line has an empty text.

    Raises CorpusError with file and line.
    """
    pairs: Optional[bool] = None
    for number, text in _read_lines(path):
        if pairs is None and text:
            pairs = "\t" in text
        yield _read_pair(path, number, text) if pairs and text else (text, 1)


def _read_pair(path: Path, number: int, line: str) -> Tuple[str, int]:
    text, tab, frequency = line.rpartition("\t")
    if not tab:
        raise CorpusError(path, "has no TAB, unlike the lines before it", number, _PAIRS)
    # int() alone would take "-3" and "1_000" as well.
    if not _COUNT.fullmatch(frequency):
        problem = f"{frequency[:40]!r} is not a frequency"
        raise CorpusError(path, problem, number, _PAIRS)
    return text.strip(), int(frequency)


def _read_lines(path: Path) -> Iterator[Tuple[int, str]]:
    """Yields line numbers from 1 and lines without the space around them."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if number == 1 and line.startswith(codecs.BOM_UTF8):
                    line = line[len(codecs.BOM_UTF8) :]
                yield number, _decode(path, number, line).strip()
    except OSError as error:
        raise CorpusError(path, f"cannot be read: {error.strerror}") from None


def _decode(path: Path, number: int, line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        utf16 = number == 1 and line[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        hint = _CONVERT.format("UTF-16" if utf16 else "GB18030", path)
        problem = f"is not UTF-8 at byte {error.start + 1} of the line"
        raise CorpusError(path, problem, number, hint) from None
