"""Rendered scenes straight into another tool's format, without picture files between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, Mapping

from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import DETECTION, TEST, TRAIN
from ocrdata.base.sample_lists import is_test
from ocrdata.exporters.base import Exporter
from ocrdata.exporters.cutting import Position
from ocrdata.exporters.engine import ConvertSummary
from ocrdata.exporters.found import Found
from ocrdata.pipelines.rendered_export import exporter_of, write_rendered
from ocrdata.render.scenes.batch import (
    check_scene_config,
    describe_scenes,
    drawable_texts,
    iterate_scenes,
)

if TYPE_CHECKING:
    from ocrdata.pipelines.scenes_to_records import SceneRequest


def scene_exporter(form: str, shards: int, count: int) -> Exporter:
    """Returns the exporter of a format; raises OptionError for one that takes no scenes."""
    exporter = exporter_of(form, DETECTION)
    return replace(exporter, samples_per_shard=-(-count // shards))


def write_scene_export(
    data_dir: Path, exporter: Exporter, request: SceneRequest, *, run: RunOptions = RUN_DEFAULTS
) -> ConvertSummary:
    """Renders scenes into the folder of `data_dir` that is called as the format.

    Raises what rendering and `staged_output` raise.
    """
    config, count, test_fraction = request.config, request.number, request.test_fraction
    check_scene_config(config, count)
    texts = drawable_texts(request.texts, config, request.skipped)
    noted = {**describe_scenes(config, texts, count), "test_fraction": test_fraction}
    noted.update(format=exporter.info.name, samples_per_shard=exporter.samples_per_shard)

    def stream(done: Mapping[str, Position]) -> Iterator[Found]:
        # Scenes of a split that are done are passed over by whoever takes them.
        start = 1 + min(done.get(split, Position()).place for split in (TRAIN, TEST))
        scenes = iterate_scenes(config, texts, count, run.workers, start)
        for place, sample in enumerate(scenes, start):
            test = is_test(sample.key, config.seed, test_fraction)
            yield Found(place, TEST if test else TRAIN, sample)

    return write_rendered(
        data_dir,
        exporter,
        command="gen-scenes",
        noted=noted,
        stream=stream,
        skipped=request.skipped,
        run=run,
    )
