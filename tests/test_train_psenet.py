"""PSENet: its losses against plain NumPy, its layers, its labels and back."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import Polygon

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from scene_support import fill_weights, small_psenet  # noqa: E402

from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.detection import PsenetReadingOptions  # noqa: E402
from ocrdata.train.models.layers.losses import hard_negatives  # noqa: E402
from ocrdata.train.models.psenet import Psenet  # noqa: E402

pytestmark = pytest.mark.tf
SIZE, CELLS = 96, 24
BAR = np.array([[8, 10], [84, 14], [83, 38], [7, 34]], np.float32)
SIGN = np.array([[20, 64], [44, 60], [46, 84], [22, 88]], np.float32)


def ring(radius=34.0, thickness=20.0, points=7):
    """Curved text: a half of a ring, seven points above and seven below."""
    angle = np.linspace(np.pi, 2 * np.pi, points)
    ray = np.stack([np.cos(angle), np.sin(angle)], 1)
    parts = (radius + thickness / 2) * ray, (radius - thickness / 2) * ray[::-1]
    return (np.concatenate(parts) + [SIZE / 2, SIZE / 2 + 20]).astype(np.float32)


def batch(net, seed=0):
    """Returns three crops with label maps: two texts, of which one is ignored; a curve; none."""
    draw = np.random.RandomState(seed)
    crops = [([BAR, SIGN], [False, True]), ([ring()], [False]), ([], [])]
    maps = [net.label_maps(texts, np.array(out, bool), (SIZE, SIZE)) for texts, out in crops]
    features = {name: np.stack([one[name] for one in maps]) for name in maps[0]}
    features["images"] = draw.randint(0, 256, (3, SIZE, SIZE, 3)).astype(np.uint8)
    return features


def dice(found, true, counts, squared):
    """1 - D of equation 5: sums over all cells that count, float64."""
    power = 2 if squared else 1
    shared = sum(f * t for f, t, c in zip(found, true, counts) if c)
    sizes = sum(f**power + t**power for f, t, c in zip(found, true, counts) if c)
    return 1 - 2 * shared / (sizes + 1e-5)


def mined(logits, true, counts, ratio):
    """Which cells of one crop are learned from: text, and the most text-like of the rest."""
    texts, rest = np.flatnonzero(true & counts), np.flatnonzero(~true & counts)
    if not ratio or not len(texts):
        return counts
    hardest = rest[np.argsort(-logits[rest], kind="stable")][: int(np.ceil(ratio * len(texts)))]
    chosen = np.zeros(len(true), bool)
    chosen[np.concatenate([texts, hardest])] = True
    return chosen


def reference_loss(options, logits, features):
    """The loss of a batch from the paper's formulas, in float64 (section 3.5)."""
    logits = logits.astype(float).reshape(3, -1, options.kernels)
    true = features["kernels"].reshape(logits.shape).astype(bool)
    counts = features["mask"].reshape(logits.shape[:2]).astype(bool)
    found = 1 / (1 + np.exp(-logits))
    chosen = [mined(logits[k, :, -1], true[k, :, -1], counts[k], options.ohem) for k in range(3)]
    inside = counts & (found[..., -1] > 0.5)
    squared = options.dice == "squared"
    losses = [
        dice(*(each[..., level].ravel() for each in (found, true)), where, squared)
        for level, where in [(k, inside.ravel()) for k in range(options.kernels - 1)]
        + [(options.kernels - 1, np.concatenate(chosen))]
    ]
    weight = options.text_weight
    return weight * losses[-1] + (1 - weight) * np.mean(losses[:-1])


FORMS = [
    {"kernels": 7, "smallest_kernel": 0.4},
    {"vanished": "mask", "ohem": 0.0, "dice": "plain"},
    {"kernels": 3, "smallest_kernel": 0.4, "ohem": 1.3, "text_weight": 0.4},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_loss_and_its_gradient_are_those_of_the_formulas(form):
    net = Psenet(small_psenet(**form))
    features, draw = batch(net), np.random.RandomState(1)
    logits = draw.randn(3, CELLS, CELLS, net.options.kernels)
    with tf.Graph().as_default(), v1.Session() as session:
        given = tf.constant(logits, tf.float32)
        labels = net.labels({name: tf.constant(features[name]) for name in features})
        loss = net.loss({"logits": given}, labels)
        value, gradient = session.run([loss, tf.gradients(loss, given)[0]])
    assert value == pytest.approx(reference_loss(net.options, logits, features), rel=1e-5)
    assert np.abs(gradient).max() > 1e-4 and np.abs(gradient[2]).max() > 0
    places = [tuple(draw.randint(0, logits.shape)) for _ in range(12)]
    places += [np.unravel_index(np.abs(gradient).argmax(), gradient.shape)]
    for place in places:
        moved = [logits.copy(), logits.copy()]
        for sign, array in zip((1, -1), moved):
            array[place] += sign * 1e-4
        high, low = (reference_loss(net.options, array, features) for array in moved)
        assert gradient[place] == pytest.approx((high - low) / 2e-4, abs=2e-6)


@pytest.mark.parametrize("seed", range(8))
def test_hard_negatives_are_the_most_text_like_cells_of_each_crop(seed):
    draw = np.random.RandomState(seed)
    logits = draw.randn(4, 5, 6, 1)
    true, counts = draw.rand(4, 5, 6, 1) < 0.2, draw.rand(4, 5, 6, 1) < draw.choice([0.3, 1.0])
    true[3] = False
    arrays = (np.float32(each) for each in (logits, true, counts))
    with tf.Graph().as_default(), v1.Session() as session:
        chosen = session.run(hard_negatives(*map(tf.constant, arrays), 3.0))
    for k in range(4):
        expected = mined(logits[k].ravel(), true[k].ravel(), counts[k].ravel(), 3.0)
        np.testing.assert_array_equal(chosen[k].ravel(), expected)


# The loss of these weights and this batch, found with TensorFlow 2.21 and with 1.15.
LOSSES = [0.9280182, 0.8161640, 0.7470262]


@pytest.mark.parametrize("place", range(3))
def test_the_loss_is_the_same_in_every_tensorflow(place):
    net = Psenet(small_psenet(**FORMS[place]))
    features = batch(net)
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = net.build({"images": tf.constant(features["images"])}, True)
        labels = net.labels({name: tf.constant(features[name]) for name in features})
        loss = net.loss(outputs, labels)
        fill_weights(session, v1.global_variables())
        assert session.run(loss) == pytest.approx(LOSSES[place], rel=1e-5)


def test_the_published_network_has_the_published_layers():
    with tf.Graph().as_default():
        images = v1.placeholder(tf.uint8, [1, 64, 96, 3])
        logits = Psenet(Psenet.card.options()).build({"images": images}, training=True)["logits"]
        shapes = {v.op.name: v.shape.as_list() for v in v1.trainable_variables()}
    assert logits.shape.as_list() == [1, 16, 24, 6]
    own = {name: shape for name, shape in shapes.items() if name.endswith("weights")}
    own = {name[7:-8]: shape for name, shape in own.items() if name.startswith("psenet/")}
    assert own == {
        "lateral5": [1, 1, 2048, 256],
        "lateral4": [1, 1, 512, 256],
        "lateral3": [1, 1, 256, 256],
        "lateral2": [1, 1, 64, 256],
        "smooth4": [3, 3, 256, 256],
        "smooth3": [3, 3, 256, 256],
        "smooth2": [3, 3, 256, 256],
        "fusion": [3, 3, 1024, 256],
        "kernels": [1, 1, 256, 6],
    }
    assert shapes["resnet_v1_50/block4/unit_3/bottleneck_v1/conv2/weights"] == [3, 3, 512, 512]


def test_a_picture_of_any_size_gives_maps_of_whole_cells():
    net = Psenet(small_psenet())
    with tf.Graph().as_default(), v1.Session() as session:
        images = v1.placeholder(tf.uint8, [None, None, None, 3])
        maps = net.decode(net.build({"images": images}, training=False))
        session.run(v1.global_variables_initializer())
        found = session.run(maps, {images: np.zeros((1, 70, 33, 3), np.uint8)})["kernels"]
    assert found.shape == (1, 24, 16, 6) and 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("polygons", [False, True])
def test_outlines_of_true_maps_are_the_texts(form, polygons):
    net = Psenet(small_psenet(**form))
    texts = [BAR, SIGN + [30, 0]] if not polygons else [ring(), BAR - [0, 8]]
    maps = net.label_maps(texts, np.zeros(2, bool), (SIZE, SIZE))
    reading = PsenetReadingOptions(polygons=polygons, min_kernel_area=1)
    outlines, scores = net.boxes({"kernels": maps["kernels"].astype(np.float32)}, reading)
    assert len(outlines) == 2 and maps["mask"].all() and (scores == 1).all()
    for outline, text in zip(sorted(outlines, key=len), sorted(texts, key=len)):
        found, true = Polygon(outline), Polygon(text)
        pairs = [Polygon(t).intersection(found).area / Polygon(t).union(found).area for t in texts]
        assert max(pairs) > 0.75 and true.is_valid
        x, y = outline.T
        assert np.dot(x, np.roll(y, -1)) > np.dot(y, np.roll(x, -1)), "clockwise"


def test_a_kernel_outside_the_whole_text_is_no_text():
    maps = np.zeros((30, 30, 3), np.float32)
    maps[5:15, 5:25] = 1.0
    maps[20:28, 5:25, 0] = 1.0  # nobody taught the kernels what lies outside texts
    outlines, _ = Psenet(small_psenet(kernels=3)).boxes({"kernels": maps}, PsenetReadingOptions())
    assert len(outlines) == 1 and outlines[0][:, 1].max() < 64


def test_thin_texts_are_not_learned_from():
    thin = np.array([[4, 50], [90, 50], [90, 55], [4, 55]], np.float32)
    for least, ignored in ((4.0, False), (6.0, True)):
        net = Psenet(small_psenet(min_text_size=least))
        maps = net.label_maps([BAR, thin], np.zeros(2, bool), (SIZE, SIZE))
        assert (maps["kernels"][13, 10, -1] == 0) == (maps["mask"][13, 10] == 0) == ignored
        assert maps["kernels"][6, 10].all() and maps["mask"][6, 10]


def test_texts_too_small_for_a_kernel_are_counted_once_and_reported():
    thin = np.array([[4, 50], [90, 50], [90, 57], [4, 57]], np.float32)
    net = Psenet(small_psenet(kernels=7, smallest_kernel=0.4))
    maps = net.label_maps([BAR, thin, thin + 20], np.zeros(3, bool), (SIZE, SIZE))
    assert maps["vanished"] == 2 and net.label_specs(SIZE)["vanished"][1] == ()
    features = {name: np.stack([value, value]) for name, value in maps.items()}
    with tf.Graph().as_default(), v1.Session() as session:
        labels = net.labels({name: tf.constant(value) for name, value in features.items()})
        figures = net.figures({"logits": tf.zeros([2, CELLS, CELLS, 7])}, labels)
        assert session.run(figures["vanished_texts"]) == 4
