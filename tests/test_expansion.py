"""Progressive scale expansion against the published algorithm with a plain Python queue."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
import pytest

from ocrdata.geometry import expansion

NEXT = ((-1, 0), (0, -1), (0, 1), (1, 0))


def flood(kernel):
    """Pieces of the smallest kernel, 4-connected, in the order of their first cell."""
    pieces, seen = [], set()
    for start in zip(*map(list, np.nonzero(kernel))):
        if start in seen:
            continue
        piece, queue = [], deque([start])
        seen.add(start)
        while queue:
            i, j = queue.popleft()
            piece.append((i, j))
            for di, dj in NEXT:
                cell = (i + di, j + dj)
                inside = 0 <= cell[0] < kernel.shape[0] and 0 <= cell[1] < kernel.shape[1]
                if inside and kernel[cell] and cell not in seen:
                    seen.add(cell)
                    queue.append(cell)
        pieces.append(sorted(piece))
    return pieces


def slow_expand(maps, min_area=0):
    """Algorithm 1: the queue is filled kernel by kernel, then first come, first served."""
    pieces = [piece for piece in flood(maps[..., 0]) if len(piece) >= min_area]
    for level in range(1, maps.shape[2]):
        label = {cell: k for k, piece in enumerate(pieces) for cell in piece}
        queue = deque((cell, k) for k, piece in enumerate(pieces) for cell in piece)
        while queue:
            (i, j), k = queue.popleft()
            for di, dj in NEXT:
                cell = (i + di, j + dj)
                inside = 0 <= cell[0] < maps.shape[0] and 0 <= cell[1] < maps.shape[1]
                if inside and cell not in label and maps[cell + (level,)]:
                    label[cell] = k
                    queue.append((cell, k))
                    pieces[k].append(cell)
    result = np.zeros(maps.shape[:2], np.int32)
    for k, piece in enumerate(pieces):
        for cell in piece:
            result[cell] = k + 1
    return result


def stack(rng):
    """Blobs, thin noise or a mixture, nested or not, of any size."""
    shape, count = tuple(rng.randint(1, 40, 2)), rng.randint(1, 8)
    field = rng.rand(*shape)
    blur = rng.choice([0.0, 0.8, 2.0])
    if blur:
        field = cv2.GaussianBlur(field, (0, 0), blur)
    field = np.argsort(np.argsort(field, axis=None)).reshape(shape) / field.size
    share = rng.uniform(0.05, 0.9)
    fields = [field + rng.choice([0.0, 0.1]) * rng.rand(*shape) for _ in range(count)]
    return np.stack([fields[k] < share * (k + 1) / count for k in range(count)], axis=-1)


@pytest.mark.parametrize("seed", range(50))
def test_equals_the_published_algorithm_cell_by_cell(seed):
    rng = np.random.RandomState(seed)
    for _ in range(10):
        maps, least = stack(rng), int(rng.choice([0, 0, 3]))
        np.testing.assert_array_equal(expansion.expand(maps, least), slow_expand(maps, least))


def test_of_two_that_arrive_together_the_first_number_stays():
    kernel = np.array([[0, 0, 0, 0, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0]])
    maps = np.stack([kernel, np.ones_like(kernel)], axis=-1)
    expected = [[1, 1, 1, 2, 2]] * 3
    assert expansion.expand(maps).tolist() == expected
    assert expansion.expand(maps[:, ::-1]).tolist() == expected


def test_growth_keeps_to_its_map_and_goes_round_corners():
    maze = np.zeros((7, 7), int)
    maze[0, :] = maze[:, 6] = maze[6, :] = maze[2:, 0] = maze[2, :5] = 1
    seed = np.zeros_like(maze)
    seed[0, 0] = 1
    labels = expansion.expand(np.stack([seed, maze], axis=-1))
    np.testing.assert_array_equal(labels, maze)
    maze[6, 3] = 0
    assert expansion.expand(np.stack([seed, maze], axis=-1)).sum() == 7 + 6 + 2


def test_corners_do_not_connect():
    maps = np.eye(4, dtype=bool)[..., None]
    assert expansion.expand(maps).max() == 4


def two_texts():
    maps = np.zeros((100, 100, 3), np.float32)
    for k, shrunk in enumerate((4, 2, 0)):
        maps[20 + shrunk : 40 - shrunk, 10 + shrunk : 70 - shrunk, k] = 0.95
        maps[60 + shrunk : 80 - shrunk, 10 + shrunk : 30 - shrunk, k] = 0.99
    return maps


def test_rectangles_reach_half_a_stride_beyond_their_cells():
    outlines, scores = expansion.detect_kernels(two_texts())
    assert len(outlines) == 2
    assert outlines[0].min(axis=0).tolist() == [38, 78]
    assert outlines[0].max(axis=0).tolist() == [278, 158]
    np.testing.assert_allclose(scores, [0.95, 0.99], rtol=1e-5)


def test_polygons_have_few_corners_and_the_same_area():
    outlines, _ = expansion.detect_kernels(two_texts(), polygons=True)
    assert [len(outline) for outline in outlines] == [4, 4]
    area = cv2.contourArea(outlines[0].astype(np.float32))
    assert abs(area - 240 * 80) < 400


@pytest.mark.parametrize("degrees", range(0, 90, 10))
def test_slanting_sides_have_no_steps(degrees):
    side = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    y, x = np.mgrid[0:64, 0:64] * 4.0 - 126.0
    along, across = x * side[0] + y * side[1], y * side[0] - x * side[1]
    # As a network has it: one half at the sides, and 4 pixels from 0.9 to 0.1.
    inside = np.minimum(100 - abs(along), 20 - abs(across))
    score = (1 / (1 + np.exp(-np.clip(inside, -20, 20) * 1.1))).astype(np.float32)
    (outline,), _ = expansion.detect_kernels(score[..., None], threshold=0.5, polygons=True)
    assert len(outline) <= 14
    assert abs(cv2.contourArea(outline) / (200 * 40) - 1) < 0.04
    for direction, limit in ((side, 100), (side[::-1] * [-1, 1], 20)):
        assert abs(np.abs((outline - 126) @ direction).max() - limit) < 2.5


def test_outlines_of_neighbours_meet_between_them():
    maps = np.ones((20, 30, 2), np.float32)
    maps[:2] = maps[-2:] = maps[:, :2] = maps[:, -2:] = 0.0
    maps[:, 13:17, 0] = 0.0
    outlines, _ = expansion.detect_kernels(maps, polygons=True)
    ends = sorted((outline[:, 0].min(), outline[:, 0].max()) for outline in outlines)
    assert ends == [(6.0, 58.0), (58.0, 110.0)]


@pytest.mark.parametrize(
    ("option", "left"),
    [
        ({"min_score": 0.97}, 1),
        ({"min_area": 10000.0}, 1),
        ({"min_side": 81.0}, 0),
        ({"min_side": 41.0, "scale": (0.5, 0.5)}, 0),
        ({"min_kernel_area": 200}, 1),
        ({"threshold": 0.96}, 1),
        ({"threshold": 0.995}, 0),
    ],
)
def test_filters(option, left):
    outlines, scores = expansion.detect_kernels(two_texts(), **option)
    assert len(outlines) == len(scores) == left


def test_scaling_moves_the_outlines_only():
    plain, scores = expansion.detect_kernels(two_texts())
    scaled, same = expansion.detect_kernels(two_texts(), scale=(0.5, 2.0))
    np.testing.assert_allclose(scaled, np.array(plain) * [0.5, 2.0])
    np.testing.assert_array_equal(scores, same)
