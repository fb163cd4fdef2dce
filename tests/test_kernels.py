"""PSENet's kernel maps against closed forms, and against shapely's own offsets."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from shapely.geometry import Polygon

from ocrdata.geometry import expansion, kernels
from ocrdata.metrics.detection import match_all
from ocrdata.metrics.detection_files import read_truth
from ocrdata.metrics.detection_lines import Boxes, Format
from ocrdata.metrics.detection_score import total_score


def smooth(rng, points, centre, radius):
    """A star-shaped polygon: curved, with dents, never crossing itself."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, points))
    reach = radius * rng.uniform(0.55, 1.0, points)
    polygon = np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach[:, None] + centre
    return polygon[:: rng.choice([1, -1])]


def arc(radius, thickness, sweep, centre, start=0.0):
    """Curved text as CTW1500 has it: seven points above, seven below."""
    angle = start + np.linspace(0, sweep, 7)
    ray = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    outer, inner = ray * (radius + thickness / 2.0), ray * (radius - thickness / 2.0)
    return np.concatenate([outer, inner[::-1]]) + centre


def inset(polygon, ratio):
    shape = Polygon(polygon)
    return shape.buffer(-shape.area * (1 - ratio**2) / shape.length, join_style=1)


def test_ratios_of_both_schemes():
    assert np.allclose(kernels.PAPER.ratios, [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert kernels.ORIGINAL.ratios == (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert np.allclose(kernels.paper_scheme(3, 0.5).ratios, [0.5, 0.75, 1.0])


@pytest.mark.parametrize("scheme", [kernels.ORIGINAL, kernels.PAPER], ids=["original", "paper"])
@pytest.mark.parametrize("seed", range(20))
def test_upright_rectangles_have_the_closed_form(scheme, seed):
    rng = np.random.RandomState(seed)
    x0, y0 = rng.uniform(5, 60, 2)
    width, height = rng.uniform(60, 180, 2)
    corners = [[x0, y0], [x0 + width, y0], [x0 + width, y0 + height], [x0, y0 + height]]
    maps = kernels.encode_kernels([np.array(corners)], [False], (256, 256), scheme)
    y, x = np.mgrid[0:256:4, 0:256:4]
    for level, ratio in enumerate(scheme.ratios):
        d = width * height * (1 - ratio**2) / (2 * (width + height))
        expected = (abs(x - x0 - width / 2) < width / 2 - d) & (
            abs(y - y0 - height / 2) < height / 2 - d
        )
        np.testing.assert_array_equal(maps.kernels[..., level], expected)


@pytest.mark.parametrize("seed", range(10))
def test_areas_are_those_of_the_formula(seed):
    rng = np.random.RandomState(seed)
    for _ in range(40):
        polygon = smooth(rng, rng.randint(4, 15), (256, 256), rng.uniform(120, 250))
        if not Polygon(polygon).is_valid or Polygon(polygon).area < 1e4:
            polygon = arc(180, rng.uniform(40, 90), rng.uniform(1, 4), (256, 256))
        scheme = kernels.paper_scheme(vanished="mask")
        maps = kernels.encode_kernels([polygon], [False], (512, 512), scheme, stride=1)
        expected = [inset(polygon, ratio).area for ratio in scheme.ratios]
        found = maps.kernels.sum(axis=(0, 1))
        # Below some hundred cells, counting cells is itself off by more.
        countable = np.array(expected) > 400
        np.testing.assert_allclose(found[countable], np.array(expected)[countable], rtol=0.02)
        assert countable.sum() >= 5


@pytest.mark.parametrize("scheme", [kernels.ORIGINAL, kernels.PAPER], ids=["original", "paper"])
def test_maps_lie_inside_each_other(scheme):
    rng = np.random.RandomState(1)
    polygons = [smooth(rng, 8, rng.uniform(50, 450, 2), 60) for _ in range(30)]
    maps = kernels.encode_kernels(polygons, [False] * 30, (512, 512), scheme).kernels
    assert (np.diff(maps.astype(int), axis=2) >= 0).all()


def test_thickness_is_that_of_straight_and_of_curved_lines():
    rng = np.random.RandomState(4)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0
    sides = rng.uniform((60, 5), (200, 50), (20, 2))
    angle = 0.7
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    lines = [corners * side @ turn + 128 for side in sides]
    np.testing.assert_allclose(kernels.thickness(lines), sides[:, 1])
    curves = [arc(80, thick, 3.0, (128, 128)) for thick in (10.0, 20.0, 40.0)]
    np.testing.assert_allclose(kernels.thickness(curves), (10, 20, 40), rtol=0.05)
    square = corners * 30.0
    round_one = np.stack([np.cos(np.linspace(0, 6, 20)), np.sin(np.linspace(0, 6, 20))], 1) * 20
    np.testing.assert_allclose(kernels.thickness([square]), 30.0)
    assert 25 < kernels.thickness([round_one])[0] < 40
    assert len(kernels.thickness([])) == 0


def test_thin_texts_are_masked_and_counted():
    polygons = [arc(80, thick, 3.0, (128, 128)) + [0, shift] for thick, shift in ((8, 0), (30, 40))]
    maps = kernels.encode_kernels(polygons, [False, False], (256, 256), min_thickness=12.0)
    alone = kernels.encode_kernels(polygons[1:], [False], (256, 256))
    np.testing.assert_array_equal(maps.kernels, alone.kernels)
    assert (maps.texts, maps.ignored) == (1, 1) and not maps.mask.all()


def encode_thin(vanished):
    """A line whose two smallest kernels, at most 3 px high, lie between two rows of cells."""
    line = np.array([[40, 42], [140, 42], [140, 51], [40, 51.0]])
    big = np.array([[40, 100], [200, 100], [200, 160], [40, 160.0]])
    scheme = kernels.KernelScheme((0.4, 0.5, 0.9, 1.0), vanished)
    maps = kernels.encode_kernels([line, big], [False, False], (256, 256), scheme)
    assert (maps.texts, maps.vanished, maps.ignored, maps.degenerate) == (1, 1, 0, 0)
    return maps, maps.kernels[:20].sum(axis=(0, 1)).tolist()


def test_a_text_that_vanishes_is_masked_and_counted_once():
    maps, cells = encode_thin("mask")
    assert cells == [0, 0, 48, 50]
    assert not maps.mask[11:13, 10:35].any()
    assert maps.mask.sum() == 64 * 64 - 2 * 25


def test_a_text_that_vanishes_is_kept_whole():
    maps, cells = encode_thin("whole")
    assert cells == [50, 50, 48, 50]
    assert maps.mask.all()


def test_a_text_that_vanishes_is_kept_at_the_next_ratio():
    maps, cells = encode_thin("next")
    assert cells == [48, 48, 48, 50]
    assert maps.mask.all()


def test_a_kernel_that_falls_apart_is_replaced_by_the_next():
    slope = np.array([[20, 20], [220, 90], [216, 104], [16, 34.0]])
    pieces = {}
    for vanished in ("whole", "next"):
        scheme = kernels.paper_scheme(vanished=vanished)
        maps = kernels.encode_kernels([slope], [False], (256, 256), scheme).kernels
        pieces[vanished] = [
            cv2.connectedComponents(level, connectivity=4)[0] - 1
            for level in np.ascontiguousarray(maps.transpose(2, 0, 1))
        ]
    assert pieces["whole"][0] > 5
    assert pieces["next"] == [1] * 7


def test_ignored_texts_are_masked_whole_and_drawn_nowhere():
    polygon = arc(80, 30, 3.0, (128, 128))
    maps = kernels.encode_kernels([polygon], [True], (256, 256))
    whole = kernels.encode_kernels([polygon], [False], (256, 256)).kernels[..., -1]
    assert maps.ignored == 1
    assert not maps.kernels.any()
    np.testing.assert_array_equal(maps.mask, 1 - whole)


def test_odd_polygons_are_counted_and_never_crash():
    nan, inf = float("nan"), float("inf")
    polygons = [
        np.zeros((0, 2)),
        np.array([[1, 1], [50, 50.0]]),
        np.array([[5, 5], [5, 5], [5, 5.0]]),
        np.array([[0, 0], [50, 50], [100, 100.0]]),
        np.array([[nan, 0], [50, 0], [50, 50]]),
        np.array([[inf, 0], [50, 0], [50, 50]]),
        np.array([[1e12, 0], [50, 0], [50, 50]]),
        np.array([[100, 100], [200, 160], [200, 100], [100, 170.0]]),  # crosses itself
        np.array([[10, 10], [90, 10], [90, 90], [10, 90], [10, 10], [10, 10.0]]),
    ]
    maps = kernels.encode_kernels(polygons, [False] * 9, (256, 256))
    assert maps.degenerate == 7
    assert maps.texts + maps.vanished == 2
    empty = kernels.encode_kernels([], [], (256, 256))
    assert empty.mask.all()
    assert not empty.kernels.any()


def test_more_than_255_texts():
    box = np.array([[4, 4], [52, 4], [52, 32], [4, 32.0]])
    polygons = [box + [60 * (k % 20), 40 * (k // 20)] for k in range(400)]
    maps = kernels.encode_kernels(polygons, [False] * 400, (800, 1200))
    assert maps.texts == 400
    assert expansion.expand(maps.kernels).max() == 400


def test_curved_texts_come_back_as_polygons():
    rng = np.random.RandomState(2)
    for _ in range(30):
        polygon = arc(
            rng.uniform(70, 100),
            rng.uniform(24, 50),
            rng.uniform(1.5, 4.5),
            (128, 128),
            rng.uniform(0, 6),
        )
        maps = kernels.encode_kernels([polygon], [False], (256, 256))
        outlines, scores = expansion.detect_kernels(maps.kernels.astype(np.float32), polygons=True)
        assert len(outlines) == 1
        assert scores[0] == 1.0
        found, wanted = Polygon(outlines[0]), Polygon(polygon)
        assert found.intersection(wanted).area / found.union(wanted).area > 0.85


def test_rectangles_come_back():
    rng = np.random.RandomState(3)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0
    for _ in range(50):
        angle = rng.uniform(-3, 3)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        wanted = corners * rng.uniform(40, 150, 2) @ turn + 128
        maps = kernels.encode_kernels([wanted], [False], (256, 256), kernels.ORIGINAL)
        outlines, _ = expansion.detect_kernels(maps.kernels.astype(np.float32))
        found, wanted = Polygon(outlines[0]), Polygon(wanted)
        assert found.intersection(wanted).area / found.union(wanted).area > 0.85


def test_icdar_2015_survives_encoding(shared):
    truth = read_truth(shared / "icdar2015_gt" / "gt.zip", Format())
    results = {}
    for key, boxes in truth.items():
        maps = kernels.encode_kernels(boxes.polygons, boxes.ignored, (720, 1280), kernels.PAPER)
        results[key] = Boxes()
        for quad in expansion.detect_kernels(
            maps.kernels.astype(np.float32), min_kernel_area=1, min_side=0.0
        )[0]:
            results[key].add(np.rint(quad))
    score = total_score(match_all(truth, results), "icdar2015", 0, None, Format())
    assert score.hmean >= 0.99, score
