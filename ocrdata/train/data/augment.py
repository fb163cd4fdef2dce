"""Pictures as a training sees them: degraded and moved a little, anew each time they come.

What is done to sample n is a function of n and the seed. The effects are those of the renderer, so
that real and rendered pictures get the same, and a file is a recipe like that of gen-pics.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, Dict, List, NamedTuple, Optional

import cv2
import numpy as np

from ocrdata.base.random_streams import stream
from ocrdata.base.storage.toml_files import read_toml
from ocrdata.errors import InputError, OptionError, PathLike
from ocrdata.render.effects.image_effects import degrade
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.style.recipes import Recipe, recipe_of
from ocrdata.render.style.style_sampling import draw_styles
from ocrdata.train.config.sources import InputOptions

_BLOCK = 256
_DEGRADATIONS = (
    "light",
    "light_angle",
    "fold",
    "fold_at",
    "blur",
    "motion",
    "motion_angle",
    "defocus",
    "resolution",
    "noise",
    "poisson",
    "specks",
    "artefacts",
)
_GEOMETRY = ("rotation", "shear")
_OWN = ("erase", "tone")
# A third number is the share of pictures that get the effect.
AUGMENTATIONS: Dict[str, Dict[str, Any]] = {
    "light": {
        "rotation": (-1.5, 1.5, 0.5),
        "shear": (-0.08, 0.08, 0.5),
        "blur": (0.4, 0.8, 0.2),
        "noise": (1.0, 6.0, 0.3),
        "resolution": (0.6, 0.95, 0.2),
        "artefacts": (40.0, 80.0, 0.2),
        "tone": 0.15,
    },
    "strong": {
        "rotation": (-4.0, 4.0, 0.7),
        "shear": (-0.2, 0.2, 0.6),
        "light": (8.0, 60.0, 0.25),
        "light_angle": (0.0, 360.0),
        "blur": (0.4, 1.2, 0.25),
        "motion": (1.5, 4.0, 0.1),
        "motion_angle": (0.0, 180.0),
        "defocus": (0.6, 1.6, 0.1),
        "noise": (2.0, 14.0, 0.4),
        "poisson": (2.0, 10.0, 0.2),
        "resolution": (0.4, 0.9, 0.3),
        "artefacts": (15.0, 60.0, 0.3),
        "erase": 0.2,
        "tone": 0.4,
    },
}


class Augmentation(NamedTuple):
    """What is drawn for each sample.

    `erase` is the share of pictures of which a small piece becomes plain, `tone` how much contrast
    and brightness vary.
    """

    recipe: Recipe
    seed: int
    erase: float = 0.0
    tone: float = 0.0

    def lines(self, images: np.ndarray, widths: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Returns lines, uint8 [B, h, w, 1 or 3], of which `widths` columns are image, likewise."""
        done = images.copy()
        for place, (width, number) in enumerate(zip(widths.tolist(), numbers.tolist())):
            done[place, :, :width] = self.line(images[place, :, :width], number)
        return done

    def line(self, image: np.ndarray, number: int) -> np.ndarray:
        """Returns a line, uint8 [h, w, 1 or 3], as sample `number` shows it: the same shape."""
        style, rng = self._style(number), stream(self.seed, "augment", number)
        found = _moved(image[..., 0] if image.shape[2] == 1 else image, style)
        return self._degraded(found, style, rng).reshape(image.shape)

    def scene(self, image: np.ndarray, number: int) -> np.ndarray:
        """Returns a picture, uint8 [h, w, 3], as sample `number` shows it; nothing moves in it.

        Text in it is small, so effects are those of a line of 32 pixels.
        """
        style, rng = self._style(number), stream(self.seed, "augment", number)
        return self._degraded(image, style, rng, 32)

    def _style(self, number: int) -> LineStyle:
        return _styles(self.recipe, self.seed, number // _BLOCK)[number % _BLOCK]

    def _degraded(
        self, image: np.ndarray, style: LineStyle, rng: Random, side: int = 0
    ) -> np.ndarray:
        if self.tone:
            image = _toned(image, rng, self.tone)
        if rng.random() < self.erase:
            image = _erased(image, rng)
        return degrade([image], [style], side or image.shape[0])[0]


@lru_cache(maxsize=32)
def _styles(recipe: Recipe, seed: int, block: int) -> List[LineStyle]:
    return draw_styles(seed, "augment-style", block, _BLOCK, recipe, range(_BLOCK))


def _moved(image: np.ndarray, style: LineStyle) -> np.ndarray:
    """Turns and leans a line about its middle; what comes in at the edges is like the edge."""
    if not (style.rotation or style.shear):
        return image
    height, width = image.shape[:2]
    # A long line may turn less: its ends must stay.
    most = math.degrees(math.atan2(0.15 * height, 0.5 * width))
    angle = math.radians(max(-most, min(most, style.rotation)))
    turn = np.array([[1.0, style.shear], [math.tan(angle), 1.0]])
    middle = np.array([width / 2.0, height / 2.0])
    matrix = np.column_stack([turn, middle - turn @ middle])
    return cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _toned(image: np.ndarray, rng: Random, most: float) -> np.ndarray:
    """Changes contrast by up to a share `most`, and brightness by up to that share of 128."""
    gain = 1.0 + (2.0 * rng.random() - 1.0) * most
    shift = (2.0 * rng.random() - 1.0) * most * 128.0
    mean = float(image.mean())
    levels = np.clip((np.arange(256) - mean) * gain + mean + shift, 0, 255)
    return cv2.LUT(image, np.rint(levels).astype(np.uint8))


def _erased(image: np.ndarray, rng: Random) -> np.ndarray:
    """Fills a piece with one colour of the picture: less than most letters, so text is read yet."""
    height, width = image.shape[:2]
    side = [max(1, int(height * (0.1 + 0.2 * rng.random()))) for _ in range(2)]
    top = rng.randrange(max(1, height - side[0] + 1))
    left = rng.randrange(max(1, width - side[1] + 1))
    done = image.copy()
    done[top : top + side[0], left : left + side[1]] = image[
        rng.randrange(height), rng.randrange(width)
    ]
    return done


def augmentation_of(options: InputOptions, seed: int) -> Optional[Augmentation]:
    """Returns what options ask for, None for nothing; raises what `read_augmentation` raises."""
    return None if options.augment == "none" else read_augmentation(options.augment, seed)


def read_augmentation(asked: PathLike, seed: int) -> Augmentation:
    """Returns "light", "strong" or that of a TOML file.

    Raises OptionError for another word, InputError for a file with a wrong field or value.
    """
    name = str(asked)
    if name in AUGMENTATIONS:
        return _made(name, AUGMENTATIONS[name], seed)
    path = Path(name)
    if path.suffix != ".toml" and not path.is_file():
        raise OptionError(f"--augment {name}: take none, light, strong or a TOML file.")
    try:
        return _made(path.name, read_toml(path), seed)
    except OptionError as error:
        raise InputError(path, str(error)) from error


def _made(name: str, fields: Dict[str, Any], seed: int) -> Augmentation:
    known = (*_DEGRADATIONS, *_GEOMETRY, *_OWN)
    for field in fields:
        if field not in known:
            hint = f"Known: {', '.join(known)}."
            raise OptionError(f"{field} is no field of an augmentation.", hint)
    own = {field: fields[field] for field in _OWN if field in fields}
    for field, value in own.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise OptionError(f"{field} must be a number in [0, 1], not {value!r}.")
    rest = {field: value for field, value in fields.items() if field not in _OWN}
    return Augmentation(recipe_of(name, rest), seed, **own)
