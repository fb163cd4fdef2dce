"""What every detector of text in pictures is, beside being a Model."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ocrdata.train.models.base import Model, Tensor


class Detector(Model):
    """The contract between a detector and its crops, evaluation, prediction and export.

    `reading` is the dataclass of how texts are read out of its maps; its fields become flags of
    `evaluate` and `predict`. `build` takes `images`, uint8 [B, H, W, 3], red first, of any size; in
    training its inputs are the whole batch. `stride` is the pixels of a picture to a cell of a map.
    """

    task = "detection"
    reading: Any = type
    stride = 4

    def __init__(self, options: Any, num_classes: int = 0, seed: int = 0) -> None:
        self.options = options
        self.seed = seed

    def label_maps(
        self, polygons: Sequence[np.ndarray], ignore: np.ndarray, size: Tuple[int, int]
    ) -> Dict[str, np.ndarray]:
        """Returns what one crop of `size` = (height, width) teaches, as `label_specs` says.

        `polygons` are float32 [n, 2], in pixels of the crop; bool `ignore` marks don't-care texts.
        """
        raise NotImplementedError

    def label_specs(self, size: int) -> Dict[str, Tuple[Any, Tuple[int, ...]]]:
        """Returns dtype and shape of each part of the labels of a crop of `size` pixels."""
        raise NotImplementedError

    def shown(self, batch: Mapping[str, Tensor], decoded: Mapping[str, Tensor]) -> List[Tensor]:
        """Returns the true and the found map [B, h, w], in 0 to 1, for pictures of training."""
        return [batch["score"], decoded["score"]]

    def boxes(
        self,
        maps: Mapping[str, np.ndarray],
        reading: Any,
        scale: Optional[Tuple[float, float]] = None,
    ) -> Tuple[Sequence[np.ndarray], np.ndarray]:
        """Returns the texts in the decoded maps of one picture: float32 [n, 2] each, scores [k].

        Outlines run clockwise; `scale` = (x, y) multiplies them, for pictures that were resized.
        """
        raise NotImplementedError
