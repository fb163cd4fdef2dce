"""One block of pictures: drawn, encoded and written by whichever process takes it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base import random_streams
from ocrdata.base.sample import Sample
from ocrdata.base.storage.files import FolderWriter
from ocrdata.render.effects.image_effects import encode_image
from ocrdata.render.effects.warp import Frame
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.lines.line import LineRenderer, RenderedLine
from ocrdata.render.lines.plain_lines import draw_plain_lines, is_plain_recipe
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextBlockTask
from ocrdata.render.style.line_style import LineStyle, style_line
from ocrdata.render.style.mixtures import AnyRecipe
from ocrdata.render.style.style_sampling import draw_styles
from ocrdata.render.text.glyph_store import LARGE_CACHE, SMALL_CACHE
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.text_bitmap import Clusters
from ocrdata.render.text.type_settings import PLAIN_SETTINGS, TypeSettings
from ocrdata.text.letter_case import all_cases, in_case
from ocrdata.text.words import lower_case

_FOLDER_SIZE = 10_000
# Blocks share out the user's pictures.
_PICTURES_A_BLOCK = 8
# Drawing some, then encoding them, keeps code and data of each in the processor's caches.
_AT_ONCE = 32
LINES_FOLDER, BOXES_FOLDER, STYLES_FOLDER = "pic", "boxes", "styles"


class RenderConfig(NamedTuple):
    """What decides every picture of a run; plain data that travels to the workers."""

    faces: Tuple[FontFace, ...]
    recipe: AnyRecipe
    frame: Frame = Frame(32)
    seed: int = 0
    form: str = "jpg"
    latin: Tuple[FontFace, ...] = ()
    fallback: bool = False
    pictures: Tuple[Path, ...] = ()
    boxes: bool = False
    log: bool = False
    replay: Tuple[LineStyle, ...] = ()
    lower_case: bool = False
    settings: TypeSettings = PLAIN_SETTINGS

    def label(self, text: str) -> str:
        """Returns what the picture of a text, in the case it is drawn in, is labelled with."""
        return lower_case(text) if self.lower_case else text

    def letter_cases(self) -> Tuple[str, ...]:
        """Returns the letter cases that texts are drawn in."""
        if self.replay:
            return tuple(sorted({style.letter_case for style in self.replay}))
        return self.recipe.letter_cases


class RenderedImage(NamedTuple):
    """A sample, its style, and the quads of its characters where they were asked for.

    `size` is the picture's height and width in pixels.
    """

    sample: Sample
    style: LineStyle
    size: Tuple[int, int]
    quads: Optional[np.ndarray]
    clusters: Optional[Clusters] = None


# A worker gets its settings anew with each block; what it has drawn stays.
@lru_cache(maxsize=2)
def line_renderer(config: RenderConfig) -> LineRenderer:
    """Returns what draws the lines of a run, one a process."""
    room = SMALL_CACHE if config.recipe.is_drawn("picture") else LARGE_CACHE
    cache = GlyphCache(config.faces, config.latin, config.fallback, room, config.settings)
    color = config.recipe.color
    return LineRenderer(cache, config.recipe.sizes, config.frame, color, config.pictures)


def image_key(number: int, form: str = "jpg") -> str:
    """Returns the path of a picture, `pic/<group>/<number>.jpg`, at most 10,000 to a group."""
    return f"{LINES_FOLDER}/{number // _FOLDER_SIZE:04d}/{number:08d}.{form}"


def styles_of(config: RenderConfig, number: int, places: Sequence[int]) -> List[LineStyle]:
    """Returns the styles of some places in a block."""
    if config.replay:
        return [config.replay[number * BLOCK_SIZE + place] for place in places]
    styles = draw_styles(config.seed, "line-style", number, BLOCK_SIZE, config.recipe, places)
    if len(config.pictures) <= _PICTURES_A_BLOCK or not config.recipe.is_drawn("picture"):
        return styles
    rng = random_streams.stream(config.seed, "block-pictures", number)
    chosen = rng.sample(range(len(config.pictures)), _PICTURES_A_BLOCK)
    return [_from_chosen(style, chosen, len(config.pictures)) for style in styles]


def _from_chosen(style: LineStyle, chosen: List[int], count: int) -> LineStyle:
    """Takes the picture from a few: opening one for each line would take most of the time."""
    spot = style.picture_at * len(chosen)
    # Never the next picture, however the division is rounded.
    place = (chosen[int(spot)] + min(spot % 1.0, 0.999999)) / count
    return style._replace(picture_at=place)


def labels_of(config: RenderConfig, task: TextBlockTask) -> List[str]:
    """Returns the labels of a block's pictures, in order."""
    if not config.replay and config.recipe.letter_cases == ("keep",):
        return list(map(config.label, task.texts))
    styles = styles_of(config, task.number, range(len(task.texts)))
    cased = (in_case(text, style.letter_case) for text, style in zip(task.texts, styles))
    return list(map(config.label, cased))


def possible_labels(config: RenderConfig, cases: Sequence[str], text: str) -> str:
    """Returns the labels that pictures of a text may have in some cases, one behind the other."""
    return "".join(map(config.label, all_cases(text, cases)))


class DrawnLine(NamedTuple):
    """A line's picture before it is a file: its number in the run, label, style and pixels."""

    number: int
    text: str
    style: LineStyle
    line: RenderedLine

    @property
    def quality(self) -> int:
        """The quality of its JPEG or WebP file."""
        return int(round(self.style.quality))


def draw_block(
    config: RenderConfig, task: TextBlockTask, places: Optional[Sequence[int]] = None
) -> Iterator[DrawnLine]:
    """Yields the lines of a block in order, or of some places in it."""
    renderer = line_renderer(config._replace(replay=()))
    places = range(len(task.texts)) if places is None else places
    styles = styles_of(config, task.number, places)
    pairs = zip(places, styles)
    texts = [in_case(task.texts[place], style.letter_case) for place, style in pairs]
    for first in range(0, len(places), _AT_ONCE):
        part = slice(first, min(first + _AT_ONCE, len(places)))
        drawn = _draw(config, renderer, texts[part], styles[part])
        for place, text, style, line in zip(places[part], texts[part], styles[part], drawn):
            number = task.number * BLOCK_SIZE + place
            yield DrawnLine(number, config.label(text), style, line)


def render_block(
    config: RenderConfig, task: TextBlockTask, places: Optional[Sequence[int]] = None
) -> Iterator[RenderedImage]:
    """Yields the pictures of a block in order, or of some places in it, encoded."""
    for drawn in draw_block(config, task, places):
        image = drawn.line.image
        data = encode_image(image, config.form, drawn.quality)
        sample = Sample(image_key(drawn.number, config.form), data, drawn.text)
        line = drawn.line
        yield RenderedImage(sample, drawn.style, image.shape[:2], line.quads, line.clusters)


def _draw(
    config: RenderConfig, renderer: LineRenderer, texts: Sequence[str], styles: Sequence[LineStyle]
) -> List[RenderedLine]:
    if not (config.boxes or config.replay) and is_plain_recipe(config.recipe):
        return draw_plain_lines(renderer, texts, styles)
    return renderer.draw_all(texts, styles, config.boxes)


def write_block(config: RenderConfig, folder: Path, task: TextBlockTask) -> Tuple[int, int]:
    """Writes a block's pictures, and its boxes and styles if they are asked for, under a folder."""
    boxes: List[str] = []
    styles: List[str] = []
    pictures = FolderWriter(folder)
    for text, item in zip(task.texts, render_block(config, task)):
        pictures.write(item.sample.key, item.sample.image_bytes())
        if item.quads is not None:
            boxes.append(box_line(item))
        if config.log:
            styles.append(style_line(item.sample.key, text, item.style))
    for name, rows in ((BOXES_FOLDER, boxes), (STYLES_FOLDER, styles)):
        if rows:
            part = folder / name / part_name(task.number)
            part.parent.mkdir(exist_ok=True)
            part.write_bytes("".join(rows).encode("utf-8"))
    return task.number, len(task.texts)


def part_name(number: int) -> str:
    """Returns the file that holds a block's rows until the run is finished."""
    return f".{number:08d}.part"


def box_line(item: RenderedImage) -> str:
    """Returns the line of JSON that says where each character of a sample stands.

    Of a shaped text, "clusters" says which characters each quad is of: first, and behind the last.
    """
    quads: Any = item.quads
    corners = np.round(quads.reshape(-1, 8).astype(np.float64), 2).tolist()
    row: Any = {"key": item.sample.key, "text": item.sample.text, "quads": corners}
    if item.clusters is not None:
        row["clusters"] = [list(pair) for pair in item.clusters]
    return json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n"
