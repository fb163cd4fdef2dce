"""Polygons against brute force: points counted inside, pixels cut out."""

from __future__ import annotations

import random

import numpy as np
import pytest

from ocrdata.geometry import polygons
from ocrdata.geometry.polygons import as_polygon


def inside(point, polygon):
    """The even-odd rule, one crossing at a time."""
    x, y = point
    odd = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1]):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            odd = not odd
    return odd


def star(rng, corners):
    """A polygon without crossings: corners sorted by angle around a centre."""
    angles = sorted(rng.uniform(0, 2 * np.pi) for _ in range(corners))
    reach = [rng.uniform(5, 20) for _ in angles]
    return [(25 + r * np.cos(a), 25 + r * np.sin(a)) for a, r in zip(angles, reach)]


def gradient(height=40, width=60):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns, rows, columns + rows], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_area_equals_the_points_inside(seed):
    shape = star(random.Random(seed), 5)
    step = np.arange(0.0, 50.0, 0.25) + 0.125
    count = sum(inside((x, y), shape) for x in step for y in step)
    area = abs(polygons.signed_area(as_polygon(shape)))
    assert area == pytest.approx(count * 0.0625, rel=0.03, abs=3.0)


def test_clockwise_keeps_the_first_corner():
    around = as_polygon([(0, 0), (0, 5), (9, 5), (9, 0)])
    assert polygons.signed_area(around) == -45.0
    turned = polygons.clockwise(around)
    assert turned.tolist() == [[0, 0], [9, 0], [9, 5], [0, 5]]
    assert polygons.clockwise(turned) is turned


@pytest.mark.parametrize(
    "points, crosses",
    [
        ([(0, 0), (9, 0), (9, 9), (0, 9)], False),
        ([(0, 0), (9, 9), (9, 0), (0, 9)], True),
        ([(0, 0), (9, 0), (3, 3), (0, 9)], False),
        ([(0, 0), (9, 0), (5, 0), (5, 9)], False),
        ([(0, 0), (8, 0), (4, 0), (4, 5), (0, 5)], False),
        ([(0, 0), (8, 0), (8, 5), (4, -2), (0, 5)], True),
    ],
)
def test_crossing_sides_are_found(points, crosses):
    assert polygons.crosses_itself(as_polygon(points)) == crosses


def test_smallest_quad_of_a_turned_rectangle_is_itself():
    quad = as_polygon([(10, 0), (30, 10), (25, 20), (5, 10)])
    middle = (quad + np.roll(quad, -1, axis=0)) / 2
    dense = np.stack([quad, middle], axis=1).reshape(-1, 2)
    found = polygons.smallest_quad(dense)
    np.testing.assert_allclose(sorted(found.tolist()), sorted(quad.tolist()), atol=1e-3)
    assert polygons.signed_area(found) > 0 and found.sum(axis=1).argmin() == 0


def test_upright_quads_are_cut_without_resampling():
    image = gradient()
    quad = as_polygon([(10, 5), (30, 5), (30, 15), (10, 15)])
    np.testing.assert_array_equal(polygons.rectify(image, quad), image[5:15, 10:30])
    np.testing.assert_array_equal(polygons.cut_box(image, quad, 0.2), image[3:17, 8:32])


def test_cuts_end_at_the_edge_of_the_picture():
    image = gradient()
    assert polygons.cut_box(image, as_polygon([(-5, -5), (8, -5), (8, 4), (-5, 4)])).shape == (
        4,
        8,
        3,
    )
    assert polygons.cut_box(image, as_polygon([(90, 5), (99, 5), (99, 9), (90, 9)])).shape[1] == 0


def test_a_turned_quad_is_read_from_its_first_corner():
    """Turned by 90 degrees, rectifying must equal rotating the pixels."""
    image = gradient()
    upright = as_polygon([(10, 5), (30, 5), (30, 15), (10, 15)])
    turned = np.roll(upright, -1, axis=0)
    got = polygons.rectify(image, turned).astype(int)
    wanted = np.rot90(image[5:15, 10:30]).astype(int)
    assert got.shape == wanted.shape
    assert np.abs(got - wanted)[1:-1, 1:-1].max() <= 2


def test_no_crop_is_much_larger_than_its_picture():
    quad = as_polygon([(0, 0), (50000, 9), (50000, 30), (0, 20)])
    assert max(polygons.rectify(gradient(), quad).shape) <= 120


@pytest.mark.parametrize("flat", [[(3, 3)] * 4, [(3, 3), (9, 3), (9, 3), (3, 3)]])
def test_a_quad_without_area_gives_an_empty_cut(flat):
    assert 0 in polygons.rectify(gradient(), as_polygon(flat)).shape[:2]
