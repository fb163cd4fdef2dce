"""DeepText's boxes in a graph against NumPy: coding, overlap, matching, drawing, pooling."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
import deeptext_reference as reference  # noqa: E402

from ocrdata.geometry import boxes as b  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.models.layers import roi_sampling, rois  # noqa: E402

pytestmark = pytest.mark.tf
SIZE = (96, 160)


def boxes(rng, *shape, size=150.0):
    corner, side = rng.uniform(0, size, (*shape, 2)), rng.uniform(6, size / 2, (*shape, 2))
    return np.concatenate([corner, corner + side], axis=-1).astype(np.float32)


def run(make, *arrays):
    """Returns what the tensors that `make` builds from constants come to."""
    with tf.Graph().as_default(), v1.Session() as session:
        return session.run(make(*[tf.constant(array) for array in arrays]))


def test_anchors_are_those_of_the_definition():
    shapes = b.anchors(1, 1) - 8.0
    found = run(lambda: rois.grid_of_anchors(shapes, tf.constant(6), tf.constant(10), 16))
    np.testing.assert_allclose(found, b.anchors(6, 10), atol=1e-4)


@pytest.mark.parametrize("deviations", [rois.NO_DEVIATIONS, b.SECOND_STAGE_DEVIATIONS])
def test_coding_is_that_of_the_definition(deviations):
    rng = np.random.RandomState(0)
    one, other = boxes(rng, 2, 50), boxes(rng, 2, 50)
    one[0, :5] = 0.0
    other[1, :3] = 0.0
    deltas = run(lambda x, y: rois.encode_boxes_in_graph(x, y, deviations), one, other)
    np.testing.assert_allclose(deltas, b.encode_boxes(one, other, deviations), rtol=1e-4, atol=1e-5)
    deltas = rng.normal(0, 3, (2, 50, 4)).astype(np.float32)
    found = run(
        lambda d, y: rois.decode_boxes_in_graph(d, y, deviations, tf.constant(SIZE)), deltas, other
    )
    np.testing.assert_allclose(found, b.decode_boxes(deltas, other, deviations, SIZE), atol=1e-3)


def test_overlaps_are_those_of_the_definition():
    rng = np.random.RandomState(1)
    one, other = boxes(rng, 3, 40), boxes(rng, 3, 7)
    expected = [b.box_overlaps(*pair) for pair in zip(one, other)]
    np.testing.assert_allclose(run(rois.overlaps_in_graph, one, other), expected, atol=1e-6)


@pytest.mark.parametrize("kept", [5, 30])
def test_suppression_is_greedy_and_padded(kept):
    rng = np.random.RandomState(2)
    one, scores = boxes(rng, 2, 60, size=80.0), rng.uniform(0.1, 1, (2, 60)).astype(np.float32)
    one[0, 7] = [5, 5, 5, 90]
    found, values = run(
        lambda x, y: rois.best_boxes(x, y, candidates=40, kept=kept, threshold=0.3), one, scores
    )
    for picture in range(2):
        order = [k for k in np.argsort(-scores[picture])[:40] if b.box_areas(one[picture, k]) > 0]
        left = []
        for k in order:
            if not left or b.box_overlaps(one[picture, [k]], one[picture, left]).max() <= 0.3:
                left.append(k)
        left = left[:kept]
        np.testing.assert_allclose(found[picture, : len(left)], one[picture, left])
        np.testing.assert_allclose(values[picture, : len(left)], scores[picture, left])
        assert not found[picture, len(left) :].any() and not values[picture, len(left) :].any()


def padded_texts(rng, pictures):
    """Texts of as many pictures; the first has none, each other one more than the one before."""
    texts = boxes(rng, pictures, pictures)
    for picture in range(pictures):
        texts[picture, picture:] = 0.0
    return texts


@pytest.mark.parametrize("seed", range(2))
def test_anchors_are_matched_by_the_rules(seed):
    rng = np.random.RandomState(seed)
    anchors, texts = boxes(rng, 300), padded_texts(rng, 12)
    allowed = rng.rand(300) < 0.8

    def make(anchors, texts, allowed):
        overlap = rois.overlaps_in_graph(anchors[None], texts)
        return roi_sampling.match_anchors(
            overlap,
            rois.areas_in_graph(texts) > 0,
            allowed=allowed,
            positive=0.5,
            negative=0.3,
            least=0.3,
        )

    found = np.stack(run(make, anchors, texts, allowed), axis=-1)
    for real, picture in enumerate(found):
        wanted = reference.match_anchors(b.box_overlaps(anchors, texts[real, :real]), allowed)
        assert list(map(tuple, picture)) == wanted


def test_proposals_are_matched_by_the_rules():
    rng = np.random.RandomState(0)
    proposals, texts, valid = boxes(rng, 12, 200), padded_texts(rng, 12), rng.rand(12, 200) < 0.8

    def make(proposals, texts, valid):
        overlap = rois.overlaps_in_graph(proposals, texts)
        return roi_sampling.match_proposals(
            overlap, rois.areas_in_graph(texts) > 0, valid=valid, positive=0.5, ambiguous=0.2
        )

    found = np.stack(run(make, proposals, texts, valid), axis=-1)
    for real, picture in enumerate(found):
        overlap = b.box_overlaps(proposals[real], texts[real, :real])
        assert list(map(tuple, picture)) == reference.match_proposals(overlap, valid[real])


@pytest.mark.parametrize("limits", [(128,), (20, 10), (0, 50), (300, 300)])
@pytest.mark.parametrize("total", [500, 60])
def test_the_rows_of_lowest_priority_are_drawn(limits, total):
    rng = np.random.RandomState(3)
    labels = rng.randint(-1, 3, (2, total)).astype(np.int32)
    priority = rng.rand(2, total).astype(np.float32)
    index, weights = run(lambda x, y: roi_sampling.choose(x, y, limits, 200), labels, priority)
    assert index.shape == weights.shape == (2, 200)
    for picture in range(2):
        wanted = reference.choose(labels[picture].tolist(), priority[picture], limits, 200)
        used = index[picture][weights[picture] > 0]
        assert sorted(used.tolist()) == sorted(wanted)
        assert not index[picture][weights[picture] == 0].any()


def given_texts(texts, **options):
    options = SimpleNamespace(**options)
    return roi_sampling.Texts(texts, tf.zeros_like(texts), options, 1, tf.constant(0))


@pytest.mark.parametrize("inside_only", [True, False])
def test_few_anchors_leave_rows_unused(inside_only):
    anchors, texts = b.anchors(6, 10), padded_texts(np.random.RandomState(7), 6)

    def make(anchors, texts):
        given = given_texts(texts, rpn_samples=4000, inside_anchors=inside_only)
        return roi_sampling.learned_anchors(given, anchors, tf.constant(SIZE))

    index, rows = run(make, anchors, texts)
    assert index.shape == rows["labels"].shape == (6, 4000)
    unused = rows["weights"] == 0
    assert unused.any(axis=1).all() and (rows["weights"].sum(axis=1) > 100).all()
    assert not (index[unused].any() or rows["labels"][unused].any() or rows["deltas"][unused].any())
    used = anchors[index[~unused]]
    assert ((used >= 0) & (used <= [SIZE[1], SIZE[0]] * 2)).all() == inside_only


def test_texts_join_the_proposals():
    texts = np.array([[[10, 10, 60, 40], [0, 0, 0, 0]]], np.float32)
    none = np.zeros((1, 5, 4), np.float32)

    def make(proposals, texts):
        given = given_texts(texts, rois=20)
        return roi_sampling.learned_proposals(given, proposals, tf.zeros([1, 5], tf.bool))

    chosen, rows = run(make, none, texts)
    assert rows["weights"].sum() == 1
    assert (rows["labels"][0, 0], chosen[0, 0].tolist()) == (1, texts[0, 0].tolist())
    assert not chosen[0, 1:].any()


def test_what_rows_learn_leads_to_their_texts():
    rng = np.random.RandomState(4)
    found, texts = boxes(rng, 2, 50), boxes(rng, 2, 4)
    labels, matched = rng.randint(0, 3, (2, 50)), rng.randint(0, 4, (2, 50))
    index, weights = rng.randint(0, 50, (2, 20)), (rng.rand(2, 20) < 0.8).astype(np.float32)
    given = [array.astype(np.int32) for array in (index, labels, matched)]

    def make(index, labels, matched, weights):
        return roi_sampling.targets(
            index,
            weights,
            matching=roi_sampling.Matching(found, labels, matched),
            texts=texts,
            deviations=(1.0, 1.0, 0.5, 0.5),
        )

    rows = run(make, *given, weights)
    for place in np.ndindex(2, 20):
        picture, k = place[0], index[place]
        text = weights[place] > 0 and labels[picture, k] == 1
        goal = texts[picture, [matched[picture, k]]]
        wanted = b.encode_boxes(goal, found[picture, [k]], (1.0, 1.0, 0.5, 0.5))[0] if text else 0.0
        np.testing.assert_allclose(rows["deltas"][place], wanted, atol=1e-4)
        assert rows["labels"][place] == (labels[picture, k] if weights[place] > 0 else 0)


def test_background_under_an_ignored_text_is_not_learned():
    labels = np.array([[0, 1, 0, 2, 0]], np.int32)
    ignored = np.array([[[0, 0, 100, 40], [0, 0, 0, 0]]], np.float32)
    found = np.array([[[0, 0, 20, 60], [0, 0, 20, 20], [0, 30, 20, 60], [0, 0, 20, 20], [0] * 4]])
    kept = run(roi_sampling.without_ignored, labels, found.astype(np.float32), ignored)
    assert kept.tolist() == [[-1, 1, 0, 2, 0]]


def test_draws_are_a_function_of_seed_stage_and_step():
    def draw(seed, stage, step):
        return run(lambda: roi_sampling.priorities([2, 50], seed, stage, tf.constant(step)))

    first = draw(3, 0, 7)
    assert (draw(3, 0, 7) == first).all() and first.min() >= 0 and first.max() < 1
    for other in ((3, 0, 8), (3, 1, 7), (4, 0, 7)):
        assert np.abs(draw(*other) - first).mean() > 0.2


@pytest.mark.parametrize("stride", [8, 16])
def test_roi_align_reads_the_points_of_its_bins(stride):
    rng = np.random.RandomState(5)
    features = rng.randn(2, SIZE[0] // stride, SIZE[1] // stride, 3).astype(np.float32)
    found = np.clip(boxes(rng, 2, 9), 0, [SIZE[1], SIZE[0]] * 2).astype(np.float32)
    found[0, 0], found[1, 1] = [0, 0, SIZE[1], SIZE[0]], [0, 0, 3, 2]
    found[0, 2] = [SIZE[1] - 4, SIZE[0] - 2, SIZE[1], SIZE[0]]
    pooled = run(lambda x, y: rois.roi_align(x, y, stride, 7), features, found)
    for number, (picture, k) in enumerate(np.ndindex(2, 9)):
        wanted = reference.roi_align(features[picture].astype(float), found[picture, k], stride, 7)
        np.testing.assert_allclose(pooled[number], wanted, atol=2e-5)


@pytest.mark.parametrize("channels", [3, 40])
def test_gradient_of_roi_align_is_exact_every_time(channels):
    rng, stride, count = np.random.RandomState(6), 16, 400
    height, width = SIZE[0] // stride, SIZE[1] // stride
    features = rng.randn(1, height, width, channels).astype(np.float32)
    found = np.clip(boxes(rng, 1, count), 0, [SIZE[1], SIZE[0]] * 2).astype(np.float32)
    back = rng.randn(count, 7, 7, channels).astype(np.float32)
    # The weights with which bins read cells: what they pool out of one map for each cell.
    units = np.eye(height * width).reshape(height, width, -1)
    read = np.stack([reference.roi_align(units, box, stride, 7) for box in found[0]])
    wanted = np.einsum("nijc,nijk->kc", back, read).reshape(features.shape)

    def gradient(x, y, z):
        return tf.gradients(rois.roi_align(x, y, stride, 7), x, z)[0]

    with tf.Graph().as_default(), v1.Session() as session:
        given = [v1.placeholder(tf.float32, each.shape) for each in (features, found, back)]
        wish, feed = gradient(*given), dict(zip(given, (features, found, back)))
        results = [session.run(wish, feed) for _ in range(20)]
    np.testing.assert_allclose(results[0], wanted, rtol=1e-4, atol=1e-3)
    assert all((each == results[0]).all() for each in results)
