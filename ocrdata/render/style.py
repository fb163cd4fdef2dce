"""How a line will look: drawn once for each key as plain data, before any pixel exists.

A recipe gives the ranges; `draw_style` turns a row of uniform numbers into one LineStyle. The same
row gives the same style, so a style can be logged, replayed and overridden.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence, Tuple

from ocrdata.errors import UnknownNameError

Range = Tuple[float, float]

# Uniform numbers that one style takes; one more than is used leaves the stream where it is.
DRAWS = 24


@dataclass(frozen=True)
class Recipe:
    """Ranges of everything that varies; a chance is the share of lines that get an effect."""

    size: Range = (0.78, 0.78)  # em, as a share of the picture's height
    margin: Range = (0.12, 0.12)  # left and right, as a share of the height
    shift: Range = (0.0, 0.0)  # of the line from the middle, as a share of the free height
    spacing: Range = (0.0, 0.0)  # between characters, as a share of the em
    ink: Range = (0.0, 0.0)  # grey level of the text
    paper: Range = (255.0, 255.0)  # grey level of the background
    rotation: Range = (0.0, 0.0)  # degrees, anticlockwise
    shear: Range = (0.0, 0.0)  # sideways, in pixels a pixel of height
    blur_chance: float = 0.0
    blur: Range = (0.0, 0.0)  # sigma in pixels
    noise_chance: float = 0.0
    noise: Range = (0.0, 0.0)  # sigma of Gaussian noise, in grey levels
    specks_chance: float = 0.0
    specks: Range = (0.0, 0.0)  # share of pixels turned black or white
    quality: Range = (95.0, 95.0)  # of the JPEG


RECIPES = {
    "clean": Recipe(),
    "print": Recipe(
        size=(0.66, 0.84),
        margin=(0.05, 0.4),
        shift=(-0.7, 0.7),
        spacing=(0.0, 0.08),
        ink=(0.0, 70.0),
        paper=(215.0, 255.0),
        rotation=(-1.0, 1.0),
        shear=(-0.05, 0.05),
        blur_chance=0.3,
        blur=(0.4, 0.8),
        noise_chance=0.4,
        noise=(1.0, 6.0),
        quality=(75.0, 95.0),
    ),
    "scan": Recipe(
        size=(0.6, 0.84),
        margin=(0.0, 0.6),
        shift=(-1.0, 1.0),
        spacing=(-0.02, 0.14),
        ink=(0.0, 110.0),
        paper=(185.0, 255.0),
        rotation=(-2.0, 2.0),
        shear=(-0.12, 0.12),
        blur_chance=0.5,
        blur=(0.4, 1.1),
        noise_chance=0.6,
        noise=(2.0, 14.0),
        specks_chance=0.25,
        specks=(0.001, 0.015),
        quality=(45.0, 92.0),
    ),
}


@dataclass(frozen=True)
class LineStyle:
    """Everything that decides a picture of a given text, in the units of Recipe.

    `face` in [0, 1) picks among the faces that can draw the text; `noise_at` in [0, 1) is where
    the noise bank is read.
    """

    face: float
    size: float
    margin_left: float
    margin_right: float
    shift: float
    spacing: float
    ink: float
    paper: float
    rotation: float
    shear: float
    blur: float
    noise: float
    noise_at: float
    specks: float
    specks_at: float
    quality: int


def find_recipe(name: str) -> Recipe:
    """Returns a recipe by name; raises UnknownNameError."""
    if name not in RECIPES:
        raise UnknownNameError("style", name, RECIPES)
    return RECIPES[name]


def draw_style(row: Sequence[float], recipe: Recipe) -> LineStyle:
    """Turns DRAWS uniform numbers into a style."""

    def between(place: int, limits: Range) -> float:
        return limits[0] + row[place] * (limits[1] - limits[0])

    def sometimes(place: int, chance: float, limits: Range) -> float:
        return between(place + 1, limits) if row[place] < chance else 0.0

    return LineStyle(
        face=row[0],
        size=between(1, recipe.size),
        margin_left=between(2, recipe.margin),
        margin_right=between(3, recipe.margin),
        shift=between(4, recipe.shift),
        spacing=between(5, recipe.spacing),
        ink=between(6, recipe.ink),
        paper=between(7, recipe.paper),
        rotation=between(8, recipe.rotation),
        shear=between(9, recipe.shear),
        blur=sometimes(10, recipe.blur_chance, recipe.blur),
        noise=sometimes(12, recipe.noise_chance, recipe.noise),
        noise_at=row[14],
        specks=sometimes(15, recipe.specks_chance, recipe.specks),
        specks_at=row[17],
        quality=int(round(between(18, recipe.quality))),
    )
