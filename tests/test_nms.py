"""Suppression of quads against the published algorithm, one pair and one box at a time."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon

from ocrdata.geometry import nms, rbox
from ocrdata.geometry import quads as q


def overlap(one, other):
    one, other = Polygon(one).convex_hull, Polygon(other).convex_hull
    union = one.union(other).area
    return one.intersection(other).area / union if union else 0.0


def slow_standard(boxes, scores, threshold):
    kept = []
    for place in sorted(range(len(boxes)), key=lambda k: (-scores[k], k)):
        if all(overlap(boxes[place], boxes[other]) <= threshold for other in kept):
            kept.append(place)
    return kept


def slow_locality_aware(boxes, scores, threshold):
    """Algorithm 1 of the paper; corners are matched before they are averaged."""
    merged, sums = [], []
    for box, score in zip(np.asarray(boxes, float), scores):
        if Polygon(box).exterior.is_ccw is False:  # y points down: this is anticlockwise on screen
            box = box[[0, 3, 2, 1]]
        if merged and overlap(box, merged[-1]) > threshold:
            turns = [np.roll(box, -turn, axis=0) for turn in range(4)]
            near = min(turns, key=lambda turn: ((turn - merged[-1]) ** 2).sum())
            merged[-1] = (score * near + sums[-1] * merged[-1]) / (score + sums[-1])
            sums[-1] += score
        else:
            merged.append(box)
            sums.append(score)
    kept = slow_standard(merged, sums, threshold)
    return [merged[k] for k in kept], [sums[k] for k in kept]


def texts(rng, count, size=400):
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0
    quads = []
    for _ in range(count):
        angle, side = rng.uniform(-0.8, 0.8), rng.uniform((40, 16), (140, 40))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        quads.append(corners * side @ turn + rng.uniform(40, size - 40, 2))
    return np.array(quads)


def predictions(rng, noise):
    """What a network might give for a few texts, in row order, and scores."""
    maps = rbox.encode_rboxes(texts(rng, 6), np.zeros(6, bool), (400, 400))
    geometry = maps.geometry + np.float32(noise) * rng.randn(*maps.geometry.shape)
    geometry[..., 4] = maps.geometry[..., 4] + 0.02 * noise * rng.randn(*maps.score.shape)
    boxes, _ = rbox.decode_rboxes(maps.score, geometry)
    return boxes.astype(float), rng.uniform(0.5, 1.0, len(boxes))


def any_corner(rng, boxes):
    turn = (np.arange(4) + rng.randint(0, 4, (len(boxes), 1))) % 4
    boxes = boxes[np.arange(len(boxes))[:, None], turn]
    flip = rng.rand(len(boxes)) < 0.5
    return np.where(flip[:, None, None], boxes[:, ::-1], boxes)


def check(boxes, scores, threshold=0.2):
    expected, sums = slow_locality_aware(boxes, scores, threshold)
    found, weights = nms.locality_aware_nms(boxes, scores, threshold)
    assert len(found) == len(expected)
    np.testing.assert_allclose(weights, sums, rtol=1e-9)
    np.testing.assert_allclose(found, np.array(expected).reshape(-1, 4, 2), atol=1e-3)


@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0, 12.0])
@pytest.mark.parametrize("order", ["rows", "corners", "shuffled", "both"])
@pytest.mark.parametrize("seed", range(2))
def test_equals_the_published_algorithm(noise, order, seed):
    rng = np.random.RandomState(seed)
    boxes, scores = predictions(rng, noise)
    if order in ("corners", "both"):
        boxes = any_corner(rng, boxes)
    if order in ("shuffled", "both"):
        boxes = boxes[rng.permutation(len(boxes))]
    check(boxes, scores, threshold=rng.choice([0.2, 0.5]))


def test_a_sliding_chain_breaks_where_the_algorithm_breaks_it():
    step = np.arange(300)[:, None, None] * np.array([1.3, 0.2])
    boxes = step + np.array([[0, 0], [40, 0], [40, 20], [0, 20.0]])
    check(boxes, np.random.RandomState(4).uniform(0.5, 1, 300), threshold=0.5)


def test_another_corner_changes_nothing_but_the_corner():
    rng = np.random.RandomState(5)
    boxes, scores = predictions(rng, 2.0)
    plain, weights = nms.locality_aware_nms(boxes, scores)
    other, same = nms.locality_aware_nms(any_corner(rng, boxes), scores)
    np.testing.assert_allclose(same, weights)
    for one, two in zip(plain, other):
        assert overlap(one, two) > 0.9999


@pytest.mark.parametrize("seed", range(5))
def test_standard_suppression_is_greedy(seed):
    rng = np.random.RandomState(seed)
    boxes = texts(rng, 200, size=600)
    scores = rng.randint(1, 30, 200) / 30.0  # many are equal
    assert nms.standard_nms(boxes, scores, 0.2).tolist() == slow_standard(boxes, scores, 0.2)


def test_nothing_comes_from_nothing():
    found, weights = nms.locality_aware_nms(np.zeros((0, 4, 2)), np.zeros(0))
    assert found.shape == (0, 4, 2)
    assert weights.shape == (0,)


def test_areas_shared_by_any_two_quads():
    rng = np.random.RandomState(6)
    one, other = rng.uniform(0, 100, (2, 3000, 4, 2))
    found = q.intersections(q.convex(one), q.convex(other))
    hulls = [[Polygon(quad).convex_hull for quad in quads] for quads in (one, other)]
    expected = [a.intersection(b).area for a, b in zip(*hulls)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_areas_shared_by_quads_with_common_sides_and_corners():
    rng = np.random.RandomState(7)
    grid = rng.randint(0, 5, (2, 6000, 4, 2)).astype(float)
    one, other = (q.convex(quads) for quads in grid)
    expected = [
        Polygon(a).convex_hull.intersection(Polygon(b).convex_hull).area for a, b in zip(one, other)
    ]
    np.testing.assert_allclose(q.intersections(one, other), expected, atol=1e-5)


def test_areas_shared_with_itself_after_rounding():
    boxes = texts(np.random.RandomState(8), 2000)
    for shift in (0.0, 1e-13, 1e-9, 1e-7, 1e-6, 1e-5):
        moved = np.roll(boxes, 1, axis=1) + shift
        shared = q.intersections(boxes, moved)
        np.testing.assert_allclose(shared, q.quad_areas(boxes), rtol=1e-5)


def test_hulls_of_all_kinds_of_quads():
    quads = np.random.RandomState(9).uniform(0, 100, (3000, 4, 2))
    expected = [Polygon(quad).convex_hull.area for quad in quads]
    hulls = q.convex(quads)
    np.testing.assert_allclose(q.quad_areas(hulls), expected, rtol=1e-9)
    assert (q.turns(hulls) >= -1e-9).all()
