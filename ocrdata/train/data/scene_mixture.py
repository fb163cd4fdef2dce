"""Several sources of pictures with texts as one, each with a weight."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import List, Optional, Tuple

from ocrdata.base.sample import Sample
from ocrdata.errors import PathLike
from ocrdata.train.config.sources import RENDER, SourceOptions
from ocrdata.train.data.places import source_path
from ocrdata.train.data.scene_dataset import Scenes
from ocrdata.train.data.scene_sources import has_split, open_scenes


class SceneMixture(Scenes):
    """The samples of several sources, one behind the other; keys begin with the source's name."""

    def __init__(self, sources: List[Tuple[str, Scenes, float]]) -> None:
        self.where = ", ".join(scenes.where for _, scenes, _ in sources)
        self.keys = [f"{name}/{key}" for name, scenes, _ in sources for key in scenes.keys]
        self._sources = [scenes for _, scenes, _ in sources]
        self._weights = [weight for *_, weight in sources]
        self._starts = [0, *accumulate(len(scenes) for scenes in self._sources)]

    @property
    def parts(self) -> List[Tuple[int, float]]:
        return [(len(scenes), weight) for scenes, weight in zip(self._sources, self._weights)]

    def load(self, index: int) -> Sample:
        source = bisect_right(self._starts, index) - 1
        sample = self._sources[source].load(index - self._starts[source])
        return Sample(self.keys[index], sample.image_bytes(), None, sample.regions)

    def close(self) -> None:
        for scenes in self._sources:
            scenes.close()


def open_sources(data_dir: PathLike, split: str, options: SourceOptions) -> Optional[Scenes]:
    """Returns the samples of a split of the data folder, or of the sources mixed.

    A source counts from the data folder, if it is there, or from the current one. Returns None
    where no source has a split of that name of its own, but for "train", which all must have.
    Rendering jobs have no splits.
    Raises InputError and OptionError.
    """
    asked = options.weighted()
    mixed = [(name, weight) for name, weight in asked if not name.startswith(RENDER)]
    if not asked:
        pack = options.tarfile, options.tarpath
        return open_scenes(data_dir, split, *pack) if _has(data_dir, split, *pack) else None
    found, names = [], []  # type: List[Tuple[str, Scenes, float]], List[str]
    for text, weight in mixed:
        path = source_path(data_dir, text, "--sources")
        if not _has(path, split):
            continue
        names.append(path.name)
        name = path.name if names.count(path.name) == 1 else f"{path.name}-{len(names)}"
        found.append((name, open_scenes(path, split), weight))
    if len(mixed) < len(asked):  # beside rendering jobs weights are shares, whatever the sizes
        largest = max((len(scenes) for _, scenes, _ in found), default=0)
        found = [(name, one, weight * largest / len(one)) for name, one, weight in found]
    return SceneMixture(found) if found else None


def _has(data_dir: PathLike, split: str, tarfile: str = "", tarpath: str = "") -> bool:
    return split == "train" or has_split(data_dir, split, tarfile, tarpath)
