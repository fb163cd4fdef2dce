"""EAST: its layers and names, its losses against plain NumPy, first weights from a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from scene_support import fill_weights, small_east  # noqa: E402

from ocrdata.errors import CheckpointError  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.detection import EastReadingOptions  # noqa: E402
from ocrdata.train.engine.pretrained import Pretrained  # noqa: E402
from ocrdata.train.models.east import East  # noqa: E402
from ocrdata.train.models.layers.resnet_v1 import resnet_v1  # noqa: E402

pytestmark = pytest.mark.tf
SIZE = 64
QUADS = np.array([[[8, 10], [50, 14], [49, 34], [7, 30]], [[20, 44], [44, 40], [46, 56], [22, 60]]])


def batch(net, seed=0):
    """Returns two crops with label maps: one with two texts, one of which is ignored; one empty."""
    draw = np.random.RandomState(seed)
    maps = [
        net.label_maps(list(QUADS.astype(np.float32)), np.array([False, True]), (SIZE, SIZE)),
        net.label_maps([], np.zeros(0, bool), (SIZE, SIZE)),
    ]
    features = {name: np.stack([one[name] for one in maps]) for name in maps[0]}
    features["images"] = draw.randint(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)
    return features


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def reference_loss(net, logits, geometry, features):
    """The loss of a batch, cell by cell from the paper's formulas, in float64."""
    options = net.options
    score, mask = features["score"].astype(float), features["mask"].astype(float)
    truth = features["geometry"].astype(float)
    logits, geometry = logits[..., 0].astype(float), geometry.astype(float)
    found = sigmoid(logits)
    if options.score_loss == "dice":
        shared = (found * score * mask).sum()
        loss = 1 - 2 * shared / ((score * mask).sum() + (found * mask).sum() + 1e-5)
    else:
        text = (score * mask).sum() / mask.sum()
        each = -(1 - text) * score * np.log(found) - text * (1 - score) * np.log(1 - found)
        loss = (each * mask).sum() / mask.sum() / (2 * text * (1 - text))
    cells = [
        cell_loss(options, geometry[place], truth[place])
        for place in zip(*np.nonzero(score * mask))
    ]
    return loss + options.geometry_weight * np.mean(cells)


def cell_loss(options, found, true):
    if options.geometry == "rbox":
        top, right, bottom, left = np.minimum(found, true)[:4]
        shared = (top + bottom) * (left + right)
        union = sum((q[0] + q[2]) * (q[1] + q[3]) for q in (found, true)) - shared
        turned = 1 - np.cos(found[4] - true[4])
        return -np.log((shared + 1) / (union + 1)) + options.angle_weight * turned
    corners, losses = true.reshape(4, 2), []
    shortest = min(np.hypot(*(corners[i] - corners[i - 1])) for i in range(4))
    for turn in range(4):
        distance = np.abs(found.reshape(4, 2) - np.roll(corners, turn, 0))
        smooth = np.where(distance < 1, 0.5 * distance**2, distance - 0.5)
        losses.append(smooth.sum())
    return min(losses) / (8 * shortest)


FORMS = [
    {"geometry": "rbox", "score_loss": "dice"},
    {"geometry": "rbox", "score_loss": "balanced", "geometry_weight": 0.5, "angle_weight": 10.0},
    {"geometry": "quad", "score_loss": "dice"},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_loss_and_its_gradient_are_those_of_the_formulas(form):
    net = East(small_east(**form))
    features, draw = batch(net), np.random.RandomState(1)
    channels = features["geometry"].shape[-1]
    logits = draw.randn(2, 16, 16, 1)
    geometry = np.abs(draw.randn(2, 16, 16, channels)) * 20 + 0.1
    with tf.Graph().as_default(), v1.Session() as session:
        given = tf.constant(logits, tf.float32), tf.constant(geometry, tf.float32)
        labels = net.labels({name: tf.constant(features[name]) for name in features})
        loss = net.loss({"logits": given[0], "geometry": given[1]}, labels)
        value, gradients = session.run([loss, tf.gradients(loss, given)])
    assert value == pytest.approx(reference_loss(net, logits, geometry, features), rel=1e-5)
    places = np.argwhere(features["score"] * features["mask"])[::5]
    for part, array in enumerate((logits, geometry)):
        for place in [(*place, array.shape[-1] - 1) for place in places] + [(1, 3, 3, 0)]:
            moved = [[logits.copy(), geometry.copy()] for _ in range(2)]
            for sign, pair in zip((1, -1), moved):
                pair[part][tuple(place)] += sign * 1e-4
            high, low = (reference_loss(net, *pair, features) for pair in moved)
            assert gradients[part][tuple(place)] == pytest.approx((high - low) / 2e-4, abs=2e-5)


def built(net, features, training=True):
    images = tf.constant(features["images"])
    outputs = net.build({"images": images}, training)
    return outputs, net.labels({name: tf.constant(features[name]) for name in features})


@pytest.mark.parametrize("form", FORMS[::2], ids=str)
def test_a_gradient_step_changes_the_loss_as_the_gradient_says(form):
    net = East(small_east(**form))
    features = batch(net)
    with tf.Graph().as_default(), v1.Session() as session:
        outputs, labels = built(net, features)
        loss = net.loss(outputs, labels)
        rate = v1.placeholder(tf.float32, [])
        gradients = tf.gradients(loss, v1.trainable_variables())
        step = v1.train.GradientDescentOptimizer(rate).minimize(loss)
        session.run(v1.global_variables_initializer())
        square = sum((g**2).sum(dtype=float) for g in session.run(gradients))
        first = session.run(outputs)
        before = reference_loss(net, first["logits"], first["geometry"], features)
        session.run(step, {rate: 1e-3 / square})
        second = session.run(outputs)
        after = reference_loss(net, second["logits"], second["geometry"], features)
    assert before - after == pytest.approx(1e-3, rel=0.1)


# The loss of these weights and this batch, found with TensorFlow 2.21 and with 1.15.
LOSS = {"rbox": 3.528128, "quad": 6.377310}


@pytest.mark.parametrize("geometry", sorted(LOSS))
def test_the_loss_is_the_same_in_every_tensorflow(geometry):
    net = East(small_east(geometry=geometry))
    features = batch(net)
    with tf.Graph().as_default(), v1.Session() as session:
        loss = net.loss(*built(net, features))
        fill_weights(session, v1.global_variables())
        assert session.run(loss) == pytest.approx(LOSS[geometry], rel=1e-4)


def test_layers_have_the_names_and_shapes_of_slims_checkpoints():
    with tf.Graph().as_default():
        images = v1.placeholder(tf.float32, [1, 64, 96, 3])
        stages = resnet_v1(images, (3, 4, 6, 3), name="resnet_v1_50", training=True)
        shapes = {v.op.name: v.shape.as_list() for v in v1.global_variables("resnet")}
    sizes = [tuple(stage.shape.as_list()[1:]) for stage in stages]
    assert sizes == [(16, 24, 64), (8, 12, 256), (4, 6, 512), (2, 3, 1024), (2, 3, 2048)]
    assert shapes["resnet_v1_50/conv1/weights"] == [7, 7, 3, 64]
    unit = "resnet_v1_50/block1/unit_1/bottleneck_v1/"
    assert shapes[unit + "shortcut/weights"] == [1, 1, 64, 256]
    assert shapes[unit + "shortcut/BatchNorm/moving_variance"] == [256]
    assert shapes["resnet_v1_50/block4/unit_3/bottleneck_v1/conv2/weights"] == [3, 3, 512, 512]
    # 53 convolutions with weights, gamma, beta and two averages each: what the file holds but for
    # the classifier, the mean and the step.
    assert len(shapes) == 53 * 5


def test_a_picture_of_any_size_gives_maps_of_whole_cells():
    net = East(small_east())
    with tf.Graph().as_default(), v1.Session() as session:
        images = v1.placeholder(tf.uint8, [None, None, None, 3])
        maps = net.decode(net.build({"images": images}, training=False))
        session.run(v1.global_variables_initializer())
        found = session.run(maps, {images: np.zeros((1, 70, 33, 3), np.uint8)})
    assert found["score"].shape == (1, 24, 16) and found["geometry"].shape == (1, 24, 16, 5)
    assert (found["geometry"][..., :4] >= 0).all() and (found["geometry"][..., :4] <= 64).all()
    assert np.abs(found["geometry"][..., 4]).max() <= np.pi / 4 + 1e-6


@pytest.mark.parametrize("geometry", ["rbox", "quad"])
def test_boxes_of_true_maps_are_the_texts(geometry):
    net = East(small_east(geometry=geometry))
    maps = net.label_maps(list(QUADS.astype(np.float32)), np.zeros(2, bool), (SIZE, SIZE))
    score = maps["score"].astype(np.float32)
    quads, _ = net.boxes({"score": score, "geometry": maps["geometry"]}, EastReadingOptions())
    for quad in quads:
        assert min(np.abs(np.roll(quad, n, 0) - q).max() for q in QUADS for n in range(4)) < 3
    assert len(quads) == 2 and maps["mask"].all()


def checkpoint_of(path, units, multiplier):
    """Saves a stem with weights of its own, and a classifier as slim's files have."""
    with tf.Graph().as_default(), v1.Session() as session:
        images = tf.zeros([1, 32, 32, 3])
        resnet_v1(images, units, name="resnet_v1_14", training=True, multiplier=multiplier)
        v1.get_variable("resnet_v1_14/logits/weights", [1, 1, 8, 10])
        ours = v1.global_variables("resnet")
        fill_weights(session, ours, seed=5)
        names = session.run({v.op.name: v for v in ours})
        v1.train.Saver(ours).save(session, str(path), write_meta_graph=False)
    return names


def test_first_weights_come_from_a_checkpoint_by_name(tmp_path):
    saved = checkpoint_of(tmp_path / "resnet.ckpt", (1, 1, 1, 1), 0.1)
    net = East(small_east())
    with tf.Graph().as_default(), v1.Session() as session:
        net.build({"images": tf.zeros([1, 32, 32, 3], tf.uint8)}, training=True)
        session.run(v1.global_variables_initializer())
        given = Pretrained(tmp_path / "resnet.ckpt")
        given.initializer()(None, session)
        found = session.run({v.op.name: v for v in v1.global_variables() if v.op.name in saved})
    for name, value in found.items():
        assert (value == saved[name]).all()
    assert given.report.loaded == len(saved) - 1 and given.report.unused == 1
    assert given.report.missing and given.report.first_missing[0].startswith("east/")


def test_weights_of_other_shapes_are_left_out_and_named(tmp_path):
    checkpoint_of(tmp_path / "resnet.ckpt", (1, 1, 1, 1), 0.2)
    with tf.Graph().as_default():
        East(small_east()).build({"images": tf.zeros([1, 32, 32, 3], tf.uint8)}, training=True)
        with pytest.raises(CheckpointError, match=r"fit this model.*\[7, 7, 3, 13\], not \[7, 7"):
            Pretrained(tmp_path / "resnet.ckpt")
        with pytest.raises(CheckpointError, match="does not exist"):
            Pretrained(tmp_path / "other.ckpt")
