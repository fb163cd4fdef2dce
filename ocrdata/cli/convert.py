"""ocrdata convert: writes a data set as another tool reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ocrdata.cli import options
from ocrdata.cli.runners import runner_options
from ocrdata.exporters import EXPORTERS


@click.command("convert")
@click.argument("source", type=options.EXISTING)
@click.argument("target", type=options.PATH)
@options.option(
    "--to",
    "form",
    type=click.Choice(EXPORTERS.names()),
    required=True,
    metavar="FORMAT",
    help="The format to write: `ocrdata list exporters` tells them all.",
)
@options.option(
    "--task",
    type=click.Choice(("recognition", "detection")),
    default=None,
    show_default="what the samples are for",
    help="Which of a format's two forms to write.",
)
@options.option(
    "--samples-per-shard",
    type=click.IntRange(min=1),
    default=10_000,
    help="Of formats with many files: webdataset and parquet.",
)
@options.fraction_option(
    "--validation-fraction",
    "Share of the training texts for validation, where SOURCE has none.",
    0.0,
)
@options.fraction_option(
    "--test-fraction",
    "Share of the texts for testing, where SOURCE has no lists.",
    0.0,
)
@options.option("--skip-errors", is_flag=True, help="Leave out and count what cannot be used.")
@options.seed_option
@options.limit_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
@runner_options
def convert_command(
    source: Path,
    target: Path,
    form: str,
    as_json: bool,
    **choices: Any,
) -> None:
    """Write SOURCE into the folder TARGET in the form that another tool reads.

    SOURCE is a data folder, a sample list, a shard set, or pictures with ground truth in a folder
    or an archive. Splits stay as they are; what belongs to none goes to train. Pictures keep their
    bytes. --limit counts for each split.

    \b
    Example:
      ocrdata convert data lmdb --to lmdb
      ocrdata convert data paddle --to paddleocr --validation-fraction 0.05
      ocrdata convert icdar2015.tar.gz yolo --to yolo-obb --test-fraction 0.1
    """
    from ocrdata.cli.report import report, running
    from ocrdata.pipelines.convert import ConvertOptions, convert

    with running("convert", "samples", choices, shown=not choices["dry_run"]) as run:
        summary = convert(source, target, form, ConvertOptions(**choices), run=run)
    report(summary, as_json)
