"""What gen-pics does with an order: foresees it, shows it, or writes files or records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Optional

from ocrdata.base.progress import OnProgress
from ocrdata.base.run_options import RunOptions
from ocrdata.pipelines.line_request import RenderRequest
from ocrdata.pipelines.lines_to_records import write_line_records
from ocrdata.render.lines import planning
from ocrdata.render.lines.batch import render_lines
from ocrdata.render.lines.sheet import write_sheet


class OutputOptions(NamedTuple):
    """Where an order goes, and how."""

    data_dir: Path
    records: bool
    keep_pictures: bool
    shards: int
    validation_fraction: float
    workers: int
    overwrite: bool
    resume: bool


def preview_lines(request: RenderRequest, preview: Optional[Path], overwrite: bool) -> Any:
    """Returns what a run would write; with `preview` draws a sheet of its first pictures."""
    plan, skips = planning.plan_lines(
        request.texts, request.config, request.options, request.skipped, request.frequencies
    )
    if preview is None:
        return planning.dry_run_lines(plan, request.config, request.options, skips)
    return {
        "preview": preview,
        "shown": write_sheet(preview, request.config, plan, overwrite=overwrite),
    }


def write(request: RenderRequest, output: OutputOptions, on_progress: OnProgress) -> Any:
    """Writes an order and returns the summary."""
    if output.records:
        return write_line_records(
            output.data_dir,
            request,
            output.shards,
            output.validation_fraction,
            output.keep_pictures,
            output.workers,
            output.overwrite,
            output.resume,
            on_progress,
        )
    return render_lines(
        output.data_dir,
        request.texts,
        request.config,
        request.options,
        run=RunOptions(output.workers, output.overwrite, output.resume, on_progress),
        skipped=request.skipped,
        frequencies=request.frequencies,
    )
