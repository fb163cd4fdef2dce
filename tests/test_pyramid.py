"""Looking at a picture at the sizes that a detector was trained with; no TensorFlow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ocrdata.errors import CheckpointError, OptionError
from ocrdata.geometry.levels import Level, merge_levels
from ocrdata.reading.pyramid import find_in_pyramid, level_sides
from ocrdata.train.config.detection import EastReadingOptions
from ocrdata.train.data.random_crop import Crop
from ocrdata.train.data.text_sizes import TEXT_SIZES, measure_texts, trained_sizes


def box(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def test_levels_are_evenly_spaced_from_the_training_size_to_the_pictures():
    assert level_sides(200, 256, (6, 24)) == [200]
    assert level_sides(300, 256, (6, 24)) == [300]  # two of nearly the same size say the same
    assert level_sides(1024, 256, (6, 24)) == [256, 512, 1024]
    # The wider the sizes that were learned, the fewer levels see all of them.
    assert level_sides(2304, 256, (6, 54)) == [256, 768, 2304]
    assert level_sides(1024, 256, (10, 10)) == [256, 512, 1024]
    for longest in (257, 500, 1000, 2400):
        sides = level_sides(longest, 256, (6, 24))
        assert sides == sorted(set(sides)) and sides[-1] == longest
        assert all(1.3 < b / a < 2.9 for a, b in zip(sides, sides[1:]))


def test_each_text_is_taken_from_the_level_where_its_size_was_learned():
    """Learned: 8 to 30 pixels. The picture is 4 times as large as the smallest level."""
    large, medium, small = box(0, 0, 400, 90), box(0, 200, 160, 240), box(0, 300, 30, 312)
    piece, tiny = box(500, 0, 535, 40), box(500, 300, 512, 304)
    levels = [
        Level([large, medium, small], np.array([0.1, 0.2, 0.3]), 0.25),
        Level([medium + 2], np.array([0.4]), 0.5),
        Level([large, small, piece, tiny], np.array([0.5, 0.6, 0.7, 0.8]), 1.0),
    ]
    outlines, scores = merge_levels(levels, (8.0, 30.0))
    # Where a text is seen twice the larger picture's place is the exact one; `piece` is too large
    # there to be known, as `large` is, and `small` too small in the smallest picture.
    found = {round(float(score), 1): outline for score, outline in zip(scores, outlines)}
    assert sorted(found) == [0.1, 0.4, 0.6, 0.8]  # the largest level has all that is smaller
    np.testing.assert_array_equal(found[0.4], medium + 2)
    # A brute-force look at all pairs: no text twice.
    for one in found.values():
        for other in found.values():
            low, high = np.maximum(one[0], other[0]), np.minimum(one[2], other[2])
            shared = np.prod(np.clip(high - low, 0, None))
            sides = [np.prod(each[2] - each[0]) for each in (one, other)]
            assert one is other or shared <= 0.5 * min(sides)
    assert merge_levels([Level([], np.zeros(0), 1.0)] * 2, (8.0, 30.0))[0] == []


def test_outlines_of_any_number_of_points_are_merged():
    curve = np.array([[0, 0], [40, 5], [80, 0], [80, 20], [40, 25], [0, 20]], np.float32)
    levels = [Level([curve * 1.02], np.ones(1), 0.5), Level([curve], np.ones(1), 1.0)]
    outlines, _ = merge_levels(levels, (5.0, 50.0))
    assert len(outlines) == 1 and outlines[0] is curve


def test_pictures_are_looked_at_as_the_run_says():
    picture, seen = np.zeros((120, 1600, 3), np.uint8), []

    def look(fitted, scale):
        seen.append(fitted.shape[:2])
        return [box(0, 0, 300, 20)], np.ones(1)

    trained = {"side": 200, "texts": [5, 20]}
    outlines, scores = find_in_pyramid(picture, {"max_side": 800, "trained": trained}, look)
    assert seen == [(15, 200), (30, 400), (60, 800)] and len(outlines) == len(scores) == 1
    for how in ({"max_side": 400}, {"max_side": 400, "trained": None}):
        seen.clear()
        find_in_pyramid(picture, how, look)
        assert seen == [(30, 400)]


def test_sizes_of_text_are_measured_and_kept():
    heights = np.linspace(1, 100, 100)
    turned = [box(0, 0, height, 300) for height in heights]

    def cut(number):
        part = turned[number * 50 : number * 50 + 50] + [box(0, 0, 900, 900)]
        return Crop(np.zeros((8, 8, 3), np.uint8), part, np.array([False] * 50 + [True]))

    kept = json.loads(json.dumps(measure_texts(cut, 2, side=256, least=11.0)))[TEXT_SIZES]
    assert kept["texts"] == 90 and kept["crops"] == 2
    assert kept["percentiles"] == {"5": 15.45, "25": 33.25, "50": 55.5, "75": 77.75, "95": 95.55}
    assert trained_sizes({TEXT_SIZES: kept}, "run.json") == {"side": 256, "texts": [15.45, 95.55]}
    assert measure_texts(cut, 2, side=256, least=500.0) == {}
    assert trained_sizes({}, "run.json") is None
    for damaged in ({"side": 256}, [], {**kept, "side": 0}, {**kept, "percentiles": {"5": "x"}}):
        with pytest.raises(CheckpointError, match=r"run\.json: says no sizes of text"):
            trained_sizes({TEXT_SIZES: damaged}, "run.json")


def test_the_side_is_chosen_or_given():
    for side in (0, 32, 2400):
        assert EastReadingOptions(max_side=side).max_side == side
    with pytest.raises(OptionError, match="--max-side must be 0 or at least 32, not 8"):
        EastReadingOptions(max_side=8)
