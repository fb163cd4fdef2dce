"""What gen-pics does with an order: foresees it, shows it, or writes files or records."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

from ocrdata.pipelines.line_request import Order
from ocrdata.pipelines.lines_to_records import write_line_records
from ocrdata.render.lines import planning
from ocrdata.render.lines.batch import render_lines
from ocrdata.render.lines.sheet import write_sheet

OnProgress = Callable[[int, Optional[int]], None]


class Output(NamedTuple):
    """Where an order goes, and how."""

    data_dir: Path
    records: bool
    keep_pictures: bool
    shards: int
    validation_fraction: float
    workers: int
    overwrite: bool
    resume: bool


def foresee(order: Order, preview: Optional[Path], overwrite: bool) -> Any:
    """Returns what a run would write; with `preview` draws a sheet of its first pictures."""
    plan, skips = planning.plan_lines(
        order.texts, order.job, order.options, order.skipped, order.frequencies
    )
    if preview is None:
        return planning.foresee(plan, order.job, order.options, skips)
    return {
        "preview": preview, "shown": write_sheet(preview, order.job, plan, overwrite=overwrite),
    }  # fmt: skip


def write(order: Order, output: Output, on_progress: OnProgress) -> Any:
    """Writes an order and returns the summary."""
    if output.records:
        return write_line_records(
            output.data_dir, order, output.shards, output.validation_fraction,
            output.keep_pictures, output.workers, output.overwrite, output.resume, on_progress,
        )  # fmt: skip
    return render_lines(
        output.data_dir, order.texts, order.job, order.options, output.workers, output.overwrite,
        output.resume, order.skipped, order.frequencies, on_progress,
    )  # fmt: skip
