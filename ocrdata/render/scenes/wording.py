"""What a block of a scene says and how it stands: lines, words, letters, arrangement, pose."""

from __future__ import annotations

import random
from typing import Callable, List, Tuple

from ocrdata.render.scenes.scene_config import MOST_LINES, SceneConfig, parts_by_spaces
from ocrdata.render.scenes.scene_layout import Arrangement
from ocrdata.render.style.line_style import LineStyle
from ocrdata.text.letter_case import in_case


def draw_lines(rng: random.Random) -> int:
    """Draws how many lines a block has."""
    return rng.choice((2, 2, 3, MOST_LINES)) if rng.random() < 0.25 else 1


def take_lines(
    texts: List[str],
    lines: int,
    case: str,
    config: SceneConfig,
    rng: random.Random,
    drawn: Callable[[str], bool],
) -> Tuple[List[str], List[str]]:
    """Returns lines and the texts that are left: where spaces part words, a line has several.

    They are in a letter case, one that signs have where it is "keep". `drawn` says whether a font
    has all of a text: capitals, or texts side by side, may need two.
    """
    taken: List[str] = []
    left = list(texts)
    while left and len(taken) < lines:
        count = _words(config, rng)
        chosen = left[:count] if all(map(parts_by_spaces, left[:count])) else left[:1]
        if len(chosen) > 1 and not drawn(" ".join(chosen)):
            chosen = left[:1]
        taken.append(" ".join(chosen))
        left = left[len(chosen) :]
    cased = _cased(taken, case, config, rng)
    return [new if new == old or drawn(new) else old for new, old in zip(cased, taken)], left


def _cased(lines: List[str], case: str, config: SceneConfig, rng: random.Random) -> List[str]:
    """Returns lines in the letters that signs have: often capitals, or capitals first."""
    usual = rng.choice(("upper", "upper", "title", "title", "keep"))
    if case != "keep":
        return [in_case(line, case) for line in lines]
    if config.letter_case == "keep":
        return lines
    # Outside ASCII capitals may be other characters, which the fonts may not have.
    return [in_case(line, usual) if line.isascii() else line for line in lines]


def _words(config: SceneConfig, rng: random.Random) -> int:
    """Draws how many texts a line has; few more often than many."""
    low, high = config.words
    return low + int((high - low + 1) * rng.random() ** 1.7)


def draw_arrangement(lines: int, rng: random.Random) -> Arrangement:
    """Draws how lines stand on a sign: close or loose, at the left or in the middle."""
    if lines == 1:
        return Arrangement()
    smaller = tuple(rng.choice((0, 0, 0, 1, 2, 3)) for _ in range(lines))
    if rng.random() < 0.5:
        smaller = (0,) * lines
    return Arrangement(rng.uniform(0.15, 0.8), rng.choice((0.0, 0.5)), smaller)


def fewer_words(text: str, config: SceneConfig) -> str:
    """Returns a line that is too long without its last word, if it was set of several."""
    cut = text.rpartition(" ")[0] if config.words[1] > 1 and parts_by_spaces(text) else ""
    return cut or text


def draw_sweep(config: SceneConfig, rng: random.Random) -> float:
    """Returns by how many radians a line is bent, over (positive) or under a circle."""
    # Without curved text nothing is drawn, so that such scenes stay what they were.
    if not config.curved or rng.random() >= config.curved:
        return 0.0
    return rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 2.6)


def posed(style: LineStyle, config: SceneConfig, rng: random.Random) -> LineStyle:
    """Gives a line's style the poses that text has in a scene."""
    rotation = rng.gauss(0.0, 3.5) if rng.random() < 0.9 else rng.uniform(-40.0, 40.0)
    # Where all may be turned nothing is drawn, so that such scenes stay what they were.
    if config.turned < 1 and rng.random() >= config.turned:
        rotation = 0.0
        style = style._replace(shear=0.0, perspective_x=0.0, perspective_y=0.0)
    return style._replace(
        rotation=rotation,
        curve=0.0,
        elastic=0.0,
        frame=0.0,
        underline=0.0,
        rule=0.0,
        above=0.0,
        below=0.0,
        jitter=0.0,
        invert=0.0,
        word_spacing=rng.uniform(0.8, 1.6),
        background="picture",
    )
