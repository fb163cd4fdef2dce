"""Rendered scenes as arrays: whole pictures with text in them, as many as are wanted.

The pictures are those that gen-scenes writes for the same texts, style and seed. Colors are red
first here, as Pillow, TensorFlow and PyTorch have them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Dict, Iterator, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.api.lines import TextSource, phrases_of, red_first
from ocrdata.base.parallel import ordered_map
from ocrdata.base.sample import Region, Sample
from ocrdata.errors import PathLike
from ocrdata.images.encoding import encode_png
from ocrdata.pipelines.found_texts import read_found_texts
from ocrdata.pipelines.scenes_to_records import SceneRequestOptions, read_scene_config
from ocrdata.render.scenes.batch import check_scene_config, drawable_texts, texts_of
from ocrdata.render.scenes.scene import draw_scene
from ocrdata.render.scenes.scene_config import SceneConfig, scene_key

# Of the bundled corpora, as gen-scenes has it.
_LONGEST_TEXT = 12
# What settings are called among the options of gen-scenes, where the names differ.
_OPTIONS = {
    "fonts": "font",
    "font_features": "font_feature",
    "backgrounds": "background",
    "avoid_text": "avoid",
}


@dataclass(frozen=True)
class SceneSettings:
    """How scenes look: whole pictures with signs, labels and captions.

    Args:
        style: a preset ("scene" by default) or a TOML recipe.
        fonts: files, folders or names of bundled fonts; all bundled ones by default.
        font_features: OpenType features of the fonts, as "smcp", "-liga" or "salt=2".
        language: a tag of BCP 47, for fonts that have forms of their own for a language.
        size: (width, height) of the pictures in pixels, each 64 to 8192.
        texts: the least and most texts in a picture, up to 40.
        text_height: the least and greatest height of a character, in pixels; None is 12 to 120,
            as far as they fit.
        backgrounds: picture files or folders of them; by default they are invented.
        dont_care: the share of texts that are made too small or blurred, and marked so.
        vertical: the share of columns.
        curved: the share of texts on an arc, whose outlines have 14 points.
        turned: the share of texts that may stand askew.
        layout: "signs", or paper: "document", "receipt", "table" or "mixed".
        boxes: what gets a box: "line", "word", or "auto": words, but lines of Chinese, Japanese
            and Korean.
        distractors: the least and most fences, bricks, leaves, wheels in a picture, up to 40.
        words: the least and most texts side by side in a line, up to 8, where spaces part words.
        letter_case: "signs" (mostly capitals, or capitals first) or "keep".
        avoid_text: what a detector found in the backgrounds, a file of `predict --json-file`: such
            places are left alone and marked as don't-care.
    """

    style: PathLike = "scene"
    fonts: Tuple[PathLike, ...] = ()
    font_features: Tuple[str, ...] = ()
    language: str = ""
    size: Tuple[int, int] = (640, 640)
    texts: Tuple[int, int] = (3, 15)
    text_height: Optional[Tuple[float, float]] = None
    backgrounds: Tuple[PathLike, ...] = ()
    dont_care: float = 0.08
    vertical: float = 0.12
    curved: float = 0.0
    turned: float = 1.0
    boxes: str = "auto"
    layout: str = "signs"
    distractors: Tuple[int, int] = (0, 8)
    words: Tuple[int, int] = (1, 4)
    letter_case: str = "signs"
    avoid_text: Optional[PathLike] = None


class SceneImage(NamedTuple):
    """A rendered scene: `image` is RGB, uint8 [h, w, 3]; `regions` are the texts in it."""

    key: str
    image: np.ndarray
    regions: Tuple[Region, ...]

    def sample(self) -> Sample:
        """Returns the scene as a sample, its picture a PNG file."""
        return Sample(self.key, encode_png(self.image), regions=self.regions)


class SceneImages:
    """Scenes that are drawn when they are asked for; each `iter()` begins with the first again.

    `skipped` counts the texts that no font can draw, by reason.
    """

    def __init__(
        self,
        texts: TextSource,
        settings: SceneSettings,
        count: Optional[int],
        seed: int,
        workers: int,
    ) -> None:
        phrases = [phrase.text for phrase in phrases_of(texts, _LONGEST_TEXT)]
        self.count, self.skipped = count, {}  # type: Optional[int], Dict[str, int]
        self._config = _scene_config(settings, seed, self.skipped)
        check_scene_config(self._config, 1 if count is None else count)
        self._texts = drawable_texts(phrases, self._config, self.skipped)
        self._workers = workers

    def __iter__(self) -> Iterator[SceneImage]:
        numbers = itertools.count() if self.count is None else iter(range(self.count))
        tasks = ((n, texts_of(self._texts, self._config.seed, n)) for n in numbers)
        return ordered_map(partial(_scene_image, self._config), tasks, self._workers)


def generate_scenes(
    texts: TextSource = None,
    settings: SceneSettings = SceneSettings(),  # noqa: B008 - it cannot change
    *,
    count: Optional[int] = None,
    seed: int = 0,
    workers: int = 0,
) -> SceneImages:
    """Returns rendered scenes, to be iterated over: without end, or `count` of them.

    Arguments and errors are those of `generate_lines`; texts are drawn from `texts` at random.
    """
    return SceneImages(texts, settings, count, seed, workers)


def _scene_config(settings: SceneSettings, seed: int, skipped: Dict[str, int]) -> SceneConfig:
    given = {_OPTIONS.get(name, name): value for name, value in vars(settings).items()}
    if settings.avoid_text is not None:
        given["avoid"] = read_found_texts(settings.avoid_text)
    return read_scene_config(SceneRequestOptions(**given, form="png", seed=seed), skipped)


def _scene_image(config: SceneConfig, task: Tuple[int, Tuple[str, ...]]) -> SceneImage:
    scene = draw_scene(config, *task)
    return SceneImage(scene_key(task[0], config.form), red_first(scene.image), scene.regions)
