"""Learning rates, optimisers, regularisation."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_support import options, tiny  # noqa: E402

from ocrdata.errors import OptionError  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.cards import CARDS  # noqa: E402
from ocrdata.train.config.crnn import CrnnOptions  # noqa: E402
from ocrdata.train.config.training import settings_of_run, steps_of_alignment, with_rate  # noqa: E402
from ocrdata.train.engine import optimizers  # noqa: E402
from ocrdata.train.models.crnn import Crnn  # noqa: E402

pytestmark = pytest.mark.tf
TOTAL = 100


def rates(**chosen):
    """Returns the learning rates of the steps 0 to 100."""
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.placeholder(tf.int64, [])
        rate = optimizers.learning_rate(options(learning_rate=0.5, **chosen), step, TOTAL)
        return np.array([session.run(rate, {step: at}) for at in range(TOTAL + 1)])


SCHEDULES = {
    "constant": lambda s: 0.5,
    "cosine": lambda s: 0.1 + 0.4 * 0.5 * (1 + math.cos(math.pi * s / 100)),
    "exponential": lambda s: 0.5 * 0.3 ** (s // 30),
    "polynomial": lambda s: 0.1 + 0.4 * (1 - s / 100) ** 2,
}


@pytest.mark.parametrize(
    ("width", "rate"), [(2.0, 5e-4), (1.0, 1e-3), (0.5, 2e-3), (0.4, 2.5e-3), (0.1, 5e-3)]
)
def test_narrow_networks_learn_at_a_higher_rate_unless_one_is_asked_for(width, rate):
    model = CrnnOptions(width_multiplier=width)
    assert with_rate(CARDS["crnn"].training, model).learning_rate == pytest.approx(rate)
    assert with_rate(options(learning_rate=0.5), model).learning_rate == 0.5


def test_runs_from_before_an_option_are_read_as_they_were_trained():
    old = settings_of_run(CrnnOptions, {"lstm_units": 8})
    assert (old.lstm_units, old.min_width, old.standardize) == (8, 0, False)
    assert settings_of_run(CrnnOptions, {"min_width": 64}).min_width == 64
    assert CrnnOptions().min_width == 100 and CrnnOptions().standardize


def test_characters_are_evenly_spaced_in_a_fifth_of_the_steps_at_most():
    chosen = [(None, 5000), (None, 100), (0, 5000), (70, 100)]
    found = [steps_of_alignment(options(align_steps=asked), total) for asked, total in chosen]
    assert found == [300, 20, 0, 70]
    with pytest.raises(OptionError, match="--align-steps must be at least 0"):
        options(align_steps=-1)


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_schedules(schedule):
    found = rates(
        schedule=schedule,
        warmup_steps=0,
        end_learning_rate=0.1,
        decay_steps=30,
        decay_rate=0.3,
        decay_power=2.0,
    )
    np.testing.assert_allclose(found, [SCHEDULES[schedule](s) for s in range(101)], atol=1e-6)


def test_exponential_without_staircase_is_smooth():
    found = rates(
        schedule="exponential", warmup_steps=0, decay_steps=10, decay_rate=0.5, staircase=False
    )
    np.testing.assert_allclose(found, 0.5 * 0.5 ** (np.arange(101) / 10), rtol=1e-5)


@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_warm_up_rises_from_the_first_step_to_the_highest_rate(schedule):
    found = rates(schedule=schedule, warmup_steps=20, decay_steps=30)
    np.testing.assert_allclose(found[:20], 0.5 * np.arange(1, 21) / 20, rtol=1e-6)
    assert found.argmax() in (19, 20) and found.max() == pytest.approx(0.5)
    assert (np.diff(found[20:]) <= 1e-9).all()


def test_cosine_ends_at_its_end_whatever_the_warm_up():
    assert rates(warmup_steps=30, end_learning_rate=0.01)[-1] == pytest.approx(0.01)


def updates(**chosen):
    """Returns a weight after each of three steps with the gradients 1, 2 and -1."""
    with tf.Graph().as_default(), v1.Session() as session:
        weight = v1.get_variable("weight", initializer=1.0)
        optimizer = optimizers.make_optimizer(options(**chosen), 0.1)
        gradient = v1.placeholder(tf.float32, [])
        step = optimizer.apply_gradients([(gradient, weight)])
        session.run(v1.global_variables_initializer())
        return [
            session.run([step, weight], {gradient: g}) and session.run(weight) for g in (1, 2, -1)
        ]


def test_momentum_and_nesterov():
    speed, weight, plain, nesterov = 0.0, 1.0, [], []
    ahead = 1.0
    for gradient in (1, 2, -1):
        speed = 0.8 * speed + gradient
        weight -= 0.1 * speed
        ahead -= 0.1 * (gradient + 0.8 * speed)
        plain.append(weight)
        nesterov.append(ahead)
    chosen = {"optimizer": "momentum", "momentum": 0.8}
    np.testing.assert_allclose(updates(**chosen), plain, rtol=1e-6)
    np.testing.assert_allclose(updates(nesterov=True, **chosen), nesterov, rtol=1e-6)


def test_adam_and_adadelta():
    assert updates(optimizer="adam")[0] == pytest.approx(0.9, abs=1e-5)  # one learning rate down
    scale = math.sqrt(1e-8) / math.sqrt(0.05 + 1e-8)
    assert updates(optimizer="adadelta")[0] == pytest.approx(1 - 0.1 * scale, abs=1e-7)


def test_l2_reaches_every_weight_and_the_lstm_kernels():
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = {"images": tf.zeros([1, 32, 16, 1], tf.uint8), "widths": tf.constant([16])}
        Crnn(tiny(), 11).build(inputs, training=True)
        variables = {v.op.name: v for v in v1.trainable_variables()}
        gradients = v1.gradients(optimizers.l2_loss(0.25), list(variables.values()))
        session.run(v1.global_variables_initializer())
        reached = {n for n, g in zip(variables, gradients) if g is not None}
        for name, gradient in zip(variables, gradients):
            if gradient is not None:
                np.testing.assert_allclose(*session.run([gradient, 0.25 * variables[name]]))
    assert sum("lstm_cell/kernel" in name for name in reached) == 4
    assert reached == {name for name in variables if name.endswith(("/weights", "/kernel"))}


@pytest.mark.parametrize(
    "norm, expected", [(1.0, [0.6, 0.8]), (0.0, [3.0, 4.0]), (9.0, [3.0, 4.0])]
)
def test_clipping_is_by_the_norm_of_all_gradients(norm, expected):
    with tf.Graph().as_default(), v1.Session() as session:
        pairs = [(tf.constant([3.0]), "first"), (tf.constant([4.0]), "second")]
        clipped, measured = optimizers.clip(pairs, norm)
        assert session.run(measured) == pytest.approx(5.0)
        assert [name for _, name in clipped] == ["first", "second"]
        values = [float(session.run(value)[0]) for value, _ in clipped]
    assert values == pytest.approx(expected)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_averages_are_named_and_move_as_those_of_tensorflow(decay):
    with tf.Graph().as_default(), v1.Session() as session:
        weight = v1.get_variable("weight", initializer=tf.random.uniform([3], seed=1))
        step = v1.placeholder(tf.int64, [])
        ours = optimizers.average_weights(decay, step, [weight])
        theirs = v1.train.ExponentialMovingAverage(decay, num_updates=step, name="theirs")
        update = theirs.apply([weight])
        session.run(v1.global_variables_initializer())
        named = {v.op.name: v for v in v1.global_variables()}
        average = named["weight/ExponentialMovingAverage"]
        assert session.run(average).tolist() == session.run(weight).tolist()
        for number in (1, 2, 50):
            session.run(weight.assign([float(number), 0.0, 1.0]))
            session.run([ours, update], {step: number})
            expected = session.run(theirs.average(weight))
            assert session.run(average).tolist() == expected.tolist()
