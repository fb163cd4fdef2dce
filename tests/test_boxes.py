"""DeepText's boxes against plain Python, one number at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ocrdata.geometry import boxes as b


def random_boxes(rng, count, size=400.0):
    corner, side = rng.uniform(0, size, (count, 2)), rng.uniform(8, size / 2, (count, 2))
    return np.concatenate([corner, corner + side], axis=1).astype(np.float32)


def slow_overlap(one, other):
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def test_anchors_are_those_of_the_paper():
    anchors = b.anchors(36, 60)
    assert anchors.shape == (64800, 4)
    width, height = anchors[:30, 2] - anchors[:30, 0], anchors[:30, 3] - anchors[:30, 1]
    expected = [(r, 16.0 * k) for r in (0.2, 0.5, 0.8, 1.0, 1.2, 1.5) for k in (2, 4, 6, 8, 12)]
    np.testing.assert_allclose(height / width, [r for r, _ in expected], rtol=1e-5)
    np.testing.assert_allclose(np.sqrt(width * height), [side for _, side in expected], rtol=1e-5)


def test_anchors_lie_around_their_cells():
    anchors = b.anchors(3, 5, base=8.0, scales=[2.0], ratios=[1.0]).reshape(3, 5, 4)
    assert anchors[2, 4].tolist() == [28.0, 12.0, 44.0, 28.0]
    assert anchors[0, 0].tolist() == [-4.0, -4.0, 12.0, 12.0]


@pytest.mark.parametrize("deviations", [(1.0, 1.0, 1.0, 1.0), b.SECOND_STAGE_DEVIATIONS])
def test_coding_by_the_formulas_and_back(deviations):
    rng = np.random.RandomState(0)
    boxes, references = random_boxes(rng, 500), random_boxes(rng, 500)
    deltas = b.encode_boxes(boxes, references, deviations)
    for box, reference, delta in zip(boxes.tolist(), references.tolist(), deltas):
        width, height = reference[2] - reference[0], reference[3] - reference[1]
        expected = [
            ((box[0] + box[2]) / 2 - (reference[0] + reference[2]) / 2) / width / deviations[0],
            ((box[1] + box[3]) / 2 - (reference[1] + reference[3]) / 2) / height / deviations[1],
            math.log((box[2] - box[0]) / width) / deviations[2],
            math.log((box[3] - box[1]) / height) / deviations[3],
        ]
        np.testing.assert_allclose(delta, expected, rtol=1e-4, atol=1e-4)
    # Sides grow at most 62.5 times; none of these does.
    np.testing.assert_allclose(b.decode_boxes(deltas, references, deviations), boxes, atol=2e-2)


def test_wild_deltas_stay_in_the_picture():
    boxes = b.decode_boxes(np.full((1, 4), 1e4), np.array([[0, 0, 16, 16.0]]), size=(300, 500))
    assert np.isfinite(boxes).all()
    assert boxes.min() >= 0
    assert boxes[0].tolist() <= [500, 300, 500, 300]
    assert b.encode_boxes(np.zeros((2, 4)), np.zeros((2, 4))).tolist() == [[0.0] * 4] * 2


def test_overlaps_pair_by_pair():
    rng = np.random.RandomState(1)
    boxes, others = random_boxes(rng, 120), random_boxes(rng, 40)
    expected = [[slow_overlap(one, other) for other in others.tolist()] for one in boxes.tolist()]
    np.testing.assert_allclose(b.box_overlaps(boxes, others), expected, rtol=1e-4, atol=1e-6)
    assert b.box_overlaps(boxes, others[:0]).shape == (120, 0)
