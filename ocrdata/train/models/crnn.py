"""CRNN: a convolutional stack, two bidirectional LSTM layers and CTC.

Shi, Bai, Yao: An End-to-End Trainable Neural Network for Image-based Sequence Recognition (2015).
The stack is the paper's; the last convolution is padded on the right, so that an image of width w
has ceil(w / 4) time steps. Padding columns are masked in every layer: the result for an image does
not depend on what it is batched with.
"""

from __future__ import annotations

import functools
import operator
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.cards import CRNN_CARD
from ocrdata.train.config.crnn import CrnnOptions
from ocrdata.train.data.line_images import Size
from ocrdata.train.devices import replicas
from ocrdata.train.models import crnn_names
from ocrdata.train.models.base import DecodedLines, Inputs, Labels, Outputs, Recognizer
from ocrdata.train.models.layers import blocks, ctc
from ocrdata.train.models.layers.lstm import bidirectional_lstm
from ocrdata.train.models.layers.masked_norm import relu_inside
from ocrdata.train.models.layers.network_pixels import network_pixels


class Layer(NamedTuple):
    """A convolution (followed by a ReLU), whether the paper normalizes it, and its pooling."""

    filters: int
    normalized: bool = False
    pool: Tuple[int, int] = (1, 1)


LINE_HEIGHT = 32
LAYERS = (
    Layer(64, pool=(2, 2)),
    Layer(128, pool=(2, 2)),
    Layer(256),
    Layer(256, pool=(2, 1)),
    Layer(512, normalized=True),
    Layer(512, normalized=True, pool=(2, 1)),
)
LAST_FILTERS = 512  # 2x2, which takes the remaining two rows to one
MIN_FILTERS = 8
_POOLED = [layer.pool[1] for layer in LAYERS]
PIXELS_PER_STEP = functools.reduce(operator.mul, _POOLED)  # pixels a time step
_SCALES = sorted(
    {PIXELS_PER_STEP // functools.reduce(operator.mul, _POOLED[:n], 1) for n in range(7)}
)


def time_steps(width: Size) -> Size:
    """Returns the CTC time steps of an image `width` pixels wide; takes integers and tensors."""
    return (width + PIXELS_PER_STEP - 1) // PIXELS_PER_STEP


class Crnn(Recognizer):
    """The recognizer; `num_classes` counts the blank, which is the last class.

    Inputs: `images` uint8 [B, 32, W, 1 or 3] and `widths` int32 [B], the columns that are image.
    Outputs: `logits` float32 [T, B, num_classes] and `lengths` int32 [B] in time steps.
    """

    card = CRNN_CARD
    height = LINE_HEIGHT

    def __init__(self, options: CrnnOptions, num_classes: int, seed: int = 0) -> None:
        self.options = options
        self.num_classes = num_classes
        self.seed = seed

    def time_steps(self, width: Size) -> Size:
        """Returns the CTC time steps of an image `width` pixels wide."""
        return time_steps(width)

    def other_names(self, name: str) -> Sequence[str]:
        """Returns how CRNN_Tensorflow, its Chinese form and that on NPUs call a variable."""
        return crnn_names.other_names(name)

    def is_class_layer(self, name: str) -> bool:
        """Says whether the last axis of a variable is that of the dictionary's classes."""
        return name.startswith("crnn/logits/")

    def labels(self, features: Mapping[str, Tensor]) -> Dict[str, Tensor]:
        """Returns the class indices as int32 [B, L], padded with -1."""
        classes = features["image/class"]
        if not self.static:
            classes = tf.sparse.to_dense(classes, default_value=-1)
        return {"classes": tf.cast(classes, tf.int32)}

    def build(self, inputs: Inputs, training: bool) -> Dict[str, Tensor]:
        """Returns logits [T, B, num_classes] and lengths [B]."""
        images, lengths = inputs["images"], time_steps(inputs["widths"])
        with v1.variable_scope("crnn"):
            columns = self._convolutions(images, inputs["widths"], training)
            sequence = tf.transpose(tf.squeeze(columns, [1]), [1, 0, 2])
            for name in ("rnn1", "rnn2"):
                sequence = bidirectional_lstm(
                    sequence,
                    self.options.lstm_units,
                    lengths=lengths,
                    name=name,
                    form=self._lstm_form(),
                )
                if training:
                    sequence = self._dropout(sequence, name)
            return {
                "logits": blocks.dense(sequence, self.num_classes, "logits"),
                "lengths": lengths,
            }

    def _lstm_form(self) -> str:
        return self.auto_lstm if self.options.lstm == "auto" else self.options.lstm

    def _dropout(self, sequence: Tensor, name: str) -> Tensor:
        seed = self.seed * 2 + (name == "rnn2") + (replicas.index() << 40)
        step = v1.train.get_or_create_global_step()
        return blocks.dropout(sequence, self.options.dropout, seed, step)

    def _filters(self, published: int) -> int:
        return max(MIN_FILTERS, int(round(published * self.options.width_multiplier)))

    def _convolutions(self, images: Tensor, widths: Tensor, training: bool) -> Tensor:
        """Returns the feature columns [B, 1, T, filters]."""
        lengths, width = time_steps(widths), tf.shape(images)[2]
        # To whole time steps: the columns in between are as gray as all padding.
        added = time_steps(width) * PIXELS_PER_STEP - width
        features = network_pixels(images, _mask(widths, width), self.options.standardize)
        features = tf.pad(features, [[0, 0], [0, 0], [0, added], [0, 0]])
        features.set_shape([None, LINE_HEIGHT, _static_width(images), images.shape[-1]])
        masks = {scale: _mask(lengths * scale, time_steps(width) * scale) for scale in _SCALES}
        scale = PIXELS_PER_STEP
        for number, layer in enumerate(LAYERS, 1):
            before, scale = masks[scale], scale // layer.pool[1]
            around = (before, masks[scale])
            features = self._layer(features, layer, f"conv{number}", around, training)
        filters = self._filters(LAST_FILTERS)
        features = tf.pad(features, [[0, 0], [0, 0], [0, 1], [0, 0]])
        name = f"conv{len(LAYERS) + 1}"
        normalized = self.options.batch_norm == "all"
        initial = blocks.NO_BIAS if normalized else blocks.HE_NORMAL
        features = blocks.conv(features, filters, 2, name, padding="VALID", initial=initial)
        if not normalized:
            return tf.nn.relu(features)
        with v1.variable_scope(name):
            features = blocks.batch_norm(features, training, mask=masks[scale])
        return relu_inside(features, masks[scale])

    def _layer(
        self,
        features: Tensor,
        layer: Layer,
        name: str,
        masks: Tuple[Tensor, Tensor],
        training: bool,
    ) -> Tensor:
        """Applies a convolution of the stack; the masks are those before and after pooling."""
        before, after = masks
        filters = self._filters(layer.filters)
        normalized = layer.normalized or self.options.batch_norm == "all"
        initial = blocks.NO_BIAS if normalized else blocks.HE_NORMAL
        features = blocks.conv(features, filters, 3, name, initial=initial)
        if normalized:
            with v1.variable_scope(name):
                features = blocks.batch_norm(features, training, mask=before)
        # ReLU and maximum commute, and no window of a pooling reaches over the end of a time step:
        # behind the pooling there is less to do.
        if layer.pool != (1, 1):
            features = blocks.max_pool(features, *layer.pool)
        return relu_inside(features, after)

    def loss(self, outputs: Outputs, labels: Labels) -> Tensor:
        """Returns the mean CTC loss (Graves et al. 2006), in nats a line.

        In the first `align_steps` steps a falling part of it is that of evenly spaced characters,
        the flat start of speech recognition.
        """
        logits, lengths, classes = outputs["logits"], outputs["lengths"], labels["classes"]
        if self.static:
            found = tf.reduce_mean(ctc.static_losses(logits, lengths, classes))
        else:
            found = tf.reduce_mean(ctc.losses(logits, lengths, classes, self.skip_long_labels))
        if not self.align_steps:
            return found
        step = tf.cast(v1.train.get_or_create_global_step(), tf.float32)
        part = tf.maximum(0.0, 1.0 - step / self.align_steps)
        even = tf.reduce_mean(ctc.even_losses(logits, lengths, classes))
        return found + part * (even - found)

    def decode(self, outputs: Outputs, beam_width: int = 0) -> DecodedLines:
        """Returns the text of the best path (`beam_width` 0) or the best text of a beam search.

        The confidence is the text's probability, over all paths that give it.
        """
        scores, lengths = tf.nn.log_softmax(outputs["logits"]), outputs["lengths"]
        if beam_width:
            # Here merge_repeated would turn AA into A; in the greedy decoder it merges frames.
            found, _ = v1.nn.ctc_beam_search_decoder(
                scores, lengths, beam_width, top_paths=1, merge_repeated=False
            )
        else:
            found, _ = v1.nn.ctc_greedy_decoder(scores, lengths, merge_repeated=True)
        classes = tf.cast(tf.sparse.to_dense(found[0], default_value=-1), tf.int32)
        return DecodedLines(classes, ctc.text_probabilities(scores, lengths, classes))

    def placeholders(self) -> Dict[str, Tensor]:
        """Returns `images` and `widths`."""
        shape = [None, LINE_HEIGHT, self.options.image_width or None, self.options.channels]
        return {
            "images": v1.placeholder(tf.uint8, shape, "images"),
            "widths": v1.placeholder(tf.int32, [None], "widths"),
        }

    def served(self, outputs: Outputs) -> Dict[str, Tensor]:
        """Returns `scores`, logarithms of probabilities [T, B, num_classes], and `lengths`."""
        return {"scores": tf.nn.log_softmax(outputs["logits"]), "lengths": outputs["lengths"]}

    def description(self) -> Dict[str, Any]:
        """Returns the pictures that are read."""
        sizes = {"height": LINE_HEIGHT, "channels": self.options.channels}
        widths = {"width": self.options.image_width, "min_width": self.options.min_width}
        return {"lines": dict(sizes, **widths)}

    def figures(self, outputs: Outputs, labels: Labels) -> Dict[str, Tensor]:
        """Returns the share of whole lines that are right, where the target can decode."""
        if self.static:
            return {}
        right = self.correct(self.decode(outputs), labels)
        return {"accuracy": tf.reduce_mean(tf.cast(right, tf.float32))}

    def correct(self, decoded: DecodedLines, labels: Labels) -> Tensor:
        """Returns bool [B]: whether each whole sequence is right."""
        read, truth = decoded.classes, labels["classes"]
        length = tf.maximum(tf.shape(read)[1], tf.shape(truth)[1])
        return tf.reduce_all(tf.equal(_pad(read, length), _pad(truth, length)), 1)


def _mask(widths: Tensor, width: Tensor) -> Tensor:
    return tf.sequence_mask(widths, width, tf.float32)[:, tf.newaxis, :, tf.newaxis]


def _static_width(images: Tensor) -> Optional[int]:
    width = images.shape[2]
    width = getattr(width, "value", width)  # a Dimension in TensorFlow 1
    return None if width is None else int(time_steps(int(width))) * PIXELS_PER_STEP


def _pad(classes: Tensor, length: Tensor) -> Tensor:
    more = length - tf.shape(classes)[1]
    return tf.pad(classes, [[0, 0], [0, more]], constant_values=-1)
