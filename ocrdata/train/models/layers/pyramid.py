"""What detectors have in common: pictures as networks take them, and features of four scales."""

from __future__ import annotations

from typing import List, Optional, Union

from ocrdata.train.compat import Tensor, tf
from ocrdata.train.config.detection import RESNETS, ResnetOptions
from ocrdata.train.models.layers.resnet_v1 import CHANNEL_MEANS, resnet_v1

Side = Union[int, None, Tensor]  # of a static shape
MAP_STRIDE, COARSEST = 4, 32


def image_features(images: Tensor, options: ResnetOptions, training: bool) -> List[Tensor]:
    """Returns the features of uint8 pictures [B, H, W, 3] (red first) at strides 4, 8, 16 and 32.

    Pictures of other sizes are filled up below and on the right to multiples of 32.
    """
    padded = centred(images, COARSEST)
    name, units = f"resnet_v1_{options.depth}", RESNETS[options.depth]
    multiplier = options.width_multiplier
    stages = resnet_v1(padded, units, name=name, training=training, multiplier=multiplier)
    return [stages[0], stages[1], stages[2], stages[4]]


def centred(images: Tensor, multiple: int) -> Tensor:
    """Returns uint8 pictures without their mean, float32, filled up to multiples."""
    values = tf.cast(images, tf.float32) - tf.constant(CHANNEL_MEANS, tf.float32)
    return pad_to_multiple(values, multiple)


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Puts zeros below and right of [B, H, W, C], until both sides are multiples."""
    shape = tf.shape(images)
    # Not the remainder of a negative number: in ONNX it comes out negative.
    below, right = ((multiple - shape[axis] % multiple) % multiple for axis in (1, 2))
    padded = tf.pad(images, [[0, 0], [0, below], [0, right], [0, 0]])
    sides = [_round_up(side, multiple) for side in images.shape[1:3]]
    padded.set_shape([None, sides[0], sides[1], images.shape[3]])
    return padded


def _round_up(side: Side, multiple: int) -> Optional[int]:
    side = getattr(side, "value", side)  # a Dimension in TensorFlow 1
    return None if side is None else -(-int(side) // multiple) * multiple


def enlarged(features: Tensor, like: Tensor) -> Tensor:
    """Returns features [B, h, w, C] at the height and width of others, bilinearly."""
    larger = tf.compat.v2.image.resize(features, tf.shape(like)[1:3])
    larger.set_shape([None, like.shape[1], like.shape[2], features.shape[3]])
    return larger
