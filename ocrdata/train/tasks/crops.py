"""Crops of pictures and their label maps, made as they are needed.

Crop number n is that of batch n // batch_size. Which picture it is cut from is a function of n and
the seed (every picture comes once an epoch), and so is how it is cut.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Dict, List, Optional, Set, Tuple

import numpy as np

from ocrdata.base.random_streams import stream
from ocrdata.base.sample import Sample
from ocrdata.errors import InputError
from ocrdata.images.decode import decode_image
from ocrdata.train.config.sources import SourceOptions
from ocrdata.train.data.augment import augmentation_of
from ocrdata.train.data.random_crop import Crop
from ocrdata.train.data.scene_dataset import BadImageError, Scenes
from ocrdata.train.data.sources.rendered_scenes import TrainingScenes
from ocrdata.train.models.detector import Detector

DecodedScene = Tuple[np.ndarray, List[np.ndarray], np.ndarray]


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
    return decode_scene(scenes.load(index))


def decode_scene(sample: Sample) -> DecodedScene:
    """Returns a sample's picture, its outlines, and which to ignore, as `load_scene` does."""
    try:
        image = decode_image(sample.image_bytes())
    except ValueError as error:
        raise BadImageError(sample.key, str(error)) from error
    polygons = [np.asarray(region.polygon, np.float32) for region in sample.regions]
    return image, polygons, np.array([region.ignore for region in sample.regions], bool)


class CropMaker:
    """Makes crop number n and its label maps."""

    def __init__(
        self,
        net: Detector,
        scenes: Scenes,
        *,
        good: List[int],
        options: SourceOptions,
        seed: int,
        drawn: Optional[TrainingScenes] = None,
    ) -> None:
        self._drawn = drawn
        self._net, self._options, self._seed = net, options, seed
        self._where, self._parts = scenes.where, weighted(good, scenes.parts)
        self.epoch = sum(count for _, count in self._parts)
        self._augment = augmentation_of(options, seed)
        self._cache = ImageCache(scenes, options.picture_cache << 20)
        self._orders: OrderedDict[int, List[int]] = OrderedDict()
        self._lock = threading.Lock()
        self.bad: Set[int] = set()

    def cut(self, number: int) -> Crop:
        """Returns a crop before it is augmented; raises InputError."""
        image, polygons, ignore = self._picture(number)
        rng = stream(self._seed, "crop", number)
        return self._net.crop(image, polygons, ignore=ignore, options=self._options, rng=rng)

    def make(self, number: int) -> Dict[str, np.ndarray]:
        """Returns `images` uint8 [h, w, 3] and the model's label maps; raises InputError."""
        crop = self.cut(number)
        size, shown = self._net.crop_size(self._options), crop.image
        if self._augment:
            shown = self._augment.scene(np.ascontiguousarray(shown), number)
        return dict(self._net.label_maps(crop.polygons, crop.ignore, size), images=shown)

    def _picture(self, number: int) -> DecodedScene:
        """Returns the picture of a crop, or the next one of the epoch that can be decoded."""
        if self._drawn and self._drawn.choice:
            source, number = self._drawn.choice.place(number)
            job = source - bool(self.epoch)
            if job >= 0:
                return decode_scene(self._drawn.rendered[job].get(number))
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
