"""What normalizing a batch of images with padding needs, with gradients of its own.

Images are large, and a step goes through those of each layer many times. The automatic gradients
of sums and scaling in plain operations go through them 13 times backwards, these 6 times, and in
operations that are several times faster than a product with [C]. The sums of a batch are a function
of their own, so that replicas exchange them in between. tests/test_train_blocks.py holds values and
gradients to the automatic ones.
"""

from __future__ import annotations

from typing import Any, Callable, Tuple

from ocrdata.train.compat import Tensor, tf

# A power of two that no library finds too small: with it, 1 - _TINY + _TINY is one exactly.
_TINY = 2.0**-16


def affine(values: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Returns values * scale + shift of [B, H, W, C]; the others are [C].

    In float32 by TensorFlow's operation for batch normalization, in a fifth of the time of a
    product and a sum (16 channels), which also takes up a ReLU behind it.
    """
    if values.dtype != tf.float32:
        return values * scale + shift
    return tf.raw_ops.FusedBatchNormV3(
        x=values,
        scale=scale,
        offset=shift,
        mean=tf.zeros_like(scale),
        variance=tf.fill(tf.shape(scale), 1.0 - _TINY),
        epsilon=_TINY,
        is_training=False,
    ).y


def inside(values: Tensor, mask: Tensor) -> Tensor:
    """Returns [B, H, W, C] times a mask, float [B, 1, W, 1]; no gradient goes to that."""
    channels = int(values.shape[-1])
    shape = tf.shape(values)
    # Broadcast over the height only: over the channels it takes twice the time.
    rows = tf.reshape(tf.tile(mask, [1, 1, 1, channels]), tf.stack([shape[0], 1, -1]))
    flat = tf.reshape(values, tf.stack([shape[0], shape[1], -1]))
    result = tf.reshape(flat * tf.stop_gradient(rows), shape)
    result.set_shape(values.shape)
    return result


@tf.custom_gradient
def masked_sums(values: Tensor, mask: Tensor) -> Tuple[Tensor, Callable[[Tensor], Any]]:
    """Returns the sums of [B, H, W, C] and of its squares, [2, C], where `mask` is one.

    `mask` is float [B, 1, W, 1]; no gradient goes to it.
    """
    full = tf.tile(mask, tf.stack([1, tf.shape(values)[1], 1, 1]))
    sums = [_weighted_sum(full, one) for one in (values, values * values)]

    def gradient(slope: Tensor) -> Tuple[Tensor, Any]:
        return inside(affine(values, 2.0 * slope[1], slope[0]), mask), None

    return tf.stack(sums), gradient


@tf.custom_gradient
def scaled(values: Tensor, scale: Tensor, shift: Tensor) -> Tuple[Tensor, Callable[[Tensor], Any]]:
    """Returns values * scale + shift of [B, H, W, C]; the others are [C]."""

    def gradient(slope: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        ones = tf.ones_like(slope[..., :1])
        sums = [_weighted_sum(ones, one) for one in (slope * values, slope)]
        return affine(slope, scale, tf.zeros_like(shift)), sums[0], sums[1]

    return affine(values, scale, shift), gradient


@tf.custom_gradient
def relu_inside(values: Tensor, mask: Tensor) -> Tuple[Tensor, Callable[[Tensor], Any]]:
    """Returns [B, H, W, C], zero where it is negative or `mask`, float [B, 1, W, 1], is zero."""
    result = inside(tf.nn.relu(values), mask)

    def gradient(slope: Tensor) -> Tuple[Tensor, Any]:
        # Padding is zero in the result, too.
        return tf.raw_ops.ReluGrad(gradients=slope, features=result), None

    return result, gradient


def _weighted_sum(weights: Tensor, values: Tensor) -> Tensor:
    """Returns the sum of [B, H, W, C] times weights [B, H, W, 1], [C].

    As products, a quarter of a reduction's time; an image at a time, which loses fewer digits.
    """
    batch, channels = tf.shape(values)[0], int(values.shape[-1])
    row = tf.reshape(weights, tf.stack([batch, 1, -1]))
    pixels = tf.reshape(values, tf.stack([batch, -1, channels]))
    return tf.reduce_sum(tf.matmul(row, pixels), [0, 1])
