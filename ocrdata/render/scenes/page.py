"""Scenes of paper: a document, a receipt or a table, seen from above on some ground.

The page is drawn flat, at the size it is seen at, and warped as a whole, so that all of its texts
lie in one plane. Text never overlaps text and never leaves the picture.
"""

from __future__ import annotations

import math
import random
from typing import Any, List, Tuple

import cv2
import numpy as np

from ocrdata.base.sample import Region
from ocrdata.render.effects.colors import tinted
from ocrdata.render.effects.compositing import blend
from ocrdata.render.effects.noise import read_texture
from ocrdata.render.effects.warp import transform
from ocrdata.render.scenes.page_layouts import PageFrame, fill_page
from ocrdata.render.scenes.page_text import LEADING, Page, PageTexts
from ocrdata.render.scenes.scene_config import LEAST_HEIGHT, PAGE_LAYOUTS, SceneConfig
from ocrdata.render.text.glyphs import GlyphCache


def draw_page(
    image: np.ndarray,
    texts: Tuple[str, ...],
    config: SceneConfig,
    rng: random.Random,
    cache: GlyphCache,
) -> List[Region]:
    """Puts a page of text into a picture (uint8 BGR, changed in place); returns its regions."""
    kind = rng.choice(PAGE_LAYOUTS) if config.layout == "mixed" else config.layout
    page, written = _write(kind, texts, config, rng, cache)
    outlines = [transform(written, outline) for outline in page.outlines]
    paper = _colored(page, rng)
    _lay(image, paper, written)
    regions = []
    for outline, text, smeared in zip(outlines, page.texts, page.unread):
        unread = smeared or _height(outline) < LEAST_HEIGHT
        corners = outline.astype(np.float32)
        regions.append(Region(corners, "###" if unread else text, unread))
    return regions


def _write(
    kind: str, texts: Tuple[str, ...], config: SceneConfig, rng: random.Random, cache: GlyphCache
) -> Tuple[Page, np.ndarray]:
    """Returns a page that is filled, and the matrix that takes it to the picture."""
    rows = rng.randint(*config.texts)
    size = _page_size(kind, config, rng)
    matrix, scale = _seen(size, config, rng)
    low, high = config.heights
    # As large as the rows let letters be, but not so wide that a line holds only a word or two.
    fitting = min(0.85 * size[1] / (LEADING * (rows + 4)), size[0] / 14.0)
    em = min(max(fitting * rng.uniform(0.6, 1.0), low / scale), high / scale)
    margin = rng.uniform(0.04, 0.1) * size[0] + 2
    page = Page(size, config.dont_care, rng)
    lines = PageTexts(texts, cache, config.boxes, rng)
    frame = PageFrame(page, lines, rng, em, margin, size[0] - margin, size[1] - 0.6 * margin)
    end = fill_page(kind, frame, rng.uniform(0.5, 1.2) * margin, rows)
    if rng.random() < 0.35:
        _stamp(frame, end)
    return page, matrix


def _page_size(kind: str, config: SceneConfig, rng: random.Random) -> Tuple[int, int]:
    """Returns a page's width and height, which fill most of the picture."""
    width, height = config.size
    shape = rng.uniform(0.4, 0.6) if kind == "receipt" else rng.choice((0.71, 0.71, 0.77, 1.41))
    high = min(height, width / shape) * rng.uniform(0.85, 0.98)
    return max(32, int(high * shape)), max(32, int(high))


def _seen(
    size: Tuple[int, int], config: SceneConfig, rng: random.Random
) -> Tuple[np.ndarray, float]:
    """Returns how a page is seen, [3, 3], all of it inside the picture, and how much smaller."""
    width, height = config.size
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64) * size
    seen = corners - np.array(size) / 2.0
    if rng.random() < config.turned:
        angle = math.radians(rng.gauss(0.0, 5.0))
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        shaken = [[rng.uniform(-0.06, 0.06) for _ in range(2)] for _ in range(4)]
        seen = (seen * (1.0 + np.array(shaken))) @ turn
    spread = np.ptp(seen, axis=0)
    scale = min(1.0, (width - 6.0) / spread[0], (height - 6.0) / spread[1])
    seen = seen * scale
    free = np.array(config.size) - 6.0 - np.ptp(seen, axis=0)
    seen = seen - seen.min(axis=0) + 3.0 + free * (rng.random(), rng.random())
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
    return matrix, scale


def _stamp(frame: PageFrame, top: float) -> None:
    """Puts a stamp below all else: a line in a frame, where there is room for one."""
    em = frame.em * frame.rng.uniform(1.0, 1.6)
    line = frame.texts.line(0.5 * frame.width, em, True, 1)
    if line is None or top + 3.2 * em > frame.bottom:
        return
    x = frame.left + frame.rng.random() * max(0.0, frame.width - line.width - 1.2 * em) + 0.6 * em
    y = top + 1.9 * em
    if not frame.page.put(line, x, y):
        return
    thick = max(1, int(0.1 * em))
    low, high = (x - 0.5 * em, y - 1.2 * em), (x + line.width + 0.5 * em, y + 0.6 * em)
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]
    for start, end in zip(corners, corners[1:] + corners[:1]):
        frame.page.rule(start, end, thick)
    frame.page.stamped = int(low[1])


def _colored(page: Page, rng: random.Random) -> np.ndarray:
    """Returns a page as it looks, uint8 BGR: paper, rules, ink, and a stamp in its own color."""
    height, width = page.ink.shape
    light, hue = rng.uniform(195, 250), rng.uniform(20, 70)
    paper: Any = np.full((height, width, 3), tinted(light, hue, 0.15 * rng.random()), np.uint8)
    grain = cv2.cvtColor(read_texture("paper", rng.random(), (height, width)), cv2.COLOR_GRAY2BGR)
    share = rng.uniform(0.0, 0.2)
    paper = cv2.addWeighted(paper, 1.0, grain, share, -128.0 * share)
    ink = tinted(rng.uniform(5, 90), rng.choice((0.0, 230.0)), 0.3 * rng.random())
    shade = tinted(rng.uniform(70, 100), rng.choice((0.0, 0.0, 225.0)), 0.9)
    level = rng.uniform(30, 130)
    seam = page.stamped
    paper[:seam] = blend(paper[:seam], page.rules[:seam], (level,) * 3, 1.0)
    paper[:seam] = blend(paper[:seam], page.ink[:seam], ink, 1.0)
    if seam < height:
        both = cv2.max(page.rules[seam:], page.ink[seam:])
        paper[seam:] = blend(paper[seam:], both, shade, 0.9)
    return paper


def _lay(image: np.ndarray, paper: np.ndarray, matrix: np.ndarray) -> None:
    """Puts a page into a picture, with a soft shadow below it."""
    height, width = image.shape[:2]
    layers = cv2.merge([*cv2.split(paper), np.full(paper.shape[:2], 255, np.uint8)])
    seen = cv2.warpPerspective(layers, matrix, (width, height))
    there = cv2.extractChannel(seen, 3)
    small = cv2.resize(there, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    shadow = cv2.GaussianBlur(small, (0, 0), max(1.0, width / 320.0))
    soft = cv2.resize(shadow, (width, height), interpolation=cv2.INTER_LINEAR)
    dark = blend(image, soft, (0.0, 0.0, 0.0), 0.4)
    keep = cv2.cvtColor(cv2.bitwise_not(there), cv2.COLOR_GRAY2BGR)
    image[:] = cv2.add(
        cv2.cvtColor(seen, cv2.COLOR_BGRA2BGR), cv2.multiply(dark, keep, scale=1 / 255.0)
    )


def _height(corners: np.ndarray) -> float:
    """Returns the smaller of the two sides of an outline [4, 2] across its line."""
    return float(np.hypot(*(corners[[3, 2]] - corners[[0, 1]]).T).min())
