"""PSENet's kernel maps (Wang et al. 2019, arXiv 1806.02559, section 3.4).

A text's polygon is shrunk to each of several ratios r by moving its outline inwards by
d = area * (1 - r^2) / perimeter, with pyclipper, and each ratio has its own map.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import List, Sequence, Tuple, Union

import cv2
import numpy as np
import pyclipper

from ocrdata.geometry import raster

_Outline = List[List[float]]
# pyclipper works on whole numbers: this many to a pixel.
UNITS = 1024
# Coordinates beyond this, in pixels, are damage, not text; they would overflow those numbers.
FARTHEST = 1e9
# A polygon of less, in square pixels, has no area.
_THINNEST = 1e-3


@dataclass(frozen=True)
class KernelScheme:
    """Which ratios have a map, smallest first, and what happens to a text too small for one.

    `vanished` is "mask" (the loss does not look at the text), "whole" (the text is put into that
    map unshrunk) or "next" (it is put there as large as in the next map that holds it in one
    piece). Only "next" sees to kernels that are thinner than a cell and fall apart, of which each
    piece would become a text: r = 0.4 leaves 0.16 of a long line's height, so at stride 4 a line
    of 25 pixels is in danger.
    """

    ratios: Tuple[float, ...]
    vanished: str


def paper_scheme(count: int = 7, smallest: float = 0.4, vanished: str = "next") -> KernelScheme:
    """Returns the paper's ratios: `count` of them, evenly from `smallest` (its m) to 1."""
    return KernelScheme(tuple(np.linspace(smallest, 1.0, count).tolist()), vanished)


PAPER = paper_scheme()
ORIGINAL = KernelScheme((0.5, 0.6, 0.7, 0.8, 0.9, 1.0), "mask")


@dataclass(frozen=True)
class KernelMaps:
    """The maps of one picture, and what became of its polygons.

    `kernels` uint8 [h, w, n] is 1 in text shrunk to each ratio, smallest first; `mask` uint8 [h, w]
    is 0 where the loss must not look. The counts add up to the polygons given: `texts` are in every
    map, `vanished` are too small to hold a cell of at least one, `ignored` were marked so or are
    too thin, `degenerate` have no area.
    """

    kernels: np.ndarray
    mask: np.ndarray
    texts: int
    vanished: int
    ignored: int
    degenerate: int


def encode_kernels(
    polygons: Sequence[np.ndarray],
    ignore: Union[Sequence[bool], np.ndarray],
    size: Tuple[int, int],
    scheme: KernelScheme = PAPER,
    stride: int = 4,
    min_thickness: float = 0.0,
) -> KernelMaps:
    """Makes the maps of one picture of `size` = (height, width) pixels.

    `polygons` are float [points, 2] in pixels with any number of points, in either direction;
    `ignore` says which texts to mask, as are those thinner than `min_thickness`.
    """
    shape = raster.map_shape(size, stride)
    sound = _with_area(polygons)
    thick = thickness([polygons[k] for k in sound]) >= min_thickness
    masked = [bool(ignore[k]) or not enough for k, enough in zip(sound, thick)]
    texts = [polygons[k] for k, out in zip(sound, masked) if not out]
    hidden = [polygons[k] for k, out in zip(sound, masked) if out]
    kernels, lost = _draw(texts, scheme, shape, stride)
    covered = hidden + [texts[k] for k in lost] if scheme.vanished == "mask" else hidden
    mask = np.ones(shape[0] * shape[1], np.uint8)
    mask[raster.fill(covered, np.arange(len(covered)), shape, stride)[0]] = 0
    return KernelMaps(
        np.ascontiguousarray(kernels.T).reshape(shape + (-1,)),
        mask.reshape(shape),
        texts=len(texts) - len(lost),
        vanished=len(lost),
        ignored=len(hidden),
        degenerate=len(polygons) - len(sound),
    )


def _draw(
    texts: Sequence[np.ndarray], scheme: KernelScheme, shape: Tuple[int, int], stride: int
) -> Tuple[np.ndarray, List[int]]:
    """Returns the maps, uint8 [n, h * w], and which texts have no cell in at least one."""
    levels, count = len(scheme.ratios), len(texts)
    kernels = np.zeros((levels, shape[0] * shape[1]), np.uint8)
    if not count:
        return kernels, []
    cells, owner = _fill_levels(texts, scheme.ratios, shape, stride)
    # The cells of owner k are those from limits[k] to limits[k + 1].
    limits = np.searchsorted(owner, np.arange(levels * count + 1))
    for level, kernel in enumerate(kernels):
        kernel[cells[limits[level * count] : limits[(level + 1) * count]]] = 1
    sound = held = limits[1:] > limits[:-1]
    if scheme.vanished == "next":
        sound = _in_one_piece(kernels.reshape((levels,) + shape), cells, limits)
    source = _sources(sound.reshape(levels, count), scheme.vanished)
    for place in np.flatnonzero(source != np.arange(levels * count)):
        other = source[place]
        kernels[place // count, cells[limits[other] : limits[other + 1]]] = 1
    return kernels, np.flatnonzero(~held.reshape(levels, count).all(axis=0)).tolist()


def _in_one_piece(kernels: np.ndarray, cells: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Says whose cells are 4-connected in their map of [n, h, w], bool [n * texts]."""
    number = np.zeros(len(cells), np.int32)
    texts = (len(limits) - 1) // len(kernels)
    for level, kernel in enumerate(kernels):
        part = slice(limits[level * texts], limits[(level + 1) * texts])
        _, labels = cv2.connectedComponents(kernel, connectivity=4)
        number[part] = labels.reshape(-1)[cells[part]]
    result = limits[1:] > limits[:-1]
    begin = limits[:-1][result]
    result[result] = np.minimum.reduceat(number, begin) == np.maximum.reduceat(number, begin)
    return result


def _sources(sound: np.ndarray, vanished: str) -> np.ndarray:
    """Returns which level * texts + text is drawn for each one, from `sound` bool [n, texts]."""
    levels, texts = sound.shape
    level = np.repeat(np.arange(levels)[:, None], texts, axis=1)
    if vanished == "whole":
        level = np.where(sound, level, levels - 1)
    elif vanished == "next":
        # The first sound level at or above each one, or the last one where there is none.
        usable = np.where(sound, level, levels - 1)[::-1]
        level = np.minimum.accumulate(usable, axis=0)[::-1]
    return (level * texts + np.arange(texts)).reshape(-1)


def _with_area(polygons: Sequence[np.ndarray]) -> List[int]:
    able = [k for k, polygon in enumerate(polygons) if len(polygon) > 2]
    sound = [k for k in able if np.abs(polygons[k]).max() < FARTHEST]
    area, _ = _measure([polygons[k] for k in sound])
    return [k for k, size in zip(sound, area) if size > _THINNEST]


def _measure(polygons: Sequence[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    """Returns areas and perimeters in pixels, float64 [len(polygons)]."""
    count = len(polygons)
    if not count:
        return np.zeros(0), np.zeros(0)
    start, end, whose = raster.sides_of(*raster.join(polygons), np.arange(count))
    origin = np.array([polygon[0] for polygon in polygons], np.float64)[whose]
    length = np.hypot(*(end - start).T)
    start, end = start - origin, end - origin
    twice = start[:, 0] * end[:, 1] - start[:, 1] * end[:, 0]
    return np.abs(np.bincount(whose, twice)) / 2.0, np.bincount(whose, length)


def thickness(polygons: Sequence[np.ndarray]) -> np.ndarray:
    """Returns how thick polygons are, float64 [len(polygons)], in pixels.

    It is the shorter side of the rectangle that has a polygon's area and perimeter, whether the
    polygon is straight or curved; of anything rounder than a square, that of its square.
    """
    area, perimeter = _measure(polygons)
    quarter = perimeter / 4.0
    return quarter - np.sqrt(np.maximum(quarter * quarter - area, 0.0))


def _fill_levels(
    polygons: Sequence[np.ndarray], ratios: Sequence[float], shape: Tuple[int, int], stride: int
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns cells and their owners, level * len(polygons) + polygon."""
    area, perimeter = _measure(polygons)
    distances = (area / perimeter)[:, None] * (1.0 - np.square(ratios)) * UNITS
    # One list of numbers: arrays of the pieces take longer than the pieces themselves, and so do
    # lists of their points that are kept, for Python's garbage collector goes through them.
    numbers: List[float] = []
    pieces, points = [], []
    for polygon, row in zip(polygons, distances.tolist()):
        levels = _shrink(polygon, row)
        pieces += [len(found) for found in levels]
        points += [len(outline) for found in levels for outline in found]
        numbers += chain.from_iterable(chain.from_iterable(chain.from_iterable(levels)))
    owner = np.arange(len(ratios) * len(polygons)).reshape(len(ratios), -1).T.reshape(-1)
    corners = np.array(numbers, np.float64).reshape(-1, 2)
    owner = np.repeat(owner, pieces)
    return raster.fill_joined(corners, np.array(points), owner, shape, stride * UNITS)


def _shrink(polygon: np.ndarray, distances: Sequence[float]) -> List[List[_Outline]]:
    """Returns, for each distance, the pieces left of a polygon whose sides move inwards.

    Distances and pieces are in pyclipper's units. Nothing is left of what is too thin; a narrow
    waist leaves two.
    """
    points = np.asarray(polygon, np.float64) * UNITS
    offset = pyclipper.PyclipperOffset(2.0, 0.25 * UNITS)
    path = np.rint(points).astype(np.int64).tolist()
    offset.AddPath(path, pyclipper.JT_ROUND, pyclipper.ET_CLOSEDPOLYGON)
    return [[points.tolist()] if far <= 0.0 else offset.Execute(-far) for far in distances]
