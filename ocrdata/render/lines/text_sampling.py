"""Which text each picture shows: as listed, by frequency, random characters, or balanced.

Texts are made block by block from the block's own random numbers, so a picture's text does not
depend on how many others there are, and ten million of them need no memory.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from itertools import accumulate
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from ocrdata.base import random_streams
from ocrdata.base.sample_lists import is_test
from ocrdata.errors import CorpusError, OptionError, UnknownNameError
from ocrdata.text.visual_order import with_told_order

BLOCK_SIZE = 256
SAMPLINGS = ("listed", "frequency", "random", "balanced")
NEAR_DUPLICATES = ("keep", "drop")


class TextBlockTask(NamedTuple):
    """One block: its number and its texts, the first being picture `number * BLOCK_SIZE`."""

    number: int
    texts: Tuple[str, ...]


class TextPlan(NamedTuple):
    """What the pictures of a run show.

    `texts` are the phrases (or, for random texts, the characters); `shares` their cumulative
    shares where they are drawn by frequency; `more` are texts behind the listed ones that bring
    rare characters up to their count.
    """

    kind: str
    total: int
    seed: int
    texts: Sequence[str]
    shares: np.ndarray = np.zeros(0)
    more: Sequence[str] = ()
    lengths: Tuple[int, int] = (1, 1)

    def tasks(self) -> Iterator[TextBlockTask]:
        """Yields the blocks in order."""
        for number in range(-(-self.total // BLOCK_SIZE)):
            yield self.task(number)

    def task(self, number: int) -> TextBlockTask:
        """Returns one block."""
        first = number * BLOCK_SIZE
        count = min(BLOCK_SIZE, self.total - first)
        if self.kind == "frequency":
            return TextBlockTask(number, self._by_frequency(number)[:count])
        if self.kind == "random":
            return TextBlockTask(number, self._random(number)[:count])
        listed = self.total - len(self.more)
        texts = [
            self.texts[place % len(self.texts)] if place < listed else self.more[place - listed]
            for place in range(first, first + count)
        ]
        return TextBlockTask(number, tuple(texts))

    def _by_frequency(self, number: int) -> Tuple[str, ...]:
        drawn = random_streams.uniform_block(self.seed, "text-choice", number, BLOCK_SIZE, 1)[:, 0]
        places = np.searchsorted(self.shares, drawn, side="right")
        return tuple(self.texts[place] for place in places.clip(max=len(self.texts) - 1).tolist())

    def _random(self, number: int) -> Tuple[str, ...]:
        low, high = self.lengths
        drawn = random_streams.uniform_block(self.seed, "random-text", number, BLOCK_SIZE, high + 1)
        lengths = (low + drawn[:, 0] * (high - low + 1)).astype(np.int64).tolist()
        # Characters as numbers, a row of them read as one string.
        codes = np.frombuffer("".join(self.texts).encode("utf-32-le"), "<u4")
        rows = codes[(drawn[:, 1:] * len(codes)).astype(np.int64)].view(f"<U{high}")
        texts = (text[:length] for text, length in zip(rows[:, 0].tolist(), lengths))
        return tuple(map(with_told_order, texts))


class TextOptions(NamedTuple):
    """How texts become pictures: how often, which ones, and what goes to Test.

    Args:
        variants: pictures of each text, unless `limit` stops earlier.
        sampling: one of SAMPLINGS.
        min_count: how many times each character appears at least in Train ("balanced").
        characters: what random texts are made of, and what "balanced" counts; the texts' own
            where there are none.
        lengths: the shortest and longest random text, and the longest that fills up rare ones.
        near_duplicates: "keep" or "drop" texts that differ by punctuation, case or width only.
    """

    variants: int = 5
    limit: Optional[int] = None
    test_fraction: float = 0.1
    sampling: str = "listed"
    min_count: int = 0
    characters: Tuple[str, ...] = ()
    lengths: Tuple[int, int] = (1, 24)
    near_duplicates: str = "keep"


TEXT_OPTIONS = TextOptions()


def text_digest(*lists: Iterable[str]) -> str:
    """Returns a name for lists of texts, so that a resumed run goes on with the very same ones."""
    digest = hashlib.sha256()
    for texts in lists:
        for text in texts:
            digest.update(text.encode("utf-8", "surrogatepass") + b"\n")
        digest.update(b"\0")
    return digest.hexdigest()


def near_key(text: str) -> str:
    """Returns what near duplicates share: no spaces, punctuation, case or width."""
    if text.isalnum() and not text.isascii() and text == unicodedata.normalize("NFKC", text):
        return text
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if c.isalnum()) or text


def on_test_side(text: str, seed: int, test_fraction: float) -> bool:
    """Says on which side a text and its near duplicates lie."""
    return is_test(near_key(text), seed, test_fraction)


def drop_near_duplicates(texts: Iterable[str], skips: Dict[str, int]) -> List[str]:
    """Returns the texts without those that differ from an earlier one by width and signs only."""
    seen: Set[str] = set()
    kept: List[str] = []
    for text in texts:
        key = near_key(text)
        if key in seen:
            skips["near duplicate"] = skips.get("near duplicate", 0) + 1
            continue
        seen.add(key)
        kept.append(text)
    return kept


def plan_texts(
    texts: Sequence[str], frequencies: Sequence[int], options: TextOptions, seed: int
) -> TextPlan:
    """Returns which text each picture shows; `frequencies` are one a text, for "frequency".

    Raises CorpusError where there is nothing to draw from, OptionError and UnknownNameError.
    """
    kind, limit, variants = options.sampling, options.limit, options.variants
    if kind not in SAMPLINGS:
        raise UnknownNameError("sampling", kind, SAMPLINGS)
    if options.min_count and kind != "balanced":
        raise OptionError("--min-count goes with --sampling balanced.")
    letters = list(options.characters) or sorted(set("".join(texts)) - {" "})
    total = min(len(texts) * variants, limit or len(texts) * variants)
    if kind == "random":
        letters = [character for character in letters if not character.isspace()]
        if not letters:
            raise CorpusError("charset", "holds no character that can be drawn")
        total = limit or len(letters) * variants
        return TextPlan(kind, total, seed, letters, lengths=options.lengths)
    if not texts:
        raise CorpusError("corpus", "holds no text to draw")
    if kind == "frequency":
        shares = np.array(list(accumulate(max(1, count) for count in frequencies)), np.float64)
        return TextPlan(kind, limit or total, seed, texts, shares / shares[-1])
    plan = TextPlan("listed", total, seed, texts)
    if kind == "balanced":
        more = _fill_up(plan, letters, options)
        plan = plan._replace(total=total + len(more), more=more)
    return plan


def _fill_up(plan: TextPlan, letters: Sequence[str], options: TextOptions) -> List[str]:
    """Returns texts that bring each character up to its count in Train: listed, else new ones.

    A character that no listed text has is put among others that are short as well.
    """
    need, fraction = options.min_count or options.variants, options.test_fraction
    training = [text for text in plan.texts if not on_test_side(text, plan.seed, fraction)]
    counts = _count(plan, fraction)
    holders: Dict[str, List[str]] = {}
    for text in training:
        for character in set(text):
            holders.setdefault(character, []).append(text)
    more: List[str] = []
    turns: Counter[str] = Counter()
    for character in sorted(letters, key=lambda one: (counts[one], one)):
        known = holders.get(character)
        while known and counts[character] < need:
            text = known[turns[character] % len(known)]
            turns[character] += 1
            more.append(text)
            counts.update(text)
    short = {one: need - counts[one] for one in letters if counts[one] < need}
    return more + list(_invent(short, plan.seed, options.lengths, fraction))


def _count(plan: TextPlan, fraction: float) -> Counter[str]:
    rounds, rest = divmod(plan.total, len(plan.texts))
    counts: Counter[str] = Counter()
    for place, text in enumerate(plan.texts):
        if not on_test_side(text, plan.seed, fraction):
            times = rounds + (place < rest)
            for character in text:
                counts[character] += times
    return counts


def _invent(
    short: Dict[str, int], seed: int, lengths: Tuple[int, int], fraction: float
) -> Iterator[str]:
    rng = random_streams.stream(seed, "rare")
    pool = [character for character in sorted(short) for _ in range(short[character])]
    rng.shuffle(pool)
    while pool:
        length = rng.randint(min(lengths), max(lengths))
        text = "".join(pool[:length])
        # One more character moves a text that fell to Test back to Train.
        for extra in [""] + sorted(short):
            longer = with_told_order(text + extra)
            if not on_test_side(longer, seed, fraction):
                yield longer
                break
        pool = pool[length:]
