"""Learning rates, optimizers, regularization and the averaged weights."""

from __future__ import annotations

import dataclasses
import math
from typing import Sequence, Tuple

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.inference.restore import AVERAGE
from ocrdata.train.protocols import Gradients, Optimizer

# Layers and LSTM cells; biases and the parameters of batch normalization stay free.
REGULARIZED = ("weights", "kernel")


def learning_rate(options: TrainOptions, step: Tensor, total: int) -> Tensor:
    """Returns the learning rate of the step about to be taken (counted from 0), a float32 scalar.

    It rises linearly over the warm-up, the first step having 1 / warmup_steps of it, and falls by
    the schedule from the end of the warm-up to `total`.
    """
    done = tf.cast(step, tf.float32) - float(options.warmup_steps)
    part = tf.clip_by_value(done / max(1.0, float(total - options.warmup_steps)), 0.0, 1.0)
    rate = _SCHEDULES[options.schedule](options, tf.maximum(done, 0.0), part)
    if not options.warmup_steps:
        return rate
    warm = (tf.cast(step, tf.float32) + 1.0) / float(options.warmup_steps)
    return rate * tf.minimum(warm, 1.0)


def scaled_for_batch(options: TrainOptions, default_batch: int) -> TrainOptions:
    """Returns options with the learning rate for their batch, by the rule they ask for.

    The linear rule is that of Goyal et al. (2017), the square root that of Krizhevsky (2014).
    """
    ratio = options.batch_size / (options.rate_batch or default_batch)
    factor = {"none": 1.0, "linear": ratio, "sqrt": math.sqrt(ratio)}[options.rate_scaling]
    return dataclasses.replace(
        options,
        learning_rate=options.learning_rate * factor,
        end_learning_rate=options.end_learning_rate * factor,
    )


def _constant(options: TrainOptions, _done: Tensor, _part: Tensor) -> Tensor:
    return tf.constant(options.learning_rate, tf.float32)


def _cosine(options: TrainOptions, _done: Tensor, part: Tensor) -> Tensor:
    span = options.learning_rate - options.end_learning_rate
    return options.end_learning_rate + span * 0.5 * (1.0 + tf.cos(math.pi * part))


def _exponential(options: TrainOptions, done: Tensor, _part: Tensor) -> Tensor:
    falls = done / float(options.decay_steps)
    falls = tf.floor(falls) if options.staircase else falls
    return options.learning_rate * tf.pow(options.decay_rate, falls)


def _polynomial(options: TrainOptions, _done: Tensor, part: Tensor) -> Tensor:
    span = options.learning_rate - options.end_learning_rate
    return options.end_learning_rate + span * tf.pow(1.0 - part, options.decay_power)


_SCHEDULES = {
    "constant": _constant,
    "cosine": _cosine,
    "exponential": _exponential,
    "polynomial": _polynomial,
}


def make_optimizer(options: TrainOptions, rate: Tensor) -> Optimizer:
    """Returns the optimizer with the learning rate `rate`."""
    made: Optimizer
    if options.optimizer == "adadelta":
        made = v1.train.AdadeltaOptimizer(rate)
    elif options.optimizer == "momentum":
        made = v1.train.MomentumOptimizer(rate, options.momentum, use_nesterov=options.nesterov)
    else:
        made = v1.train.AdamOptimizer(rate)
    return made


def l2_loss(weight: float) -> Tensor:
    """Returns `weight` times half the sum of squares of all layer and LSTM weights."""
    chosen = [v for v in v1.trainable_variables() if v.op.name.split("/")[-1] in REGULARIZED]
    return weight * tf.add_n([tf.nn.l2_loss(variable) for variable in chosen])


def clip(gradients: Gradients, norm: float) -> Tuple[Gradients, Tensor]:
    """Scales gradients down to the global norm `norm` (0: never); returns them and their norm."""
    values = [gradient for gradient, _ in gradients]
    measured = tf.linalg.global_norm(values)
    if norm:
        values, _ = tf.clip_by_global_norm(values, norm, use_norm=measured)
    return [(value, variable) for value, (_, variable) in zip(values, gradients)], measured


def average_weights(decay: float, step: Tensor, variables: Sequence[Tensor]) -> Tensor:
    """Returns the operation that moves the averages of variables, kept as NAME + AVERAGE.

    An average becomes decay * average + (1 - decay) * variable, with (1 + step) / (10 + step) as
    decay while that is less, so that it follows closely in the first steps. Names and values are
    those of tf.train.ExponentialMovingAverage, which makes a conditional graph for each variable's
    initial value: an eighth of a detector's operations.
    """
    done = tf.cast(step, tf.float32)
    rest = 1.0 - tf.minimum(decay, (1.0 + done) / (10.0 + done))
    moves = []
    for variable in variables:
        with v1.colocate_with(variable):
            average = v1.get_variable(
                variable.op.name + AVERAGE, initializer=variable.initial_value, trainable=False
            )
            moves.append(average.assign_sub((average - variable) * rest))
    return tf.group(*moves)
