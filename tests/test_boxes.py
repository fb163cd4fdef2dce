"""DeepText's boxes against plain Python, one number at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ocrdata.geometry import boxes as b
from ocrdata.geometry import sampling as s


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
    deltas = b.encode(boxes, references, deviations)
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
    np.testing.assert_allclose(b.decode(deltas, references, deviations), boxes, atol=2e-2)


def test_wild_deltas_stay_in_the_picture():
    boxes = b.decode(np.full((1, 4), 1e4), np.array([[0, 0, 16, 16.0]]), size=(300, 500))
    assert np.isfinite(boxes).all()
    assert boxes.min() >= 0
    assert boxes[0].tolist() <= [500, 300, 500, 300]
    assert b.encode(np.zeros((2, 4)), np.zeros((2, 4))).tolist() == [[0.0] * 4] * 2


def test_overlaps_pair_by_pair():
    rng = np.random.RandomState(1)
    boxes, others = random_boxes(rng, 120), random_boxes(rng, 40)
    expected = [[slow_overlap(one, other) for other in others.tolist()] for one in boxes.tolist()]
    np.testing.assert_allclose(b.overlaps(boxes, others), expected, rtol=1e-4, atol=1e-6)
    assert b.overlaps(boxes, others[:0]).shape == (120, 0)


@pytest.mark.parametrize("seed", range(20))
def test_anchors_are_matched_by_the_rules(seed):
    rng = np.random.RandomState(seed)
    anchors, truth = random_boxes(rng, 300), random_boxes(rng, rng.randint(1, 12))
    overlap, allowed = b.overlaps(anchors, truth), rng.rand(300) < 0.7
    labels, matched = s.match_anchors(overlap, allowed)
    best = [max(overlap[k, t] for k in range(300) if allowed[k]) for t in range(len(truth))]
    for k in range(300):
        row = overlap[k].tolist()
        saved = [t for t in range(len(truth)) if row[t] == best[t] >= 0.3]
        expected = (-1, -1)
        if allowed[k] and max(row) >= 0.5:
            expected = (1, row.index(max(row)))
        elif allowed[k] and saved:
            expected = (1, saved[0])
        elif allowed[k] and max(row) < 0.3:
            expected = (0, -1)
        assert (labels[k], matched[k]) == expected


@pytest.mark.parametrize("seed", range(5))
def test_proposals_are_matched_by_the_rules(seed):
    rng = np.random.RandomState(seed)
    proposals, truth = random_boxes(rng, 300), random_boxes(rng, 6)
    overlap, allowed = b.overlaps(proposals, truth), rng.rand(300) < 0.9
    labels, matched = s.match_proposals(overlap, allowed)
    for k, row in enumerate(overlap.tolist()):
        expected = 1 if max(row) >= 0.5 else 2 if max(row) >= 0.2 else 0
        assert labels[k] == (expected if allowed[k] else -1)
        assert matched[k] == (row.index(max(row)) if labels[k] == 1 else -1)


@pytest.mark.parametrize("limits", [(128,), (20, 10), (0, 50), (300, 300)])
def test_the_lowest_of_each_kind_are_chosen(limits):
    rng = np.random.RandomState(3)
    labels, priority = rng.randint(-1, 3, 500), rng.rand(500)
    chosen = s.choose(labels, priority, limits, 200)
    expected, left = [], 200
    for label, limit in [*zip((1, 2), limits), (0, 10**6)]:
        places = sorted(np.flatnonzero(labels == label), key=lambda k: priority[k])
        expected += sorted(places[: min(limit, left)])
        left = 200 - len(expected)
    assert chosen.tolist() == expected


def sample(step=1, key="a.jpg", truth=None, **options):
    truth = random_boxes(np.random.RandomState(4), 8, 200.0) if truth is None else truth
    anchors = b.anchors(18, 30)
    return (
        anchors,
        truth,
        s.sample_anchors(anchors, truth, (288, 480), seed=1, step=step, key=key, **options),
    )


@pytest.mark.parametrize("count", [0, 1, 8, 60])
def test_shapes_do_not_depend_on_the_picture(count):
    truth = random_boxes(np.random.RandomState(5), count, 200.0)
    padded = np.concatenate([truth, np.zeros((64 - count, 4), np.float32)])
    _, _, found = sample(truth=padded)
    assert found.index.shape == found.labels.shape == found.weights.shape == (256,)
    assert found.deltas.shape == (256, 4)
    assert (found.labels == 1).sum() <= 128
    assert found.matched.max() < max(count, 1)
    assert found.weights.all()


def test_sampled_anchors_lead_back_to_the_ground_truth():
    anchors, truth, found = sample()
    text = found.labels == 1
    assert text.sum() >= 8
    boxes = b.decode(found.deltas[text], anchors[found.index[text]])
    np.testing.assert_allclose(boxes, truth[found.matched[text]], atol=1e-2)
    assert not found.deltas[~text].any()
    used = anchors[found.index]
    assert (used >= 0).all()
    assert (used[:, 2:] <= [480, 288]).all()


def test_each_step_and_picture_draws_anew_and_the_same_again():
    draws = {
        (step, key): sample(step, key)[2].index.tolist() for step in (1, 2) for key in ("a", "b")
    }
    assert len({tuple(draw) for draw in draws.values()}) == 4
    assert sample(2, "b")[2].index.tolist() == draws[2, "b"]


def test_few_anchors_leave_rows_unused():
    _, _, found = sample(count=20000, inside_only=False)
    unused = found.weights == 0
    assert 0 < unused.sum() < 20000
    assert not found.index[unused].any()
    assert (found.matched[unused] == -1).all()


def test_the_second_stage_sees_three_classes_and_the_ground_truth():
    rng = np.random.RandomState(6)
    truth = np.concatenate([random_boxes(rng, 6), np.zeros((4, 4), np.float32)])
    near = np.repeat(truth[:6], 150, axis=0) + rng.normal(0, 12, (900, 4)).astype(np.float32)
    proposals = np.concatenate([near, random_boxes(rng, 600)])
    valid = np.arange(1500) % 7 > 0
    chosen, found = s.sample_proposals(proposals, valid, truth, seed=1, step=3, key="a")
    assert chosen.shape == (640, 4)
    assert [(found.labels == label).sum() for label in (1, 2)] == [128, 128]
    best = b.overlaps(chosen, truth[:6]).max(axis=1)
    for label, low, high in ((0, 0.0, 0.2), (1, 0.5, 1.01), (2, 0.2, 0.5)):
        of_kind = best[(found.labels == label) & (found.weights > 0)]
        assert ((of_kind >= low) & (of_kind < high)).all()
    text = found.labels == 1
    boxes = b.decode(found.deltas[text], chosen[text], b.SECOND_STAGE_DEVIATIONS)
    np.testing.assert_allclose(boxes, truth[found.matched[text]], atol=1e-2)


def test_the_ground_truth_joins_the_proposals():
    truth = np.array([[10, 10, 60, 40], [0, 0, 0, 0]], np.float32)
    none = np.zeros((5, 4), np.float32)
    chosen, found = s.sample_proposals(none, np.zeros(5, bool), truth, seed=1, step=1, key="a")
    assert found.weights.sum() == 1
    assert (found.index[0], found.labels[0], found.matched[0]) == (5, 1, 0)
    assert chosen[0].tolist() == truth[0].tolist()
    assert not chosen[1:].any()
