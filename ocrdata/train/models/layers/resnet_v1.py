"""Residual networks (He et al. 2015, arXiv 1512.03385) with the layout and names of tf-slim.

The stride of a block is in its last unit, on the 3x3 convolution, so that slim's published
checkpoints (resnet_v1_50.ckpt, ...) load by name.
"""

from __future__ import annotations

from typing import List, Sequence

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.models.layers import blocks

# The mean of ImageNet's pictures, red, green and blue, which the published weights expect gone.
CHANNEL_MEANS = (123.68, 116.78, 103.94)
_ROOT, _WIDTHS = 64, (64, 128, 256, 512)
EXPANSION = 4


def resnet_v1(
    images: Tensor, units: Sequence[int], *, name: str, training: bool, multiplier: float = 1.0
) -> List[Tensor]:
    """Returns the features of float32 images [B, H, W, 3] without their mean, at five depths.

    Their strides are 4 (behind the root's pooling), 8, 16, 32 and 32 (behind each block). `units`
    counts the residual units of the four blocks; `multiplier` scales all channels.
    """
    with v1.variable_scope(name):
        features = blocks.conv_norm(
            images, _scaled(_ROOT, multiplier), 7, "conv1", training, stride=2
        )
        features = tf.nn.max_pool2d(features, 3, 2, "SAME")
        found = [features]
        for number, (count, width) in enumerate(zip(units, _WIDTHS), 1):
            with v1.variable_scope(f"block{number}"):
                for unit in range(1, count + 1):
                    stride = 2 if unit == count and number < len(_WIDTHS) else 1
                    with v1.variable_scope(f"unit_{unit}/bottleneck_v1"):
                        features = _unit(features, _scaled(width, multiplier), stride, training)
            found.append(features)
    return found


def _scaled(width: int, multiplier: float) -> int:
    return max(4, int(round(width * multiplier)))


def _unit(features: Tensor, width: int, stride: int, training: bool) -> Tensor:
    """Adds what three convolutions make of the features to the features."""
    depth = width * EXPANSION
    if int(features.shape[-1]) == depth:
        shortcut = features[:, ::stride, ::stride] if stride > 1 else features
    else:
        shortcut = blocks.conv_norm(
            features, depth, 1, "shortcut", training, stride=stride, relu=False
        )
    inner = blocks.conv_norm(features, width, 1, "conv1", training)
    inner = blocks.conv_norm(inner, width, 3, "conv2", training, stride=stride)
    inner = blocks.conv_norm(inner, depth, 1, "conv3", training, relu=False)
    return tf.nn.relu(shortcut + inner)
