"""VGG16 (Simonyan and Zisserman 2014, arXiv 1409.1556) with the layout and names of tf-slim.

slim's published checkpoint (vgg_16.ckpt) loads by name: the convolutions, and fc6 and fc7, which a
second stage applies to pooled regions. Batch normalization behind the convolutions, which learns
without a checkpoint, takes the place of their biases.
"""

from __future__ import annotations

from typing import List

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.models.layers import blocks

SCOPE = "vgg_16"
_WIDTHS = (64, 128, 256, 512, 512)
DEPTHS = (2, 2, 3, 3, 3)
_HIDDEN_UNITS = 4096
# About the deviation of the values of pictures: published weights take them as they are.
PIXEL_DEVIATION = 60.0


def vgg16(images: Tensor, training: bool, norm: bool, multiplier: float = 1.0) -> List[Tensor]:
    """Returns the last features of each of the five groups: conv1_2, conv2_2, conv3_3, ...

    `images` are float32 [B, H, W, 3] without their mean; strides are 1, 2, 4, 8 and 16. `norm` asks
    for batch normalization, `multiplier` scales all channels.
    """
    found, features = [], images
    with v1.variable_scope(SCOPE):
        for group, (width, depth) in enumerate(zip(_WIDTHS, DEPTHS), 1):
            if group > 1:
                features = tf.nn.max_pool2d(features, 2, 2, "VALID")
            with v1.variable_scope(f"conv{group}"):
                for layer in range(1, depth + 1):
                    name = f"conv{group}_{layer}"
                    features = _layer(
                        features,
                        scaled_channels(width, multiplier),
                        name=name,
                        training=training,
                        norm=norm,
                    )
            found.append(features)
    return found


def scaled_channels(width: int, multiplier: float) -> int:
    """Returns the channels of a layer, 4 at least."""
    return max(4, int(round(width * multiplier)))


def _layer(features: Tensor, width: int, *, name: str, training: bool, norm: bool) -> Tensor:
    if norm:
        return blocks.conv_norm(features, width, 3, name, training)
    scale = 1.0 / PIXEL_DEVIATION if name == "conv1_1" else 1.0
    return tf.nn.relu(blocks.conv(features, width, 3, name, initial=blocks.Initial(scale=scale)))


def fully_connected(pooled: Tensor, multiplier: float = 1.0) -> Tensor:
    """Maps regions [R, h, w, C] to [R, 4096 * multiplier] by fc6 and fc7."""
    units = scaled_channels(_HIDDEN_UNITS, multiplier)
    size = [int(side) for side in pooled.shape[1:]]
    with v1.variable_scope(SCOPE):
        hidden = tf.reshape(pooled, [-1, size[0] * size[1] * size[2]])
        for name, shape in (("fc6", size), ("fc7", [1, 1, units])):
            with v1.variable_scope(name):
                weights = blocks.variable("weights", [*shape, units], blocks.he_normal())
                weights = tf.reshape(weights, [-1, units])
                biases = blocks.variable("biases", (units,), v1.zeros_initializer())
                hidden = tf.nn.relu(tf.nn.bias_add(tf.matmul(hidden, weights), biases))
    return hidden
