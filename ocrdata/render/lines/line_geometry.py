"""Where a line goes: how large it comes out, how wide its picture is, and the matrix to it.

The canvas is made to hold the warped box of the ink, so nothing is clipped but where a margin below
zero asks for it.
"""

from __future__ import annotations

import math
import operator
from typing import Optional, Tuple

import numpy as np

from ocrdata.render.effects.warp import Frame, Placement, Wave, matrix_of, shape_of
from ocrdata.render.style.line_style import LineStyle
from ocrdata.render.text.text_bitmap import CharacterBox

# A line of a fixed width may be condensed so far, and is then made smaller.
MIN_CONDENSED = 0.7
# So much of a word beside the text is seen, in ems: more of it could be read.
_MOST_OF_NEXT = 0.05
# So much of the height a character takes at least, where letters are condensed.
_LEAST_PITCH = 0.17
_UNMOVED = np.eye(3)


def place_bitmap(
    box: CharacterBox, em: Tuple[float, float, float], style: LineStyle, frame: Frame
) -> Placement:
    """Finds the canvas and the matrix for a bitmap whose ink, with all around it, fills `box`.

    `em` is (left, top, size) of the em box in the bitmap, in pixels. The line is made smaller
    where it would not fit the picture's fixed side.
    """
    side = frame.height
    scale = style.size * side / em[2]
    if is_plain(style, scale):
        found = _place_exactly(box, em, style, frame)
        if found is not None:
            return found
    shape = shape_of(box, scale, style, frame)
    across, along = (0, 1) if frame.vertical else (1, 0)
    start, end, top, foot = (
        shape.low[along],
        shape.high[along],
        shape.low[across],
        shape.high[across],
    )
    bend = style.curve * side + style.elastic * em[2] * scale
    above, below = style.margin_top * side, style.margin_bottom * side
    thin = long = min(1.0, 0.999 * (side - above - below - 2.0 * bend) / (foot - top))
    before, behind = style.margin_left * side, style.margin_right * side
    if style.before:
        before = min(before, (style.before + _MOST_OF_NEXT) * em[2] * scale * long)
    if style.after:
        behind = min(behind, (style.after + _MOST_OF_NEXT) * em[2] * scale * long)
    if frame.length is not None:
        before, behind = min(before, 0.1 * frame.length), min(behind, 0.1 * frame.length)
        room = (frame.length - before - behind - 2.0 * bend) / ((end - start) * long)
        less = min(1.0, room / MIN_CONDENSED)
        long *= min(1.0, max(room, MIN_CONDENSED)) * less
        thin *= less
    start, top, foot = start * long - bend, top * thin - bend, foot * thin + bend
    extent = end * long + bend - start
    length = frame.length or max(8, math.ceil(before + extent + behind))
    middle = before - start
    if frame.length is not None:
        middle += style.align * max(0.0, length - before - behind - extent)
    off = em[across] + em[2] / 2.0 - (box[across] + box[across + 2]) / 2.0
    wanted = side / 2.0 + style.shift * (side - em[2] * scale * thin) / 2.0 - off * scale * thin
    level = min(max(wanted, above - top), side - below - foot)
    if frame.vertical:
        matrix, size = matrix_of(shape, (thin, long), (level, middle)), (side, length)
    else:
        matrix, size = matrix_of(shape, (long, thin), (middle, level)), (length, side)
    return _placement(matrix, size, scale * min(thin, long), style, extent, frame.vertical)


def least_width(text: str) -> float:
    """Returns how narrow a text may be made, as a share of the height.

    A reader by CTC needs a time step for each character, and one more between equal neighbours.
    """
    return _LEAST_PITCH * (len(text) + sum(map(operator.eq, text, text[1:])))


def is_plain(style: LineStyle, scale: float) -> bool:
    """Says whether a bitmap is copied as it is, without any resampling."""
    return (
        abs(scale - 1.0) < 0.02
        and style.stretch == 1.0
        and not (style.rotation or style.shear or style.perspective_x or style.perspective_y)
        and not (style.curve or style.elastic)
    )


def _place_exactly(
    box: CharacterBox, em: Tuple[float, float, float], style: LineStyle, frame: Frame
) -> Optional[Placement]:
    """Puts the bitmap on whole pixels, without any resampling; None where it does not fit."""
    found = exact_place(box, em, style, frame)
    if found is None:
        return None
    along, across, length = found
    place = (across, along) if frame.vertical else (along, across)
    width, height = (frame.height, length) if frame.vertical else (length, frame.height)
    return Placement(
        _UNMOVED,
        width,
        height=height,
        scale=1.0,
        exact=place,
        wave=None,
        elastic=0.0,
        elastic_at=0.0,
        vertical=frame.vertical,
    )


def exact_place(
    box: CharacterBox, em: Tuple[float, float, float], style: LineStyle, frame: Frame
) -> Optional[Tuple[int, int, int]]:
    """Returns where a bitmap's corner goes in whole pixels, along the line and across it.

    The third number is the picture's length. None where the bitmap does not fit as it is.
    """
    side = frame.height
    across, along = (0, 1) if frame.vertical else (1, 0)
    thick = box[across + 2] - box[across]
    room = exact_room(math.ceil(box[along + 2] - box[along]), style, frame)
    above, below = math.ceil(style.margin_top * side), math.ceil(style.margin_bottom * side)
    if room is None or thick > side - above - below or style.before or style.after:
        return None
    top = exact_top(em, style, frame) + box[across]
    # Not round(): of halves it takes the even one, so that lines would not stand alike.
    corner = int(min(max(math.floor(top + 0.5), above), side - below - math.ceil(thick)))
    return room[0] - int(box[along]), corner - int(box[across]), room[1]


def exact_top(em: Tuple[float, float, float], style: LineStyle, frame: Frame) -> float:
    """Returns how far across the picture a bitmap starts whose ink does not reach an edge."""
    return (frame.height - em[2]) / 2.0 * (1.0 + style.shift) - em[0 if frame.vertical else 1]


def exact_room(extent: int, style: LineStyle, frame: Frame) -> Optional[Tuple[int, int]]:
    """Returns where ink of `extent` pixels starts along the picture, and the picture's length.

    None where there is not so much room.
    """
    before, behind = (
        round(style.margin_left * frame.height),
        round(style.margin_right * frame.height),
    )
    if frame.length is None:
        return before, max(8, before + extent + behind)
    before = min(before, frame.length // 10)
    free = frame.length - 2 * before - extent
    return (before + round(style.align * free), frame.length) if free >= 0 else None


def _placement(
    matrix: np.ndarray,
    size: Tuple[int, int],
    scale: float,
    style: LineStyle,
    extent: float,
    vertical: bool,
) -> Placement:
    wave = None
    if style.curve:
        period = max(style.curve_period * max(extent, 1.0), 2.0 * min(size))
        wave = Wave(style.curve * min(size), period, style.curve_at)
    elastic = style.elastic * style.size * min(size)
    return Placement(
        matrix,
        size[0],
        height=size[1],
        scale=scale,
        exact=None,
        wave=wave,
        elastic=elastic,
        elastic_at=style.elastic_at,
        vertical=vertical,
    )
