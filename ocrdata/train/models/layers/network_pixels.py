"""The pixels of text lines as numbers that a network learns from."""

from __future__ import annotations

from ocrdata.train.compat import Tensor, tf

# Deviation in levels of 255; what varies less is taken to be noise and not made stronger still.
_FAINTEST = 5.0


def network_pixels(images: Tensor, inside: Tensor, standardize: bool) -> Tensor:
    """Returns uint8 [B, H, W, C] as float32, zero where `inside`, float [B, 1, W, 1], is zero.

    Black is -1 and white 1, or with `standardize` each picture has mean 0 and deviation 1.
    """
    pixels = tf.cast(images, tf.float32)
    if not standardize:
        return (pixels / 127.5 - 1.0) * inside
    columns = tf.maximum(tf.reduce_sum(inside, [1, 2, 3], keepdims=True), 1.0)
    count = columns * float(int(images.shape[1]) * int(images.shape[3]))
    mean = tf.reduce_sum(pixels * inside, [1, 2, 3], keepdims=True) / count
    away = (pixels - mean) * inside
    variance = tf.reduce_sum(away * away, [1, 2, 3], keepdims=True) / count
    return away * tf.math.rsqrt(variance + _FAINTEST**2)
