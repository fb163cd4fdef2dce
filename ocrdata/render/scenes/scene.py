"""Whole pictures with text in them: signs, labels and captions on invented or given pictures.

Everything random of a scene comes from the stream of its number. Text never overlaps text, stays
inside the picture, and keeps its contrast; what is too small to be read, and a share of it that is
blurred on purpose, is marked as don't-care.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from ocrdata.base import random_streams
from ocrdata.base.sample import Region, Sample
from ocrdata.render.effects.backgrounds import BackgroundBank
from ocrdata.render.effects.colors import levels_of, separate, tinted
from ocrdata.render.effects.compositing import blend, composite
from ocrdata.render.effects.image_effects import degrade, encode_image
from ocrdata.render.effects.quads import covered_box, grow_quad
from ocrdata.render.effects.warp import Placement, warp_ink
from ocrdata.render.scenes.boards import Board, draw_board, paint_board
from ocrdata.render.scenes.camera import light_scene
from ocrdata.render.scenes.ground import draw_scene_ground
from ocrdata.render.scenes.occupancy import OccupancyGrid, put_block
from ocrdata.render.scenes.page import draw_page
from ocrdata.render.scenes.scene_config import (
    LEAST_HEIGHT,
    MOST_TEXTS,
    SceneConfig,
    boxes_words,
    scene_key,
)
from ocrdata.render.scenes.scene_layout import (
    FINE_BELOW,
    TextBlock,
    bend,
    part_outlines,
    set_block,
)
from ocrdata.render.scenes.wording import (
    draw_arrangement,
    draw_lines,
    draw_sweep,
    fewer_words,
    posed,
    take_lines,
)
from ocrdata.render.style.line_style import NEUTRAL, LineStyle
from ocrdata.render.style.style_sampling import draw_styles
from ocrdata.render.text.glyph_store import MemoryBudget
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.text.visual_order import tells_order

# Letters of scenes are large, and seldom of the same size twice.
_ROOM = MemoryBudget(32 << 20, 11 << 20)


@lru_cache(maxsize=2)
def _kept(config: SceneConfig) -> Tuple[GlyphCache, BackgroundBank]:
    cv2.setNumThreads(0)
    cache = GlyphCache(config.faces, room=_ROOM, settings=config.settings)
    return cache, BackgroundBank(config.pictures, max(1024, *config.size))


class DrawnScene(NamedTuple):
    """A scene's picture (uint8 BGR [h, w, 3]), its regions, and the quality its JPEG file gets."""

    image: np.ndarray
    regions: Tuple[Region, ...]
    quality: int


def render_scene(config: SceneConfig, number: int, texts: Tuple[str, ...]) -> Sample:
    """Returns a scene with its regions, its picture encoded."""
    scene = draw_scene(config, number, texts)
    data = encode_image(scene.image, config.form, scene.quality)
    return Sample(scene_key(number, config.form), data, regions=scene.regions)


def draw_scene(config: SceneConfig, number: int, texts: Tuple[str, ...]) -> DrawnScene:
    """Returns a scene: as many of the texts as its random stream asks for and fit."""
    cache, pictures = _kept(config)
    rng = random_streams.stream(config.seed, "scene", number)
    styles = draw_styles(config.seed, "scene-style", number, MOST_TEXTS + 1, config.recipe)
    image, there = draw_scene_ground(config, rng, pictures)
    room = OccupancyGrid(*config.size)
    for outline in there:
        room.block(outline)
    wanted, written = rng.randint(*config.texts), 0
    # What a photograph has already is neither text to learn nor background.
    regions = [Region(outline, "###", True) for outline in there]
    paper = config.layout != "signs"
    if paper:
        regions = draw_page(image, texts, config, rng, cache)
    left = [] if paper else list(texts)
    for style in styles[:MOST_TEXTS]:
        if written >= wanted or not left:
            break
        most = min(wanted - written, draw_lines(rng))
        taken, left = take_lines(
            left,
            most,
            style.letter_case,
            config=config,
            rng=rng,
            drawn=lambda text: not cache.missing(text) and tells_order(text),
        )
        count, found = _write(
            image,
            taken,
            posed(style, config, rng),
            config=config,
            room=room,
            rng=rng,
            cache=cache,
        )
        written += count
        regions += found
    image = light_scene(image, rng)
    image = degrade([image], [_whole(styles[-1])], 32)[0]
    return DrawnScene(image, tuple(regions), int(round(max(60.0, styles[-1].quality))))


def _whole(style: LineStyle) -> LineStyle:
    """Returns what happens to the picture as a whole."""
    return NEUTRAL._replace(
        light=style.light,
        light_angle=style.light_angle,
        blur=min(style.blur, 0.7),
        noise=min(style.noise, 8.0),
        noise_at=style.noise_at,
        poisson=min(style.poisson, 8.0),
        artefacts=max(style.artefacts, 40.0) if style.artefacts else 0.0,
    )


def _write(
    image: np.ndarray,
    texts: List[str],
    style: LineStyle,
    *,
    config: SceneConfig,
    room: OccupancyGrid,
    rng: random.Random,
    cache: GlyphCache,
) -> Tuple[int, List[Region]]:
    """Writes a block into the picture; returns how many texts, and their regions.

    There are none where there is no room.
    """
    low, high = config.heights
    ignored = rng.random() < config.dont_care
    em = low * (high / low) ** rng.random()
    if ignored:
        em = rng.uniform(5.0, 8.0) if rng.random() < 0.6 else em
    vertical = rng.random() < config.vertical
    board = draw_board(style, em, rng) if rng.random() < 0.5 else None
    sweep = draw_sweep(config, rng)
    if sweep:
        texts, vertical = texts[:1], False
    if vertical:
        # A column has one box: where words have boxes, it is one word.
        texts = [t.partition(" ")[0] if boxes_words(t, config.boxes) else t for t in texts]
    stand = draw_arrangement(len(texts), rng)

    def composed(blank: bool = False) -> TextBlock:
        words = [boxes_words(text, config.boxes) for text in texts]
        how = stand._replace(blank=blank)
        return bend(set_block(texts, style, em, vertical, cache, words, how), sweep)

    rough = composed(blank=True)
    while max(rough.ink.shape) * rough.scale > 0.9 * max(config.size):
        shorter = [fewer_words(text, config) for text in texts]
        if shorter == texts:
            if em <= low:
                break
            em = max(low, em * 0.7)
        texts = shorter
        rough = composed(blank=True)
    centre = room.find(rough, style, rng, board.margin if board else (0.0, 0.0))
    if centre is None:
        return 0, []
    block = composed().within(rough)
    matrix, quad = put_block(block, style, centre)
    _paint(
        image,
        block,
        matrix=matrix,
        quad=quad,
        style=style,
        board=board,
        smear=ignored and em > LEAST_HEIGHT,
    )
    regions = []
    for text, outline in zip(block.texts, part_outlines(block, matrix)):
        unread = ignored or _height(outline, vertical) < LEAST_HEIGHT
        regions.append(Region(outline, "###" if unread else text, unread))
    return len(texts), regions


def _height(outline: np.ndarray, vertical: bool) -> float:
    """Returns the smallest extent of an outline across its line."""
    outline = np.roll(outline, -1, axis=0) if vertical else outline
    half = len(outline) // 2
    return float(np.hypot(*(outline[:half] - outline[: half - 1 : -1]).T).min())


def _paint(
    image: np.ndarray,
    block: TextBlock,
    matrix: np.ndarray,
    quad: np.ndarray,
    style: LineStyle,
    board: Optional[Board],
    smear: bool,
) -> None:
    margin = 0.3 * block.em
    outer = grow_quad(quad, margin)
    x0, y0, x1, y1 = covered_box(outer, image.shape, 2)
    part = image[y0:y1, x0:x1]
    inside = np.zeros(part.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, np.rint(outer - (x0, y0)).astype(np.int32), 255)
    low, high = levels_of(part, inside)
    if board:
        paint_board(image, grow_quad(quad, *board.margin), board)
    elif separate(style.ink, low, high, style.contrast / style.opacity)[1] < 1.0:
        shade = tinted(style.paper, style.paper_hue, style.paper_tint)
        # A little of what is behind keeps the board from looking pasted in.
        soft = cv2.GaussianBlur(inside, (3, 3), 0)
        part[:] = blend(part, soft, shade, 0.92)
    moved = np.array([[1.0, 0, -x0], [0, 1.0, -y0], [0, 0, 1.0]]) @ matrix
    place = Placement(
        moved,
        x1 - x0,
        height=y1 - y0,
        scale=block.scale,
        exact=None,
        wave=None,
        elastic=0.0,
        elastic_at=0.0,
        vertical=False,
    )
    mask = warp_ink(block.ink, place, 2 if block.em < FINE_BELOW else 1)
    # The contrast is that with what lies under the text, not with all of the rectangle.
    ground = np.full_like(part, (low + high) / 2.0)
    cv2.copyTo(part, inside, ground)
    written = composite(mask, ground, style, block.em, True)
    if smear:
        written = cv2.GaussianBlur(written, (0, 0), 0.14 * block.em)
    cv2.copyTo(written, inside, part)
