"""Text lines and batches of them as arrays."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.text.packed_texts import TextList


class Line(NamedTuple):
    """A text line ready for a network.

    `image` is uint8 [channels, height, w], `classes` int64 [n] of the dictionary, without blanks.
    """

    image: np.ndarray
    classes: np.ndarray
    text: str
    key: str


class LineBatch(NamedTuple):
    """Text lines of like width.

    `images` is uint8 [B, channels, height, W] with zeros on the right, `widths` int64 [B] the
    pixels of each line. `classes` is int64 [sum of lengths], one line behind the other as CTC
    losses take them, and `lengths` int64 [B].
    """

    images: Any
    widths: Any
    classes: Any
    lengths: Any
    texts: TextList
    keys: TextList


def padded_images(
    images: Iterable[np.ndarray], shape: Tuple[int, ...]
) -> Tuple[np.ndarray, np.ndarray]:
    """Returns pictures [channels, height, w] or [height, w] side by side, zeros on the right, and
    their widths.

    `shape` is what the records promise. A picture goes where it belongs as soon as it is decoded.
    """
    padded, widths = np.zeros(shape, np.uint8), []
    most = shape[-1]
    for place, image in enumerate(images):
        wide = image.shape[-1]
        if wide > most:
            padded, most = _wider(padded, wide), wide
        padded[place, ..., :wide] = image
        widths.append(wide)
    return padded[..., : max(widths)], np.array(widths, np.int64)


def _wider(padded: np.ndarray, wide: int) -> np.ndarray:
    wider = np.zeros((*padded.shape[:-1], wide), np.uint8)
    wider[..., : padded.shape[-1]] = padded
    return wider


def make_batch(lines: Sequence[Line]) -> LineBatch:
    """Returns lines of one height as a batch of arrays."""
    images = [line.image for line in lines]
    shape = (len(images), *images[0].shape[:2], max(image.shape[2] for image in images))
    return LineBatch(
        *padded_images(images, shape),
        np.concatenate([line.classes for line in lines]),
        np.array([len(line.classes) for line in lines], np.int64),
        [line.text for line in lines],
        [line.key for line in lines],
    )
