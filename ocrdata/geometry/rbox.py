"""EAST's label maps and their inverse (Zhou et al. 2017, arXiv 1704.03155, sections 3.3, 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from ocrdata.geometry import nms, raster
from ocrdata.geometry import quads as q

# A quad whose smallest enclosing rectangle is thinner than this, in pixels, is no area.
_THINNEST = 1e-3


@dataclass(frozen=True)
class TextMaps:
    """The maps of one picture, and what became of its quads.

    `score` uint8 [h, w] is 1 in shrunk text; `geometry` float32 [h, w, 5 or 8] holds, there, the
    distances in pixels to the top, right, bottom and left side of the text's rectangle and its
    angle in radians (clockwise on the screen, in [-pi/4, pi/4)), or the vectors to four corners;
    `mask` uint8 [h, w] is 0 where the loss must not look. The counts add up to the quads given:
    `texts` are in the score map, `vanished` are too small to hold a cell of it, `ignored` were
    marked so, `tiny` have a side shorter than asked for, `degenerate` have no area.
    """

    score: np.ndarray
    geometry: np.ndarray
    mask: np.ndarray
    texts: int
    vanished: int
    ignored: int
    tiny: int
    degenerate: int


def encode_rboxes(
    quads: np.ndarray,
    ignore: np.ndarray,
    size: Tuple[int, int],
    *,
    geometry: str = "rbox",
    stride: int = 4,
    shrink: float = 0.3,
    min_text_size: float = 0.0,
    ignore_border: bool = False,
) -> TextMaps:
    """Makes the maps of one picture of `size` = (height, width) pixels.

    `quads` float [n, 4, 2] in pixels have any orientation; `ignore` bool [n]. Where shrunk texts
    overlap, the one listed last is seen. Quads ignored or tiny are masked whole, as are those that
    vanish. `ignore_border` also masks the ring between a text and its shrunk core.
    """
    quads = np.asarray(quads, np.float64).reshape(-1, 4, 2)
    shape = raster.map_shape(size, stride)
    quads, kind = sort_out(quads, np.asarray(ignore, bool).reshape(-1), min_text_size)
    core = np.flatnonzero(kind == "text")
    cells, owner = raster.fill(shrink_quads(quads[core], shrink), core, shape, stride)
    text = raster.topmost(cells, owner, shape)
    inside = np.flatnonzero(text >= 0)
    kind[core[~np.isin(core, owner)]] = "vanished"
    channels = _rectangle_channels if geometry == "rbox" else _corner_channels
    values = channels(quads, text[inside], inside, shape[1], stride)
    maps = np.zeros((len(text), values.shape[1]), np.float32)
    maps[inside] = values
    mask = _mask(quads, kind, text, shape, stride, ignore_border)
    count = {name: int((kind == name).sum()) for name in np.unique(kind)}
    return TextMaps(
        (text >= 0).astype(np.uint8).reshape(shape),
        maps.reshape(shape + (-1,)),
        mask.reshape(shape),
        texts=count.get("text", 0),
        vanished=count.get("vanished", 0),
        ignored=count.get("ignored", 0),
        tiny=count.get("tiny", 0),
        degenerate=count.get("degenerate", 0),
    )


def sort_out(
    quads: np.ndarray, ignore: np.ndarray, min_text_size: float
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the quads clockwise and uncrossed, and the kind of each (an array of words)."""
    broken = ~np.isfinite(quads).all(axis=(1, 2))
    quads = np.where(broken[:, None, None], 0.0, quads)
    twisted = q.crossed(quads)
    if twisted.any():
        quads[twisted] = q.uncross(quads[twisted])
    quads = q.clockwise_quads(quads)
    shortest = np.linalg.norm(q.sides(quads), axis=2).min(axis=1)
    _, low, high = q.enclosing_rectangles(quads)
    kind = np.full(len(quads), "text", dtype="<U10")
    kind[shortest < min_text_size] = "tiny"
    kind[ignore] = "ignored"
    kind[(high - low).min(axis=1) < _THINNEST] = "degenerate"
    return quads, kind


def shrink_quads(quads: np.ndarray, ratio: float) -> np.ndarray:
    """Returns the quads with each corner moved along its sides by `ratio` of its shorter side.

    Both ends of the two longer opposite sides move first, then those of the shorter two.
    """
    length = np.linalg.norm(q.sides(quads), axis=2)
    reach = ratio * np.minimum(length, np.roll(length, 1, axis=1))
    swap = length[:, 0] + length[:, 2] < length[:, 1] + length[:, 3]
    corners = np.where(swap[:, None, None], np.roll(quads, -1, axis=1), quads)
    reach = np.where(swap[:, None], np.roll(reach, -1, axis=1), reach)
    for first in (0, 1):
        corners = _move_ends(corners, reach, first)
    return np.where(swap[:, None, None], np.roll(corners, 1, axis=1), corners)


def _move_ends(corners: np.ndarray, reach: np.ndarray, first: int) -> np.ndarray:
    """Moves the ends of side `first` and of the one opposite towards each other."""
    result = corners.copy()
    for side in (first, first + 2):
        a, b = side, (side + 1) % 4
        along = corners[:, b] - corners[:, a]
        length = np.linalg.norm(along, axis=1, keepdims=True)
        unit = along / np.where(length > 0, length, 1.0)
        result[:, a] += unit * reach[:, a, None]
        result[:, b] -= unit * reach[:, b, None]
    return result


def _rectangle_channels(
    quads: np.ndarray, owner: np.ndarray, cells: np.ndarray, columns: int, stride: int
) -> np.ndarray:
    angle, low, high = (part[owner] for part in q.enclosing_rectangles(quads))
    point = np.stack([cells % columns, cells // columns], axis=1) * float(stride)
    at = q.turn_axes(point, angle)
    before, after = at - low, high - at
    return np.stack([before[:, 1], after[:, 0], after[:, 1], before[:, 0], angle], axis=1)


def _corner_channels(
    quads: np.ndarray, owner: np.ndarray, cells: np.ndarray, columns: int, stride: int
) -> np.ndarray:
    point = np.stack([cells % columns, cells // columns], axis=1) * float(stride)
    return (quads[owner] - point[:, None]).reshape(-1, 8)


def _mask(
    quads: np.ndarray,
    kind: np.ndarray,
    text: np.ndarray,
    shape: Tuple[int, int],
    stride: int,
    ignore_border: bool,
) -> np.ndarray:
    mask = np.ones(len(text), np.uint8)
    if ignore_border:
        ring, _ = raster.fill(
            quads[kind == "text"], np.arange((kind == "text").sum()), shape, stride
        )
        mask[ring[text[ring] < 0]] = 0
    unseen = quads[(kind != "text") & (kind != "degenerate")]
    hidden, _ = raster.fill(unseen, np.arange(len(unseen)), shape, stride)
    mask[hidden] = 0
    return mask


def decode_rboxes(
    score: np.ndarray, geometry: np.ndarray, threshold: float = 0.8, stride: int = 4
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the quad that each cell scoring above `threshold` stands for, in row order.

    `score` [h, w], `geometry` [h, w, 5] or [h, w, 8] as in `TextMaps`. Quads float32 [k, 4, 2] in
    pixels, clockwise, and their scores [k].
    """
    rows, columns = np.nonzero(score > threshold)
    point = np.stack([columns, rows], axis=1) * float(stride)
    values = geometry[rows, columns].astype(np.float64)
    if geometry.shape[-1] == 8:
        quads = point[:, None] + values.reshape(-1, 4, 2)
    else:
        quads = point[:, None] + _corners(values)
    return quads.astype(np.float32), score[rows, columns]


def _corners(values: np.ndarray) -> np.ndarray:
    """Returns the vectors from cells to the corners of rectangles [k, 5], from the top left on."""
    top, right, bottom, left, angle = values.T
    x = np.stack([-left, right, right, -left], axis=1)
    y = np.stack([-top, -top, bottom, bottom], axis=1)
    # Turning the axes back is turning them by the opposite angle.
    return q.turn_axes(np.stack([x, y], axis=2), -angle[:, None])


def detect_rboxes(
    score: np.ndarray,
    geometry: np.ndarray,
    *,
    threshold: float = 0.8,
    nms_threshold: float = 0.2,
    min_mean_score: float = 0.1,
    min_core_score: float = 0.0,
    shrink: float = 0.3,
    min_side: float = 5.0,
    stride: int = 4,
    scale: Optional[Tuple[float, float]] = None,
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the texts in one picture's maps: quads float32 [k, 4, 2] and mean scores [k].

    After locality-aware suppression, boxes whose mean score is below `min_mean_score` or one of
    whose sides is shorter than `min_side` pixels are dropped. `scale` = (x, y) multiplies the
    coordinates before that, for pictures that were resized. So are boxes in whose core, the box
    shrunk by `shrink` as it is learned, the mean score is below `min_core_score`: unlike that of
    the whole box it does not depend on the box's shape, and is 1 where all is as it was learned.
    """
    quads, scores = decode_rboxes(score, geometry, threshold, stride)
    quads, _ = nms.locality_aware_nms(quads, scores, nms_threshold)
    means = mean_scores(score, quads, stride)
    cores = mean_scores(score, shrink_quads(quads, shrink), stride)
    quads = quads * np.asarray(scale or (1.0, 1.0), np.float32)
    shortest = np.linalg.norm(q.sides(quads), axis=2).min(axis=1)
    keep = (means >= min_mean_score) & (cores >= min_core_score) & (shortest >= min_side)
    return quads[keep], means[keep]


def mean_scores(score: np.ndarray, quads: np.ndarray, stride: int = 4) -> np.ndarray:
    """Returns the mean of the score map in each quad, float64 [n]; 0 where it holds no cell."""
    cells, owner = raster.fill(quads, np.arange(len(quads)), score.shape, stride)
    total = np.bincount(owner, score.reshape(-1)[cells], minlength=len(quads))
    return total / np.maximum(np.bincount(owner, minlength=len(quads)), 1)
