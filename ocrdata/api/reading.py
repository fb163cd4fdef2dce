"""Reading pictures in memory with exported models; no TensorFlow where they are in ONNX."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base.sample import DETECTION, RECOGNITION
from ocrdata.errors import OptionError, PathLike
from ocrdata.reading.exported import Network, open_network
from ocrdata.reading.lines import LineReader
from ocrdata.reading.scenes import SceneReader, scene_reader
from ocrdata.reading.words import ReadOptions, WordCrop, read_word_crops


class TextReader:
    """Exported models, open: a recogniser, and a detector where whole pictures are read.

    Each is the path of an .onnx file, of a SavedModel, or of the folder of a run that has one
    (`output/crnn`). Raises CheckpointError where it is none or is for another task,
    MissingExtraError where what runs it is not installed. `close()` frees them, and so does the
    end of a `with` block.
    """

    def __init__(
        self,
        recogniser: PathLike,
        detector: Optional[PathLike] = None,
        *,
        options: ReadOptions = ReadOptions(),  # noqa: B008 - it cannot change
        threshold: Optional[float] = None,
        max_side: Optional[int] = None,
    ) -> None:
        self._networks: List[Network] = []
        self._options = options
        try:
            self._lines = LineReader(self._open(recogniser, RECOGNITION))
            self._scenes: Optional[SceneReader] = None
            if detector is not None:
                network = self._open(detector, DETECTION)
                self._scenes = scene_reader(network, threshold, max_side)
        except Exception:
            self.close()
            raise

    def _open(self, path: PathLike, task: str) -> Network:
        self._networks.append(open_network(path, task))
        return self._networks[-1]

    def read(self, image: np.ndarray) -> List[WordCrop]:
        """Returns the texts of a picture, uint8 [h, w] or RGB [h, w, 3], in reading order.

        Each has a `polygon` (float32 [n, 2], in the picture's pixels), the `score` of finding it,
        its `text`, and the `confidence` of reading it. Raises OptionError without a detector.
        """
        if self._scenes is None:
            raise OptionError("finding texts takes a detector.", "Give one, or use read_lines.")
        return read_word_crops(_blue_first(image), self._scenes, self._lines, self._options)

    def read_lines(self, images: Sequence[np.ndarray]) -> List[Tuple[str, float]]:
        """Returns (text, probability) of pictures of a line, uint8 [h, w] or RGB [h, w, 3]."""
        return self._lines.read([_blue_first(image) for image in images]) if len(images) else []

    def close(self) -> None:
        """Closes the models."""
        for network in self._networks:
            network.close()
        self._networks = []

    def __enter__(self) -> TextReader:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _blue_first(image: np.ndarray) -> np.ndarray:
    pixels = np.asarray(image)
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or not pixels.size:
        raise OptionError(f"a picture is {pixels.dtype} {list(pixels.shape)}, not uint8 [h, w, 3].")
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3):
        raise OptionError(f"a picture has {pixels.shape[2]} channels, not 1 or 3.")
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(pixels.shape[:2] + (1,)), 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, ::-1])
