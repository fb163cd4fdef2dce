"""Picture files of text lines to what a recognizer takes, in a graph.

Images go on as uint8; the network normalizes them, in training as in the export.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple, Union

import numpy as np

from ocrdata.reading.lines import scaled_width
from ocrdata.train.compat import Tensor, tf

Size = Union[int, np.ndarray, Tensor]  # one number of pixels or steps, or many
BUCKET = 16  # widths are rounded up to this many pixels: fewer shapes, little padding


@dataclass(frozen=True)
class ImageSpec:
    """What the network takes: the height, 1 or 3 channels, and a fixed width or 0."""

    height: int
    channels: int
    width: int = 0

    def scaled_width(self, height: Size, width: Size) -> Size:
        """Returns the width in pixels of a picture brought to our height; takes tensors too."""
        larger, smaller = (
            (tf.maximum, tf.minimum) if isinstance(width, tf.Tensor) else (np.maximum, np.minimum)
        )
        scaled = larger(scaled_width(height, width, self.height), 1)
        return smaller(scaled, self.width) if self.width else scaled


def round_up(width: Tensor) -> Tensor:
    """Returns a width in pixels rounded up to the next bucket."""
    return (width + BUCKET - 1) // BUCKET * BUCKET


def decode_images(encoded: Tensor, full: Tensor, spec: ImageSpec) -> Tuple[Tensor, Tensor]:
    """Decodes picture files, string [B], into uint8 [B, height, full, channels] and widths.

    Each picture keeps its shape at our height, wider ones than `full` are squeezed into it, and
    zeros fill the right side.
    """

    def decode(one: Tensor) -> Tuple[Tensor, Tensor]:
        image, width = _decode(one, full, spec)
        return tf.pad(image, [[0, 0], [0, full - width], [0, 0]]), width

    images, widths = tf.map_fn(
        decode, encoded, dtype=(tf.uint8, tf.int32), parallel_iterations=4, back_prop=False
    )
    images.set_shape([None, spec.height, spec.width or None, spec.channels])
    return images, widths


def _decode(encoded: Tensor, full: Tensor, spec: ImageSpec) -> Tuple[Tensor, Tensor]:
    image = _image(encoded, spec.channels)
    shape = tf.shape(image)
    width = tf.minimum(spec.scaled_width(shape[0], shape[1]), full)
    size = tf.stack([spec.height, width])

    def resized() -> Tensor:
        # The antialiased triangle filter, which both versions have under this name.
        smooth = tf.compat.v2.image.resize(image, size, antialias=True)
        return tf.cast(tf.clip_by_value(tf.round(smooth), 0.0, 255.0), tf.uint8)

    same = tf.reduce_all(tf.equal(shape[:2], size))
    return tf.cond(same, lambda: image, resized), width


def _image(encoded: Tensor, channels: int) -> Tensor:
    def decode(kept: int) -> Tensor:
        return tf.io.decode_image(encoded, kept, expand_animations=False)

    if channels == 3:
        image = decode(3)
    else:  # the decoders of GIF and BMP know no gray
        start = tf.strings.substr(encoded, 0, 2)
        color = tf.equal(start, b"GI") | tf.equal(start, b"BM")
        image = tf.cond(color, lambda: tf.image.rgb_to_grayscale(decode(3)), lambda: decode(1))
    image.set_shape([None, None, channels])
    return image


def measured_widths(encoded: Tensor, spec: ImageSpec) -> Tensor:
    """Returns the scaled widths, int32 [B], of picture files whose sizes nobody has noted."""

    def measure(one: Tensor) -> Tensor:
        shape = tf.shape(_image(one, spec.channels))
        return spec.scaled_width(shape[0], shape[1])

    return tf.map_fn(measure, encoded, dtype=tf.int32, back_prop=False)
