"""Boards behind texts: signs, labels and plates, with margins, borders and rounded corners."""

from __future__ import annotations

import math
import random
from typing import NamedTuple, Tuple

import cv2
import numpy as np

from ocrdata.render.effects.colors import Color, tinted
from ocrdata.render.effects.quads import covered_box
from ocrdata.render.style.line_style import LineStyle

_CORNER = np.linspace(0.0, math.pi / 2, 9)


class Board(NamedTuple):
    """A board: color, margins around the ink along and across it, in pixels, and its looks.

    `round` is the radius of its corners as a share of the shorter side, `border` the thickness of
    its border in pixels (0 is none) and `inset` how far inside that lies; `slope` is by how many
    levels its light changes from one end to the other.
    """

    color: Color
    margin: Tuple[float, float]
    round: float
    border: float
    inset: float
    border_color: Color
    slope: float
    opacity: float


def draw_board(style: LineStyle, em: float, rng: random.Random) -> Board:
    """Draws how a board for text of `em` pixels looks, in the colors of the text's style."""
    wide = rng.random() < 0.6
    high = (0.25, 1.6) if wide else (0.15, 0.4)
    margin = em * rng.uniform(0.25, 2.5 if wide else 0.6), em * rng.uniform(*high)
    border = em * rng.uniform(0.03, 0.15) if rng.random() < 0.4 else 0.0
    mark = style.ink if rng.random() < 0.5 else rng.uniform(0, 255)
    return Board(
        color=tinted(style.paper, style.paper_hue, style.paper_tint),
        margin=margin,
        round=rng.uniform(0.05, 0.5) if rng.random() < 0.35 else 0.0,
        border=border,
        inset=min(margin) * rng.uniform(0.0, 0.5),
        border_color=tinted(mark, style.ink_hue, style.ink_tint),
        slope=rng.uniform(-60, 60) if rng.random() < 0.5 else 0.0,
        opacity=0.92 if rng.random() < 0.5 else 1.0,
    )


def paint_board(image: np.ndarray, outer: np.ndarray, board: Board) -> None:
    """Paints a board over a quad, float [4, 2], of a picture (uint8 BGR [h, w, 3], in place)."""
    x0, y0, x1, y1 = covered_box(outer, image.shape, 2)
    if min(x1 - x0, y1 - y0) < 2:
        return
    part, moved = image[y0:y1, x0:x1], outer - (x0, y0)
    outline = np.rint(outline_of(moved, board.round) * 16).astype(np.int32)
    if not board.slope and board.opacity == 1.0:
        cv2.fillPoly(part, [outline], board.color, cv2.LINE_AA, 4)
    else:
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [outline], 255, cv2.LINE_AA, 4)
        share = cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR)
        ours = cv2.multiply(_look(part, board), share, scale=1 / 255.0)
        cv2.add(ours, cv2.multiply(part, cv2.bitwise_not(share), scale=1 / 255.0), part)
    if board.border:
        inner = outline_of(_inner(moved, board.inset + board.border / 2), board.round)
        points = [np.rint(inner * 16).astype(np.int32)]
        thick = max(1, int(round(board.border)))
        cv2.polylines(part, points, True, board.border_color, thick, cv2.LINE_AA, 4)


def _look(under: np.ndarray, board: Board) -> np.ndarray:
    """Returns what a board looks like with what is under it, uint8 BGR [h, w, 3]."""
    width = under.shape[1]
    ramp = np.linspace(-board.slope / 2, board.slope / 2, width)[:, None]
    row = np.clip(np.rint(board.color) + ramp, 0, 255).astype(np.uint8)
    look = cv2.repeat(row[None], under.shape[0], 1)
    if board.opacity == 1.0:
        return look
    return cv2.addWeighted(look, board.opacity, under, 1.0 - board.opacity, 0.0, dst=look)


def _inner(quad: np.ndarray, inset: float) -> np.ndarray:
    """Moves the corners of a quad towards each other along its sides."""
    moved = quad.astype(np.float64).copy()
    for corner in range(4):
        for other in (corner - 1, (corner + 1) % 4):
            side = quad[other] - quad[corner]
            moved[corner] += side / max(float(np.hypot(*side)), 1e-6) * inset
    return moved


def outline_of(quad: np.ndarray, radius: float) -> np.ndarray:
    """Returns a quad's outline, float64 [n, 2], its corners rounded by a share of its side."""
    if not radius:
        return np.asarray(quad, np.float64)
    wide = max(float(np.hypot(*(quad[1] - quad[0]))), 1.0)
    high = max(float(np.hypot(*(quad[3] - quad[0]))), 1.0)
    x, y = radius * min(wide, high) / wide, radius * min(wide, high) / high
    arc = np.stack([1.0 - np.cos(_CORNER), 1.0 - np.sin(_CORNER)], axis=1) * (x, y)
    flip = np.array([1.0, 0.0])
    second = np.abs(flip - arc[::-1])
    places = np.concatenate([arc, second, 1.0 - arc, 1.0 - second])
    s, t = places[:, :1], places[:, 1:]
    top, foot = quad[0] + s * (quad[1] - quad[0]), quad[3] + s * (quad[2] - quad[3])
    outline: np.ndarray = top + t * (foot - top)
    return outline
