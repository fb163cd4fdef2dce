"""One line of text to one picture: set glyphs, add effects, warp once, composite, degrade."""

from __future__ import annotations

import math
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.arc import bend_ink
from ocrdata.render.effects.backgrounds import BackgroundBank, draw_ground
from ocrdata.render.effects.compositing import composite, with_strength
from ocrdata.render.effects.image_effects import degrade
from ocrdata.render.effects.noise import read_bank
from ocrdata.render.effects.text_effects import apply_text_effects, draw_rules
from ocrdata.render.effects.warp import Frame, Placement, box_corners, warp_ink, warp_quads
from ocrdata.render.lines.line_geometry import least_width, place_bitmap
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import Face, Typesetting, set_column, set_line
from ocrdata.render.text.shaped_text import ShapedFaces
from ocrdata.render.text.text_bitmap import NO_LINE, Clusters

# Small lines are drawn on a canvas twice as fine: see docs/rendering.md.
_FINE, _FINE_UP_TO = 2, 48
# How much larger than a line its master is at least (for a fine canvas, for a plain one, for one
# that a lens blurs), and how much smaller the next master.
_FINER, _ROUGHER, _BLURRED, _STEP = 2.2, 1.4, 1.2, 0.6
MIN_MASTER = 12
_FRAME = Frame(32)
# From here on: radicals, Chinese characters, kana, and their punctuation.
_IDEOGRAPHS = "\u2e80"
# Their strokes are lost where Latin letters are read yet.
_MOST_CONDENSED = 0.7


class RenderedLine(NamedTuple):
    """A picture (uint8 [h, w] or BGR [h, w, 3]) and, if asked for, a quad for each character.

    `quads` is float32 [n, 4, 2]: x and y in pixels, clockwise from each character's top left. Of
    a shaped text they are those of `clusters`, (first, end) of its characters.
    """

    image: np.ndarray
    quads: Optional[np.ndarray]
    clusters: Optional[Clusters] = None


class Ink(NamedTuple):
    """A line's ink on its canvas, before any color, with its em in pixels."""

    mask: np.ndarray
    em: float
    quads: Optional[np.ndarray]
    clusters: Optional[Clusters] = None


class _Pose(NamedTuple):
    """A line that is set and dressed at an em of `size`, before its warp to where it goes."""

    ink: np.ndarray
    place: Placement
    size: int
    fine: int
    quads: Optional[np.ndarray]
    clusters: Optional[Clusters] = None


class LineRenderer:
    """Draws lines at one height; holds what is kept from one line to the next."""

    def __init__(
        self,
        cache: GlyphCache,
        sizes: Tuple[float, float] = (0.78, 0.78),
        frame: Frame = _FRAME,
        color: bool = False,
        pictures: Sequence[Any] = (),
    ) -> None:
        self.cache, self.frame, self.color = cache, frame, color
        self.pictures = BackgroundBank(pictures)
        self.sizes = sizes
        # Fine-grained threads cost more than they give on pictures this small.
        cv2.setNumThreads(0)

    def master(self, style: LineStyle) -> Tuple[int, int]:
        """Returns the em in pixels that a line is composed at, and how much finer its canvas is.

        A line that is only moved is composed at its own size; others share a few masters.
        """
        side = self.frame.height
        own = style.size * side
        if self.sizes[0] == self.sizes[1] and not _is_bent(style):
            return max(MIN_MASTER, int(round(own))), 1
        small = side <= _FINE_UP_TO
        # A lens takes away what a canvas twice as fine would add.
        soft = small and _is_unsharp(style)
        most = _FINER if small else _ROUGHER
        least = _BLURRED if soft else most
        # From the same few sizes for all lines: each is drawn and kept for itself.
        master = self.sizes[1] * side * most
        while master * _STEP >= own * least:
            master *= _STEP
        return max(MIN_MASTER, int(round(master))), _FINE if small and not soft else 1

    def draw(self, text: str, style: LineStyle, boxes: bool = False) -> RenderedLine:
        """Returns the picture of a line; the fonts must have every character."""
        return self.draw_all((text,), (style,), boxes)[0]

    def draw_all(
        self, texts: Sequence[str], styles: Sequence[LineStyle], boxes: bool = False
    ) -> List[RenderedLine]:
        """Returns the pictures of lines, the same as one by one.

        Each step is done for all of them before the next, so that its code and tables stay in the
        processor's caches: a few dozen at once take a fifth less time.
        """
        styles = [
            with_strength(style) if style.strength or style.invert else style for style in styles
        ]
        inks = [self.ink(text, style, boxes) for text, style in zip(texts, styles)]
        for ink, style in zip(inks, styles):
            draw_rules(ink.mask, style, ink.em)
        grounds = [
            draw_ground(style, ink.mask.shape, self.pictures) for ink, style in zip(inks, styles)
        ]
        pictures = [
            composite(ink.mask, ground, style, ink.em, self.color)
            for ink, ground, style in zip(inks, grounds, styles)
        ]
        if not self.color:
            pictures = [_grey(image) for image in pictures]
        pictures = degrade(pictures, styles, self.frame.height)
        return [RenderedLine(image, ink.quads, ink.clusters) for image, ink in zip(pictures, inks)]

    def ink(self, text: str, style: LineStyle, boxes: bool = False) -> Ink:
        """Returns the ink of a line on its canvas; full ink is 255."""
        pose = self._pose(text, style, boxes)
        mask = warp_ink(pose.ink, pose.place, pose.fine)
        return Ink(mask, pose.size * pose.place.scale, pose.quads, pose.clusters)

    def _pose(self, text: str, style: LineStyle, boxes: bool) -> _Pose:
        if len(text) < 2:
            # With a line below it 一 reads 二, and 口 in a frame reads 回.
            style = style._replace(
                underline=0.0, frame=0.0, above=0.0, below=0.0, before=0.0, after=0.0
            )
        elif (style.before or style.after) and (self.frame.length or self.frame.vertical):
            # Where a line stands in a fixed width, all of the word beside it would be seen.
            style = style._replace(before=0.0, after=0.0)
        if style.stretch < _MOST_CONDENSED and max(text) >= _IDEOGRAPHS:
            style = style._replace(stretch=_MOST_CONDENSED)
        face = self.cache.pick(text, style.face, style.axes)
        size, fine = self.master(style)
        pose = self._set(text, face, size, fine, style, boxes)
        plain = fine == 1 and size == int(round(style.size * self.frame.height))
        if pose.place.exact is None and plain:
            # It did not fit as it is: compose it anew, fine enough to be made smaller.
            pose = self._set(text, face, int(round(size * 2.0)), _FINE, style, boxes)
        return pose

    def _set(
        self, text: str, face: Face, size: int, fine: int, style: LineStyle, boxes: bool
    ) -> _Pose:
        spacing = style.spacing * (1.0 if max(text) >= _IDEOGRAPHS else style.latin_spacing)
        setting = Typesetting(spacing * size, style.word_spacing, _jitters(text, style, size))
        put = set_column if self.frame.vertical else set_line
        bitmap = put(text, face, size, setting, self.cache, boxes)
        near = NO_LINE
        if style.above or style.below or style.before or style.after:
            other, other_face = self._neighbour(text, face, style)
            near = put(other, other_face, size, setting, self.cache)
        ink, box, moved = apply_text_effects(bitmap, size, style, near, self.frame.vertical)
        em = (bitmap.em_left + moved, bitmap.em_top + moved, float(size))
        arc = None
        if style.arc and not self.frame.vertical:
            ink, arc = bend_ink(ink, box, math.radians(style.arc))
            em, box = (arc.left, arc.middle - size / 2.0, float(size)), arc.box
        if style.stretch < 1.0 and not self.frame.vertical:
            wide = (box[2] - box[0]) * style.size * self.frame.height / size
            least = min(1.0, least_width(text) * self.frame.height / max(wide, 1.0))
            style = style._replace(stretch=max(style.stretch, least))
        place = place_bitmap(box, em, style, self.frame)
        quads = None
        if boxes:
            flat = box_corners(_grown(np.array(bitmap.boxes, np.float64) + moved, style, size))
            quads = warp_quads(flat if arc is None else arc.bend(flat), place)
        return _Pose(ink, place, size, fine, quads, bitmap.clusters)

    def _neighbour(self, text: str, face: Face, style: LineStyle) -> Tuple[str, Face]:
        """Returns the text of a neighbouring line, and its faces."""
        if not isinstance(face, ShapedFaces):
            return _other_text(text, style), face
        # Letters in another order may not go together; words do.
        words = text.split()
        start = int(style.neighbour_at * len(words))
        other = " ".join(words[start:] + words[:start])
        if self.cache.missing(other):
            return text, face
        return other, self.cache.pick(other, style.face, style.axes)


def _grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image


def _is_unsharp(style: LineStyle) -> bool:
    return bool(style.blur >= 0.4 or style.motion or style.defocus or style.resolution < 0.9)


def _is_bent(style: LineStyle) -> bool:
    return bool(
        style.rotation
        or style.shear
        or style.perspective_x
        or style.perspective_y
        or style.curve
        or style.elastic
        or style.arc
        or style.stretch != 1.0
        or style.before
        or style.after
    )


def _jitters(text: str, style: LineStyle, size: int) -> Optional[List[float]]:
    if not style.jitter:
        return None
    drawn = read_bank("jitter", style.jitter_at, len(text))
    return ((drawn * 2.0 - 1.0) * (style.jitter * size)).tolist()


def _other_text(text: str, style: LineStyle) -> str:
    """Returns the characters of a text in another order, for a neighbouring line."""
    start = int(style.neighbour_at * len(text))
    return "".join(reversed(text[start:] + text[:start]))


def _grown(boxes: np.ndarray, style: LineStyle, size: int) -> np.ndarray:
    """Lets the boxes grow with the weight of the ink."""
    grow = (max(0.0, style.weight) * 0.04 + style.bleed * 0.05 + style.hollow * 0.022) * size
    return boxes + np.array([-grow, -grow, grow, grow])
