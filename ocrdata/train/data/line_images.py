"""Picture files of text lines to what a recognizer takes, in a graph.

Images go on as uint8; the network normalizes them, in training as in the export.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple, Union

import numpy as np

from ocrdata.reading.lines import scaled_width
from ocrdata.train.compat import Tensor, as_written, tf

Size = Union[int, np.ndarray, Tensor]  # one number of pixels or steps, or many
BUCKET = 16  # widths are rounded up to this many pixels: fewer shapes, little padding


@dataclass(frozen=True)
class ImageSpec:
    """What the network takes: the height, 1 or 3 channels, a fixed width or 0, the least width."""

    height: int
    channels: int
    width: int = 0
    min_width: int = 0

    def scaled_width(self, height: Size, width: Size) -> Size:
        """Returns the width in pixels of a picture brought to our height; takes tensors too."""
        larger, smaller = (
            (tf.maximum, tf.minimum) if isinstance(width, tf.Tensor) else (np.maximum, np.minimum)
        )
        scaled = larger(scaled_width(height, width, self.height), max(1, self.min_width))
        return smaller(scaled, self.width) if self.width else scaled


def round_up(width: Tensor) -> Tensor:
    """Returns a width in pixels rounded up to the next bucket."""
    return (width + BUCKET - 1) // BUCKET * BUCKET


def decode_images(encoded: Tensor, full: Tensor, spec: ImageSpec) -> Tuple[Tensor, Tensor]:
    """Decodes picture files, string [B], into uint8 [B, height, full, channels] and widths.

    Each picture keeps its shape at our height, unless it is too narrow for `spec`; wider ones than
    `full` are squeezed into it, and zeros fill the right side.
    """

    @as_written
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
    """Decodes a picture file as `ocrdata.images.decode` does, to the same pixels."""

    def jpeg() -> Tensor:
        # The other inverse transform is faster, and a few levels off.
        return tf.io.decode_jpeg(encoded, 0, dct_method="INTEGER_ACCURATE")

    def png() -> Tensor:
        # Asked for four channels, TensorFlow gives pictures of less than 8 bits a wrong alpha.
        return _on_white(tf.io.decode_png(encoded, 0))

    def other() -> Tensor:
        return tf.io.decode_image(encoded, 3, expand_animations=False)

    start = tf.strings.substr(encoded, 0, 2)
    image = tf.cond(
        tf.equal(start, b"\xff\xd8"), jpeg, lambda: tf.cond(tf.equal(start, b"\x89P"), png, other)
    )
    image = _colour(image) if channels == 3 else _gray(image)
    image.set_shape([None, None, channels])
    return image


def _on_white(image: Tensor) -> Tensor:
    """Lays gray or colour, uint8 [h, w, 1 to 4], transparent if even, on white: [h, w, 1 or 3]."""
    colours = tf.shape(image)[2] - 1

    def blended() -> Tensor:
        whole = tf.cast(image, tf.int32)
        alpha = whole[:, :, -1:]
        mixed = whole[:, :, :colours] * alpha + 255 * (255 - alpha)
        return tf.cast((mixed + 127) // 255, tf.uint8)

    return tf.cond(tf.equal(colours % 2, 1), blended, lambda: image)


def _colour(image: Tensor) -> Tensor:
    gray = tf.equal(tf.shape(image)[2], 1)
    return tf.cond(gray, lambda: tf.tile(image, [1, 1, 3]), lambda: image)


def _gray(image: Tensor) -> Tensor:
    def mixed() -> Tensor:
        # OpenCV's sum, which exported readers use: TensorFlow's own rounds otherwise.
        planes = (tf.cast(image[:, :, place : place + 1], tf.int32) for place in range(3))
        red, green, blue = planes
        total = red * 4899 + green * 9617 + blue * 1868
        return tf.cast((total + 8192) // 16384, tf.uint8)

    return tf.cond(tf.equal(tf.shape(image)[2], 1), lambda: image, mixed)


def measured_widths(encoded: Tensor, spec: ImageSpec) -> Tensor:
    """Returns the scaled widths, int32 [B], of picture files whose sizes nobody has noted."""

    @as_written
    def measure(one: Tensor) -> Tensor:
        shape = tf.shape(_image(one, spec.channels))
        return spec.scaled_width(shape[0], shape[1])

    return tf.map_fn(measure, encoded, dtype=tf.int32, back_prop=False)
