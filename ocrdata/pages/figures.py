"""The charts and tables of a data set's page."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Iterable, List, Tuple

from ocrdata.images.header import read_header
from ocrdata.pages import charts as c
from ocrdata.pages.facts import SplitFacts
from ocrdata.pages.html import card, charts, number, table, text
from ocrdata.records.sources.sampling import Shown

_COMMON, _RARE = 20, 150


def merged(facts: Dict[str, SplitFacts], name: str) -> "Counter[Any]":
    """Returns a counter of the facts over all splits."""
    total: "Counter[Any]" = Counter()
    for one in facts.values():
        total.update(getattr(one, name))
    return total


def named(split: str) -> str:
    """Returns how a split is called."""
    return split or "all"


def texts(facts: Dict[str, SplitFacts], scenes: bool) -> str:
    """Returns lengths, regions and characters."""

    def by_split(name: str) -> Dict[str, Dict[int, int]]:
        return {named(split): dict(getattr(one, name)) for split, one in facts.items()}

    cards = [_titled("Length", c.histogram(by_split("lengths"), "characters of a text", "texts"))]
    if scenes:
        regions, heights = by_split("regions"), by_split("heights")
        cards += [
            _titled("Texts of a picture", c.histogram(regions, "regions", "pictures")),
            _titled("Height of a text", c.histogram(heights, "shorter side in pixels", "regions")),
        ]
    total = merged(facts, "characters")
    return charts(cards + _characters(total) if total else cards)


def _titled(title: str, chart: str) -> str:
    return card(title, chart) if chart else ""


def _characters(total: "Counter[str]") -> List[str]:
    ranked = total.most_common()
    every = sum(total.values())
    curve = c.curves(
        {"count": [(rank, ranked[rank - 1][1]) for rank in _spread(len(ranked))]},
        "rank of a character",
        "counts of characters by rank",
        True,
        True,
    )
    rows = [
        (_visible(one), float(count), f"{number(count)} ({count / every:.1%})")
        for one, count in ranked[:_COMMON]
    ]
    most = ranked[-1][1] + 1
    rare = [one for one, count in ranked if count <= most]
    rarest = " ".join(map(_visible, rare[-_RARE:]))
    note = (
        f"{number(len(rare))} characters appear {number(most)} times at the most; here "
        f"are the last {number(min(_RARE, len(rare)))}."
    )
    return [
        card("Most frequent characters", c.bars(rows, "the most frequent characters")),
        card("Frequency of characters", curve, "Both axes by their logarithms."),
        card("Rarest characters", f"<p>{text(rarest)}</p>", note),
    ]


def _spread(count: int) -> List[int]:
    """Returns ranks from 1 on, the farther the sparser: each some three hundredths later."""
    ranks = [1]
    while ranks[-1] < count:
        ranks.append(min(count, max(ranks[-1] + 1, int(ranks[-1] * 1.03))))
    return ranks


def _visible(character: str) -> str:
    return (
        f"U+{ord(character):04X}"
        if not character.isprintable() or character.isspace()
        else character
    )


def images(sizes: List[Shown]) -> str:
    """Returns sizes and shapes of some pictures."""
    found: Dict[str, List[Tuple[float, float]]] = {}
    formats: "Counter[str]" = Counter()
    weights: List[int] = []
    for one in sizes:
        try:
            header = read_header(one.image)
        except ValueError:
            continue
        found.setdefault(named(one.split), []).append((header.width, header.height))
        formats[header.format] += 1
        weights.append(len(one.image))
    if not weights:
        return ""
    every = [point for points in found.values() for point in points]
    ratios = {
        name: dict(Counter(int(round(4 * width / height)) for width, height in points))
        for name, points in found.items()
    }
    note = f"Of {number(len(weights))} pictures chosen by the seed."
    rows = [
        ("format", ", ".join(f"{n} {number(count)}" for n, count in formats.items())),
        ("width", _range([p[0] for p in every])),
        ("height", _range([p[1] for p in every])),
        ("bytes", _range(weights)),
    ]
    return charts(
        [
            card("Size", c.scatter(found, "width in pixels, height upwards", "sizes"), note),
            card("Shape", c.histogram(ratios, "width / height", "shapes", 0.25)),
            card("In figures", table(("", "least, median, most"), rows)),
        ]
    )


def _range(values: Iterable[float]) -> str:
    ordered = sorted(values)
    return " · ".join(number(v) for v in (ordered[0], ordered[len(ordered) // 2], ordered[-1]))


def splits(facts: Dict[str, SplitFacts]) -> str:
    """Returns how large the splits are, and what they share."""
    if not facts:
        return ""
    train = facts.get("train")
    rows = []
    for name, one in facts.items():
        other = train is not None and one is not train
        shared = number(len(one.texts & train.texts)) if train is not None and other else ""
        unseen = number(len(set(one.characters) - set(train.characters))) if train and other else ""
        rows.append(
            (
                named(name),
                number(one.total),
                number(len(one.texts)),
                number(len(one.characters)),
                shared,
                unseen,
            )
        )
    head = (
        "split",
        "samples",
        "distinct texts",
        "characters",
        "texts also in train",
        "characters not in train",
    )
    note = "A text in two splits makes scores look better than they are."
    return f'<div class="card">{table(head, rows, 5)}<p class="note">{note}</p></div>'
