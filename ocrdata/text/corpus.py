"""Lines of text to draw: bundled corpora, jieba's dictionary, a user's own files.

A source is one of

    poems, numbers, ...     a bundled corpus
    lexicon                 every word of jieba's dictionary, the most frequent first
    lexicon:n,v             only its nouns and verbs (jieba's tags, by their beginning)
    FILE                    UTF-8 text, a phrase a line; or phrase<TAB>frequency, a pair a line
    FOLDER                  every .txt file below it, in the order of their paths

Texts stay as they are, but for the space around them.
"""

from __future__ import annotations

import itertools
from collections import deque
from pathlib import Path
from typing import Callable, Deque, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from ocrdata.base.assets import asset_dir
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import CorpusError, OptionError, PathLike, UnknownNameError
from ocrdata.text.files import read_phrases
from ocrdata.text.phrases import CORPUS_DEFAULTS, LIMIT_REASONS, CorpusOptions, Phrase, PhraseFilter
from ocrdata.text.words import cut_text, read_jieba_words

LEXICON_CORPUS = "lexicon"
# Name to what it holds; each but the lexicon is a file of the corpora folder.
CORPORA = {
    "amounts": "amounts of money, in words and in figures",
    "dates": "dates, weekdays, times and periods",
    "english": "English words, numbers, prices, dates, addresses, plates",
    LEXICON_CORPUS: "words of jieba's dictionary",
    "numbers": "numerals, quantities, phone and plate numbers",
    "places": "provinces, cities, countries, mountains, sights",
    "poems": "lines of classical Chinese poems",
    "terms": "signs, form fields, words of trades and daily life",
}
LATIN_CORPORA = ("english",)
DEFAULT_CORPORA = tuple(name for name in CORPORA if name not in (LEXICON_CORPUS, *LATIN_CORPORA))

Reader = Callable[[], Iterable[Tuple[str, int]]]


def corpus_names() -> List[str]:
    """Returns the names that `read_corpus` knows."""
    return list(CORPORA)


def read_corpus(
    source: PathLike,
    options: CorpusOptions = CORPUS_DEFAULTS,
    skips: Optional[Dict[str, int]] = None,
) -> Iterator[Phrase]:
    """Yields the phrases of one source in their order; see `read_corpora`."""
    return read_corpora((source,), options, skips)


def read_corpora(
    sources: Sequence[PathLike] = (),
    options: CorpusOptions = CORPUS_DEFAULTS,
    skips: Optional[Dict[str, int]] = None,
) -> Iterator[Phrase]:
    """Yields the phrases of several sources in turn, the bundled corpora by default.

    What is left out is counted by reason in `skips`. Texts stream.

    Raises UnknownNameError for an unknown source; while reading CorpusError, with file and
    line, for other encodings than UTF-8, a broken frequency, and a source without any text. One
    whose texts the limits leave out is passed over, unless that is so with all sources.
    """
    readers = [(source, _reader(source)) for source in sources or DEFAULT_CORPORA]
    keep = PhraseFilter(options, {} if skips is None else skips)
    barren: List[CorpusError] = []
    turns = deque(
        _kept(source, _cut(reader(), options.longest_cut), keep, barren)
        for source, reader in readers
    )
    return itertools.islice(_any(_in_turn(turns), barren), options.limit)


def _any(phrases: Iterator[Phrase], barren: List[CorpusError]) -> Iterator[Phrase]:
    """Passes phrases on; raises the first error of `barren` if there are none."""
    found = False
    for phrase in phrases:
        found = True
        yield phrase
    if barren and not found:
        raise barren[0]


def _in_turn(turns: Deque[Iterator[Phrase]]) -> Iterator[Phrase]:
    """Takes one phrase of each source after the other, so that the first ones show all of them."""
    while turns:
        for phrase in itertools.islice(turns[0], 1):
            turns.rotate(-1)
            yield phrase
            break
        else:
            turns.popleft()


def _kept(
    source: PathLike, phrases: Iterable[Phrase], keep: PhraseFilter, barren: List[CorpusError]
) -> Iterator[Phrase]:
    usable, skipped = 0, {}  # type: int, Dict[str, int]
    for phrase in phrases:
        reason = keep.reason_against(phrase)
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
        else:
            usable += 1
            yield phrase
    if usable or skipped.get("repeated"):
        return
    if not set(LIMIT_REASONS) & set(skipped):
        raise _nothing_left(source, skipped)
    barren.append(_nothing_left(source, skipped))


def _cut(pairs: Iterable[Tuple[str, int]], longest: Optional[int]) -> Iterator[Phrase]:
    for text, frequency in pairs:
        if longest is None:
            yield Phrase(text, frequency)
        else:
            # A line of nothing but punctuation leaves an empty phrase behind, to be counted.
            for piece in list(cut_text(text, longest)) or [""]:
                yield Phrase(piece, frequency)


def _nothing_left(source: PathLike, skipped: Dict[str, int]) -> CorpusError:
    reasons = [f"{count:,} {name}" for name, count in sorted(skipped.items()) if count]
    why = f" ({', '.join(reasons)})" if reasons else ""
    return CorpusError(
        source, "holds no usable text" + why, hint="Widen the limits or choose another corpus."
    )


def _reader(source: PathLike) -> Reader:
    """Finds out what a source is before anything is read, so that a typing error shows at once."""
    if isinstance(source, str) and source.partition(":")[0] == LEXICON_CORPUS:
        words = read_jieba_words(_parts_of_speech(source))
        return lambda: words
    if isinstance(source, str) and source in CORPORA:
        return _files([asset_dir("corpora") / (source + ".txt")])
    path = Path(source)
    if path.is_dir():
        found = (file for file in files_below(path) if file.name.endswith(".txt"))
        files = sorted(found, key=lambda file: file.relative_to(path).as_posix())
        if not files:
            raise CorpusError(path, "holds no .txt file", hint="Name a file, or another folder.")
        return _files(files)
    if path.is_file():
        return _files([path])
    if path.suffix or path.name != str(source):
        raise CorpusError(path, "there is no such file", hint="Bundled: " + ", ".join(CORPORA))
    raise UnknownNameError("file or corpus", str(source), CORPORA)


def _files(files: Sequence[Path]) -> Reader:
    return lambda: (pair for file in files for pair in read_phrases(file))


def _parts_of_speech(source: str) -> Tuple[str, ...]:
    _, colon, tags = source.partition(":")
    parts = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
    if colon and not parts:
        raise OptionError(f"{source} names no part of speech.", "Write lexicon:n,v.")
    return parts
