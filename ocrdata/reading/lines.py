"""Reading pictures of text lines with an exported reader, as training prepared them."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image

from ocrdata.errors import CharsetError, CheckpointError
from ocrdata.reading import ctc
from ocrdata.reading.exported import Network
from ocrdata.text.charset import Charset
from ocrdata.text.visual_order import LineOrder

_BATCH = 32


def scaled_width(height: Any, width: Any, target: int) -> Any:
    """Returns the width in pixels of a picture brought to `target` height; takes tensors too."""
    return (2 * width * target + height) // (2 * height)


class LineReader:
    """Reads lines with a network; raises CheckpointError for one without a dictionary."""

    def __init__(self, network: Network, batch_size: int = _BATCH) -> None:
        self._network, self._batch = network, batch_size
        try:
            entry, lines = network.description["dictionary"], network.description["lines"]
            self._order = LineOrder(Charset(tuple(entry["characters"])))
            self._height, self._channels, self._width = (
                int(lines[name]) for name in ("height", "channels", "width")
            )
            self._min_width = int(lines.get("min_width", 0))  # not in older exports
        except (KeyError, TypeError, ValueError, CharsetError) as error:
            problem = f"does not say what it reads ({error!r})"
            raise CheckpointError(network.description.get("model", "model"), problem) from error

    def read(self, pictures: Sequence[np.ndarray]) -> List[Tuple[str, float]]:
        """Returns the text and its probability of each picture, uint8 [h, w, 3], blue first."""
        return self.read_ready(
            [self._fitted(planes_of(image, self._channels)) for image in pictures]
        )

    def read_files(self, files: Sequence[bytes]) -> List[Tuple[str, float]]:
        """Returns the text and its probability of each JPEG or PNG file, decoded as in training."""
        return self.read_ready([self._fitted(decode_planes(one, self._channels)) for one in files])

    def _fitted(self, planes: Sequence[np.ndarray]) -> np.ndarray:
        return fitted_line(planes, self._height, self._width, self._min_width)

    def read_ready(self, ready: Sequence[np.ndarray]) -> List[Tuple[str, float]]:
        """Returns the text and its probability of each line as the network takes it."""
        # Lines of like width together: little padding, and it changes nothing.
        order = sorted(range(len(ready)), key=lambda place: ready[place].shape[1])
        found: Dict[int, Tuple[str, float]] = {}
        for at in range(0, len(order), self._batch):
            part = order[at : at + self._batch]
            found.update(zip(part, self._read([ready[place] for place in part])))
        return [found[place] for place in range(len(ready))]

    def _read(self, ready: List[np.ndarray]) -> List[Tuple[str, float]]:
        outputs = self._network.run(batch_of(ready, self._width))
        scores, lengths = outputs["scores"], outputs["lengths"]
        texts = ctc.best_paths(scores, lengths)
        sure = ctc.text_probability(scores, lengths, texts)
        return [(self._order.decode(text), float(one)) for text, one in zip(texts, sure)]


class LineFileReader:
    """Reads picture files with a network, as a trained run does with TensorFlow."""

    def __init__(self, network: Network) -> None:
        self._network, self._lines = network, LineReader(network, batch_size=sys.maxsize)

    def read(self, files: Sequence[bytes]) -> List[Tuple[str, float]]:
        """Returns the text and its probability of each JPEG or PNG file; all are one batch."""
        return self._lines.read_files(files)

    def close(self) -> None:
        """Frees the network."""
        self._network.close()


def ready_line(
    image: np.ndarray, height: int, channels: int, width: int = 0, min_width: int = 0
) -> np.ndarray:
    """Returns a picture [h, w, 3] (blue first) or [h, w] as networks take it: uint8
    [height, w, channels].

    It keeps its shape, but is stretched to `min_width` if it would be narrower, and at most `width`
    wide, if that is given; color is red first. The filter is TensorFlow's antialiased triangle,
    which is Pillow's BILINEAR on floats.
    """
    return fitted_line(planes_of(image, channels), height, width, min_width)


def planes_of(image: np.ndarray, channels: int) -> List[np.ndarray]:
    """Returns the channels, uint8 [h, w] each, of a picture [h, w, 3] (blue first) or [h, w]."""
    if image.ndim == 2:
        return [image] * channels
    if channels == 1:
        return [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)]
    return [image[:, :, place] for place in (2, 1, 0)]


def decode_planes(data: bytes, channels: int) -> List[np.ndarray]:
    """Returns the channels of a JPEG or PNG file, uint8 [h, w] each: gray, or red, green and blue.

    As TensorFlow decodes them, but for a few levels of 256 where JPEG leaves them to the decoder.
    The gray of a JPEG file is its luma.
    """
    kind = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
    encoded = np.frombuffer(data, np.uint8)
    image: Any = cv2.imdecode(encoded, kind | cv2.IMREAD_IGNORE_ORIENTATION)
    return [image] if channels == 1 else [image[:, :, place] for place in (2, 1, 0)]


def fitted_line(
    planes: Sequence[np.ndarray], height: int, width: int = 0, min_width: int = 0
) -> np.ndarray:
    """Returns the channels of a picture at `height`, as `ready_line` does."""
    image = planes[0]
    wide = max(1, min_width, scaled_width(image.shape[0], image.shape[1], height))
    size = (min(wide, width) if width else wide, height)
    if size != (image.shape[1], image.shape[0]):
        planes = [_resized(plane, size) for plane in planes]
    return planes[0][:, :, None] if len(planes) == 1 else np.stack(planes, axis=2)


def _resized(plane: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    smooth = Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BILINEAR)
    return np.clip(np.round(np.asarray(smooth)), 0, 255).astype(np.uint8)


def batch_of(ready: Sequence[np.ndarray], width: int = 0) -> Dict[str, np.ndarray]:
    """Returns prepared pictures as `images`, with zeros on the right, and their `widths`."""
    widths = np.array([image.shape[1] for image in ready], np.int32)
    height, _, channels = ready[0].shape
    images = np.zeros((len(ready), height, width or int(widths.max()), channels), np.uint8)
    for place, image in enumerate(ready):
        images[place, :, : image.shape[1]] = image
    return {"images": images, "widths": widths}
