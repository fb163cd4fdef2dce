"""Layers out of plain operations and 1.x variables, the same in TensorFlow 1.15 and 2.x.

Variables carry the names of tf-slim (weights, biases, BatchNorm/gamma, ...), so that published
checkpoints restore by name. Images are NHWC.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple, Optional, Sequence, Tuple, Union

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.devices import replicas
from ocrdata.train.models.layers.frozen import is_frozen
from ocrdata.train.models.layers.masked_norm import affine, masked_sums, scaled

Initializer = Tensor  # what makes the first values of a variable
Decay = Union[float, Tensor]
SLOW_DECAY = 0.997  # of the averages in deep networks that take few pictures at a time


def variable(
    name: str, shape: Sequence[int], initializer: Initializer, trainable: bool = True
) -> Tensor:
    """Returns the float32 variable `name` of the current scope, made if it is not there yet."""
    return v1.get_variable(name, list(shape), tf.float32, initializer, trainable=trainable)


def _seed() -> int:
    # An initial value depends on the graph's seed and the name, not on what was built before it.
    return zlib.crc32(v1.get_variable_scope().name.encode("utf-8")) & 0x7FFFFFFF


def he_normal(scale: float = 1.0) -> Initializer:
    """Returns the initializer of He et al. 2015, times `scale`, for layers that a ReLU follows."""
    return v1.variance_scaling_initializer(2.0 * scale * scale, seed=_seed())


def normal(deviation: float) -> Initializer:
    """Returns the initializer of last layers, which begin near nothing."""
    return v1.random_normal_initializer(stddev=deviation, seed=_seed())


def glorot_uniform() -> Initializer:
    """Returns the initializer of Glorot and Bengio 2010 for gates and linear layers."""
    return v1.glorot_uniform_initializer(seed=_seed())


class Initial(NamedTuple):
    """How a layer begins: its biases (None: it has none) and its weights.

    The weights begin as He et al. say, times `scale`, or with a normal `deviation`.
    """

    bias: Optional[float] = 0.0
    deviation: float = 0.0
    scale: float = 1.0


HE_NORMAL, NO_BIAS = Initial(), Initial(bias=None)


def conv(
    inputs: Tensor,
    filters: int,
    kernel: int,
    name: str,
    *,
    padding: str = "SAME",
    stride: int = 1,
    initial: Initial = HE_NORMAL,
) -> Tensor:
    """Convolves [B, H, W, C] into [B, H', W', filters].

    With a stride, the padding is half the kernel on each side, whatever the size of the image.
    """
    if kernel == 1 and stride > 1:
        # The same, and the gradient of strided 1x1 filters overwrites memory in TensorFlow 2.21
        # (oneDNN, where channels are no multiple of 16).
        inputs, stride = inputs[:, ::stride, ::stride], 1
    elif stride > 1:
        inputs, padding = pad_sides(inputs, kernel), "VALID"
    with v1.variable_scope(name):
        shape = (kernel, kernel, int(inputs.shape[-1]), filters)
        weights = normal(initial.deviation) if initial.deviation else he_normal(initial.scale)
        outputs = tf.nn.conv2d(inputs, variable("weights", shape, weights), stride, padding)
        if initial.bias is None:
            return outputs
        start = v1.constant_initializer(initial.bias)
        return tf.nn.bias_add(outputs, variable("biases", (filters,), start))


def pad_sides(inputs: Tensor, kernel: int) -> Tensor:
    """Puts zeros around [B, H, W, C], so that a kernel can stand on every pixel."""
    before = (kernel - 1) // 2
    side = [before, kernel - 1 - before]
    return tf.pad(inputs, [[0, 0], side, side, [0, 0]])


def conv_norm(
    inputs: Tensor,
    filters: int,
    kernel: int,
    name: str,
    training: bool,
    *,
    stride: int = 1,
    relu: bool = True,
) -> Tensor:
    """Convolves, normalizes and (unless `relu` is off) cuts off what is negative."""
    outputs = conv(inputs, filters, kernel, name, stride=stride, initial=NO_BIAS)
    with v1.variable_scope(name):
        decay = early_decay(SLOW_DECAY) if training else SLOW_DECAY
        outputs = batch_norm(outputs, training, decay=decay)
    return tf.nn.relu(outputs) if relu else outputs


def early_decay(decay: float) -> Decay:
    """Returns `decay`, or less in the first steps, so that averages forget how they began."""
    step = v1.train.get_global_step()
    if step is None:  # a graph that is not trained step by step
        return decay
    done = tf.cast(step, tf.float32)
    return tf.minimum(decay, (1.0 + done) / (10.0 + done))


def max_pool(inputs: Tensor, height: int, width: int) -> Tensor:
    """Takes the maximum of each window; a window at the edge may reach over it."""
    return tf.nn.max_pool2d(inputs, (height, width), (height, width), "SAME")


def batch_norm(
    inputs: Tensor,
    training: bool,
    *,
    mask: Optional[Tensor] = None,
    decay: Decay = 0.99,
    epsilon: float = 1e-5,
) -> Tensor:
    """Normalizes each channel (Ioffe and Szegedy 2015).

    `mask` is float [B, 1, W, 1], one inside the image and zero in the padding, which then does not
    count in the statistics. What is made of the padding is to be set to zero behind the layer. The
    moving averages are updated by the operations of the collection UPDATE_OPS; a frozen layer goes
    by them as they are.
    """
    channels = int(inputs.shape[-1])
    with v1.variable_scope("BatchNorm"):
        gamma = variable("gamma", (channels,), v1.ones_initializer())
        beta = variable("beta", (channels,), v1.zeros_initializer())
        mean = variable("moving_mean", (channels,), v1.zeros_initializer(), trainable=False)
        variance = variable("moving_variance", (channels,), v1.ones_initializer(), trainable=False)
        fixed = is_frozen(v1.get_variable_scope().name)
    if not training or fixed:
        scale = gamma * tf.math.rsqrt(variance + epsilon)
        return affine(inputs, scale, beta - mean * scale)
    if mask is not None:
        batch_mean, batch_variance = masked_moments(inputs, mask)
        scale = gamma * tf.math.rsqrt(batch_variance + epsilon)
        outputs = scaled(inputs, scale, beta - batch_mean * scale)
    elif replicas.count() == 1:
        outputs, batch_mean, batch_variance = v1.nn.fused_batch_norm(
            inputs, gamma, beta, epsilon=epsilon
        )[:3]
    else:
        batch_mean, batch_variance, unbiased = joint_moments(inputs)
        scale = gamma * tf.math.rsqrt(batch_variance + epsilon)
        outputs = (inputs - batch_mean) * scale + beta
        batch_variance *= unbiased  # as the fused operation gives it
    for average, value in ((mean, batch_mean), (variance, batch_variance)):
        update = v1.assign_sub(average, (average - tf.stop_gradient(value)) * (1.0 - decay))
        v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
    return outputs


def masked_moments(inputs: Tensor, mask: Tensor) -> Tuple[Tensor, Tensor]:
    """Returns mean and variance [C] of [B, H, W, C], of all replicas, where `mask` is one.

    `mask` is float [B, 1, W, 1].
    """
    count = tf.reduce_sum(mask) * tf.cast(tf.shape(inputs)[1], mask.dtype)
    sums = masked_sums(inputs, mask)
    if replicas.count() > 1:
        channels = int(inputs.shape[-1])  # in one message: each costs as much as a large one
        both = tf.reshape(sums, [2 * channels])
        joined = replicas.total_over_replicas(tf.concat([both, count[tf.newaxis]], 0))
        both, count = tf.split(joined, [2 * channels, 1])
        sums = tf.reshape(both, [2, channels])
    mean, square = sums[0] / count, sums[1] / count
    return mean, tf.maximum(square - mean * mean, 0.0)


def joint_moments(inputs: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    """Returns mean and variance [C] of [B, H, W, C] of all replicas, and n / (n - 1).

    Means and variances are joined as Chan et al. (1979) do, which loses no digits.
    """
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:3]), tf.float32)
    own_mean, own_variance = tf.nn.moments(inputs, [0, 1, 2])
    channels = int(inputs.shape[-1])
    gathered = replicas.gather(tf.concat([own_mean, own_variance, count[tf.newaxis]], 0))
    means, variances, counts = tf.split(gathered, [channels, channels, 1], axis=1)
    every = tf.reduce_sum(counts)
    share = counts / every
    mean = tf.reduce_sum(share * means, 0)
    variance = tf.reduce_sum(share * (variances + tf.math.squared_difference(means, mean)), 0)
    return mean, variance, every / tf.maximum(every - 1.0, 1.0)


def dense(inputs: Tensor, units: int, name: str, deviation: float = 0.0) -> Tensor:
    """Maps the last axis of any tensor to `units`; weights begin with a normal `deviation`."""
    with v1.variable_scope(name):
        size = int(inputs.shape[-1])
        start = normal(deviation) if deviation else glorot_uniform()
        weights = variable("weights", (size, units), start)
        flat = tf.matmul(tf.reshape(inputs, [-1, size]), weights)
        flat = tf.nn.bias_add(flat, variable("biases", (units,), v1.zeros_initializer()))
        return tf.reshape(flat, tf.concat([tf.shape(inputs)[:-1], [units]], 0))


def dropout(inputs: Tensor, rate: float, seed: int, step: Tensor) -> Tensor:
    """Zeroes a part of the values and scales the rest; the choice is a function of seed and step.

    A stateful random operation would start anew in a resumed run and change its course.
    """
    if not rate:
        return inputs
    key = tf.stack([tf.constant(seed, tf.int64), tf.cast(step, tf.int64)])
    keep = tf.random.stateless_uniform(tf.shape(inputs), key) >= rate
    return tf.where(keep, inputs / (1.0 - rate), tf.zeros_like(inputs))
