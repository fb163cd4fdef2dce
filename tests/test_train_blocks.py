"""Layers, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.models.layers import blocks, lstm, lstm_loop, masked_norm  # noqa: E402

pytestmark = pytest.mark.tf


def evaluate(build):
    """Runs `build()` in a graph of its own, with the seed 1, and returns the values."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        fetches = build()
        session.run(v1.global_variables_initializer())
        return session.run(fetches)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_lstm(inputs, kernel, bias, units):
    hidden = memory = np.zeros((inputs.shape[1], units))
    outputs = []
    for one in inputs:
        i, j, f, o = np.split(np.concatenate([one, hidden], 1).dot(kernel) + bias, 4, 1)
        memory = memory * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
        hidden = np.tanh(memory) * sigmoid(o)
        outputs.append(hidden)
    return np.stack(outputs)


@pytest.mark.parametrize("form", ["block", "loop", "unrolled"])
def test_lstm_forms_agree_with_numpy(form):
    inputs = np.random.RandomState(0).randn(7, 3, 5).astype(np.float32)

    def build():
        with v1.variable_scope("cell"):
            outputs = lstm.lstm(tf.constant(inputs), 4, form)
        return outputs, v1.trainable_variables()

    outputs, (kernel, bias) = evaluate(build)
    np.testing.assert_allclose(outputs, numpy_lstm(inputs, kernel, bias, 4), atol=1e-6)


def test_lstm_forms_have_the_same_gradients():
    inputs = np.random.RandomState(0).randn(6, 2, 3).astype(np.float32)

    def gradients(form):
        def build():
            with v1.variable_scope("cell"):
                loss = tf.reduce_sum(tf.square(lstm.lstm(tf.constant(inputs), 4, form)))
            return v1.gradients(loss, v1.trainable_variables())

        return evaluate(build)

    expected = gradients("unrolled")
    for form in ("block", "loop"):
        for ours, theirs in zip(gradients(form), expected):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_the_loops_own_gradient_is_the_automatic_one():
    """Values and gradients in float64, where they differ by nothing but the order of sums."""
    draw = np.random.RandomState(0)
    given, recurrent, weights = draw.randn(9, 5, 28), draw.randn(7, 28) * 0.5, draw.randn(9, 5, 7)

    def build():
        found = []
        for form in (lstm_loop.lstm_steps, lambda *two: lstm_loop.trace_steps(*two).outputs):
            two = tf.constant(given), tf.constant(recurrent)
            outputs = form(*two)
            assert outputs.dtype == tf.float64
            found.append([outputs, *tf.gradients(outputs * outputs * weights, two)])
        return found

    ours, automatic = evaluate(build)
    for one, other in zip(ours, automatic):
        assert np.abs(other).max() > 0.1
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_bidirectional_lstm_starts_back_at_each_end():
    inputs = np.random.RandomState(0).randn(6, 2, 3).astype(np.float32)
    longer = np.concatenate([inputs, 9 * np.ones((4, 2, 3), np.float32)])

    def build():
        short = lstm.bidirectional_lstm(
            tf.constant(inputs), 4, lengths=tf.constant([6, 6]), name="r", form="block"
        )
        with v1.variable_scope("", reuse=True):
            padded = lstm.bidirectional_lstm(
                tf.constant(longer), 4, lengths=tf.constant([6, 6]), name="r", form="block"
            )
        return short, padded

    short, padded = evaluate(build)
    np.testing.assert_allclose(padded[:6], short, atol=1e-6)
    assert short.shape == (6, 2, 8)


def masked_input():
    images = np.random.RandomState(0).randn(3, 4, 6, 2).astype(np.float32)
    mask = (np.arange(6) < np.array([[6], [3], [1]])).astype(np.float32)[:, None, :, None]
    inside = np.broadcast_to(mask, images.shape).astype(bool)
    return images, mask, [images[..., c][inside[..., c]] for c in range(2)]


def test_batch_norm_ignores_what_is_masked():
    images, mask, inside = masked_input()

    def build():
        normal = blocks.batch_norm(tf.constant(images), True, mask=tf.constant(mask), decay=0.9)
        with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
            return tf.identity(normal), [tf.identity(v) for v in v1.global_variables()[2:]]

    normal, _ = evaluate(build)
    for channel, values in enumerate(inside):
        expected = (images[..., channel] - values.mean()) / np.sqrt(values.var() + 1e-5)
        found = normal[..., channel] * mask[..., 0]
        np.testing.assert_allclose(found, expected * mask[..., 0], atol=1e-4)


def plain_norm(values, mask, gamma, beta, relu):
    """Masked batch normalization in plain operations, for the automatic gradient."""
    count = tf.reduce_sum(mask) * tf.cast(tf.shape(values)[1], tf.float64)
    mean = tf.reduce_sum(values * mask, [0, 1, 2]) / count
    variance = tf.reduce_sum(tf.square((values - mean) * mask), [0, 1, 2]) / count
    outputs = (values - mean) / tf.sqrt(variance + 1e-5) * gamma + beta
    return (tf.nn.relu(outputs) if relu else outputs) * mask


def own_norm(values, mask, gamma, beta, relu):
    mean, variance = blocks.masked_moments(values, mask)
    scale = gamma / tf.sqrt(variance + 1e-5)
    outputs = masked_norm.scaled(values, scale, beta - mean * scale)
    return (masked_norm.relu_inside if relu else masked_norm.inside)(outputs, mask)


@pytest.mark.parametrize("relu", [False, True])
def test_masked_norms_own_gradient_is_the_automatic_one(relu):
    """Values and gradients in float64, where they differ by nothing but the order of sums."""
    draw = np.random.RandomState(0)
    values, weights = draw.randn(3, 4, 6, 2) * 3 + 1, draw.randn(3, 4, 6, 2)
    gamma, beta = draw.randn(2), draw.randn(2)
    mask = masked_input()[1].astype(np.float64)

    def build():
        found = []
        for form in (own_norm, plain_norm):
            given = [tf.constant(one) for one in (values, gamma, beta)]
            outputs = form(given[0], tf.constant(mask), *given[1:], relu)
            assert outputs.dtype == tf.float64
            found.append([outputs, *tf.gradients(outputs * outputs * weights, given)])
        return found

    ours, automatic = evaluate(build)
    assert not ours[0][1, :, 3:].any() and (ours[0] < 0).any() != relu
    for one, other in zip(ours, automatic):
        assert np.abs(other).max() > 0.1
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("channels", [1, 3, 16])
def test_images_are_scaled_by_the_fast_operation_as_by_a_product_and_a_sum(channels):
    draw = np.random.RandomState(0)
    values, scale, shift = (
        draw.randn(*shape).astype(np.float32)
        for shape in ((3, 5, 7, channels), (channels,), (channels,))
    )
    mask = (draw.rand(3, 1, 7, 1) < 0.5).astype(np.float32)

    def build():
        outputs = masked_norm.affine(tf.constant(values), tf.constant(scale), tf.constant(shift))
        return outputs, masked_norm.relu_inside(outputs, tf.constant(mask))

    outputs, cut = evaluate(build)
    np.testing.assert_allclose(outputs, values * scale + shift, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(cut, np.maximum(outputs, 0) * mask)


def test_masked_sums_of_many_pixels_lose_no_digits():
    draw = np.random.RandomState(0)
    values = (draw.randn(16, 32, 208, 4) + 3).astype(np.float32)
    mask = (np.arange(208) < draw.randint(100, 209, (16, 1)))[:, None, :, None].astype(np.float32)
    found = evaluate(lambda: masked_norm.masked_sums(tf.constant(values), tf.constant(mask)))
    inside = values.astype(np.float64) * mask
    np.testing.assert_allclose(found[0], inside.sum((0, 1, 2)), rtol=5e-7)
    np.testing.assert_allclose(found[1], (inside * inside).sum((0, 1, 2)), rtol=5e-7)


def test_batch_norm_moves_its_averages():
    images, mask, inside = masked_input()
    with tf.Graph().as_default(), v1.Session() as session:
        blocks.batch_norm(tf.constant(images), True, mask=tf.constant(mask), decay=0.9)
        session.run(v1.global_variables_initializer())
        session.run(v1.get_collection(v1.GraphKeys.UPDATE_OPS))
        values = {v.op.name: session.run(v) for v in v1.global_variables()}
    mean, variance = values["BatchNorm/moving_mean"], values["BatchNorm/moving_variance"]
    np.testing.assert_allclose(mean, [0.1 * v.mean() for v in inside], atol=1e-5)
    np.testing.assert_allclose(variance, [0.9 + 0.1 * v.var() for v in inside], atol=1e-5)


def test_batch_norm_without_mask_is_that_of_a_full_mask():
    images = masked_input()[0]

    def build():
        plain = blocks.batch_norm(tf.constant(images), True)
        with v1.variable_scope("", reuse=True):
            return plain, blocks.batch_norm(tf.constant(images), True, mask=tf.ones([3, 1, 6, 1]))

    np.testing.assert_allclose(*evaluate(build), atol=1e-4)


def test_dropout_is_a_function_of_seed_and_step():
    def build():
        ones = tf.ones([40, 50])
        return [
            blocks.dropout(ones, 0.25, s, tf.constant(t))
            for s, t in ((1, 5), (1, 5), (1, 6), (2, 5))
        ]

    first, again, later, other = evaluate(build)
    assert (first == again).all() and (first != later).any() and (first != other).any()
    assert 0.2 < (first == 0).mean() < 0.3
    np.testing.assert_allclose(first[first > 0], 4 / 3, rtol=1e-6)


def test_initial_weights_do_not_depend_on_what_was_built_before():
    def build(names):
        def graph():
            for name in names:
                blocks.dense(tf.ones([1, 4]), 3, name)
            return {v.op.name: v for v in v1.global_variables()}

        return evaluate(graph)

    alone, among = build(["b"]), build(["a", "b"])
    assert (alone["b/weights"] == among["b/weights"]).all()
    assert (among["a/weights"] != among["b/weights"]).any()


def test_convolutions_carry_the_names_of_slim():
    with tf.Graph().as_default():
        blocks.conv(tf.zeros([1, 4, 4, 3]), 5, 3, "conv1")
        found = {v.op.name: v.shape.as_list() for v in v1.global_variables()}
    assert found == {"conv1/weights": [3, 3, 3, 5], "conv1/biases": [5]}


def test_strided_1x1_convolutions_take_every_other_pixel_and_spare_the_memory():
    # TensorFlow 2.21's own gradient of such filters overwrites memory and kills the process.
    draw = np.random.RandomState(0)
    images = draw.randn(3, 33, 32, 6).astype(np.float32)
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = blocks.conv(tf.constant(images), 24, 1, "conv", stride=2, initial=blocks.NO_BIAS)
        (weights,) = v1.trainable_variables()
        gradient = tf.gradients(tf.reduce_sum(outputs * outputs), weights)[0]
        session.run(v1.global_variables_initializer())
        for _ in range(20):
            found, weight, slope = session.run([outputs, weights, gradient])
    expected = images[:, ::2, ::2].astype(float) @ weight[0, 0].astype(float)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    slopes = 2 * np.einsum("bhwi,bhwo->io", images[:, ::2, ::2].astype(float), expected)
    np.testing.assert_allclose(slope[0, 0], slopes, rtol=1e-3, atol=1e-2)
