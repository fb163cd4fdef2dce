"""What goes into an exported network and comes out of it, by the model's task."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from ocrdata.text.charset import Charset
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.inference.run_reader import build_reader
from ocrdata.train.models.base import Model, Recognizer
from ocrdata.train.protocols import Batch


class Signature(NamedTuple):
    """Tensors by name."""

    inputs: Batch
    outputs: Batch

    def __str__(self) -> str:
        return " -> ".join(", ".join(sorted(part)) for part in self)


def network_signature(net: Model) -> Signature:
    """Builds the network on placeholders: arrays in, arrays out."""
    inputs = net.placeholders()
    return Signature(inputs, _named(net.served(net.build(inputs, training=False))))


def file_signature(
    net: Model, charset: Optional[Charset], beam_width: int = 0
) -> Tuple[Signature, Signature]:
    """Builds what serves files, and the network inside it.

    A model that reads no characters takes pictures as they are: then both are the same.
    """
    if charset is None or not isinstance(net, Recognizer):
        network = network_signature(net)
        return network, network
    encoded = v1.placeholder(tf.string, [None], "files")
    inputs, outputs, decoded = build_reader(net, encoded, beam_width)
    texts = tf.identity(join_characters(decoded.classes, charset), "texts")
    confidences = tf.identity(decoded.confidence, "confidences")
    outer = Signature({"images": encoded}, {"texts": texts, "confidences": confidences})
    return outer, Signature(inputs, _named(net.served(outputs)))


def _named(outputs: Batch) -> Batch:
    return {name: tf.identity(value, name) for name, value in outputs.items()}


def join_characters(classes: Tensor, charset: Charset) -> Tensor:
    """Returns the texts, string [B], of classes [B, L] padded with -1."""
    characters = [character.encode("utf-8") for character in charset.characters] + [b""]
    table = tf.constant(characters)
    places = tf.where(classes < 0, tf.fill(tf.shape(classes), len(charset)), classes)
    return tf.strings.reduce_join(tf.gather(table, places), 1)
