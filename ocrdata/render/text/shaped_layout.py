"""Shaped glyphs to one strip of ink, with a box for each cluster of characters."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from ocrdata.render.text.glyph_rasters import PHASES, glyph_key
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.shaped_text import PlacedRun, ShapedFaces
from ocrdata.text.properties import script_of

# Scripts whose letters hang together: gaps or jitter between them would tear words apart.
_JOINED = frozenset(
    ["Arab", "Syrc", "Nkoo", "Mand", "Mong", "Adlm", "Rohg", "Phag", "Deva", "Beng", "Guru", "Tibt"]
)

Box = Tuple[float, float, float, float]
PlacedInk = Tuple[np.ndarray, float, float]


class ShapedStrip(NamedTuple):
    """Inks with the places of their corners, and a box for each cluster in the text's order.

    `clusters` says which characters each box is of: first, and behind the last.
    """

    placed: List[PlacedInk]
    boxes: List[Box]
    clusters: List[Tuple[int, int]]


class Spacing(NamedTuple):
    """Pixels between clusters, how much wider spaces are, and jitters, one a character."""

    between: float
    words: float
    jitters: Optional[Sequence[float]]


def place_shaped(
    text: str, faces: ShapedFaces, size: int, spacing: Spacing, cache: GlyphCache
) -> ShapedStrip:
    """Places the glyphs of a text that needs shaping, for a pen that runs from left to right."""
    strip, pen = _Strip(size, cache), 0.0
    for item in cache.shaper.layout(text, faces):
        pen = strip.add(item, pen, spacing)
    starts = sorted(strip.boxes)
    ends = [*starts[1:], len(text)]
    return ShapedStrip(strip.placed, [strip.boxes[at] for at in starts], list(zip(starts, ends)))


def place_inks(text: str, faces: ShapedFaces, size: int, cache: GlyphCache) -> List[PlacedInk]:
    """Returns the inks of a text and their places, as `place_shaped` does without any spacing."""
    placed: List[PlacedInk] = []
    pen = 0.0
    for item in cache.shaper.layout(text, faces):
        table = cache.numbered_glyphs(item.face, size)
        for number, _, at_x, at_y in item.run.glyphs:
            x, y = round((pen + at_x * size) * PHASES), round(at_y * size * PHASES)
            left, top, right, _, _, _, _, own = table[glyph_key(number, x, y)]
            if right > left and own is not None:
                placed.append((own, x // PHASES + left, y // PHASES + top))
        pen += item.run.advance * size
    return placed


class _Strip:
    def __init__(self, size: int, cache: GlyphCache) -> None:
        self.size, self.cache = size, cache
        self.placed: List[PlacedInk] = []
        self.boxes: Dict[int, Box] = {}
        self._inked: Set[int] = set()

    def add(self, item: PlacedRun, pen: float, spacing: Spacing) -> float:
        """Adds a run and returns where the next one starts."""
        size, advances = self.size, dict(item.run.advances)
        joined = any(script_of(character) in _JOINED for character in item.text)
        extra, before = 0.0, -1
        for glyph in item.run.glyphs:
            if before not in (-1, glyph.cluster):
                extra += _gap(item.text[before], advances[before] * size, spacing, joined)
            before = glyph.cluster
            jitter = spacing.jitters[item.start + before] if spacing.jitters and not joined else 0.0
            x, y = pen + glyph.x * size + extra, glyph.y * size + jitter
            self._put(item, glyph.number, item.start + before, (x, y), advances[before] * size)
        if before >= 0:
            extra += _gap(item.text[before], advances[before] * size, spacing, joined)
        return pen + item.run.advance * size + extra

    def _put(
        self, item: PlacedRun, number: int, cluster: int, at: Tuple[float, float], advance: float
    ) -> None:
        x, y = (int(round(value * PHASES)) for value in at)
        glyph = self.cache.numbered_glyphs(item.face, self.size)[glyph_key(number, x, y)]
        known = self.boxes.get(cluster)
        if not glyph.right > glyph.left:
            # A space: from pen to pen, as high as a small letter.
            self.boxes[cluster] = known or (
                at[0],
                at[1] - 0.5 * advance,
                at[0] + max(1.0, advance),
                at[1],
            )
            return
        left, top = x // PHASES + glyph.left, y // PHASES + glyph.top
        self.placed.append((glyph.ink, left, top))
        box: Box = (left, top, left + glyph.ink.shape[1], top + glyph.ink.shape[0])
        if known and cluster in self._inked:
            low, high = np.minimum(box, known), np.maximum(box, known)
            box = (low[0], low[1], high[2], high[3])
        self._inked.add(cluster)
        self.boxes[cluster] = box


def _gap(character: str, advance: float, spacing: Spacing, joined: bool) -> float:
    """Returns what is added behind a cluster."""
    if character.isspace():
        return advance * (spacing.words - 1.0) + spacing.between
    return 0.0 if joined else spacing.between
