"""Recipes: from what ranges the fields of a style are drawn; presets by name, and TOML files.

A TOML recipe names what it starts from and the fields that differ:

    base = "scan"
    blur = [0.4, 1.2]                           # between these
    noise = { range = [2, 9], chance = 0.5 }    # for half of the lines
    quality = 80                                # always
    background = { plain = 1, paper = 2 }       # weights
    severity = [0, 1.5]                         # a line's factor on all chances below 1
    letter_case = { keep = 2, upper = 1 }       # weights of keep, lower, title, upper
    font_weight = [300, 800]                    # of variable fonts, at nine values
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple, Union

from ocrdata.base.storage.toml_files import line_of_key, read_toml
from ocrdata.errors import InputError, OptionError, PathLike, UnknownNameError
from ocrdata.render.style.line_style import (
    BACKGROUNDS,
    CHOICES,
    FIELDS,
    NEUTRAL,
    check_value,
)
from ocrdata.render.style.presets import PRESETS
from ocrdata.text.letter_case import CASES

Spec = Union[float, Tuple[float, ...], Mapping[str, float]]

PRESET_TITLES: Dict[str, str] = {
    "clean": "black on white, nothing else: what a renderer without effects gives",
    "print": "a good print, scanned well",
    "scan": "office scans, copies of copies, faxes",
    "scene": "signs, posters and packets, photographed",
    "word": "words cut out of photographs, tight as annotators box them",
    "screen": "screenshots: flat colors, crisp text, compression",
    "hard": "everything a camera and time do, as far as a person still reads it",
}

# One name for two fields that are drawn apart.
_PAIRS = {
    "margin": ("margin_left", "margin_right"),
    "perspective": ("perspective_x", "perspective_y"),
    "neighbours": ("above", "below"),
    "sides": ("before", "after"),
}
# These choose a place, so they are drawn from everything unless a recipe says otherwise.
_PLACES = tuple(name for name in FIELDS if name == "face" or name.endswith("_at"))


class Spread(NamedTuple):
    """A field's range, and the share of lines that get it instead of the neutral value."""

    low: float
    high: float
    chance: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """What a line of this kind may look like; fields that are not named stay neutral.

    `backgrounds` and `cases` are the weights of BACKGROUNDS and CASES. `severity` are the ends of
    a factor on all chances below 1 that is drawn once for each line: with 0 to 2 some lines have
    hardly any effect and others have most.
    """

    name: str
    spreads: Tuple[Tuple[str, Spread], ...] = ()
    backgrounds: Tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)
    fixed: Tuple[Tuple[str, Any], ...] = field(default=())
    severity: Tuple[float, float] = (1.0, 1.0)
    cases: Tuple[float, ...] = (1.0, 0.0, 0.0, 0.0)

    def spread(self, name: str) -> Spread:
        """Returns the range of a field."""
        usual = (0.0, 1.0) if name in _PLACES else (getattr(NEUTRAL, name),) * 2
        for fixed, value in self.fixed:
            if fixed == name:
                return Spread(value, value)
        return dict(self.spreads).get(name, Spread(*usual))

    def is_drawn(self, name: str) -> bool:
        """Says whether an effect, or a "picture" behind the text, is ever drawn."""
        if name == "picture":
            return self.backgrounds[BACKGROUNDS.index(name)] > 0
        spread = self.spread(name)
        return spread.high > 0 and spread.chance > 0

    @property
    def sizes(self) -> Tuple[float, float]:
        """The smallest and largest em that is drawn, as shares of the height."""
        spread = self.spread("size")
        return spread.low, spread.high

    @property
    def color(self) -> bool:
        """Whether pictures have three channels."""
        tints = (self.spread(name) for name in ("ink_tint", "paper_tint"))
        return self.backgrounds[3] > 0 or any(tint.high > 0 < tint.chance for tint in tints)

    @property
    def letter_cases(self) -> Tuple[str, ...]:
        """The letter cases that texts are set in."""
        return tuple(case for case, weight in zip(CASES, self.cases) if weight > 0)

    def with_fixed(self, values: Mapping[str, Any]) -> Recipe:
        """Returns the recipe with some fields set for every line."""
        weights = {"background": self.backgrounds, "letter_case": self.cases}
        weights.update((key, _weights(key, values[key])) for key in CHOICES if key in values)
        return replace(
            self,
            backgrounds=weights["background"],
            cases=weights["letter_case"],
            fixed=tuple(sorted(values.items())),
        )

    def with_spread(self, name: str, spread: Spread) -> Recipe:
        """Returns the recipe with another range for a field."""
        spreads = {**dict(self.spreads), name: spread}
        return replace(self, spreads=tuple(sorted(spreads.items())))

    def describe(self) -> Dict[str, Any]:
        """Returns everything that decides the styles, as the manifest holds it."""
        return {
            "style": self.name,
            "recipe": {name: list(spread) for name, spread in self.spreads},
            "backgrounds": list(self.backgrounds),
            "overrides": dict(self.fixed),
            "severity": list(self.severity),
            "letter_cases": list(self.cases),
        }


def recipe_names() -> List[str]:
    """Returns the names of the presets."""
    return list(PRESETS)


def find_recipe(name: PathLike) -> Recipe:
    """Returns a preset by name or the recipe of a TOML file.

    Raises UnknownNameError, and InputError for a file with an unknown field or a wrong value.
    """
    if str(name) in PRESETS:
        return recipe_of(str(name), PRESETS[str(name)])
    path = Path(name)
    if path.suffix == ".toml" or path.is_file():
        return _read_recipe(path)
    raise UnknownNameError("style", str(name), PRESETS)


def recipe_of(name: str, fields: Mapping[str, Spec]) -> Recipe:
    """Returns the recipe that is called `name` here; raises OptionError for a wrong field."""
    spreads: Dict[str, Spread] = {}
    weights: Dict[str, Tuple[float, ...]] = dict.fromkeys(CHOICES, (1.0, 0.0, 0.0, 0.0))
    severity = 1.0, 1.0
    for key, spec in fields.items():
        if key in CHOICES:
            weights[key] = _weights(key, spec)
            continue
        if key == "severity":
            severity = _severity(spec)
            continue
        spread = _spread(key, spec)
        for target in _PAIRS.get(key, (key,)):
            for value in spread[:2]:
                check_value(target, value)
            spreads[target] = spread
    ranges = tuple(sorted(spreads.items()))
    cases = weights["letter_case"]
    return Recipe(name, ranges, weights["background"], severity=severity, cases=cases)


def _severity(spec: Any) -> Tuple[float, float]:
    ends = spec if isinstance(spec, (list, tuple)) else (spec, spec)
    numbers = all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in ends)
    if len(ends) != 2 or not numbers or not 0.0 <= ends[0] <= ends[1] <= 4.0:
        raise OptionError("severity must be a number or [low, high] between 0 and 4.")
    return float(ends[0]), float(ends[1])


def _spread(name: str, spec: Any) -> Spread:
    share = 1.0
    if isinstance(spec, Mapping):
        if set(spec) - {"range", "chance"} or "range" not in spec:
            raise OptionError(f"{name} takes a range and a chance.")
        share, spec = spec.get("chance", 1.0), spec["range"]
    if isinstance(spec, (int, float)) and not isinstance(spec, bool):
        spec = (spec, spec)
    numbers = [*spec, share] if isinstance(spec, (list, tuple)) else []
    if len(numbers) not in (3, 4) or not all(isinstance(n, (int, float)) for n in numbers):
        raise OptionError(f"{name} must be a number or [low, high].")
    low, high, share = (float(number) for number in numbers[:3])
    if low > high or not 0.0 <= share <= 1.0:
        raise OptionError(f"{name} needs low <= high and a chance in [0, 1].")
    return Spread(low, high, share)


def _weights(key: str, spec: Any) -> Tuple[float, ...]:
    what = key.replace("_", " ")
    if isinstance(spec, str):
        spec = {check_value(key, spec): 1.0}
    if not isinstance(spec, Mapping) or not spec:
        raise OptionError(f"{key} must be a name or a table of weights.")
    for name, weight in spec.items():
        check_value(key, name)
        number = isinstance(weight, (int, float)) and not isinstance(weight, bool)
        if not number or not 0 <= weight < float("inf"):
            raise OptionError(f"the weight of {what} {name} must be 0 or more.")
    weights = tuple(float(spec.get(name, 0.0)) for name in CHOICES[key])
    if not sum(weights):
        raise OptionError(f"one {what} needs a weight above 0.")
    return weights


def _read_recipe(path: Path) -> Recipe:
    content = read_toml(path)
    base = content.pop("base", "clean")
    key = "base"
    try:
        if base not in PRESETS:
            raise UnknownNameError("style", str(base), PRESETS)
        for key in content:
            recipe_of(path.name, {key: content[key]})
    except OptionError as error:
        raise InputError(path, str(error), line_of_key(path, key)) from error
    return recipe_of(path.name, {**PRESETS[base], **_split(content)})


def _split(content: Mapping[str, Any]) -> Dict[str, Any]:
    """Lets a pair's one name overrule what the base says of its two fields."""
    result: Dict[str, Any] = {}
    for name, spec in content.items():
        for target in _PAIRS.get(name, (name,)):
            result[target] = spec
    return result
