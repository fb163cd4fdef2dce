"""What every detector of text in pictures is, beside being a Model."""

from __future__ import annotations

from random import Random
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ocrdata.geometry.outlines import find_outlines
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.detection import ReadingOptions
from ocrdata.train.config.sources import SceneOptions, SourceOptions
from ocrdata.train.data.random_crop import Crop, make_crop
from ocrdata.train.models.base import Model, Outputs
from ocrdata.train.protocols import Batch, DType

LabelSpec = Tuple[DType, Tuple[int, ...]]  # dtype and shape


class Detector(Model):
    """The contract between a detector and its crops, evaluation, prediction and export.

    `card.reading` is the dataclass of how texts are read out of its maps; its fields become flags
    of `evaluate` and `predict`, and `prepare`, `fitting` and `rule` get one. `card.sources` is that
    of its pictures, SourceOptions with what `crop` needs. `build` takes `images`, uint8
    [B, H, W, 3], red first, of any size; in training its inputs are the whole batch. `stride` is
    the pixels of a picture to a cell of a map.
    """

    stride = 4
    trained: Optional[Dict[str, Any]] = None  # of a run: its `data.text_sizes.trained_sizes`

    def __init__(self, options: object, num_classes: int = 0, seed: int = 0) -> None:
        self.options = options
        self.seed = seed

    def prepare(self, reading: Any) -> None:
        """Takes over what the network itself depends on in `reading`, before it is built."""

    def crop_size(self, options: SourceOptions) -> Tuple[int, int]:
        """Returns height and width of the pictures of training."""
        assert isinstance(options, SceneOptions)
        return options.input_size, options.input_size

    def crop(
        self,
        image: np.ndarray,
        polygons: Sequence[np.ndarray],
        *,
        ignore: np.ndarray,
        options: SourceOptions,
        rng: Random,
    ) -> Crop:
        """Returns what is learned of a picture, uint8 [h, w, 3] (blue first), at `crop_size`."""
        assert isinstance(options, SceneOptions)
        return make_crop(image, polygons, ignore=ignore, options=options, rng=rng)

    def fitting(self, reading: Any) -> Dict[str, Any]:
        """Returns how pictures are brought to their size, as `ocrdata.reading.pyramid` takes it.

        Exports have it.
        """
        return dict(reading.fitting(self.trained))

    def label_maps(
        self, polygons: Sequence[np.ndarray], ignore: np.ndarray, size: Tuple[int, int]
    ) -> Dict[str, np.ndarray]:
        """Returns what one crop of `size` = (height, width) teaches, as `label_specs` says.

        `polygons` are float32 [n, 2], in pixels of the crop; bool `ignore` marks don't-care texts.
        """
        raise NotImplementedError

    def label_specs(self, size: int) -> Dict[str, LabelSpec]:
        """Returns dtype and shape of each part of the labels of a crop of `size` pixels."""
        raise NotImplementedError

    def shown(self, batch: Mapping[str, Tensor], decoded: Mapping[str, Tensor]) -> List[Tensor]:
        """Returns the true and the found map [B, h, w], in 0 to 1, for pictures of training."""
        return [batch["score"], decoded["score"]]

    def boxes(
        self,
        maps: Mapping[str, np.ndarray],
        reading: ReadingOptions,
        scale: Optional[Tuple[float, float]] = None,
    ) -> Tuple[Sequence[np.ndarray], np.ndarray]:
        """Returns the texts in the decoded maps of one picture: float32 [n, 2] each, scores [k].

        Outlines run clockwise; `scale` = (x, y) multiplies them, for pictures that were resized.
        """
        return find_outlines(maps, self.rule(reading), scale)

    def rule(self, reading: Any) -> Dict[str, Any]:
        """Returns how `boxes` works: a rule of `ocrdata.geometry.outlines`, which exports have."""
        raise NotImplementedError

    def placeholders(self) -> Batch:
        """Returns `images`."""
        return {"images": v1.placeholder(tf.uint8, [None, None, None, 3], "images")}

    def served(self, outputs: Outputs) -> Batch:
        """Returns the maps of `decode`."""
        return dict(self.decode(outputs))

    def description(self) -> Dict[str, Any]:
        """Returns the rules with their default values."""
        reading = self.card.reading()
        return {"outlines": self.rule(reading), "fitting": self.fitting(reading)}
