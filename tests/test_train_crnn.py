"""CRNN: shapes, padding, CTC and decoding, against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_support import tiny  # noqa: E402

from ocrdata.errors import OptionError  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.models.crnn import Crnn, time_steps  # noqa: E402
from ocrdata.train.models.layers import ctc  # noqa: E402
from ocrdata.train.models.layers.network_pixels import network_pixels  # noqa: E402

pytestmark = pytest.mark.tf


def run(fetches):
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        return session.run(fetches)


def noise(widths, full, channels=1, seed=0):
    """Noise in the first columns of each picture, and something else behind; and the widths."""
    draw = np.random.RandomState(seed)
    images = np.full((len(widths), 32, full, channels), 77, np.uint8)
    for image, width in zip(images, widths):
        image[:, :width] = draw.randint(0, 256, (32, width, channels))
    return images, np.array(widths, np.int32)


def pictures(widths, full, channels=1):
    images, widths = noise(widths, full, channels)
    return {"images": tf.constant(images), "widths": tf.constant(widths)}


@pytest.fixture(scope="module")
def read():
    """Returns a network's logits and lengths of pictures; of each network one graph is made."""
    graphs = {}

    def call(net, widths, full):
        key = repr(net.options)
        if key not in graphs:
            with tf.Graph().as_default() as graph:
                inputs = net.placeholders()
                outputs = net.build(inputs, training=False)
                session = v1.Session(graph=graph)
                session.run(v1.global_variables_initializer())
            graphs[key] = session, inputs, outputs
        session, inputs, outputs = graphs[key]
        shown = dict(zip(("images", "widths"), noise(widths, full)))
        return session.run(outputs, {inputs[name]: value for name, value in shown.items()})

    yield call
    for session, _, _ in graphs.values():
        session.close()


@pytest.mark.parametrize("width", [1, 3, 4, 5, 7, 8, 61, 100, 101, 102, 103])
def test_time_steps_are_those_of_the_network_built(read, width):
    found = read(Crnn(tiny(), 11), [width], width)
    assert found["logits"].shape == (time_steps(width), 1, 11)
    assert found["lengths"].tolist() == [time_steps(width)]


@pytest.mark.parametrize("batch_norm", ["all", "paper"])
@pytest.mark.parametrize("width", [9, 30, 31, 32, 33])
def test_padding_and_neighbours_change_nothing(read, width, batch_norm):
    net = Crnn(tiny(batch_norm=batch_norm), 11)
    one, many = read(net, [width], width)["logits"], read(net, [width, 64, 5], 64)["logits"]
    np.testing.assert_allclose(many[: len(one), 0], one[:, 0], atol=2e-6)


def test_padding_changes_no_training_loss():
    with tf.Graph().as_default():
        net, labels = Crnn(tiny(), 11), {"classes": tf.constant([[1, 2], [3, -1]])}
        tight = net.loss(net.build(pictures([40, 20], 40), training=True), labels)
        with v1.variable_scope("", reuse=True):
            loose = net.loss(net.build(pictures([40, 20], 96), training=True), labels)
        np.testing.assert_allclose(*run([tight, loose]), rtol=1e-4)


def test_fixed_width_gives_static_shapes():
    with tf.Graph().as_default():
        images = v1.placeholder(tf.uint8, [4, 32, 100, 1])
        widths = v1.placeholder(tf.int32, [4])
        net = Crnn(tiny(image_width=100, lstm="unrolled"), 11)
        outputs = net.build({"images": images, "widths": widths}, training=True)
        assert outputs["logits"].shape.as_list()[0] == 25


@pytest.mark.parametrize("form", ["loop", "unrolled"])
def test_lstm_forms_read_the_same(form):
    def logits(chosen):
        with tf.Graph().as_default():
            v1.set_random_seed(1)
            net = Crnn(tiny(image_width=48, lstm=chosen), 11)
            return run(net.build(pictures([48, 20], 48), training=False)["logits"])

    np.testing.assert_allclose(logits(form), logits("auto"), atol=1e-5)


def test_unrolled_needs_a_fixed_width():
    with pytest.raises(OptionError, match="image-width"):
        tiny(lstm="unrolled")


def test_published_size():
    """The paper's Table 1: 8.3 M parameters with 36 + 1 classes, batch norm on two layers."""
    from ocrdata.train.config.crnn import CrnnOptions

    with tf.Graph().as_default():
        Crnn(CrnnOptions(batch_norm="paper"), 37).build(pictures([100], 100), training=True)
        names = [v.op.name for v in v1.trainable_variables()]
        count = sum(int(v.shape.num_elements()) for v in v1.trainable_variables())
    assert sum(name.endswith("gamma") for name in names) == 2
    assert 8.2e6 < count < 8.8e6


def test_colour_and_multiplier_change_the_first_layer():
    with tf.Graph().as_default():
        net = Crnn(tiny(color="rgb", width_multiplier=0.5), 11)
        net.build(pictures([20], 20, channels=3), training=True)
        shapes = {v.op.name: v.shape.as_list() for v in v1.trainable_variables()}
    assert shapes["crnn/conv1/weights"] == [3, 3, 3, 32]
    assert shapes["crnn/rnn1/fw/lstm_cell/kernel"] == [256 + 24, 4 * 24]


def collapse(path, blank):
    merged = [key for key, _ in itertools.groupby(path)]
    return tuple(c for c in merged if c != blank)


def text_probabilities(logits):
    """Sums all paths of [T, classes] by the text they give."""
    scores = np.exp(logits - np.log(np.exp(logits).sum(1, keepdims=True)))
    found = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        text = collapse(path, logits.shape[1] - 1)
        found[text] = found.get(text, 0.0) + np.prod([scores[t, c] for t, c in enumerate(path)])
    return found


@pytest.mark.parametrize("text", [(0,), (1, 1), (0, 1, 0), (2, 2)])
def test_loss_is_the_probability_of_the_text(text):
    logits = np.random.RandomState(4).randn(5, 4).astype(np.float32)
    with tf.Graph().as_default():
        outputs = {"logits": tf.constant(logits[:, None]), "lengths": tf.constant([5])}
        loss = Crnn(tiny(), 4).loss(outputs, {"classes": tf.constant([text + (-1, -1)])})
        assert run(loss) == pytest.approx(-np.log(text_probabilities(logits)[text]), rel=1e-4)


def evenly_spaced(logits, lengths, labels):
    """The mean cross entropy of the steps times the characters, written out."""
    found = []
    for line, (length, text) in enumerate(zip(lengths, labels)):
        total = 0.0
        for step in range(length):
            wanted = text[int((step + 0.5) / length * len(text))]
            scores = logits[step, line].astype(float)
            total += np.log(np.exp(scores).sum()) - scores[wanted]
        repeats = sum(one == two for one, two in zip(text, text[1:]))
        found.append(total / length * len(text) if len(text) + repeats <= length else 0.0)
    return found


def test_early_steps_also_learn_from_evenly_spaced_characters():
    logits = np.random.RandomState(5).randn(6, 4, 4).astype(np.float32)
    lengths, labels = [6, 5, 4, 3], [(0, 1, 2), (2,), (1, 0, 0), (1, 1, 1)]
    padded = [text + (-1,) * (3 - len(text)) for text in labels]
    even = evenly_spaced(logits, lengths, labels)
    assert even[3] == 0.0  # no room for three equal ones
    with tf.Graph().as_default():
        step = v1.train.get_or_create_global_step()
        outputs = {"logits": tf.constant(logits), "lengths": tf.constant(lengths)}
        found = ctc.even_losses(outputs["logits"], outputs["lengths"], tf.constant(padded))
        net = Crnn(tiny(), 4)
        net.skip_long_labels = True
        plain = net.loss(outputs, {"classes": tf.constant(padded)})
        net.align_steps = 10
        mixed = net.loss(outputs, {"classes": tf.constant(padded)})
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            np.testing.assert_allclose(session.run(found), even, rtol=1e-4)
            for at, part in ((0, 1.0), (4, 0.6), (10, 0.0), (99, 0.0)):
                session.run(v1.assign(step, at))
                both = session.run([plain, mixed])
                expected = part * np.mean(even) + (1 - part) * both[0]
                assert both[1] == pytest.approx(expected, rel=1e-4)


def test_pixels_of_faint_pictures_are_as_strong_as_any():
    images, widths = noise([40, 24], 48, channels=3)
    images[1] = images[1] // 8 + 90
    inside = (np.arange(48) < widths[:, None]).astype(np.float32)[:, None, :, None]
    with tf.Graph().as_default():
        pixels = [
            network_pixels(tf.constant(images), tf.constant(inside), on) for on in (True, False)
        ]
        strong, plain = run(pixels)
    for image, found, width in zip(images, strong, widths):
        part = image[:, :width].astype(float)
        expected = (part - part.mean()) / np.sqrt(part.var() + 25.0)
        np.testing.assert_allclose(found[:, :width], expected, atol=1e-4)
        assert not found[:, width:].any()
    np.testing.assert_allclose(plain[0, :, :40], images[0, :, :40] / 127.5 - 1.0, atol=1e-6)


@pytest.mark.parametrize("beam_width", [0, 20])
def test_confidence_is_the_probability_of_what_was_read(beam_width):
    draw = np.random.RandomState(9)
    logits = (3 * draw.randn(5, 6, 4)).astype(np.float32)
    logits[:, 0, 3] += 20  # nothing to read
    with tf.Graph().as_default():
        outputs = {"logits": tf.constant(logits), "lengths": tf.constant([5, 5, 5, 4, 3, 1])}
        decoded = Crnn(tiny(), 4).decode(outputs, beam_width)
        classes, confidence = run([decoded.classes, decoded.confidence])
    for row, length in enumerate([5, 5, 5, 4, 3, 1]):
        known = text_probabilities(logits[:length, row])
        text = tuple(c for c in classes[row] if c >= 0)
        assert confidence[row] == pytest.approx(known[text], rel=1e-3)
        if beam_width:
            assert known[text] == pytest.approx(max(known.values()), rel=1e-3)


@pytest.mark.parametrize("beam_width", [0, 10])
def test_repeated_characters_are_read_twice(beam_width):
    path = [0, 0, 3, 0, 1, 1, 3, 1, 1]
    logits = 9 * np.eye(4, dtype=np.float32)[path][:, None]
    with tf.Graph().as_default():
        outputs = {"logits": tf.constant(logits), "lengths": tf.constant([len(path)])}
        classes = run(Crnn(tiny(), 4).decode(outputs, beam_width).classes)
    assert classes.tolist() == [[0, 0, 1, 1]]


def test_correct_compares_whole_sequences():
    from ocrdata.train.models.base import DecodedLines

    with tf.Graph().as_default(), v1.Session() as session:
        read = tf.constant([[1, 2, -1], [1, 2, 3], [1, -1, -1], [-1, -1, -1]])
        truth = tf.constant([[1, 2, -1, -1], [1, 2, -1, -1], [1, 2, -1, -1], [1, -1, -1, -1]])
        right = Crnn(tiny(), 4).correct(DecodedLines(read, None), {"classes": truth})
        assert session.run(right).tolist() == [True, False, False, False]


def test_long_labels_are_left_out_only_if_asked():
    with tf.Graph().as_default():
        net = Crnn(tiny(), 4)
        outputs = {"logits": tf.zeros([2, 1, 4]), "lengths": tf.constant([2])}
        labels = {"classes": tf.constant([[1, 1, 2]])}
        net.skip_long_labels = True
        assert run(net.loss(outputs, labels)) == 0.0
        net.skip_long_labels = False
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(net.loss(outputs, labels))


def test_a_label_that_lacks_only_the_step_between_equal_neighbours_is_left_out_too():
    with tf.Graph().as_default():
        net = Crnn(tiny(), 4)
        logits = tf.constant(np.random.RandomState(0).randn(3, 2, 4), tf.float32)
        both = {"logits": logits, "lengths": tf.constant([3, 3])}
        one = {"logits": logits[:, 1:], "lengths": tf.constant([3])}
        net.skip_long_labels = True
        mean = net.loss(both, {"classes": tf.constant([[1, 1, 2], [1, 2, 0]])})
        alone = net.loss(one, {"classes": tf.constant([[1, 2, 0]])})
        grad, expected = run([tf.gradients(mean, logits)[0], tf.gradients(alone, logits)[0]])
        assert run(mean) == pytest.approx(run(alone) / 2)
    np.testing.assert_allclose(grad[:, 0], 0.0)
    np.testing.assert_allclose(grad[:, 1], expected[:, 1] / 2, rtol=1e-6)
