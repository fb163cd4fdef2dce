"""Rendered lines of text as arrays, one after the other, as many as are wanted.

The pictures are those that gen-pics writes for the same texts, style and seed. Colors are red
first here, as Pillow, TensorFlow and PyTorch have them.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from ocrdata.base.parallel import ordered_map
from ocrdata.base.sample import Sample
from ocrdata.errors import OptionError, PathLike
from ocrdata.images.encoding import encode_png
from ocrdata.render.effects.backgrounds import find_pictures
from ocrdata.render.effects.warp import Frame
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.lines.blocks import RenderConfig, draw_block, image_key
from ocrdata.render.lines.planning import plan_lines
from ocrdata.render.lines.text_sampling import TextBlockTask, TextOptions
from ocrdata.render.style.line_style import check_value
from ocrdata.render.style.mixtures import AnyRecipe, find_recipes
from ocrdata.render.text.type_settings import find_settings
from ocrdata.text.corpus import read_corpora
from ocrdata.text.phrases import CorpusOptions, Phrase

TextSource = Optional[Iterable[Union[str, Phrase]]]
# Without a count there is no end: more rounds through the texts than anybody draws.
_ENDLESS = 1 << 40
# Of the bundled corpora, as gen-pics has it.
_LONGEST_TEXT = 24


@dataclass(frozen=True)
class LineSettings:
    """How lines of text look.

    Args:
        style: a preset ("clean", "print", "scan", "scene", "word", "screen", "hard"), a TOML file,
            or several of them with weights, as ("word=2", "print=1").
        fonts: files, folders or names of bundled fonts; all bundled ones by default.
        latin_fonts: fonts for Latin letters and digits; those of `fonts` by default.
        font_features: OpenType features of the fonts, as "smcp", "-liga" or "salt=2".
        language: a tag of BCP 47, for fonts that have forms of their own for a language.
        fallback: draws a text in the next font where the first lacks a character of it.
        height: of the pictures, in pixels, 12 to 512.
        width: of all pictures, in pixels, 16 to 16,000; by default as wide as the text needs.
        vertical: sets columns; `height` is then their width, and `width` their height.
        backgrounds: picture files or folders of them, for styles with pictures behind the text.
        overrides: fields of a style (docs/rendering.md) that all lines share, by name.
        boxes: gives a quadrilateral for each character.
        sampling: "listed" (in turn), "frequency", "balanced" or "random" (random characters).
        lower_case: gives texts in lower case, however they are drawn.
    """

    style: Union[PathLike, Tuple[str, ...]] = "print"
    fonts: Tuple[PathLike, ...] = ()
    latin_fonts: Tuple[PathLike, ...] = ()
    font_features: Tuple[str, ...] = ()
    language: str = ""
    fallback: bool = False
    height: int = 32
    width: Optional[int] = None
    vertical: bool = False
    backgrounds: Tuple[PathLike, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    boxes: bool = False
    sampling: str = "listed"
    lower_case: bool = False


class LineImage(NamedTuple):
    """A rendered line.

    `image` is uint8 [h, w], or RGB [h, w, 3] for styles in color. `boxes`, if they were asked for,
    is float32 [n, 4, 2]: x and y in pixels of each character's corners, clockwise from its top
    left. `key` is a path that no other line of the same seed has.
    """

    key: str
    image: np.ndarray
    text: str
    boxes: Optional[np.ndarray]

    def sample(self) -> Sample:
        """Returns the line as a sample, its picture a PNG file."""
        return Sample(self.key, encode_png(self.image), self.text)


class LineImages:
    """Lines that are drawn when they are asked for; each `iter()` begins with the first again.

    `skipped` counts the texts that no font can draw, by reason. It can be pickled, and gives the
    same lines in another process.
    """

    def __init__(
        self,
        texts: TextSource,
        settings: LineSettings,
        count: Optional[int],
        seed: int,
        workers: int,
    ) -> None:
        phrases = phrases_of(texts, _LONGEST_TEXT)
        skipped: Dict[str, int] = {}
        self._config = _line_config(settings, seed, skipped)
        self._workers = workers
        if count is None and settings.sampling == "balanced":
            raise OptionError("balanced texts have an end.", "Give a count.")
        endless = count is None
        options = TextOptions(_ENDLESS, count, 0.0, settings.sampling)
        self._plan, self.skipped = plan_lines(
            [one.text for one in phrases],
            self._config,
            options,
            skipped,
            [one.frequency for one in phrases],
        )
        self.count = None if endless else self._plan.total

    def __iter__(self) -> Iterator[LineImage]:
        return self.share(0, 1)

    def share(self, index: int, count: int) -> Iterator[LineImage]:
        """Yields what one of several processes draws: number `index`, from 0, of `count`.

        Together they draw the same lines as one would alone, in blocks of 256.
        """
        tasks = itertools.islice(self._plan.tasks(), index, None, count)
        if not self._workers:
            for task in tasks:
                yield from _line_images(self._config, task)
            return
        draw = partial(_drawn_lines, self._config)
        for lines in ordered_map(draw, tasks, self._workers):
            yield from lines


def generate_lines(
    texts: TextSource = None,
    settings: LineSettings = LineSettings(),  # noqa: B008 - it cannot change
    *,
    count: Optional[int] = None,
    seed: int = 0,
    workers: int = 0,
) -> LineImages:
    """Returns rendered lines of text, to be iterated over: without end, or `count` of them.

    The same arguments give the same pictures, on any machine and for any number of workers.

    Args:
        texts: what to draw: strings, or phrases of `read_corpora`; by default all bundled corpora.
        settings: how lines look.
        count: how many lines; None for no end.
        seed: another one gives other styles (and, drawn by frequency or at random, other texts).
        workers: processes that draw; 0 draws in this one.

    Raises FontError and CorpusError where nothing can be drawn, OptionError and UnknownNameError
    for settings that cannot be.
    """
    return LineImages(texts, settings, count, seed, workers)


def phrases_of(texts: TextSource, longest: int) -> List[Phrase]:
    """Returns texts as phrases; without any, those of the bundled corpora up to a length."""
    if texts is None:
        return list(read_corpora(options=CorpusOptions(max_length=longest)))
    return [text if isinstance(text, Phrase) else Phrase(text) for text in texts]


def red_first(image: np.ndarray) -> np.ndarray:
    """Returns a picture, uint8 [h, w] or BGR [h, w, 3], with red first."""
    return np.ascontiguousarray(image[:, :, ::-1] if image.ndim == 3 else image)


def _recipe(settings: LineSettings) -> AnyRecipe:
    recipe = find_recipes(settings.style)
    fixed = {name: check_value(name, value) for name, value in settings.overrides.items()}
    return recipe.with_fixed(fixed) if fixed else recipe


def _line_config(settings: LineSettings, seed: int, skipped: Dict[str, int]) -> RenderConfig:
    latin = settings.latin_fonts
    faces = find_fonts(settings.fonts, None, skipped)
    others = find_fonts(latin, None, skipped) if latin else []
    return RenderConfig(
        faces=tuple(faces),
        recipe=_recipe(settings),
        frame=Frame(settings.height, settings.width, settings.vertical),
        seed=seed,
        form="png",
        latin=tuple(others),
        fallback=settings.fallback,
        pictures=find_pictures(settings.backgrounds, skipped),
        boxes=settings.boxes,
        lower_case=settings.lower_case,
        settings=find_settings(settings.font_features, settings.language, [*faces, *others]),
    )


def _line_images(config: RenderConfig, task: TextBlockTask) -> Iterator[LineImage]:
    for drawn in draw_block(config, task):
        image, boxes = red_first(drawn.line.image), drawn.line.quads
        yield LineImage(image_key(drawn.number, config.form), image, drawn.text, boxes)


def _drawn_lines(config: RenderConfig, task: TextBlockTask) -> List[LineImage]:
    return list(_line_images(config, task))
