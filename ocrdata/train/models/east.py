"""EAST: score and geometry of text at a quarter of the picture's size.

Zhou et al.: EAST, an Efficient and Accurate Scene Text Detector (2017, arXiv 1704.03155), with a
ResNet v1 as its stem. Label maps and boxes from maps are in `ocrdata.geometry.rbox`.
"""

from __future__ import annotations

import math
from typing import Any, Dict, Mapping, Sequence, Tuple

import numpy as np

from ocrdata.geometry import rbox
from ocrdata.geometry.polygons import to_quads
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.cards import EAST_CARD
from ocrdata.train.config.detection import EastReadingOptions
from ocrdata.train.models.base import Inputs, Labels, Outputs
from ocrdata.train.models.detector import Detector, LabelSpec
from ocrdata.train.models.layers import blocks
from ocrdata.train.models.layers.losses import batch_mean, dice_losses
from ocrdata.train.models.layers.pyramid import MAP_STRIDE, enlarged, image_features

MERGED = (128, 64, 32)
CHANNELS = {"rbox": 5, "quad": 8}
# The first score's logit: text is rare. From one half, the dice loss would hardly move.
_RARE = -3.0


class East(Detector):
    """The detector.

    Inputs: `images` uint8 [B, H, W, 3], red first, of any size. Outputs, with h = ceil(H / 32) * 8
    and w alike: `logits` float32 [B, h, w, 1] of the score, `geometry` [B, h, w, 5 or 8] as in
    `rbox.TextMaps`, in pixels and radians.
    """

    card = EAST_CARD
    stride = MAP_STRIDE

    def label_maps(
        self, polygons: Sequence[np.ndarray], ignore: np.ndarray, size: Tuple[int, int]
    ) -> Dict[str, np.ndarray]:
        """Returns the maps of one crop: `score`, `geometry` and `mask`, as `label_specs` says."""
        maps = rbox.encode_rboxes(
            to_quads(polygons),
            ignore,
            size,
            geometry=self.options.geometry,
            stride=MAP_STRIDE,
            shrink=self.options.shrink,
            min_text_size=self.options.min_text_size,
            ignore_border=self.options.ignore_border,
        )
        return {"score": maps.score, "geometry": maps.geometry, "mask": maps.mask}

    def label_specs(self, size: int) -> Dict[str, LabelSpec]:
        """Returns dtype and shape of each label map of a crop of `size` pixels."""
        side = size // MAP_STRIDE
        channels = CHANNELS[self.options.geometry]
        return {
            "geometry": (tf.float32, (side, side, channels)),
            "mask": (tf.uint8, (side, side)),
            "score": (tf.uint8, (side, side)),
        }

    def labels(self, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
        """Returns score and mask as float32 [B, h, w, 1], geometry as it is."""
        score, mask = (
            tf.cast(features[name], tf.float32)[..., tf.newaxis] for name in ("score", "mask")
        )
        return {"score": score, "mask": mask, "geometry": features["geometry"]}

    def build(self, inputs: Inputs, training: bool) -> Dict[str, Tensor]:
        """Returns logits and geometry."""
        stages = image_features(inputs["images"], self.options, training)
        with v1.variable_scope("east"):
            merged = _merge(stages[::-1], training)
            logits = blocks.conv(merged, 1, 1, "score", initial=blocks.Initial(bias=_RARE))
            return {"logits": logits, "geometry": self._head(merged)}

    def _head(self, merged: Tensor) -> Tensor:
        scale = self.options.text_scale
        if self.options.geometry == "quad":
            return blocks.conv(merged, 8, 1, "corners") * scale
        distances = tf.sigmoid(blocks.conv(merged, 4, 1, "distances")) * scale
        angle = (tf.sigmoid(blocks.conv(merged, 1, 1, "angle")) - 0.5) * (math.pi / 2)
        return tf.concat([distances, angle], 3)

    def losses(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns the losses of score and geometry, float32 scalars.

        The geometry's is a mean over the cells of text that count.
        """
        truth, mask = labels["score"], labels["mask"]
        if self.options.score_loss == "dice":
            score = dice_losses(tf.sigmoid(outputs["logits"]), truth, mask)[0]
        else:
            score = balanced_cross_entropy(outputs["logits"], truth, mask)
        if self.options.geometry == "rbox":
            cells = rbox_losses(outputs["geometry"], labels["geometry"], self.options.angle_weight)
        else:
            cells = quad_losses(outputs["geometry"], labels["geometry"])
        weight = (truth * mask)[..., 0]
        geometry = batch_mean(cells, weight)
        return {"score_loss": score, "geometry_loss": geometry}

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the loss of a batch, a float32 scalar."""
        parts = self.losses(outputs, labels)
        return parts["score_loss"] + self.options.geometry_weight * parts["geometry_loss"]

    def figures(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns what a report of training shows beside the loss, float32 scalars."""
        return self.losses(outputs, labels)

    def decode(self, outputs: Outputs) -> Dict[str, Tensor]:
        """Returns the maps `score` [B, h, w], in (0, 1), and `geometry`."""
        return {
            "score": tf.sigmoid(outputs["logits"])[..., 0],
            "geometry": tf.identity(outputs["geometry"]),
        }

    def rule(self, reading: EastReadingOptions) -> Dict[str, Any]:
        """Returns that of `rbox.detect_rboxes`."""
        return {
            "kind": "rbox",
            "stride": MAP_STRIDE,
            "shrink": self.options.shrink,
            **reading.rule(),
        }


def _merge(stages: Sequence[Tensor], training: bool) -> Tensor:
    """Joins features from the coarsest to the finest (section 3.2 of the paper)."""
    merged = stages[0]
    for number, (width, finer) in enumerate(zip(MERGED, stages[1:]), 1):
        with v1.variable_scope(f"merge{number}"):
            merged = tf.concat([enlarged(merged, finer), finer], 3)
            merged = blocks.conv_norm(merged, width, 1, "conv1", training)
            merged = blocks.conv_norm(merged, width, 3, "conv2", training)
    return blocks.conv_norm(merged, MERGED[-1], 3, "last", training)


def balanced_cross_entropy(logits: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Returns the cross-entropy in which text weighs as much as the rest (equations 4 and 5).

    It is the mean of both means: equation 4 without the factor that would make it nothing beside
    the geometry's loss where text is rare.
    """
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
    parts = [batch_mean(losses, weight) for weight in (truth * mask, (1.0 - truth) * mask)]
    return 0.5 * (parts[0] + parts[1])


def rbox_losses(geometry: Tensor, truth: Tensor, angle_weight: float) -> Tensor:
    """Returns -log of the intersection over union, plus that of the angle, [B, h, w].

    Both areas have one added, which keeps the logarithm finite (section 3.4.2).
    """
    top, right, bottom, left, angle = tf.unstack(geometry, axis=3)
    true_top, true_right, true_bottom, true_left, true_angle = tf.unstack(truth, axis=3)
    area = (top + bottom) * (left + right)
    true_area = (true_top + true_bottom) * (true_left + true_right)
    height = tf.minimum(top, true_top) + tf.minimum(bottom, true_bottom)
    width = tf.minimum(left, true_left) + tf.minimum(right, true_right)
    shared = height * width
    union = area + true_area - shared
    overlap = tf.math.log(union + 1.0) - tf.math.log(shared + 1.0)
    return overlap + angle_weight * (1.0 - tf.cos(angle - true_angle))


def quad_losses(geometry: Tensor, truth: Tensor) -> Tensor:
    """Returns the smooth L1 loss of the corners, in units of the shortest side, [B, h, w].

    The true corners may begin with any of the four (equations 10 to 12).
    """
    shape = tf.concat([tf.shape(truth)[:3], [4, 2]], 0)
    found, true = tf.reshape(geometry, shape), tf.reshape(truth, shape)
    sides = tf.roll(true, -1, 3) - true
    # Where there is no text all corners are one: no length to divide by, and no root of zero.
    shortest = tf.sqrt(tf.maximum(tf.reduce_min(tf.reduce_sum(sides * sides, 4), 3), 1.0))
    losses = []
    for turn in range(4):
        distance = tf.abs(found - tf.roll(true, turn, 3))
        smooth = tf.where(distance < 1.0, 0.5 * distance * distance, distance - 0.5)
        losses.append(tf.reduce_sum(smooth, [3, 4]))
    return tf.reduce_min(tf.stack(losses), 0) / (8.0 * shortest)
