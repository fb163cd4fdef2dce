"""Outlines as detectors give them, and how they are scored and written."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from ocrdata.metrics.detection_lines import Boxes  # noqa: E402
from ocrdata.reading.outputs import plain_regions, whole_numbers  # noqa: E402
from ocrdata.train.inference.detect import (  # noqa: E402
    FoundTexts,
    result_lines,
    score_of,
)

pytestmark = pytest.mark.tf
SQUARE = np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)


def wave(points: int = 7, height: float = 20.0) -> np.ndarray:
    x = np.linspace(0, 100, points)
    top = np.stack([x, 15 * np.sin(x / 20)], 1)
    return np.concatenate([top, (top + [0, height])[::-1]])


def found(truth, polygons, scores, ignore=False):
    boxes = Boxes()
    boxes.add(truth, ignore)
    return FoundTexts("img_1.jpg", *whole_numbers(polygons, np.array(scores)), truth=boxes)


def test_what_has_no_area_or_crosses_itself_is_left_out():
    line = np.array([[0, 0], [9, 0], [9, 0.2], [0, 0.2]])
    bow = SQUARE[[0, 2, 1, 3]]
    polygons, scores = whole_numbers([line, SQUARE + 0.4, bow, wave()], np.arange(4.0))
    assert [len(polygon) for polygon in polygons] == [4, 14] and scores.tolist() == [1.0, 3.0]
    assert polygons[0].tolist() == SQUARE.tolist()


def test_curved_outlines_are_scored_as_they_are_and_not_by_their_boxes():
    one, other = np.round(wave()), np.round(wave() + [0, 9.0])
    both = Polygon(one).intersection(Polygon(other)).area
    share = both / Polygon(one).union(Polygon(other)).area
    assert share < 0.5  # upright boxes around them share more than half
    assert score_of([found(one, [other], [0.9])]).hmean == 0.0
    assert score_of([found(one, [other], [0.9])], "icdar2013").hmean == 1.0
    assert score_of([found(one, [one + [0, 3]], [0.9])]).hmean == 1.0


def test_lines_of_results_hold_as_many_corners_as_there_are_or_two_of_upright_ones():
    polygons, _ = whole_numbers([SQUARE, wave()], np.ones(2))
    first, second, rest = result_lines(polygons).split("\r\n")
    assert first == "0,0,10,0,10,10,0,10" and second.count(",") == 27 and not rest
    assert result_lines(polygons[:1], "icdar2013") == "0,0,10,10\r\n"


def test_regions_are_plain():
    assert plain_regions([SQUARE.astype(int)], np.array([0.51234567])) == [
        {"polygon": [[0, 0], [10, 0], [10, 10], [0, 10]], "score": 0.512346}
    ]
