"""Training data of detectors: crops of pictures, and their label maps, made as they are needed."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np
from PIL import Image

from ocrdata.errors import OcrdataError
from ocrdata.train.compat import Tensor, as_written, tf
from ocrdata.train.config.sources import SourceOptions
from ocrdata.train.data.places import source_path
from ocrdata.train.data.scene_mixture import open_sources
from ocrdata.train.data.scene_sources import has_split, open_scenes
from ocrdata.train.data.sources.rendered_scenes import open_training_scenes
from ocrdata.train.data.text_sizes import MEASURED, measure_texts
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.detect import SceneEvaluator
from ocrdata.train.inference.line_drawing import draw_maps
from ocrdata.train.inference.validation import Evaluator
from ocrdata.train.models.detector import Detector
from ocrdata.train.protocols import Batch, Dataset, FetchedArrays
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tasks.base import WHOLE, Share, TaskRequest, TrainingTask
from ocrdata.train.tasks.crops import CropMaker

_ENDLESS = np.iinfo(np.int64).max
DRAWN = 4  # crops in a picture


class DetectionTask(TrainingTask):
    """Crops of the pictures of a data folder."""

    net: Detector
    ranked = ("hmean", "recall", "precision")

    def __init__(self, request: TaskRequest) -> None:
        self.charset = None
        self.train_options, self._data_dir = request.options, request.data_dir
        self.net = self._model(request)
        chosen = request.data_options or self.net.card.sources()
        assert isinstance(chosen, SourceOptions)
        self._chosen = self.input_options = chosen
        options = request.options
        self._scenes = open_training_scenes(
            request.data_dir, self._chosen, options.epochs, options.seed
        )
        self._found = self._scenes.survey(request.on_check)
        self.records = {"sha256": self._found.sha256}
        self.crops = CropMaker(
            self.net,
            self._scenes.scenes,
            good=self._found.good,
            options=self._chosen,
            seed=options.seed,
            drawn=self._scenes,
        )
        self.samples = self.crops.epoch
        self.records.update(
            measure_texts(
                self.crops.cut,
                min(MEASURED, self.samples or MEASURED),
                side=max(self.net.crop_size(self._chosen)),
                least=self.net.options.min_text_size,
            )
        )

    @staticmethod
    def _model(request: TaskRequest) -> Detector:
        model = request.kind(request.model_options, seed=request.options.seed)
        assert isinstance(model, Detector)
        return model

    def check(self) -> Dict[str, Any]:
        """Returns what was found when the data was opened."""
        found = self._found
        return {
            "samples": len(found.good),
            "texts": found.texts,
            "ignored": found.ignored,
            "skipped": found.skipped,
            "problem": found.problem,
        }

    def start(self, step: int) -> List[int]:
        return [step * self.train_options.batch_size]

    def batches(self, start: Tensor, share: Share = WHOLE) -> Dataset:
        height, width = self.net.crop_size(self._chosen)
        specs = dict(self.net.label_specs(height), images=(tf.uint8, (height, width, 3)))
        names = sorted(specs)
        types = [specs[name][0] for name in names]

        @as_written
        def make(number: Tensor) -> Batch:
            values = tf.numpy_function(lambda n: self._make(n, names), [number], types)
            for name, value in zip(names, values):
                value.set_shape(specs[name][1])
            return dict(zip(names, values))

        first, step = share
        numbers = tf.data.Dataset.range(start[0] + first, _ENDLESS, step)
        crops: Dataset = numbers.map(make, self._chosen.num_readers)
        return crops.batch(self.train_options.batch_size // step, drop_remainder=True).prefetch(2)

    def _make(self, number: np.ndarray, names: List[str]) -> List[np.ndarray]:
        try:
            made = self.crops.make(int(number))
        except OcrdataError as error:
            self.problem = error  # a session would only pass on its words
            raise
        return [made[name] for name in names]

    def evaluator(self, run: RunDirectory, device: Device, folder: str = "") -> Optional[Evaluator]:
        if folder:
            place = source_path(self._data_dir, folder, "--validation-data")
            held = [split for split in ("validation", "test") if has_split(place, split)]
            scenes = open_scenes(place, held[0] if held else "train")
        else:
            own = open_sources(self._data_dir, "validation", self._chosen)
            if own is None:
                return None
            scenes = own
        return SceneEvaluator(run, scenes, device=device, limit=self.train_options.eval_samples)

    def picture_fetches(self, batch: Batch, decoded: Tensor) -> Batch:
        truth, maps = (each[:DRAWN] for each in self.net.shown(batch, decoded))
        return {"images": batch["images"][:DRAWN], "maps": maps, "truth": truth}

    def draw(self, values: FetchedArrays) -> Image.Image:
        return draw_maps(values["images"], values["truth"], values["maps"])

    def skipped(self, found: Dict[str, Any]) -> Dict[str, int]:
        counts = dict(found["skipped"])
        if self.crops.bad:
            counts["picture"] = counts.get("picture", 0) + len(self.crops.bad)
        return counts

    def close(self) -> None:
        self._scenes.close()
