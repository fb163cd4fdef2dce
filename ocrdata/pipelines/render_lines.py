"""What gen-pics does with a request: says what it would write, shows it, or writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Optional

from ocrdata.base.run_options import RUN_DEFAULTS, RunOptions
from ocrdata.errors import OptionError
from ocrdata.pipelines.line_request import LineRequestOptions, read_request
from ocrdata.pipelines.lines_to_export import LineExportOptions, write_line_export
from ocrdata.pipelines.lines_to_records import LineRecordOptions, write_line_records
from ocrdata.render.lines import planning
from ocrdata.render.lines.batch import render_lines
from ocrdata.render.lines.sheet import write_sheet


class LineOutput(NamedTuple):
    """Where lines go: files, or the one of these that is given: records, a sheet (`preview`), or
    another tool's format (`export`)."""

    data_dir: Path
    records: Optional[LineRecordOptions] = None
    preview: Optional[Path] = None
    export: Optional[LineExportOptions] = None


def write_request(
    options: LineRequestOptions, output: LineOutput, *, run: RunOptions = RUN_DEFAULTS
) -> Any:
    """Draws what the options ask for and returns the summary; a dry run says what it would be.

    Raises OptionError where options contradict each other, and what reading fonts, corpora and
    dictionaries, rendering and writing raise.
    """
    if options.records != (output.records is not None):
        raise OptionError("records need LineRequestOptions.records, and only they.")
    request = read_request(options)
    if run.dry_run or output.preview:
        plan, skips = planning.plan_lines(
            request.texts, request.config, request.options, request.skipped, request.frequencies
        )
        if output.preview is None:
            return planning.dry_run_lines(plan, request.config, request.options, skips)
        shown = write_sheet(output.preview, request.config, plan, overwrite=run.overwrite)
        return {"preview": output.preview, "shown": shown}
    if output.records:
        return write_line_records(output.data_dir, request, output.records, run=run)
    if output.export:
        return write_line_export(output.data_dir, request, output.export, run=run)
    return render_lines(
        output.data_dir,
        request.texts,
        request.config,
        request.options,
        run=run,
        skipped=request.skipped,
        frequencies=request.frequencies,
    )
