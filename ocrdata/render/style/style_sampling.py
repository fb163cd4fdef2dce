"""From a recipe and uniform numbers to styles: the same numbers give the same styles."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base import random_streams
from ocrdata.render.style.line_style import BACKGROUNDS, CHOICES, FIELDS, NEUTRAL, LineStyle
from ocrdata.render.style.mixtures import AnyRecipe, Mixture
from ocrdata.render.style.recipes import Recipe, Spread
from ocrdata.text.letter_case import CASES

# Two uniform numbers for each field of a style: whether, and how much. Fields that came later are
# drawn from streams of their own, so that presets without them keep their bytes: what a stream is
# called, its first field, and the one behind its last.
_LATER, _LETTERS = FIELDS.index("quality") + 1, FIELDS.index("letter_case")
_STREAMS = (("", 0, _LATER), ("-later", _LATER, _LETTERS), ("-letters", _LETTERS, len(FIELDS)))
_BACKGROUND, _CASE = FIELDS.index("background"), FIELDS.index("letter_case")
# Each value is a font of its own, with glyphs to draw and to keep: a range has few.
_AXES = slice(FIELDS.index("font_weight"), FIELDS.index("font_slant") + 1)
_AXIS_VALUES = 9
# Where a place is read at all; without such a field it is left out.
_READERS = {
    "curve_at": ("curve",),
    "elastic_at": ("elastic",),
    "fold_at": ("fold",),
    "jitter_at": ("jitter",),
    "neighbour_at": ("above", "below", "before", "after"),
    "noise_at": ("noise", "poisson"),
    "picture_at": ("picture",),
    "specks_at": ("specks",),
    "texture_at": ("texture",),
    "wear_at": ("wear",),
}


class _Table(NamedTuple):
    """A recipe as arrays (float64 [fields]); `varying` are the columns that differ by line.

    `weights` and `cases` are cumulative shares.
    """

    low: np.ndarray
    width: np.ndarray
    chance: np.ndarray
    neutral: np.ndarray
    weights: np.ndarray
    cases: np.ndarray
    varying: Tuple[int, ...]


@lru_cache(maxsize=16)
def _table(recipe: Recipe) -> _Table:
    spreads = [_effective(recipe, name) for name in FIELDS]
    neutral = [0.0 if name in CHOICES else getattr(NEUTRAL, name) for name in FIELDS]
    low, high, chance = np.array(spreads, np.float64).T
    weights, cases = (_cumulative(shares) for shares in (recipe.backgrounds, recipe.cases))
    varying = np.flatnonzero((high > low) | ((chance < 1.0) & (low != neutral)))
    columns = tuple(varying.tolist())
    return _Table(low, high - low, chance, np.array(neutral), weights, cases, columns)


def _cumulative(weights: Sequence[float]) -> np.ndarray:
    sums: np.ndarray = np.cumsum(weights)
    return sums / sums[-1]


def _effective(recipe: Recipe, name: str) -> Spread:
    """Returns a field's range, nothing for a place where nothing is ever read."""
    readers = _READERS.get(name)
    if name in CHOICES:
        return Spread(0.0, 0.0)
    if readers and not any(recipe.is_drawn(reader) for reader in readers):
        return Spread(0.0, 0.0)
    return recipe.spread(name)


def draw_styles(
    seed: int,
    stream: str,
    number: int,
    count: int,
    recipe: AnyRecipe,
    places: Optional[Sequence[int]] = None,
) -> List[LineStyle]:
    """Returns `count` styles, those of a block of a random stream, or those of some `places` in it.

    The same seed, stream and number give the same styles.
    """
    chosen = range(count) if places is None else places
    if isinstance(recipe, Mixture):
        return _draw_mixed(seed, stream, number, count, recipe, chosen)
    drawn = _uniforms(seed, stream, number, count, recipe)
    low, high = recipe.severity
    factors = np.full(count, low)
    if high > low:
        severe = random_streams.uniform_block(seed, stream + "-severity", number, count, 1)[:, 0]
        factors = low + severe * (high - low)
    if len(chosen) < count:
        part = list(chosen)
        drawn, factors = drawn[:, part], factors[part]
    return _to_styles(drawn, factors, recipe)


def _uniforms(seed: int, stream: str, number: int, count: int, recipe: Recipe) -> np.ndarray:
    """Returns float64 [2, count, fields]: whether, and how much; 0 where nothing is drawn."""
    table = _table(recipe)
    last = max(table.varying, default=0)
    if len(recipe.letter_cases) > 1:
        last = max(last, _CASE)
    found = np.zeros((2, count, len(FIELDS)))
    for name, first, end in _STREAMS:
        if first <= last:
            fields = end - first
            drawn = random_streams.uniform_block(seed, stream + name, number, count, 2 * fields)
            found[0, :, first:end], found[1, :, first:end] = drawn[:, :fields], drawn[:, fields:]
    return found


def _draw_mixed(
    seed: int, stream: str, number: int, count: int, mixture: Mixture, places: Sequence[int]
) -> List[LineStyle]:
    """Draws each line from one of a mixture's recipes, by their weights."""
    drawn = random_streams.uniform_block(seed, stream + "-recipe", number, count, 1)[:, 0]
    shares = np.cumsum(mixture.weights) / sum(mixture.weights)
    kinds = np.searchsorted(shares, drawn, side="right").clip(max=len(shares) - 1)
    found: Dict[int, LineStyle] = {}
    for kind, recipe in enumerate(mixture.recipes):
        own = [place for place in places if kinds[place] == kind]
        found.update(zip(own, draw_styles(seed, stream, number, count, recipe, own) if own else ()))
    return [found[place] for place in places]


def _to_styles(drawn: np.ndarray, factors: np.ndarray, recipe: Recipe) -> List[LineStyle]:
    """Turns uniform numbers (float64 [2, n, fields]), and factors on chances [n], into n styles."""
    table, (chances, amounts) = _table(recipe), drawn
    count = len(chances)
    axes = amounts[:, _AXES]
    np.floor(axes * _AXIS_VALUES, out=axes)
    axes /= _AXIS_VALUES - 1
    wanted = table.chance
    if recipe.severity != (1.0, 1.0):
        wanted = np.where(wanted < 1.0, wanted * factors[:, None], 1.0)
    values = np.where(chances < wanted, table.low + amounts * table.width, table.neutral)
    _keep_legible(values)
    words = {
        _BACKGROUND: _chosen(BACKGROUNDS, table.weights, chances[:, _BACKGROUND]),
        _CASE: _chosen(CASES, table.cases, chances[:, _CASE]),
    }
    # What is the same in all lines is one number, not one a line.
    columns: List[Any] = [[value] * count for value in values[0].tolist()] if count else []
    for place in table.varying:
        columns[place] = values[:, place].tolist()
    if columns:
        for place, chosen in words.items():
            columns[place] = chosen
    return list(map(LineStyle._make, zip(*columns)))


def _chosen(words: Sequence[str], shares: np.ndarray, drawn: np.ndarray) -> List[str]:
    """Returns a word for each uniform number (float64 [n]), by cumulative shares."""
    kinds = np.searchsorted(shares, drawn, side="right").clip(max=len(words) - 1)
    return [words[kind] for kind in kinds.tolist()]


def _keep_legible(values: np.ndarray) -> None:
    """Takes back what no reader could bear together, in place: float64 [n, fields].

    One cause of unsharpness a line, no wider than strokes of its size bear; noise no louder than
    a sixth of the contrast that the light leaves, less on thin strokes.
    """
    columns = {name: values[:, place] for place, name in enumerate(FIELDS)}
    sharp = (columns["motion"] == 0) & (columns["defocus"] == 0)
    columns["blur"] *= sharp
    columns["defocus"] *= columns["motion"] == 0
    unsharp = ~sharp | (columns["blur"] > 0)
    columns["resolution"][unsharp] = 1.0
    # Faint text bears less of a blur.
    em = 32.0 * columns["size"].clip(max=1.0) * (columns["contrast"] / 60.0).clip(0.5, 1.0)
    np.minimum(columns["blur"], 0.045 * em, out=columns["blur"])
    np.minimum(columns["defocus"], 0.065 * em, out=columns["defocus"])
    np.minimum(columns["motion"], 0.14 * em, out=columns["motion"])
    # What is thin or worn already would vanish in a blur, and blurred strokes look like specks.
    columns["weight"][unsharp] = np.maximum(columns["weight"][unsharp], 0.0)
    columns["wear"][unsharp] = 0.0
    columns["specks"][unsharp] = np.minimum(columns["specks"][unsharp], 0.004)
    bearable = columns["contrast"] * columns["opacity"] * (1.0 - columns["light"] / 255.0) / 6.0
    # Thin strokes have fewer pixels to stand out with.
    bearable *= np.where(columns["weight"] < 0, 0.7, 1.0)
    for name in ("noise", "poisson"):
        np.minimum(columns[name], bearable, out=columns[name])
    columns["poisson"] *= columns["noise"] == 0
    # What is thin already would break.
    columns["wear"] *= (columns["weight"] >= 0) & (columns["outline"] == 0)
    columns["emboss"] *= columns["outline"] == 0
    _keep_ornaments_apart(columns)
    # Beside a leaning line more of the next word is seen than an edge, and could be read.
    alone = (columns["before"] == 0) & (columns["after"] == 0)
    for name in ("shear", "perspective_x", "perspective_y", "arc", "curve"):
        columns[name] *= alone
    columns["rotation"] *= np.where(alone, 1.0, 0.25)


def _keep_ornaments_apart(columns: Dict[str, np.ndarray]) -> None:
    """Leaves one ornament a line, in place, and none on faint or thin text."""
    bare = (columns["outline"] == 0) & (columns["emboss"] == 0) & (columns["contrast"] >= 40.0)
    for name in ("hollow", "dots", "glow", "two_tone"):
        columns[name] *= bare
        bare = bare & (columns[name] == 0)
    airy = (columns["hollow"] > 0) | (columns["dots"] > 0)
    if airy.any():
        columns["hollow"][:] = columns["hollow"] > 0
        columns["weight"][airy] = np.maximum(columns["weight"][airy], 0.2)
        for name in ("wear", "bleed", "motion", "defocus", "specks"):
            columns[name][airy] = 0.0
        columns["blur"][airy] = np.minimum(columns["blur"][airy], 0.5)
        columns["resolution"][airy] = np.maximum(columns["resolution"][airy], 0.8)
