"""Files of words that were read, scored as is customary for each scene-text set.

key<TAB>truth<TAB>text<TAB>...            predictions-test.tsv, as `ocrdata evaluate crnn` writes
pic/0000/00000000.png<TAB>private         any other reader's results, with a label list
pic/0000/00000000.png<TAB>private<TAB>0.9       the same with how sure it was
{"key": "pic/...", "lexicons": {"50": [...], "1k": [...]}}         lexicons.jsonl of an import
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.sample import read_lines, read_sample_list
from ocrdata.errors import AnnotationError, OptionError, PathLike, UnknownNameError
from ocrdata.metrics.lexicon import Lexicon
from ocrdata.metrics.recognition import TEXT_PROTOCOLS, RecognitionScore

FULL = "full"
_HEADER = "key\ttruth\ttext"
# Sets whose words are shared by many pictures come with few distinct lists.
_CACHED = 64


class Custom(NamedTuple):
    """How a set is scored: what is compared, and which words are left out."""

    protocol: str
    keep: Optional[str] = None


CUSTOMS = {
    "icdar2003": Custom("alphanumeric", "^[0-9A-Za-z]{3,}$"),
    "icdar2013": Custom("alphanumeric", "^[0-9A-Za-z]+$"),
    "icdar2015": Custom("alphanumeric"),
    "iiit5k": Custom("alphanumeric"),
    "svt": Custom("alphanumeric"),
    "synth90k": Custom("alphanumeric"),
}


class ReadWord(NamedTuple):
    """One picture's label and what was read."""

    key: str
    truth: str
    text: str


@dataclass(frozen=True)
class WordScore:
    """Full-sequence accuracy with the counts behind it; `left_out` by the set's custom."""

    protocol: str
    lexicon: str
    accuracy: float
    character_error_rate: float
    one_minus_ned: float
    lines: int
    correct: int
    left_out: int
    missing: int


def read_words(predictions: PathLike, labels: Optional[PathLike] = None) -> Iterator[ReadWord]:
    """Yields what was read with its label; a label without a prediction is read as "".

    Raises AnnotationError for a line of another form, a second prediction, or an unknown key.
    """
    if labels is None:
        rows = list(read_lines(predictions))
        ours = bool(rows) and rows[0][1].startswith(_HEADER)
        if not ours and _text_place(predictions, [line.split("\t") for _, line in rows]) == 1:
            _refuse_scores(predictions, rows)
        for number, line in rows[1:] if ours else rows:
            parts = line.split("\t")
            if len(parts) < 3:
                hint = "Name the labels with --labels if the lines are `key<TAB>text`."
                problem = "is not key, truth and text, parted by tabs"
                raise AnnotationError(predictions, problem, number, hint)
            yield ReadWord(*parts[:3])
        return
    texts = _read_texts(predictions)
    for sample in read_sample_list(labels, Path(labels).parent):
        text, _ = texts.pop(sample.key, ("", 0))
        yield ReadWord(sample.key, sample.text or "", text)
    for key, (_, number) in texts.items():
        raise AnnotationError(predictions, f"{key} is not in {labels}", number)


def _read_texts(path: PathLike) -> Dict[str, Tuple[str, int]]:
    texts: Dict[str, Tuple[str, int]] = {}
    rows = [(number, line.split("\t")) for number, line in read_lines(path)]
    ours = bool(rows) and "\t".join(rows[0][1]).startswith(_HEADER)
    place = 2 if ours else _text_place(path, [parts for _, parts in rows])
    for number, parts in rows[1:] if ours else rows:
        key, text = parts[0], parts[place] if len(parts) > place else ""
        if key in texts:
            raise AnnotationError(path, f"reads {key} again", number)
        texts[key] = (text, number)
    return texts


def _text_place(path: PathLike, rows: List[List[str]]) -> int:
    """Returns which field is the text: the second of `key, text` and `key, text, score`, else the
    third, behind the truth.

    Raises AnnotationError where a third field of numbers could be either.
    """
    wide = [parts for parts in rows if len(parts) > 2]
    if not wide:
        return 1
    last = [_is_score(parts[2]) for parts in wide]
    if not all(last):
        return 2
    if all(_is_score(parts[1]) for parts in wide):
        problem = "could be key, text and score as well as key, truth and text"
        hint = "Give the scores no column of their own, or write the header key<TAB>truth<TAB>text."
        raise AnnotationError(path, problem, 1, hint)
    return 1


def _refuse_scores(path: PathLike, rows: Sequence[Tuple[int, str]]) -> None:
    if any("\t" in line.partition("\t")[2] for _, line in rows):
        hint = "Name the labels with --labels."
        raise AnnotationError(path, "has scores, but no truth to compare with", rows[0][0], hint)


def _is_score(text: str) -> bool:
    try:
        return 0.0 <= float(text) <= 1.0
    except ValueError:
        return False


def read_lexicons(path: PathLike, kind: str) -> Dict[str, Tuple[str, ...]]:
    """Returns each picture's lexicon of a kind such as "50"; equal ones are kept once.

    Raises AnnotationError naming the line.
    """
    lists: Dict[str, Tuple[str, ...]] = {}
    pool: Dict[Tuple[str, ...], Tuple[str, ...]] = {}
    for number, line in read_lines(path):
        try:
            row = json.loads(line)
            words = tuple(map(str, row["lexicons"][kind]))
            lists[str(row["key"])] = pool.setdefault(words, words)
        except (ValueError, TypeError, KeyError) as error:
            problem = f"has no lexicon {kind!r} of a picture ({error})"
            raise AnnotationError(path, problem, number) from error
    return lists


class _Lexicons:
    """The lexicon of each picture, with the last ones kept ready."""

    def __init__(
        self, lists: Dict[str, Tuple[str, ...]], everyone: Optional[Lexicon], protocol: str
    ) -> None:
        self._lists, self._everyone = lists, everyone
        self._normalise = TEXT_PROTOCOLS[protocol]
        self._ready: OrderedDict[Tuple[str, ...], Lexicon] = OrderedDict()

    def of(self, key: str, path: PathLike) -> Lexicon:
        if self._everyone is not None:
            return self._everyone
        if key not in self._lists:
            raise AnnotationError(path, f"has no lexicon of {key}")
        words = self._lists[key]
        if words not in self._ready:
            if len(self._ready) >= _CACHED:
                self._ready.popitem(last=False)
            self._ready[words] = Lexicon(words, self._normalise)
        return self._ready[words]


def score_words(
    predictions: PathLike,
    labels: Optional[PathLike] = None,
    protocol: str = "exact",
    data_set: Optional[str] = None,
    lexicon: Optional[str] = None,
    lexicons: Optional[PathLike] = None,
) -> WordScore:
    """Scores a file of words, by a protocol or by a data set's custom.

    `lexicon` is a kind in `lexicons` (lexicons.jsonl), "full" (every label that counts), or a file
    with a word a line. Raises AnnotationError, UnknownNameError and OptionError.
    """
    if data_set is not None and data_set not in CUSTOMS:
        raise UnknownNameError("customary protocol", data_set, CUSTOMS)
    custom = CUSTOMS[data_set] if data_set else Custom(protocol)
    score = RecognitionScore(custom.protocol)
    keep = re.compile(custom.keep) if custom.keep else None
    words = list(read_words(predictions, labels))
    kept = [word for word in words if keep is None or keep.match(word.truth)]
    lists = _choose(lexicon, lexicons, kept, custom.protocol)
    normalise, where = TEXT_PROTOCOLS[custom.protocol], lexicons or predictions
    for word in kept:
        text = normalise(word.text)
        score.add(word.truth, lists.of(word.key, where).nearest(text) if lists else text)
    if not score.lines:
        raise AnnotationError(predictions, "holds no word that counts")
    return WordScore(
        custom.protocol,
        lexicon or "none",
        accuracy=score.accuracy,
        character_error_rate=score.character_error_rate,
        one_minus_ned=score.one_minus_ned,
        lines=score.lines,
        correct=score.correct,
        left_out=len(words) - len(kept) + score.unscored,
        missing=sum(not word.text for word in words),
    )


def _choose(
    lexicon: Optional[str], lexicons: Optional[PathLike], words: "list[ReadWord]", protocol: str
) -> Optional[_Lexicons]:
    if lexicon is None:
        if lexicons is not None:
            raise OptionError("--lexicons needs --lexicon: 50, 1k or what else it holds.")
        return None
    if lexicon == FULL:
        everyone = Lexicon([word.truth for word in words], TEXT_PROTOCOLS[protocol])
        return _Lexicons({}, everyone, protocol)
    if lexicons is not None:
        return _Lexicons(read_lexicons(lexicons, lexicon), None, protocol)
    lines = [line.strip() for _, line in read_lines(lexicon)]
    return _Lexicons({}, Lexicon(lines, TEXT_PROTOCOLS[protocol]), protocol)
