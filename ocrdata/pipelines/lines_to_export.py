"""Rendered lines straight into another tool's format, without picture files between."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.base.sample import RECOGNITION, Sample
from ocrdata.errors import OptionError
from ocrdata.exporters.cutting import Position
from ocrdata.exporters.engine import ConvertSummary
from ocrdata.exporters.found import Found
from ocrdata.pipelines.line_request import RenderRequest
from ocrdata.pipelines.line_splits import split_of_line
from ocrdata.pipelines.lines_to_records import shuffled
from ocrdata.pipelines.rendered_export import exporter_of, write_rendered
from ocrdata.render.lines.blocks import RenderConfig, render_block
from ocrdata.render.lines.planning import describe_lines, plan_lines
from ocrdata.render.lines.shared_glyphs import draw_shared_glyphs
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextBlockTask, TextPlan


class LineExportOptions(NamedTuple):
    """The format's name, files of formats with many, and the share that is held out."""

    form: str
    shards: int
    validation_fraction: float


class _Part(NamedTuple):
    """The places of a block that are to be drawn, and their splits."""

    task: TextBlockTask
    places: Tuple[int, ...]
    splits: Tuple[str, ...]


def write_line_export(
    data_dir: Path,
    request: RenderRequest,
    options: LineExportOptions,
    *,
    run: RunOptions = RUN_DEFAULTS,
) -> ConvertSummary:
    """Renders lines into the folder of `data_dir` that is called as the format.

    Texts are shuffled and divided as for records. Raises what rendering and `staged_output` raise,
    and OptionError for a format that takes no text lines.
    """
    if request.config.boxes or request.config.log:
        raise OptionError("--boxes and --log-styles go with picture files, not with --to.")
    exporter = exporter_of(options.form, RECOGNITION)
    request = shuffled(request)
    plan, skips = plan_lines(
        request.texts, request.config, request.options, request.skipped, request.frequencies
    )
    exporter = replace(exporter, samples_per_shard=-(-plan.total // options.shards))
    noted = {**describe_lines(plan, request.config, request.options), **options._asdict()}
    source = _Rendering(plan, request, options.validation_fraction, run)
    return write_rendered(
        data_dir,
        exporter,
        command="gen-pics",
        noted=noted,
        stream=source.stream,
        skipped=skips,
        run=run,
    )


class _Rendering:
    """The lines of a plan as a stream."""

    def __init__(
        self, plan: TextPlan, request: RenderRequest, validation_fraction: float, run: RunOptions
    ) -> None:
        self._plan, self._config, self._run = plan, request.config, run
        self._fractions = (request.options.test_fraction, validation_fraction)
        self._known: Dict[str, str] = {}

    def stream(self, done: Mapping[str, Position]) -> Iterator[Found]:
        """Yields the lines that are not done yet; others are not drawn."""
        draw = partial(draw_shared_glyphs, self._config, self._plan)
        parts, render = self._parts(done), partial(_render, self._config)
        for rows in ordered_map(render, parts, self._run.workers, before_fork=draw):
            for place, split, sample in rows:
                yield Found(place, split, sample)

    def _parts(self, done: Mapping[str, Position]) -> Iterator[_Part]:
        for task in self._plan.tasks():
            splits = [self._split(text) for text in task.texts]
            first = task.number * BLOCK_SIZE
            kept = tuple(
                place
                for place, split in enumerate(splits)
                if first + place > done.get(split, Position()).place
            )
            if kept:
                yield _Part(task, kept, tuple(splits[place] for place in kept))

    def _split(self, text: str) -> str:
        split = self._known.get(text)
        if split is None:
            split = split_of_line(text, self._config.seed, *self._fractions)
            # Random texts hardly ever come twice.
            if self._plan.kind != "random":
                self._known[text] = split
        return split


def _render(config: RenderConfig, part: _Part) -> List[Tuple[int, str, Sample]]:
    first = part.task.number * BLOCK_SIZE
    drawn: Sequence[Any] = list(render_block(config, part.task, part.places))
    return [
        (first + place, split, one.sample)
        for place, split, one in zip(part.places, part.splits, drawn)
    ]
