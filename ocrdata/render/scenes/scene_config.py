"""What decides a scene, and what its file is called."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional, Tuple

from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.style.recipes import Recipe
from ocrdata.render.text.type_settings import PLAIN_SETTINGS, TypeSettings

# The most texts in a scene, the most lines in a block of them, and the most words in a line.
MOST_TEXTS = 40
MOST_LINES = 4
MOST_WORDS = 8
# What gets a box: "auto" is words where spaces part them, lines elsewhere.
BOX_UNITS = ("auto", "line", "word")
# Capitals as signs have them, or letters as the corpus has them.
LETTER_CASES = ("signs", "keep")
# What a scene is of: signs and labels, or paper; "mixed" is one of the kinds of paper.
PAGE_LAYOUTS = ("document", "receipt", "table")
SCENE_LAYOUTS = ("signs", *PAGE_LAYOUTS, "mixed")
MOST_DISTRACTORS = 40
# Text lower than this many pixels cannot be read, by anyone.
LEAST_HEIGHT = 8.0
SCENES_FOLDER = "images"
_FOLDER_SIZE = 10_000


Outline = Tuple[Tuple[float, float], ...]


class SceneConfig(NamedTuple):
    """What decides every scene of a run; plain data that travels to the workers.

    `avoid` are, for each of `pictures`, the outlines of texts that are in it, in shares of its
    width and height; none are known where it is empty.
    """

    faces: Tuple[FontFace, ...]
    recipe: Recipe
    size: Tuple[int, int] = (640, 640)
    texts: Tuple[int, int] = (3, 15)
    heights: Tuple[float, float] = (12.0, 120.0)
    seed: int = 0
    form: str = "jpg"
    pictures: Tuple[Path, ...] = ()
    dont_care: float = 0.08
    vertical: float = 0.12
    curved: float = 0.0
    turned: float = 1.0
    boxes: str = "auto"
    distractors: Tuple[int, int] = (0, 8)
    settings: TypeSettings = PLAIN_SETTINGS
    words: Tuple[int, int] = (1, 4)
    letter_case: str = "signs"
    avoid: Tuple[Tuple[Outline, ...], ...] = ()
    layout: str = "signs"


def boxes_words(text: str, boxes: str) -> bool:
    """Says whether the words of a text get boxes of their own.

    By default as the data sets have it: words of scripts that part them by spaces (ICDAR 2015,
    MLT), lines of Chinese, Japanese and Korean (RCTW-17, ReCTS, MLT).
    """
    if boxes != "auto":
        return boxes == "word"
    return parts_by_spaces(text)


def parts_by_spaces(text: str) -> bool:
    """Says whether a text is in a script that parts words by spaces."""
    return not any("\u2e80" <= character <= "\uffef" for character in text)


def text_heights(
    chosen: Optional[Tuple[float, float]], size: Tuple[int, int]
) -> Tuple[float, float]:
    """Returns the least and greatest em of texts in pixels, for pictures of a size.

    If none are chosen, 12 to 120, but not more than the shorter side.
    """
    if chosen is None:
        return 12.0, float(min(120, *size))
    return float(chosen[0]), float(chosen[1])


def scene_key(number: int, form: str = "jpg") -> str:
    """Returns the path of a scene, at most 10,000 to a folder."""
    return f"{SCENES_FOLDER}/{number // _FOLDER_SIZE:04d}/scene_{number:08d}.{form}"
