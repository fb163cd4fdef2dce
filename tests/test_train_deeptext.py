"""DeepText: its losses against plain NumPy, its gradients, its names, its input and its reading."""

from __future__ import annotations

import random

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
import deeptext_reference as reference  # noqa: E402
from scene_support import fill_weights, small_deeptext  # noqa: E402

from ocrdata.geometry import boxes as b  # noqa: E402
from ocrdata.geometry import voting  # noqa: E402
from ocrdata.images.fitting import fit_image  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.deeptext import DeepTextReadingOptions  # noqa: E402
from ocrdata.train.engine.pretrained import Pretrained  # noqa: E402
from ocrdata.train.models.deeptext import DeepText  # noqa: E402
from ocrdata.train.models.layers.vgg16 import fully_connected, vgg16  # noqa: E402

pytestmark = pytest.mark.tf
SIZE = (64, 96)


def outline(left, top, right, bottom):
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


TEXTS = [outline(8, 10, 60, 30), outline(20, 40, 44, 60), outline(50, 36, 90, 60)]


def batch(net, seed=0):
    """Returns two pictures: one with two texts and one to be ignored, one without any."""
    maps = [
        net.label_maps(TEXTS, np.array([False, False, True]), SIZE),
        net.label_maps([], np.zeros(0, bool), SIZE),
    ]
    features = {name: np.stack([one[name] for one in maps]) for name in maps[0]}
    draw = np.random.RandomState(seed)
    features["images"] = draw.randint(0, 256, (2, *SIZE, 3)).astype(np.uint8)
    return features


def constants(features):
    return {name: tf.constant(value) for name, value in features.items()}


def reference_figures(outputs):
    stages = {}
    for stage in ("rpn", "rcnn"):
        rows = {n[len(stage) + 1 :]: v for n, v in outputs.items() if n.startswith(stage + "_")}
        count = rows["weights"].size if stage == "rpn" else rows["weights"].sum()
        stages[stage] = reference.losses(rows, stage, count)
    rpn_box = 3.0 * stages["rpn"][1]
    return {
        "rpn_class_loss": stages["rpn"][0],
        "rpn_box_loss": rpn_box,
        "rcnn_class_loss": stages["rcnn"][0],
        "rcnn_box_loss": stages["rcnn"][1],
        "rpn_loss": stages["rpn"][0] + rpn_box,
        "rcnn_loss": sum(stages["rcnn"]),
    }


@pytest.fixture(scope="module")
def step():
    """A training graph with fixed weights: its outputs, figures, loss and gradients."""
    net = DeepText(small_deeptext())
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.get_or_create_global_step()
        outputs = net.build(constants(batch(net)), training=True)
        figures = net.figures(outputs, {})
        parts = [net.loss(outputs, {}), figures["rpn_loss"], figures["rcnn_loss"]]
        variables = v1.trainable_variables()
        session.run(v1.global_variables_initializer())
        fill_weights(session, v1.global_variables())
        unused = v1.UnconnectedGradients.ZERO if hasattr(v1, "UnconnectedGradients") else "zero"
        gradients = [tf.gradients(part, variables, unconnected_gradients=unused) for part in parts]
        values = session.run([outputs, figures, parts[0], gradients])
        return net, [v.op.name for v in variables], values


def test_losses_are_those_of_the_formulas(step):
    _, _, (outputs, figures, loss, _) = step
    expected = reference_figures(outputs)
    assert set(figures) == set(expected)
    for name, value in expected.items():
        assert figures[name] == pytest.approx(value, rel=1e-4), name
    assert loss == pytest.approx(expected["rpn_loss"] + expected["rcnn_loss"], rel=1e-4)
    for name in ("rpn_box_loss", "rcnn_box_loss"):
        assert expected[name] > 0


def test_what_is_learned_from_keeps_to_the_rules(step):
    net, _, (outputs, *_) = step
    assert outputs["rpn_labels"].shape == (2, net.options.rpn_samples)
    assert outputs["rcnn_labels"].shape == (2, net.options.rois)
    assert set(outputs["rpn_labels"][0]) == {0, 1} and set(outputs["rpn_labels"][1]) == {0}
    text = outputs["rcnn_labels"][0] == 1
    goal = b.decode_boxes(
        outputs["rcnn_deltas"][0][text], outputs["boxes"][0][text], b.SECOND_STAGE_DEVIATIONS
    )
    truth = np.array([np.concatenate([t.min(0), t.max(0)]) for t in TEXTS[:2]])
    assert text.sum() >= 2 and np.abs(goal[:, None] - truth).max(axis=2).min(axis=1).max() < 1e-2
    best = b.box_overlaps(outputs["boxes"][0], truth).max(axis=1)
    used = outputs["rcnn_weights"][0] > 0
    for label, low, high in ((0, 0.0, 0.2), (1, 0.5, 1.01), (2, 0.2, 0.5)):
        of_kind = best[(outputs["rcnn_labels"][0] == label) & used]
        assert ((of_kind >= low - 1e-5) & (of_kind < high)).all()


def test_gradients_reach_every_layer_that_takes_part(step):
    _, names, (_, _, _, (whole, first, second)) = step
    for name, total, rpn, rcnn in zip(names, whole, first, second):
        np.testing.assert_allclose(total, rpn + rcnn, rtol=2e-3, atol=1e-4, err_msg=name)
        shared = name.startswith("vgg_16/conv")
        proposals = any(part in name for part in ("inception", "deeptext/score", "deltas"))
        assert np.abs(rpn).max() > 0 if shared or proposals else not rpn.any(), name
        assert np.abs(rcnn).max() > 0 if shared or not proposals else not rcnn.any(), name


def test_every_shape_in_training_is_fixed():
    net = DeepText(small_deeptext())
    with tf.Graph().as_default() as graph:
        given = {n: v1.placeholder(v.dtype, v.shape) for n, v in batch(net).items()}
        net.loss(net.build(given, training=True), {})
        loose = {
            operation.type
            for operation in graph.get_operations()
            for output in operation.outputs
            if not output.shape.is_fully_defined()
        }
    assert loose <= {"FusedBatchNormV3"}  # what it keeps for its own gradient


@pytest.mark.parametrize("stage", ["rpn", "rcnn"])
def test_gradients_of_the_losses_are_those_of_the_formulas(step, stage):
    net, _, (outputs, *_) = step
    rows = {n: v for n, v in outputs.items() if n.startswith(("rpn_", "rcnn_"))}
    with tf.Graph().as_default(), v1.Session() as session:
        given = constants(rows)
        watched = [given[stage + "_logits"], given[stage + "_found"]]
        found = session.run(tf.gradients(net.loss(given, {}), watched))
    places = np.argwhere(rows[stage + "_labels"] == 1)[:6]
    for name, gradient in zip(("logits", "found"), found):
        for place in places:
            where = (*place, 1)[: gradient.ndim]
            sums = []
            for move in (1e-3, -1e-3):
                moved = dict(rows, **{stage + "_" + name: rows[stage + "_" + name].astype(float)})
                moved[stage + "_" + name][where] += move
                sums.append(reference_figures(moved)[stage + "_loss"])
            slope = (sums[0] - sums[1]) / 2e-3
            assert gradient[where] == pytest.approx(slope, rel=2e-2, abs=2e-5)


def test_the_loss_is_the_same_in_every_tensorflow(step):
    assert step[2][2] == pytest.approx(LOSS, rel=1e-3)


# The loss of these weights and this batch, found with TensorFlow 2.21 and with 1.15.
LOSS = 10.231170


def names_of(norm):
    with tf.Graph().as_default():
        found = vgg16(v1.placeholder(tf.float32, [1, 64, 96, 3]), False, norm)
        fully_connected(v1.placeholder(tf.float32, [5, 7, 7, 512]))
        shapes = {v.op.name: v.shape.as_list() for v in v1.global_variables()}
    return found, shapes


def test_layers_have_the_names_and_shapes_of_slims_checkpoint():
    found, shapes = names_of(norm=False)
    sizes = [tuple(stage.shape.as_list()[1:]) for stage in found]
    assert sizes == [(64, 96, 64), (32, 48, 128), (16, 24, 256), (8, 12, 512), (4, 6, 512)]
    # 13 convolutions and two layers: what the file holds but for fc8 and the mean.
    assert len(shapes) == 30 and shapes["vgg_16/conv1/conv1_1/weights"] == [3, 3, 3, 64]
    assert shapes["vgg_16/conv5/conv5_3/biases"] == [512]
    assert shapes["vgg_16/fc6/weights"] == [7, 7, 512, 4096]
    assert shapes["vgg_16/fc7/weights"] == [1, 1, 4096, 4096]
    _, normed = names_of(norm=True)
    assert "vgg_16/conv3/conv3_3/BatchNorm/gamma" in normed and len(normed) == 13 * 5 + 4
    assert "vgg_16/conv3/conv3_3/biases" not in normed


@pytest.mark.parametrize("norm, left_out", [(False, 0), (True, 13)])
def test_first_weights_come_from_a_checkpoint_by_name(tmp_path, norm, left_out):
    with tf.Graph().as_default(), v1.Session() as session:
        vgg16(tf.zeros([1, 32, 32, 3]), False, False, 0.05)
        fully_connected(tf.zeros([1, 7, 7, 26]), 0.05)
        v1.get_variable("vgg_16/fc8/weights", [1, 1, 205, 10])
        fill_weights(session, v1.global_variables(), seed=5)
        saved = session.run({v.op.name: v for v in v1.global_variables()})
        v1.train.Saver().save(session, str(tmp_path / "vgg_16.ckpt"), write_meta_graph=False)
    net = DeepText(small_deeptext(batch_norm=norm, width_multiplier=0.05))
    with tf.Graph().as_default(), v1.Session() as session:
        net.build({"images": tf.zeros([1, *SIZE, 3], tf.uint8)}, training=False)
        session.run(v1.global_variables_initializer())
        given = Pretrained(tmp_path / "vgg_16.ckpt")
        given.initializer()(None, session)
        found = session.run({v.op.name: v for v in v1.global_variables() if v.op.name in saved})
    for name, value in found.items():
        assert (value == saved[name]).all()
    assert given.report.loaded == 30 - left_out and given.report.unused == 1 + left_out
    assert not given.report.unfit


def test_without_normalisation_the_first_features_are_of_the_order_of_one():
    draw = np.random.RandomState(0)
    images = draw.normal(0, 60, (1, 64, 64, 3)).astype(np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        found = vgg16(tf.constant(images), False, norm=False, multiplier=0.25)
        session.run(v1.global_variables_initializer())
        spreads = [stage.std() for stage in session.run(found)]
    assert all(0.2 < spread < 5.0 for spread in spreads)


def test_a_picture_of_any_size_gives_boxes_within_it():
    net = DeepText(small_deeptext())
    net.prepare(DeepTextReadingOptions(rounds=2))
    with tf.Graph().as_default(), v1.Session() as session:
        images = v1.placeholder(tf.uint8, [None, None, None, 3])
        maps = net.decode(net.build({"images": images}, training=False))
        session.run(v1.global_variables_initializer())
        fill_weights(session, v1.trainable_variables())
        found = session.run(maps, {images: np.zeros((3, 70, 33, 3), np.uint8)})
    count = 2 * net.options.test_proposals
    assert found["boxes"].shape == (3, count, 4) and found["scores"].shape == (3, count)
    assert found["boxes"].min() >= 0 and (found["boxes"].max(axis=(0, 1))[2:] <= [33, 70]).all()
    assert found["scores"].min() >= 0 and found["scores"].max() <= 1
    assert found["objectness"].shape == (3, 5, 3)


def test_texts_are_upright_boxes_and_what_cannot_be_learned_is_ignored():
    net = DeepText(small_deeptext(max_texts=2, min_text_size=5.0))
    turned = np.array([[10, 40], [40, 30], [44, 44], [14, 54]], np.float32)
    given = [outline(0, 0, 30, 20), outline(50, 5, 90, 8), turned, outline(60, 20, 110, 60)]
    maps = net.label_maps(given, np.array([False, False, False, False]), SIZE)
    assert maps["texts"].tolist() == [[60, 20, 96, 60], [10, 30, 44, 54]]
    assert maps["ignored"].tolist() == [[0, 0, 30, 20], [50, 5, 90, 8]]
    assert dict.fromkeys(maps, (2, 4)) == {n: s for n, (_, s) in net.label_specs(64).items()}


@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_suppression_is_that_of_tensorflow(threshold):
    draw = np.random.RandomState(2)
    corner = draw.uniform(0, 90, (80, 2))
    boxes = np.concatenate([corner, corner + draw.uniform(5, 60, (80, 2))], 1).astype(np.float32)
    scores = draw.rand(80).astype(np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        keep = session.run(tf.image.non_max_suppression(boxes, scores, 80, threshold, 0.4))
    found, values = voting.vote_boxes(boxes, scores, threshold=0.4, nms_threshold=threshold)
    np.testing.assert_allclose(found, boxes[keep])
    np.testing.assert_allclose(values, scores[keep])


def test_votes_are_means_weighted_by_scores():
    boxes = np.array([[0, 0, 100, 20], [4, 2, 104, 22], [300, 0, 340, 20], [0, 0, 40, 20]], float)
    scores = np.array([0.9, 0.3, 0.8, 0.7])
    found, values = voting.vote_boxes(boxes, scores, threshold=0.5, voting=True)
    np.testing.assert_allclose(found, [[1, 0.5, 101, 20.5], [300, 0, 340, 20]], atol=1e-5)
    assert values.tolist() == [0.9, 0.8]  # the box within a better one is gone
    plain, _ = voting.vote_boxes(boxes, scores, threshold=0.5)
    assert plain.tolist() == boxes[[0, 2, 3]].tolist()


def test_reading_gives_outlines_in_the_pixels_of_the_picture():
    net = DeepText(small_deeptext())
    maps = {"boxes": np.array([[10, 20, 30, 40], [0, 0, 0, 0]]), "scores": np.array([0.9, 0.0])}
    outlines, scores = net.boxes(maps, DeepTextReadingOptions(), (2.0, 0.5))
    assert outlines[0].tolist() == [[20, 10], [60, 10], [60, 20], [20, 20]] and len(outlines) == 1
    assert scores.tolist() == [0.9]


def gradient_picture(height=60, width=80):
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x * 3, y * 4, np.full_like(x, 9)], 2).astype(np.uint8)


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("more", [{}, {"expand": 1.0}, {"flip": 1.0}, {"cuts": 1.0}], ids=str)
def test_boxes_move_with_the_pixels(fit, more):
    from ocrdata.train.config.deeptext import ResizeOptions

    net = DeepText(small_deeptext(fit=fit))
    options = ResizeOptions(**{"expand": 0.0, "jitter": 0.0, **more})
    picture, given = gradient_picture(), outline(16, 12, 48, 40)
    for seed in range(4):
        rng = random.Random(seed)
        crop = net.crop(picture, [given], ignore=np.array([False]), options=options, rng=rng)
        assert crop.image.shape == (*SIZE, 3)
        for x, y in crop.polygons[0] if crop.polygons else []:
            # The picture's own colours say which of its pixels lies in the corner.
            left, top = min(int(x), SIZE[1] - 1), min(int(y), SIZE[0] - 1)
            red, green, blue = (int(v) for v in crop.image[top, left])
            assert red == 9 or red > 50  # the picture, or the canvas around it
            place = np.abs(given - [blue / 3.0, green / 4.0]).max(axis=1).min()
            assert red != 9 or place < 4.5
    assert crop.polygons and crop.ignore.tolist() == [False]


def test_pictures_are_read_as_they_are_learned():
    picture = gradient_picture(40, 120)
    for fit, scale in (("stretch", (1.25, 0.625)), ("letterbox", (1.25, 1.25))):
        how = DeepText(small_deeptext(fit=fit)).fitting(DeepTextReadingOptions())
        image, found = fit_image(picture, how)
        assert image.shape == (*SIZE, 3) and found == pytest.approx(scale)
        rows = int(round(40 / scale[1]))
        assert (image[rows:] == image[-1, -1]).all() and image[rows - 1, 50, 1] > 140
