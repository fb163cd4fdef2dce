"""Several recipes in one run, each for its share of the lines: `word=2` and `print=1`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Mapping, NamedTuple, Sequence, Tuple, Union

from ocrdata.errors import OptionError, PathLike
from ocrdata.render.style.recipes import Recipe, Spread, find_recipe


class Mixture(NamedTuple):
    """Recipes with their weights; a line is drawn from one of them."""

    recipes: Tuple[Recipe, ...]
    weights: Tuple[float, ...]

    @property
    def name(self) -> str:
        """What it is called in manifests."""
        parts = zip(self.recipes, self.weights)
        return ", ".join(f"{recipe.name}={weight:g}" for recipe, weight in parts)

    @property
    def sizes(self) -> Tuple[float, float]:
        """The smallest and largest em that is drawn, as shares of the height."""
        lows, highs = zip(*(recipe.sizes for recipe in self.recipes))
        return min(lows), max(highs)

    @property
    def color(self) -> bool:
        """Whether pictures have three channels."""
        return any(recipe.color for recipe in self.recipes)

    def is_drawn(self, name: str) -> bool:
        """Says whether an effect, or a "picture" behind the text, is ever drawn."""
        return any(recipe.is_drawn(name) for recipe in self.recipes)

    @property
    def letter_cases(self) -> Tuple[str, ...]:
        """The letter cases that texts are set in."""
        return tuple(dict.fromkeys(case for one in self.recipes for case in one.letter_cases))

    def with_fixed(self, values: Mapping[str, Any]) -> Mixture:
        """Returns the mixture with some fields set for every line."""
        return self._replace(recipes=tuple(one.with_fixed(values) for one in self.recipes))

    def with_spread(self, name: str, spread: Spread) -> Mixture:
        """Returns the mixture with another range for a field."""
        return self._replace(recipes=tuple(one.with_spread(name, spread) for one in self.recipes))

    def describe(self) -> Dict[str, Any]:
        """Returns everything that decides the styles, as the manifest holds it."""
        parts = zip(self.recipes, self.weights)
        mixed = [{"weight": weight, **recipe.describe()} for recipe, weight in parts]
        return {"style": self.name, "mixture": mixed}


AnyRecipe = Union[Recipe, Mixture]


def find_recipes(words: Union[PathLike, Sequence[PathLike]]) -> AnyRecipe:
    """Returns the recipe of one NAME or FILE, or the mixture of several NAME=WEIGHT.

    Raises OptionError for a weight that is none, and what `find_recipe` raises.
    """
    several = [words] if isinstance(words, (str, Path)) else words
    parts = [_weighed(str(word)) for word in several]
    if len(parts) == 1:
        return parts[0][0]
    recipes, weights = zip(*parts)
    return Mixture(tuple(recipes), tuple(weights))


def _weighed(word: str) -> Tuple[Recipe, float]:
    name, equals, text = word.rpartition("=")
    if not equals:
        return find_recipe(word), 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0.0 < weight < float("inf"):
        hint = "Write --style word=2 --style print=1."
        raise OptionError(f"--style {word}: the weight must be a number above 0.", hint)
    return find_recipe(name), weight
