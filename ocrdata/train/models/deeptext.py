"""DeepText: text proposals and their judgement, two stages on one VGG16.

Zhong et al.: DeepText, A Unified Framework for Text Proposal Generation and Text Detection in
Natural Images (2016, arXiv 1605.07314). Boxes are upright, in pixels of the input.
"""

from __future__ import annotations

from random import Random
from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ocrdata.geometry import boxes as b
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.cards import DEEPTEXT_CARD
from ocrdata.train.config.deeptext import ANCHOR_STRIDE, DeepTextReadingOptions, ResizeOptions
from ocrdata.train.config.sources import SourceOptions
from ocrdata.train.data.random_crop import Crop
from ocrdata.train.data.random_resize import InputSize, make_whole
from ocrdata.train.devices import replicas
from ocrdata.train.models.base import Inputs, Labels, Outputs
from ocrdata.train.models.detector import Detector, LabelSpec
from ocrdata.train.models.layers import blocks, roi_sampling, rois
from ocrdata.train.models.layers.losses import box_losses
from ocrdata.train.models.layers.pyramid import centred
from ocrdata.train.models.layers.roi_sampling import _TEXT, Texts, text_rows
from ocrdata.train.models.layers.vgg16 import fully_connected, scaled_channels, vgg16

INCEPTION = ((1, 128), (3, 384), (5, 128))  # kernels and channels of the proposals' branches
_CLASSES, _POOLED, _FUSED = 3, 7, 512
PROPOSAL_OVERLAP = 0.7
RPN_BOX_WEIGHT, RPN_BETA, RCNN_BETA = 3.0, 1.0 / 9.0, 1.0
_RARE = -2.0  # the first logit of an anchor: few are text


class DeepText(Detector):
    """The detector.

    Inputs: `images` uint8 [B, H, W, 3], red first, and in training what `label_maps` gives.
    Outputs, with N proposals in R rounds: `logits` float32 [B, N * R, 3] (background, text,
    ambiguous) and `boxes` [B, N * R, 4]; `objectness` [B, h, w] of the anchors, the best of each
    cell of 16 pixels. In training also logits, deltas, labels, goals and weights of the rows that
    each stage learns from (`rpn_...` [B, 256, ...], `rcnn_...` [B, 640, ...]).
    """

    card = DEEPTEXT_CARD
    stride = ANCHOR_STRIDE
    rounds = 1  # of the second stage

    def prepare(self, reading: DeepTextReadingOptions) -> None:
        """Takes over the rounds."""
        self.rounds = reading.rounds

    def crop_size(self, options: SourceOptions) -> Tuple[int, int]:
        """Returns height and width of the input."""
        return self.options.size

    def crop(
        self,
        image: np.ndarray,
        polygons: Sequence[np.ndarray],
        *,
        ignore: np.ndarray,
        options: SourceOptions,
        rng: Random,
    ) -> Crop:
        """Returns a picture, varied, at the input's size."""
        assert isinstance(options, ResizeOptions)
        place = InputSize(self.options.size, self.options.fit)
        return make_whole(image, polygons, ignore=ignore, place=place, options=options, rng=rng)

    def fitting(self, reading: DeepTextReadingOptions) -> Dict[str, Any]:
        """Returns the input's size and how pictures are brought to it."""
        return {"size": list(self.options.size), "fit": self.options.fit}

    def label_maps(
        self, polygons: Sequence[np.ndarray], ignore: np.ndarray, size: Tuple[int, int]
    ) -> Dict[str, np.ndarray]:
        """Returns `texts` and `ignored`: upright boxes [max_texts, 4], unused rows zero."""
        return text_rows(polygons, ignore, size, self.options)

    def label_specs(self, size: int) -> Dict[str, LabelSpec]:
        """Returns dtype and shape of each part of the labels."""
        shape = (self.options.max_texts, 4)
        return {"texts": (tf.float32, shape), "ignored": (tf.float32, shape)}

    def labels(self, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
        """Returns nothing: `build` makes the rows to learn from, as they need the proposals."""
        return {}

    def build(self, inputs: Inputs, training: bool) -> Dict[str, Tensor]:
        """Returns the outputs of both stages."""
        options = self.options
        size = tf.shape(inputs["images"])[1:3]
        images = centred(inputs["images"], ANCHOR_STRIDE)
        maps = vgg16(images, training, options.batch_norm, options.width_multiplier)[3:]
        with v1.variable_scope("deeptext"):
            first = self._propose(maps[1], size, training)
        outputs = {"objectness": tf.reduce_max(tf.sigmoid(first["map"]), 3)}
        if not training:
            outputs.update(self._judge(maps, first["proposals"], size))
            return outputs
        step = v1.train.get_global_step()
        step = tf.constant(0, tf.int64) if step is None else step
        texts = Texts(inputs["texts"], inputs["ignored"], options, self.seed, step)
        index, rows = roi_sampling.learned_anchors(texts, first["anchors"], size)
        rows["logits"] = tf.gather(first["logits"], index, batch_dims=1)
        rows["found"] = tf.gather(first["deltas"], index, batch_dims=1)
        outputs.update({"rpn_" + name: value for name, value in rows.items()})
        boxes, rows = roi_sampling.learned_proposals(texts, first["proposals"], first["scores"] > 0)
        logits, deltas = self._second_stage(maps, boxes)
        rows.update(logits=logits, found=deltas)
        outputs.update({"rcnn_" + name: value for name, value in rows.items()})
        outputs.update(logits=logits, boxes=boxes)
        return outputs

    def _propose(self, features: Tensor, size: Tensor, training: bool) -> Dict[str, Tensor]:
        """Runs the first stage (section 2.1): logits, deltas and anchors, and the proposals."""
        options = self.options
        parts = []
        for kernel, width in INCEPTION:
            width, name = (
                scaled_channels(width, options.width_multiplier),
                f"inception_{kernel}x{kernel}",
            )
            parts.append(blocks.conv(features, width, kernel, name))
        joined = tf.nn.relu(tf.concat(parts, 3))
        shapes = (
            b.anchors(1, 1, scales=options.scales(), ratios=options.ratios()) - ANCHOR_STRIDE / 2.0
        )
        start, small = blocks.Initial(_RARE, 0.01), blocks.Initial(deviation=0.01)
        logits = blocks.conv(joined, len(shapes), 1, "score", initial=start)
        deltas = blocks.conv(joined, 4 * len(shapes), 1, "deltas", initial=small)
        extent = tf.shape(features)
        anchors = rois.grid_of_anchors(shapes, extent[1], extent[2], ANCHOR_STRIDE)
        flat = {
            "logits": tf.reshape(logits, [extent[0], -1]),
            "deltas": tf.reshape(deltas, [extent[0], -1, 4]),
        }
        boxes = rois.decode_boxes_in_graph(flat["deltas"], anchors, rois.NO_DEVIATIONS, size)
        count = options.train_proposals if training else options.test_proposals
        proposals, scores = rois.best_boxes(
            boxes,
            tf.sigmoid(flat["logits"]),
            candidates=count,
            kept=count,
            threshold=PROPOSAL_OVERLAP,
        )
        return dict(flat, map=logits, anchors=anchors, proposals=proposals, scores=scores)

    def _second_stage(self, maps: Sequence[Tensor], boxes: Tensor) -> Tuple[Tensor, Tensor]:
        """Returns logits [B, n, 3] and deltas [B, n, 4] of boxes [B, n, 4] (section 2.2)."""
        multiplier = self.options.width_multiplier
        with v1.variable_scope("deeptext", reuse=v1.AUTO_REUSE):
            pooled = [
                rois.roi_align(features, boxes, stride, _POOLED)
                for features, stride in zip(maps, (ANCHOR_STRIDE // 2, ANCHOR_STRIDE))
            ]
            width = scaled_channels(_FUSED, multiplier)
            fused = tf.nn.relu(blocks.conv(tf.concat(pooled, 3), width, 1, "fused"))
        with v1.variable_scope(v1.get_variable_scope(), reuse=v1.AUTO_REUSE):
            hidden = fully_connected(fused, multiplier)
        with v1.variable_scope("deeptext", reuse=v1.AUTO_REUSE):
            count = tf.shape(boxes)[1]
            logits = blocks.dense(hidden, _CLASSES, "class", deviation=0.01)
            deltas = blocks.dense(hidden, 4, "box", deviation=0.001)
        return tf.reshape(logits, [-1, count, _CLASSES]), tf.reshape(deltas, [-1, count, 4])

    def _judge(self, maps: Sequence[Tensor], boxes: Tensor, size: Tensor) -> Dict[str, Tensor]:
        """Runs the second stage over proposals, then over what it makes of them (section 2.4)."""
        logits, found = [], []
        for _ in range(self.rounds):
            judged, deltas = self._second_stage(maps, boxes)
            boxes = rois.decode_boxes_in_graph(deltas, boxes, b.SECOND_STAGE_DEVIATIONS, size)
            logits.append(judged)
            found.append(boxes)
        return {"logits": tf.concat(logits, 1), "boxes": tf.concat(found, 1)}

    def figures(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns the losses of both stages and their parts, weighted as they are added up."""
        first = _rows(outputs, "rpn_")
        count = tf.cast(tf.size(first["weights"]), tf.float32)
        truth = tf.cast(tf.equal(first["labels"], _TEXT), tf.float32)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=first["logits"])
        rpn_class = tf.reduce_sum(losses * first["weights"]) / count
        rpn_box = RPN_BOX_WEIGHT * tf.reduce_sum(box_losses(first, RPN_BETA)) / count
        second = _rows(outputs, "rcnn_")
        used = replicas.mean(tf.reduce_sum(second["weights"]))
        count = tf.maximum(used, 1.0 / replicas.count())
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=second["labels"], logits=second["logits"]
        )
        rcnn_class = tf.reduce_sum(losses * second["weights"]) / count
        rcnn_box = tf.reduce_sum(box_losses(second, RCNN_BETA)) / count
        return {
            "rpn_loss": rpn_class + rpn_box,
            "rpn_class_loss": rpn_class,
            "rpn_box_loss": rpn_box,
            "rcnn_loss": rcnn_class + rcnn_box,
            "rcnn_class_loss": rcnn_class,
            "rcnn_box_loss": rcnn_box,
        }

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the loss of a batch, a float32 scalar."""
        figures = self.figures(outputs, labels)
        return figures["rpn_loss"] + figures["rcnn_loss"]

    def decode(self, outputs: Outputs) -> Dict[str, Tensor]:
        """Returns `boxes` [B, n, 4], their `scores` [B, n] as text, and `objectness`."""
        return {
            "boxes": tf.identity(outputs["boxes"]),
            "scores": tf.nn.softmax(outputs["logits"])[..., _TEXT],
            "objectness": tf.identity(outputs["objectness"]),
        }

    def shown(self, batch: Mapping[str, Tensor], decoded: Mapping[str, Tensor]) -> List[Tensor]:
        """Returns where the true texts are, and the anchors' objectness, [B, h, w]."""
        shape = tf.shape(decoded["objectness"])
        cells = rois.grid_of_anchors(np.zeros((1, 4)), shape[1], shape[2], ANCHOR_STRIDE)[
            None, :, None
        ]
        texts = batch["texts"][:, None]
        inside = (cells >= texts)[..., :2] & (cells <= texts)[..., 2:]
        covered = tf.reduce_any(tf.reduce_all(inside, 3), 2)
        return [tf.reshape(tf.cast(covered, tf.float32), shape), decoded["objectness"]]

    def rule(self, reading: DeepTextReadingOptions) -> Dict[str, Any]:
        """Returns that of `voting.vote_boxes`."""
        return {"kind": "boxes", **reading.rule()}


def _rows(outputs: Outputs, stage: str) -> Dict[str, Tensor]:
    return {n[len(stage) :]: value for n, value in outputs.items() if n.startswith(stage)}
