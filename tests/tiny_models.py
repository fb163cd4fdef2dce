"""Models that a newcomer might add: one class each, with its card."""

from __future__ import annotations

from dataclasses import dataclass, replace

from train_support import one_layer_east

from ocrdata.train.compat import tf, v1
from ocrdata.train.config.cards import EAST_CARD, ModelCard
from ocrdata.train.config.training import TrainOptions, setting
from ocrdata.train.models.base import DecodedLines, Recognizer
from ocrdata.train.models.east import East
from ocrdata.train.models.layers import blocks, ctc

STEP = 4  # pixels


@dataclass(frozen=True)
class TinyOptions:
    """What a Tiny looks like."""

    units: int = setting(24, "Units of the hidden layer.", 1)
    image_width: int = setting(0, "Fixed width in pixels; 0: each batch has its own.", 0)
    channels = 1


class Tiny(Recognizer):
    """Two layers over windows of 16 pixels, every four."""

    card = ModelCard(
        task="recognition",
        title="Tiny",
        what="a reader of numbers: two layers",
        options=TinyOptions,
        training=TrainOptions(
            steps=300, batch_size=8, warmup_steps=0, learning_rate=0.01, clip_norm=0.0
        ),
    )
    height = 16

    def __init__(self, options, num_classes, seed=0):
        self.options, self.num_classes, self.seed = options, num_classes, seed

    def time_steps(self, width):
        return (width + STEP - 1) // STEP

    def labels(self, features):
        classes = tf.sparse.to_dense(features["image/class"], default_value=-1)
        return {"classes": tf.cast(classes, tf.int32)}

    def build(self, inputs, training):
        images = tf.cast(inputs["images"], tf.float32) / 127.5 - 1.0
        width = tf.shape(images)[2]
        steps = self.time_steps(width)
        around = [8, steps * STEP - width + 7]
        images = tf.pad(images, [[0, 0], [0, 0], around, [0, 0]])
        with v1.variable_scope("tiny"):
            hidden = blocks.conv(images, self.options.units, 16, "windows", padding="VALID")
            hidden = tf.nn.relu(hidden)[:, 0, ::STEP]
            logits = blocks.dense(hidden, self.num_classes, "logits")
        lengths = self.time_steps(inputs["widths"])
        return {"logits": tf.transpose(logits, [1, 0, 2]), "lengths": lengths}

    def loss(self, outputs, labels):
        found = ctc.losses(outputs["logits"], outputs["lengths"], labels["classes"], True)
        return tf.reduce_mean(found)

    def figures(self, outputs, labels):
        return {}

    def decode(self, outputs, beam_width=0):
        scores, lengths = tf.nn.log_softmax(outputs["logits"]), outputs["lengths"]
        found, _ = v1.nn.ctc_greedy_decoder(scores, lengths)
        classes = tf.cast(tf.sparse.to_dense(found[0], default_value=-1), tf.int32)
        return DecodedLines(classes, ctc.text_probabilities(scores, lengths, classes))

    def placeholders(self):
        return {
            "images": v1.placeholder(tf.uint8, [None, self.height, None, 1], "images"),
            "widths": v1.placeholder(tf.int32, [None], "widths"),
        }

    def served(self, outputs):
        return {"scores": tf.nn.log_softmax(outputs["logits"]), "lengths": outputs["lengths"]}

    def description(self):
        return {"lines": {"height": self.height, "channels": 1, "width": self.options.image_width}}


class Cells(East):
    """EAST's label maps and boxes over one layer."""

    card = replace(EAST_CARD, title="Cells", what="a detector of nothing: one layer")
    build = one_layer_east
