"""What a detector learns from: pictures that are there, and rendering jobs beside them."""

from __future__ import annotations

import hashlib
from typing import Dict, List, NamedTuple, Optional

from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import Sample
from ocrdata.errors import OptionError, PathLike
from ocrdata.pipelines.render_job import SceneJob, read_scene_job
from ocrdata.train.config.sources import RENDER, SourceOptions
from ocrdata.train.data.places import source_path
from ocrdata.train.data.scene_dataset import Scenes, Survey, survey
from ocrdata.train.data.scene_mixture import open_sources
from ocrdata.train.data.sources.mixture import SourceChoice, choose_sources
from ocrdata.train.data.sources.rendered import RenderedSamples


class NoScenes(Scenes):
    """Nothing, where all pictures are rendered."""

    where = "rendering jobs"
    keys: List[str] = []

    def load(self, index: int) -> Sample:
        raise IndexError(index)

    def close(self) -> None:
        """Closes nothing."""


class TrainingScenes(NamedTuple):
    """Pictures that are there, and jobs that draw others.

    Where there are jobs, `choice` says which picture of training is whose: source 0 are the
    pictures that are there, if there are any, then come the jobs.
    """

    scenes: Scenes
    jobs: List[SceneJob]
    rendered: List[RenderedSamples]
    choice: Optional[SourceChoice] = None

    def survey(self, on_progress: Optional[OnProgress]) -> Survey:
        """Reads all pictures that are there; raises InputError where none is of use."""
        none = Survey([], 0, 0, {}, "", "")
        found = survey(self.scenes, on_progress) if len(self.scenes) else none
        if not self.jobs:
            return found
        marks = "\n".join([found.sha256, *(job.sha256 for job in self.jobs)])
        skipped: Dict[str, int] = dict(found.skipped)
        for job in self.jobs:
            for reason, count in job.skipped.items():
                skipped[reason] = skipped.get(reason, 0) + count
        digest = hashlib.sha256(marks.encode("ascii")).hexdigest()
        return Survey(found.good, found.texts, found.ignored, skipped, found.problem, digest)

    def close(self) -> None:
        """Closes what is open and ends processes."""
        self.scenes.close()
        for one in self.rendered:
            one.close()


def open_training_scenes(
    data_dir: PathLike, options: SourceOptions, epochs: Optional[float], seed: int
) -> TrainingScenes:
    """Opens what a detector is to learn from; raises InputError and OptionError."""
    mixed = options.weighted()
    drawn = [(name, weight) for name, weight in mixed if name.startswith(RENDER)]
    if drawn and epochs is not None:
        raise OptionError("--epochs needs data with an end, not a rendering job: give --steps.")
    there = len(drawn) < len(mixed) or not mixed
    scenes = open_sources(data_dir, "train", options) if there else NoScenes()
    assert scenes is not None  # of the training split they are required
    jobs = [
        read_scene_job(source_path(data_dir, name[len(RENDER) :], "--sources"), seed)
        for name, _ in drawn
    ]
    if not jobs:
        return TrainingScenes(scenes, [], [])
    weights = [weight for _, weight in drawn]
    if there:
        weights.insert(0, sum(weight for name, weight in mixed if not name.startswith(RENDER)))
    rendered = [RenderedSamples(job, options.render_workers) for job in jobs]
    return TrainingScenes(scenes, jobs, rendered, choose_sources(weights, seed))
