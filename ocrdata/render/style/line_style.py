"""How a line will look: plain data, drawn for each key before any pixel exists.

A style is logged as a line of JSON, replayed from it, and overridden field by field. Shares of the
em are of the em's size in the picture; pixels and sigmas are those of a picture 32 pixels high and
grow with the height. A place in [0, 1) says where noise or texture is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, NamedTuple, Tuple

from ocrdata.errors import InputError, OptionError, PathLike, UnknownNameError
from ocrdata.text.letter_case import CASES

BACKGROUNDS = ("plain", "gradient", "paper", "picture")


class LineStyle(NamedTuple):
    """Everything that decides the picture of a given text; the defaults change nothing."""

    # the text
    face: float = 0.0  # [0, 1), among the faces that can draw the text, by their shares
    size: float = 0.78  # em, as a share of the picture's height
    weight: float = 0.0  # fake weight: 1 thickens a stem by 0.08 em, -1 thins it by 0.03 em
    spacing: float = 0.0  # between characters, as a share of the em
    word_spacing: float = 1.0  # width of a space, as a share of the font's own
    jitter: float = 0.0  # of each character's baseline, as a share of the em
    jitter_at: float = 0.0
    # where it stands
    margin_left: float = 0.12  # as a share of the height
    margin_right: float = 0.12
    shift: float = 0.0  # from the middle, as a share of the free height: -1 is the top
    align: float = 0.5  # in a fixed width: 0 is left
    # colors
    ink: float = 0.0  # grey level of the text
    ink_hue: float = 0.0  # degrees
    ink_tint: float = 0.0  # from grey (0) to the pure hue (1)
    paper: float = 255.0  # grey level of the background
    paper_hue: float = 0.0
    paper_tint: float = 0.0
    invert: float = 0.0  # 1 swaps text and background
    contrast: float = 60.0  # the least distance in grey levels
    opacity: float = 1.0  # of the text
    # about the text
    outline: float = 0.0  # width, as a share of the em
    outline_level: float = 255.0
    shadow: float = 0.0  # opacity
    shadow_x: float = 0.05  # as a share of the em
    shadow_y: float = 0.05
    emboss: float = 0.0  # relief, 0 to 1
    underline: float = 0.0  # thickness, as a share of the em
    frame: float = 0.0  # thickness of a box around the text
    rule: float = 0.0  # thickness of table rules at the picture's edges
    above: float = 0.0  # gap to a neighbouring line, as a share of the em; 0 is no such line
    below: float = 0.0
    neighbour_at: float = 0.0
    # the background
    background: str = "plain"
    gradient: float = 0.0  # levels from one end to the other
    gradient_angle: float = 0.0  # degrees
    texture: float = 0.0  # levels of paper fibre and stains
    texture_at: float = 0.0
    picture_at: float = 0.0  # which picture, and where it is cut
    fade: float = 0.5  # of a picture towards the paper's color
    # shape
    rotation: float = 0.0  # degrees, anticlockwise
    shear: float = 0.0  # sideways, in pixels a pixel of height
    perspective_x: float = 0.0  # one end smaller than the other by this share
    perspective_y: float = 0.0  # the top narrower than the foot by this share
    curve: float = 0.0  # amplitude of a wave, as a share of the height
    curve_period: float = 1.0  # as a share of the line's length
    curve_at: float = 0.0
    elastic: float = 0.0  # displacement, as a share of the em
    elastic_at: float = 0.0
    # ageing
    bleed: float = 0.0  # ink spreading, 0 to 1
    wear: float = 0.0  # share of ink lost in spots
    wear_at: float = 0.0
    light: float = 0.0  # levels of uneven light
    light_angle: float = 0.0
    fold: float = 0.0  # levels of a fold line
    fold_at: float = 0.0
    # optics and transmission
    blur: float = 0.0  # sigma in pixels
    motion: float = 0.0  # length in pixels
    motion_angle: float = 0.0
    defocus: float = 0.0  # radius in pixels
    resolution: float = 1.0  # drawn that much smaller and enlarged again
    noise: float = 0.0  # sigma of Gaussian noise in levels
    noise_at: float = 0.0
    poisson: float = 0.0  # sigma of shot noise at full light, in levels
    specks: float = 0.0  # share of pixels turned black or white
    specks_at: float = 0.0
    artefacts: float = 0.0  # quality of an earlier JPEG; 0 is none
    quality: float = 95.0  # of the file
    # Later fields, drawn from numbers of their own: see `style_sampling.py`.
    stretch: float = 1.0  # width of the letters: below 1 condensed (ideographs: to 0.7)
    latin_spacing: float = 1.0  # share of `spacing` that lines without ideographs get
    margin_top: float = 0.0  # least free height, as a share of it; below 0 the ink is cut
    margin_bottom: float = 0.0
    rise: float = 0.3  # the most a turned line rises, as a share of the height
    arc: float = 0.0  # degrees from end to end, above 0 over a circle
    strength: float = 0.0  # -1: no further apart than `contrast`; 1: black and white
    before: float = 0.0  # gap to a word at the left, as a share of the em; 0 is no such word
    after: float = 0.0
    glow: float = 0.0  # opacity of a halo
    two_tone: float = 0.0  # levels from the text's top to its foot
    dots: float = 0.0  # distance of the dots that text is made of, as a share of the em
    hollow: float = 0.0  # 1: only the letters' edges
    # Fields that came after those.
    letter_case: str = "keep"  # what the text is set in: as it is, or one of CASES
    font_weight: float = 0.0  # on a variable font's axis (400 is regular); 0: the face's own
    font_width: float = 0.0  # per cent of the usual width; 0: the face's own
    font_slant: float = 0.0  # degrees, below 0 to the right; 0: the face's own

    @property
    def axes(self) -> Tuple[float, float, float]:
        """Where on the axes of variable fonts the text stands."""
        return self.font_weight, self.font_width, self.font_slant


# What a field may be; the others are places and shares in [0, 1].
_LIMITS = {
    "size": (0.1, 1.5),
    "weight": (-1.0, 1.0),
    "spacing": (-0.2, 2.0),
    "word_spacing": (0.2, 4.0),
    "jitter": (0.0, 0.3),
    "margin_left": (-0.1, 4.0),
    "margin_right": (-0.1, 4.0),
    "margin_top": (-0.1, 0.6),
    "margin_bottom": (-0.1, 0.6),
    "shift": (-1.0, 1.0),
    "ink": (0.0, 255.0),
    "paper": (0.0, 255.0),
    "ink_hue": (0.0, 360.0),
    "paper_hue": (0.0, 360.0),
    "contrast": (8.0, 125.0),
    "opacity": (0.3, 1.0),
    "outline": (0.0, 0.2),
    "outline_level": (0.0, 255.0),
    "shadow_x": (-0.3, 0.3),
    "shadow_y": (-0.3, 0.3),
    "underline": (0.0, 0.2),
    "frame": (0.0, 0.2),
    "rule": (0.0, 0.2),
    "above": (0.0, 1.0),
    "below": (0.0, 1.0),
    "gradient": (0.0, 255.0),
    "gradient_angle": (-360.0, 360.0),
    "texture": (0.0, 120.0),
    "rotation": (-45.0, 45.0),
    "shear": (-1.0, 1.0),
    "perspective_x": (-0.6, 0.6),
    "perspective_y": (-0.6, 0.6),
    "curve": (0.0, 0.2),
    "curve_period": (0.1, 10.0),
    "elastic": (0.0, 0.05),
    "wear": (0.0, 0.7),
    "light": (0.0, 160.0),
    "light_angle": (-360.0, 360.0),
    "fold": (0.0, 160.0),
    "blur": (0.0, 6.0),
    "motion": (0.0, 15.0),
    "motion_angle": (-360.0, 360.0),
    "defocus": (0.0, 6.0),
    "resolution": (0.2, 1.0),
    "noise": (0.0, 80.0),
    "poisson": (0.0, 80.0),
    "specks": (0.0, 0.3),
    "artefacts": (0.0, 100.0),
    "quality": (1.0, 100.0),
    "stretch": (0.4, 2.0),
    "latin_spacing": (-1.0, 4.0),
    "rise": (0.05, 0.8),
    "arc": (-150.0, 150.0),
    "strength": (-1.0, 1.0),
    "two_tone": (-120.0, 120.0),
    "dots": (0.0, 0.2),
    "font_weight": (0.0, 1000.0),
    "font_width": (0.0, 400.0),
    "font_slant": (-90.0, 90.0),
}
# Fields that hold one of some words; recipes give them weights.
CHOICES = {"background": BACKGROUNDS, "letter_case": CASES}
FIELDS = LineStyle._fields
NEUTRAL = LineStyle()


def limits_of(name: str) -> Tuple[float, float]:
    """Returns the least and greatest value of a field."""
    return _LIMITS.get(name, (0.0, 1.0))


def check_value(name: str, value: Any) -> Any:
    """Returns the value as its field holds it; raises OptionError or UnknownNameError."""
    if name not in FIELDS:
        raise UnknownNameError("field of a style", name, FIELDS)
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise UnknownNameError(name.replace("_", " "), str(value), CHOICES[name])
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{name} must be a number, not {value!r}.") from None
    low, high = limits_of(name)
    if not low <= number <= high:
        raise OptionError(f"{name} must lie between {low:g} and {high:g}, not {number:g}.")
    return number


def parse_overrides(words: "Tuple[str, ...]") -> Dict[str, Any]:
    """Reads FIELD=VALUE words; raises OptionError for anything else."""
    values = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise OptionError(f"{word!r} is not FIELD=VALUE.", "Write blur=0.8.")
        name = name.strip().replace("-", "_")
        values[name] = check_value(name, value.strip())
    return values


def style_to_dict(style: LineStyle) -> Dict[str, Any]:
    """Returns the fields that differ from the defaults, as JSON holds them."""
    return {name: value for name, value, usual in zip(FIELDS, style, NEUTRAL) if value != usual}


def style_from_dict(values: Mapping[str, Any]) -> LineStyle:
    """Returns the style of `style_to_dict`; raises OptionError for a wrong field or value."""
    return NEUTRAL._replace(**{name: check_value(name, value) for name, value in values.items()})


def style_line(key: str, text: str, style: LineStyle) -> str:
    """Returns the line of JSON that logs a style."""
    row = {"key": key, "text": text, "style": style_to_dict(style)}
    return json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"


def read_styles(path: PathLike) -> Iterator[Tuple[str, LineStyle]]:
    """Yields (text, style) of a log; raises InputError naming the line that is wrong."""
    try:
        with Path(path).open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    text, style = row["text"], style_from_dict(row["style"])
                except (ValueError, KeyError, TypeError, AttributeError, OptionError) as error:
                    problem = f"is not a logged style ({str(error) or 'empty'})"
                    raise InputError(path, problem, number) from error
                if not isinstance(text, str) or not text:
                    raise InputError(path, "has no text", number)
                yield text, style
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(path, f"cannot be read: {error}") from error
