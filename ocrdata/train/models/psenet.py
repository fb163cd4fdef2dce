"""PSENet: texts of any shape as kernels of several sizes, at a quarter of the picture's size.

Wang et al.: Shape Robust Text Detection with Progressive Scale Expansion Network (2019, arXiv
1806.02559), a feature pyramid on a ResNet v1. Label maps are in `ocrdata.geometry.kernels`, and
outlines from maps in `ocrdata.geometry.expansion`.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ocrdata.geometry import kernels
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.cards import PSENET_CARD
from ocrdata.train.config.detection import PsenetReadingOptions
from ocrdata.train.models.base import Inputs, Labels, Outputs
from ocrdata.train.models.detector import Detector, LabelSpec
from ocrdata.train.models.layers import blocks
from ocrdata.train.models.layers.losses import dice_losses, hard_negatives
from ocrdata.train.models.layers.pyramid import MAP_STRIDE, enlarged, image_features


class Psenet(Detector):
    """The detector.

    Inputs: `images` uint8 [B, H, W, 3], red first, of any size. Outputs: `logits` float32
    [B, ceil(H / 32) * 8, ceil(W / 32) * 8, n] of the kernels, the smallest first; the last one is
    the whole texts.
    """

    card = PSENET_CARD
    stride = MAP_STRIDE

    def label_maps(
        self, polygons: Sequence[np.ndarray], ignore: np.ndarray, size: Tuple[int, int]
    ) -> Dict[str, np.ndarray]:
        """Returns the maps of one crop, `kernels` and `mask`, as `label_specs` says.

        `vanished` counts the texts that are too small for at least one kernel.
        """
        options = self.options
        scheme = kernels.paper_scheme(options.kernels, options.smallest_kernel, options.vanished)
        maps = kernels.encode_kernels(
            polygons, ignore, size, scheme, MAP_STRIDE, options.min_text_size
        )
        vanished = np.array(maps.vanished, np.float32)
        return {"kernels": maps.kernels, "mask": maps.mask, "vanished": vanished}

    def label_specs(self, size: int) -> Dict[str, LabelSpec]:
        """Returns dtype and shape of each label map of a crop of `size` pixels."""
        side = size // MAP_STRIDE
        return {
            "kernels": (tf.uint8, (side, side, self.options.kernels)),
            "mask": (tf.uint8, (side, side)),
            "vanished": (tf.float32, ()),
        }

    def labels(self, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
        """Returns kernels float32 [B, h, w, n], mask [B, h, w, 1], and vanished as it is."""
        return {
            "kernels": tf.cast(features["kernels"], tf.float32),
            "mask": tf.cast(features["mask"], tf.float32)[..., tf.newaxis],
            "vanished": features["vanished"],
        }

    def build(self, inputs: Inputs, training: bool) -> Dict[str, Tensor]:
        """Returns the logits."""
        stages = image_features(inputs["images"], self.options, training)
        width = self.options.pyramid_channels
        with v1.variable_scope("psenet"):
            levels = _pyramid(stages, width, training)
            merged = tf.concat([enlarged(level, levels[0]) for level in levels], 3)
            merged = blocks.conv_norm(merged, width, 3, "fusion", training)
            return {"logits": blocks.conv(merged, self.options.kernels, 1, "kernels")}

    def losses(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns the losses of whole texts and of the smaller kernels, float32 scalars.

        The kernels count where the whole text is found only (section 3.5).
        """
        logits, truth, mask = outputs["logits"], labels["kernels"], labels["mask"]
        squared, ratio = self.options.dice == "squared", self.options.ohem
        text, true_text = logits[..., -1:], truth[..., -1:]
        chosen = hard_negatives(text, true_text, mask, ratio) if ratio else mask
        found = mask * tf.cast(text > 0.0, tf.float32)
        smaller = dice_losses(tf.sigmoid(logits[..., :-1]), truth[..., :-1], found, squared)
        return {
            "text_loss": dice_losses(tf.sigmoid(text), true_text, chosen, squared)[0],
            "kernel_loss": tf.reduce_mean(smaller),
        }

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the loss of a batch, a float32 scalar (equation 4)."""
        parts, weight = self.losses(outputs, labels), self.options.text_weight
        return weight * parts["text_loss"] + (1.0 - weight) * parts["kernel_loss"]

    def figures(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns what a report of training shows beside the loss, float32 scalars.

        `vanished_texts` are those of a batch that are too small for at least one kernel.
        """
        vanished = tf.reduce_sum(labels["vanished"])
        return {**self.losses(outputs, labels), "vanished_texts": vanished}

    def decode(self, outputs: Outputs) -> Dict[str, Tensor]:
        """Returns the map `kernels` [B, h, w, n], in (0, 1)."""
        return {"kernels": tf.sigmoid(outputs["logits"])}

    def shown(self, batch: Mapping[str, Tensor], decoded: Mapping[str, Tensor]) -> List[Tensor]:
        """Returns the means of the true and of the found kernels [B, h, w]."""
        maps = tf.cast(batch["kernels"], tf.float32), decoded["kernels"]
        return [tf.reduce_mean(each, 3) for each in maps]

    def rule(self, reading: PsenetReadingOptions) -> Dict[str, Any]:
        """Returns that of `expansion.detect_kernels`."""
        return {"kind": "kernels", "stride": MAP_STRIDE, **reading.rule()}


def _pyramid(stages: Sequence[Tensor], width: int, training: bool) -> List[Tensor]:
    """Returns the features of each stage, finest first, with what coarser ones add to them."""
    levels = [blocks.conv_norm(stages[-1], width, 1, "lateral5", training)]
    for number in (4, 3, 2):
        finer = blocks.conv_norm(stages[number - 2], width, 1, f"lateral{number}", training)
        joined = finer + enlarged(levels[0], finer)
        levels.insert(0, blocks.conv_norm(joined, width, 3, f"smooth{number}", training))
    return levels
