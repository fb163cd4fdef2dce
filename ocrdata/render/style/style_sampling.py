"""From a recipe and uniform numbers to styles: the same numbers give the same styles."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, List, NamedTuple, Tuple

import numpy as np

from ocrdata.render.style.line_style import BACKGROUNDS, FIELDS, NEUTRAL, LineStyle
from ocrdata.render.style.recipes import Recipe, Spread

# Two uniform numbers for each field of a style: whether, and how much.
DRAWS = 2 * len(FIELDS)
_BACKGROUND = FIELDS.index("background")
# Where a place is read at all; without such a field it is left out.
_READERS = {
    "curve_at": ("curve",),
    "elastic_at": ("elastic",),
    "fold_at": ("fold",),
    "jitter_at": ("jitter",),
    "neighbour_at": ("above", "below"),
    "noise_at": ("noise", "poisson"),
    "picture_at": ("picture",),
    "specks_at": ("specks",),
    "texture_at": ("texture",),
    "wear_at": ("wear",),
}


class _Table(NamedTuple):
    """A recipe as arrays (float64 [fields]); `varying` are the columns that differ by line."""

    low: np.ndarray
    width: np.ndarray
    chance: np.ndarray
    neutral: np.ndarray
    weights: np.ndarray
    varying: Tuple[int, ...]


@lru_cache(maxsize=16)
def _table(recipe: Recipe) -> _Table:
    spreads = [_effective(recipe, name) for name in FIELDS]
    neutral = [0.0 if name == "background" else getattr(NEUTRAL, name) for name in FIELDS]
    low, high, chance = np.array(spreads, np.float64).T
    weights = np.cumsum(recipe.backgrounds)
    varying = np.flatnonzero((high > low) | ((chance < 1.0) & (low != neutral)))
    columns = tuple(varying.tolist())
    return _Table(low, high - low, chance, np.array(neutral), weights / weights[-1], columns)


def _effective(recipe: Recipe, name: str) -> Spread:
    """Returns a field's range, nothing for a place where nothing is ever read."""
    readers = _READERS.get(name)
    if name == "background":
        return Spread(0.0, 0.0)
    if readers and not any(recipe.is_drawn(reader) for reader in readers):
        return Spread(0.0, 0.0)
    return recipe.spread(name)


def draw_styles(rows: np.ndarray, recipe: Recipe) -> List[LineStyle]:
    """Turns uniform numbers (float64 [n, DRAWS]) into n styles."""
    table, half, count = _table(recipe), len(FIELDS), len(rows)
    values = np.where(
        rows[:, :half] < table.chance, table.low + rows[:, half:] * table.width, table.neutral
    )
    _keep_legible(values)
    kinds = np.searchsorted(table.weights, rows[:, _BACKGROUND], side="right").clip(max=3)
    # What is the same in all lines is one number, not one a line.
    columns: List[Any] = [[value] * count for value in values[0].tolist()] if count else []
    for place in table.varying:
        columns[place] = values[:, place].tolist()
    if columns:
        columns[_BACKGROUND] = [BACKGROUNDS[kind] for kind in kinds.tolist()]
    return list(map(LineStyle._make, zip(*columns)))


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
    em = 32.0 * columns["size"]
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
