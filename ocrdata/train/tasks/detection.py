"""Training data of detectors: crops of pictures, and their label maps, made as they are needed.

Crop number n is that of batch n // batch_size. Which picture it is cut from is a function of n and
the seed (every picture comes once an epoch), and so is how it is cut.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any, Dict, List, Optional, Set, Tuple

import numpy as np
from PIL import Image

from ocrdata.base.random_streams import stream
from ocrdata.errors import InputError, OcrdataError
from ocrdata.images.decode import decode_image
from ocrdata.train.compat import Tensor, tf
from ocrdata.train.config.sources import SourceOptions
from ocrdata.train.data.places import source_path
from ocrdata.train.data.scene_dataset import BadImageError, Scenes, survey
from ocrdata.train.data.scene_mixture import open_sources
from ocrdata.train.data.scene_sources import has_split, open_scenes
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.detect import SceneEvaluator
from ocrdata.train.inference.line_drawing import draw_maps
from ocrdata.train.inference.validation import Evaluator
from ocrdata.train.models.detector import Detector
from ocrdata.train.protocols import Batch, Dataset, FetchedArrays
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tasks.base import WHOLE, Share, TaskRequest, TrainingTask

_ENDLESS = np.iinfo(np.int64).max
DecodedScene = Tuple[np.ndarray, List[np.ndarray], np.ndarray]
DRAWN = 4  # crops in a picture


class ImageCache:
    """The pictures used last, decoded, up to a size in bytes; threads may use it at once."""

    def __init__(self, scenes: Scenes, limit: int) -> None:
        self._scenes, self._limit, self._size = scenes, limit, 0
        self._kept: OrderedDict[int, DecodedScene] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, index: int) -> DecodedScene:
        """Returns a picture (blue first), its outlines and bool [n]; raises InputError."""
        with self._lock:
            if index in self._kept:
                self._kept.move_to_end(index)
                return self._kept[index]
        found = load_scene(self._scenes, index)
        with self._lock:
            if index not in self._kept and found[0].nbytes <= self._limit:
                self._kept[index] = found
                self._size += found[0].nbytes
            while self._size > self._limit:
                _, (image, _, _) = self._kept.popitem(last=False)
                self._size -= image.nbytes
        return found


def load_scene(scenes: Scenes, index: int) -> DecodedScene:
    """Returns a picture (uint8 [h, w, 3], blue first), its outlines, and which to ignore."""
    sample = scenes.load(index)
    try:
        image = decode_image(sample.image_bytes())
    except ValueError as error:
        raise BadImageError(sample.key, str(error)) from error
    polygons = [np.asarray(region.polygon, np.float32) for region in sample.regions]
    return image, polygons, np.array([region.ignore for region in sample.regions], bool)


class CropMaker:
    """Makes crop number n and its label maps."""

    def __init__(
        self, net: Detector, scenes: Scenes, *, good: List[int], options: SourceOptions, seed: int
    ) -> None:
        self._net, self._options, self._seed = net, options, seed
        self._where, self._parts = scenes.where, weighted(good, scenes.parts)
        self.epoch = sum(count for _, count in self._parts)
        self._cache = ImageCache(scenes, options.picture_cache << 20)
        self._orders: OrderedDict[int, List[int]] = OrderedDict()
        self._lock = threading.Lock()
        self.bad: Set[int] = set()

    def make(self, number: int) -> Dict[str, np.ndarray]:
        """Returns `images` uint8 [h, w, 3] and the model's label maps; raises InputError."""
        image, polygons, ignore = self._picture(number)
        rng = stream(self._seed, "crop", number)
        crop = self._net.crop(image, polygons, ignore=ignore, options=self._options, rng=rng)
        size = self._net.crop_size(self._options)
        return dict(self._net.label_maps(crop.polygons, crop.ignore, size), images=crop.image)

    def _picture(self, number: int) -> DecodedScene:
        """Returns the picture of a crop, or the next one of the epoch that can be decoded."""
        epoch, place = divmod(number, self.epoch)
        order = self._order(epoch)
        problem = ""
        for step in range(len(order)):
            index = order[(place + step) % len(order)]
            if index in self.bad:
                continue
            try:
                return self._cache.get(index)
            except InputError as error:
                self.bad.add(index)
                problem = str(error)
        raise InputError(self._where, "holds no picture that can be decoded; " + problem)

    def _order(self, epoch: int) -> List[int]:
        with self._lock:
            if epoch not in self._orders:
                rng = stream(self._seed, "pictures", epoch)
                order: List[int] = []
                for part, count in self._parts:
                    rest = list(part)
                    if count % len(part):
                        rng.shuffle(rest)
                    order += part * (count // len(part)) + rest[: count % len(part)]
                rng.shuffle(order)
                self._orders[epoch] = order
                while len(self._orders) > 2:  # crops are made in order, but for a few
                    self._orders.popitem(last=False)
            return self._orders[epoch]


def weighted(good: List[int], parts: List[Tuple[int, float]]) -> List[Tuple[List[int], int]]:
    """Returns the good pictures of each part of some scenes, and how many come in an epoch."""
    found, start = [], 0
    for length, weight in parts:
        chosen = [index for index in good if start <= index < start + length]
        start += length
        if chosen:
            found.append((chosen, max(1, int(round(weight * len(chosen))))))
    return found


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
        scenes = open_sources(request.data_dir, "train", self._chosen)
        assert scenes is not None  # of the training split they are required
        self._scenes = scenes
        self._found = survey(scenes, request.on_check)
        self.records = {"sha256": self._found.sha256}
        self.crops = CropMaker(
            self.net,
            scenes,
            good=self._found.good,
            options=self._chosen,
            seed=request.options.seed,
        )
        self.samples = self.crops.epoch

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

        @tf.autograph.experimental.do_not_convert  # 1.15 would translate what NumPy does
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
