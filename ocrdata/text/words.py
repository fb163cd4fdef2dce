"""Words from jieba: its dictionary as a corpus, and running text cut at word boundaries."""

from __future__ import annotations

import functools
import importlib.util
import math
import re
import warnings
from pathlib import Path
from typing import Any, Iterator, List, Tuple

from ocrdata.errors import OcrdataError, OptionError, UnknownNameError

# A phrase ends at sentence punctuation, brackets, quotation marks, line breaks and ideographic
# spaces. ASCII marks end it only where no letter or digit follows: 3.14, 12:30, 1,200, don't.
_BREAK = re.compile(
    "[，。、；：？！…—～·（）《》〈〉【】「」『』〔〕“”\u3000\x00-\x1f\x7f-\xa0\u2028\u2029]+"
    "|[,.:;!?()\\[\\]{}<>\"'‘’](?![0-9A-Za-z])"
)


def _jieba_folder() -> Path:
    spec = importlib.util.find_spec("jieba")
    if spec is None or spec.origin is None:
        raise OcrdataError("jieba is not installed.", "Install it: pip install jieba")
    return Path(spec.origin).parent


def lower_case(text: str) -> str:
    """Returns a text in lower case, as long as it was: İ becomes i, not i and a dot."""
    return text.replace("\u0130", "i").lower()


def read_jieba_words(parts_of_speech: Tuple[str, ...] = ()) -> List[Tuple[str, int]]:
    """Returns jieba's words with their frequencies, the most frequent first.

    A part of speech is a prefix of jieba's tags: "n" takes all nouns, "ns" only place names.
    Raises UnknownNameError for one that no word has.
    """
    tags, found = set(), []
    with (_jieba_folder() / "dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, frequency, tag = line.split()
            tags.add(tag)
            if not parts_of_speech or tag.startswith(parts_of_speech):
                found.append((word, int(frequency)))
    for part in parts_of_speech:
        if not any(tag.startswith(part) for tag in tags):
            raise UnknownNameError("part of speech", part, tags)
    # By the word as well: the dictionary's own order is nothing to rely on.
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


@functools.lru_cache(maxsize=None)
def _tokenizer() -> Any:
    # jieba's own start-up reads and writes a cache in the shared temporary folder, whoever wrote
    # it, and logs to stderr. Filling a private tokenizer does neither and takes as long.
    with warnings.catch_warnings():
        # Invalid escapes in its sources, pkg_resources: nothing a user could act on.
        warnings.simplefilter("ignore")
        import jieba

    tokenizer = jieba.Tokenizer()
    with (_jieba_folder() / "dict.txt").open("rb") as lines:
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(lines)
    tokenizer.initialized = True
    return tokenizer


def cut_text(text: str, max_length: int) -> Iterator[str]:
    """Yields the phrases of a running text, each of 1 to `max_length` characters.

    Punctuation and brackets end a phrase and are left out, as are the spaces around it. A clause
    that is too long is cut between words (jieba's) into phrases of about the same length; a word is
    split only where it alone is longer than `max_length`.
    """
    if max_length < 1:
        raise OptionError(f"a phrase needs 1 character or more, not {max_length}.")
    for clause in _BREAK.split(text):
        clause = clause.strip()
        if clause and len(clause) <= max_length:
            yield clause
        elif clause:
            yield from _pack(_words(clause, max_length), max_length, len(clause))


def _words(clause: str, max_length: int) -> Iterator[str]:
    for word in _tokenizer().cut(clause):
        for start in range(0, len(word), max_length):
            yield word[start : start + max_length]


def _pack(words: Iterator[str], max_length: int, length: int) -> Iterator[str]:
    # Even shares, so that no clause ends in a phrase of one character.
    share = math.ceil(length / math.ceil(length / max_length))
    phrase = ""
    for word in words:
        if phrase and (len(phrase) >= share or len(phrase) + len(word) > max_length):
            yield phrase.strip()
            phrase = ""
        phrase = (phrase + word).lstrip()
    if phrase:
        yield phrase.strip()
