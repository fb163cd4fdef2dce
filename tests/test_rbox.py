"""EAST's maps against a slow per-pixel reading of the paper, and there and back again."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from shapely.geometry import Polygon

from ocrdata.geometry import quads as q
from ocrdata.geometry import raster, rbox
from ocrdata.metrics.detection import match_all
from ocrdata.metrics.detection_files import read_truth
from ocrdata.metrics.detection_lines import Boxes, Format
from ocrdata.metrics.detection_score import total_score

# -- the reference: one quad, one cell at a time, no NumPy --------------------------------------


def inside(polygon, x, y):
    hit = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1]):
        if (ay <= y) != (by <= y) and (x - ax) * abs(by - ay) >= (y - ay) * (bx - ax) * (
            1 if by > ay else -1
        ):
            hit = not hit
    return hit


def shrunk(quad, ratio=0.3):
    """Section 3.3.1: r is the shorter side at each corner; the longer two sides shrink first."""
    quad = list(quad)
    long = [abs(quad[i] - quad[(i + 1) % 4]) for i in range(4)]
    reach = [min(long[i], long[i - 1]) for i in range(4)]
    pairs = [(0, 2), (1, 3)] if long[0] + long[2] >= long[1] + long[3] else [(1, 3), (0, 2)]
    for pair in pairs:
        for i in pair:
            k = (i + 1) % 4
            way = (quad[k] - quad[i]) / abs(quad[k] - quad[i])
            quad[i], quad[k] = quad[i] + ratio * reach[i] * way, quad[k] - ratio * reach[k] * way
    return quad


def smallest_rectangle(quad):
    """Section 3.3.2: try the direction of every side and diagonal; the least turned of equals."""
    tried = []
    for i in range(4):
        for k in range(i):
            angle = math.atan2((quad[i] - quad[k]).imag, (quad[i] - quad[k]).real)
            while angle >= math.pi / 4:
                angle -= math.pi / 2
            while angle < -math.pi / 4:
                angle += math.pi / 2
            turned = [point * complex(math.cos(angle), -math.sin(angle)) for point in quad]
            xs, ys = [p.real for p in turned], [p.imag for p in turned]
            area = (max(xs) - min(xs)) * (max(ys) - min(ys))
            tried.append((area, angle, min(xs), max(xs), min(ys), max(ys)))
    least = min(tried)[0]
    equals = [each for each in tried if each[0] <= least * (1 + 1e-9)]
    return min(equals, key=lambda each: abs(each[1]))[1:]


def slow_maps(quads, ignore, size, min_size):
    h, w = size[0] // 4, size[1] // 4
    score, mask = np.zeros((h, w), np.uint8), np.ones((h, w), np.uint8)
    geometry = np.zeros((h, w, 5))
    for quad, skip in zip(quads, ignore):
        points = [complex(*point) for point in quad.tolist()]
        tiny = min(abs(points[i] - points[i - 1]) for i in range(4)) < min_size
        core = [(p.real, p.imag) for p in shrunk(points)]
        angle, left, right, top, bottom = smallest_rectangle(points)
        low, high = (quad.min(axis=0) // 4).astype(int) - 1, (quad.max(axis=0) // 4).astype(int) + 2
        found = False
        for i in range(max(low[1], 0), min(high[1], h)):
            for j in range(max(low[0], 0), min(high[0], w)):
                if not (skip or tiny) and inside(core, 4.0 * j, 4.0 * i):
                    at = complex(4 * j, 4 * i) * complex(math.cos(angle), -math.sin(angle))
                    distances = [at.imag - top, right - at.real, bottom - at.imag, at.real - left]
                    geometry[i, j] = [*distances, angle]
                    score[i, j] = 1
                    found = True
        if not found:
            outline = [tuple(point) for point in quad.tolist()]
            for i in range(max(low[1], 0), min(high[1], h)):
                for j in range(max(low[0], 0), min(high[0], w)):
                    if inside(outline, 4.0 * j, 4.0 * i):
                        mask[i, j] = 0
    return score, geometry, mask


# -- inputs --------------------------------------------------------------------------------------


def turned(shape, angle, centre):
    cosine, sine = np.cos(angle), np.sin(angle)
    return shape @ np.array([[cosine, sine], [-sine, cosine]]) + centre


def random_quads(rng, count, size):
    """Quads of 4 to 600 px in any orientation; a third rectangles, the others deformed, concave."""
    quads = []
    while len(quads) < count:
        side = np.exp(rng.uniform(np.log(4), np.log(600), 2)).clip(4, max(size))
        quad = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0
        quad += rng.choice([0.0, 0.15, 0.45]) * rng.uniform(-1, 1, (4, 2))
        quad = turned(quad * side, rng.uniform(-4, 4), rng.uniform(0, 1, 2) * size[::-1])
        quad = np.roll(quad[:: rng.choice([1, -1])], rng.randint(4), axis=0)
        if Polygon(quad).is_valid and Polygon(quad).area > 4:
            quads.append(quad)
    return np.array(quads)


def rectangle(width, height, angle, centre=(200.0, 200.0)):
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0 * [width, height]
    return turned(corners, angle, np.array(centre))[None]


def overlap(one, other):
    one, other = Polygon(one), Polygon(other)
    return one.intersection(other).area / one.union(other).area


# -- tests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(50))
def test_maps_equal_the_slow_reference(seed):
    rng = np.random.RandomState(seed)
    quads, ignore = random_quads(rng, 40, (512, 640)), rng.rand(40) < 0.3
    score, geometry, mask = slow_maps(quads, ignore, (512, 640), 10.0)
    maps = rbox.encode_rboxes(quads, ignore, (512, 640), min_text_size=10.0)
    np.testing.assert_array_equal(maps.score, score)
    np.testing.assert_array_equal(maps.mask, mask)
    np.testing.assert_allclose(maps.geometry, geometry, atol=1e-4)
    assert maps.texts + maps.vanished + maps.ignored + maps.tiny == 40
    assert maps.ignored == ignore.sum()


def test_the_rectangle_is_the_smallest_one():
    quads = random_quads(np.random.RandomState(1), 500, (512, 512))
    _, low, high = q.enclosing_rectangles(quads)
    expected = [np.prod(cv2.minAreaRect(quad.astype(np.float32))[1]) for quad in quads]
    np.testing.assert_allclose(np.prod(high - low, axis=1), expected, rtol=2e-3, atol=0.5)


@pytest.mark.parametrize("angle", np.arange(-3.2, 3.2, 0.2))
@pytest.mark.parametrize("box", [(16, 120), (300, 40), (30, 30)])
def test_rectangles_come_back(angle, box):
    quad = rectangle(box[0], box[1], angle)
    maps = rbox.encode_rboxes(quad, [False], (400, 400))
    found, scores = rbox.decode_rboxes(maps.score, maps.geometry)
    assert len(found) == maps.score.sum() > 0
    assert min(overlap(each, quad[0]) for each in found) >= 0.98
    assert (np.abs(maps.geometry[..., 4]) <= np.pi / 4 + 1e-6).all()


def test_quads_come_back_corner_by_corner():
    quads = random_quads(np.random.RandomState(2), 60, (512, 512))
    for quad in quads:
        maps = rbox.encode_rboxes(quad, [False], (512, 512), geometry="quad")
        found, _ = rbox.decode_rboxes(maps.score, maps.geometry)
        expected = np.repeat(q.clockwise_quads(quad[None]), len(found), axis=0)
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize("geometry", ["rbox", "quad"])
def test_icdar_2015_survives_encoding(shared, geometry):
    truth = read_truth(shared / "icdar2015_gt" / "gt.zip", Format())
    results = {}
    for key, boxes in truth.items():
        quads = np.array(boxes.polygons).reshape(-1, 4, 2)
        maps = rbox.encode_rboxes(quads, boxes.ignored, (720, 1280), geometry=geometry)
        results[key] = Boxes()
        for quad in rbox.detect_rboxes(maps.score, maps.geometry)[0]:
            results[key].add(np.rint(quad))
    score = total_score(match_all(truth, results), "icdar2015", 0, None, Format())
    assert score.hmean >= 0.9935, score


def test_more_than_255_texts():
    corner = np.stack(np.meshgrid(np.arange(20) * 60, np.arange(20) * 40), axis=-1)
    quads = corner.reshape(-1, 1, 2) + np.array([[4, 4], [52, 4], [52, 32], [4, 32]])
    maps = rbox.encode_rboxes(quads, np.zeros(400, bool), (800, 1200))
    assert maps.texts == 400
    found, _ = rbox.detect_rboxes(maps.score, maps.geometry)
    assert sorted(map(tuple, found[:, 0].round().tolist())) == sorted(
        map(tuple, quads[:, 0].astype(float).tolist())
    )


def test_odd_quads_are_counted_and_never_crash():
    nan, inf = float("nan"), float("inf")
    quads = [
        [[5, 5], [5, 5], [5, 5], [5, 5]],  # a point
        [[0, 0], [50, 50], [100, 100], [20, 20]],  # a line
        [[nan, 0], [50, 0], [50, 50], [0, 50]],
        [[0, 0], [inf, 0], [50, 50], [0, 50]],
        [[100, 100], [200, 100], [200, 180], [200, 180]],  # three corners: one side has no length
        [[300, 100], [400, 160], [400, 100], [300, 160]],  # crosses itself
        [[200, 300], [300, 300], [220, 320], [200, 400]],  # concave
        [[-9e5, 300], [9e5, 300], [9e5, 340], [-9e5, 340]],  # far larger than the picture
    ]
    maps = rbox.encode_rboxes(quads, [False] * 8, (480, 480), min_text_size=2.0)
    assert (maps.degenerate, maps.tiny, maps.texts) == (4, 1, 3)
    assert np.isfinite(maps.geometry).all()
    assert rbox.encode_rboxes([], [], (480, 480)).mask.all()


def test_a_crossed_quad_is_uncrossed():
    quad = np.array([[[100, 100], [200, 160], [200, 100], [100, 160]]])
    straight = np.array([[[100, 100], [200, 100], [200, 160], [100, 160]]])
    one, other = (rbox.encode_rboxes(each, [False], (300, 300)) for each in (quad, straight))
    np.testing.assert_array_equal(one.score, other.score)
    np.testing.assert_allclose(one.geometry, other.geometry, atol=1e-4)


def test_the_border_can_be_left_to_the_network():
    quads = np.concatenate([rectangle(200, 60, 0.3), rectangle(80, 40, 0.0, (320, 320))])
    plain = rbox.encode_rboxes(quads, [False, False], (400, 400))
    ring = rbox.encode_rboxes(quads, [False, False], (400, 400), ignore_border=True)
    whole = np.zeros((100, 100), np.uint8)
    whole.flat[raster.fill(quads, np.arange(2), (100, 100), 4)[0]] = 1
    assert plain.mask.all()
    np.testing.assert_array_equal(ring.mask, 1 - (whole & (1 - plain.score)))


def test_weak_and_thin_boxes_are_dropped():
    quads = np.concatenate([rectangle(120, 40, 0.1), rectangle(100, 40, 0.0, (320, 320))])
    maps = rbox.encode_rboxes(quads, [False, False], (400, 400))
    assert len(rbox.detect_rboxes(maps.score, maps.geometry)[0]) == 2
    assert len(rbox.detect_rboxes(maps.score, maps.geometry, min_side=41.0)[0]) == 0
    assert len(rbox.detect_rboxes(maps.score, maps.geometry, min_mean_score=0.9)[0]) == 0
    # Whatever their shape, the cores of boxes that are as they are learned hold text only.
    assert len(rbox.detect_rboxes(maps.score, maps.geometry, min_core_score=0.999)[0]) == 2
    faint = np.where(np.arange(maps.score.shape[1]) % 2, maps.score * 0.81, maps.score * 0.1)
    assert len(rbox.detect_rboxes(faint, maps.geometry, min_core_score=0.4)[0]) == 2
    assert len(rbox.detect_rboxes(faint, maps.geometry, min_core_score=0.6)[0]) == 0
    half, means = rbox.detect_rboxes(maps.score, maps.geometry, scale=(0.5, 0.5))
    assert half.max() < 200
    assert ((means > 0.1) & (means < 0.5)).all()


def test_texts_that_touch_share_no_cell():
    box = np.array([[0, 0], [8, 0], [8, 40], [0, 40.0]])
    paths = [box + [8 * k, 0] for k in range(9)]
    cells, owner = raster.fill(paths, np.arange(9), (10, 20), 4)
    assert len(cells) == len(set(cells)) == 9 * 2 * 10
    assert (np.bincount(owner) == 20).all()


def test_the_largest_owner_is_on_top():
    rng = np.random.RandomState(3)
    cells, owner = rng.randint(0, 50, 1000), rng.randint(0, 300, 1000)
    expected = [owner[cells == cell].max() if (cells == cell).any() else -1 for cell in range(50)]
    assert raster.topmost(cells, owner, (5, 10)).tolist() == expected
