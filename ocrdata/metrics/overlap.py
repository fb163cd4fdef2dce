"""Areas that boxes of the same picture share, for many pictures at once."""

from __future__ import annotations

from typing import List, Sequence, Tuple

import numpy as np
import shapely

Polygons = Sequence[np.ndarray]


def shared_areas(
    first: Sequence[Polygons], second: Sequence[Polygons]
) -> Tuple[List[np.ndarray], List[np.ndarray], List[np.ndarray]]:
    """Returns, a picture each: areas of the first, of the second, and of their intersections.

    `first` and `second` hold one sequence of polygons (float [k, 2]) a picture; the results are
    float64 [n], [m] and [n, m] in square pixels. A polygon that crosses itself covers what lies
    inside an odd number of its loops.
    """
    one, two = _build(first), _build(second)
    counts = [(len(a), len(b)) for a, b in zip(first, second)]
    rows, columns = _close_pairs(counts, shapely.bounds(one), shapely.bounds(two))
    shared = shapely.area(shapely.intersection(one[rows], two[columns]))
    return _cut(counts, shapely.area(one), shapely.area(two), rows, columns, shared)


def _build(pictures: Sequence[Polygons]) -> np.ndarray:
    polygons = [polygon for image in pictures for polygon in image]
    if not polygons:
        return np.empty(0, dtype=object)
    owners = np.repeat(np.arange(len(polygons)), [len(polygon) for polygon in polygons])
    rings = shapely.linearrings(np.concatenate(polygons).astype(np.float64), indices=owners)
    built = shapely.polygons(rings)
    invalid = ~shapely.is_valid(built)
    built[invalid] = shapely.make_valid(built[invalid])
    return built


def _close_pairs(
    counts: Sequence[Tuple[int, int]], one: np.ndarray, two: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns the numbers of boxes of the same picture whose upright bounds overlap."""
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    row = column = 0
    for n, m in counts:
        a, b = one[row : row + n, None], two[None, column : column + m]
        low = np.maximum(a[..., :2], b[..., :2])
        near_row, near_column = np.nonzero((np.minimum(a[..., 2:], b[..., 2:]) > low).all(axis=-1))
        rows.append(near_row + row)
        columns.append(near_column + column)
        row, column = row + n, column + m
    return np.concatenate(rows), np.concatenate(columns)


def _cut(
    counts: Sequence[Tuple[int, int]],
    one: np.ndarray,
    two: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    shared: np.ndarray,
) -> Tuple[List[np.ndarray], List[np.ndarray], List[np.ndarray]]:
    row_ends = np.cumsum([0] + [n for n, _ in counts])
    column_ends = np.cumsum([0] + [m for _, m in counts])
    # Pairs come picture by picture, so that each picture's are a slice.
    pair_ends = np.searchsorted(rows, row_ends)
    tables = []
    for place, (n, m) in enumerate(counts):
        pairs = slice(pair_ends[place], pair_ends[place + 1])
        table = np.zeros((n, m))
        table[rows[pairs] - row_ends[place], columns[pairs] - column_ends[place]] = shared[pairs]
        tables.append(table)
    return np.split(one, row_ends[1:-1]), np.split(two, column_ends[1:-1]), tables
