"""ocrdata export MODEL: writes a trained run for serving."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options
from ocrdata.cli.train import reader_options


@click.group("export")
def export() -> None:
    """Write a trained model for use without ocrdata.

    \b
    Example:
      ocrdata export crnn
    """


@export.command("crnn")
@options.output_dir_option
@options.option(
    "--output",
    type=options.PATH,
    show_default="saved_model in the run's folder",
    help="The folder for the SavedModel.",
)
@reader_options
@options.overwrite_option
@options.json_option
def export_crnn(
    output_dir: Path,
    output: Optional[Path],
    checkpoint: str,
    decoder: str,
    beam_width: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a CRNN as a SavedModel from picture files to texts.

    The signature serving_default takes images (JPEG, PNG, GIF or BMP files) and gives texts and
    confidences; decoder and dictionary are inside.

    \b
    Example:
      ocrdata export crnn
      ocrdata export crnn --output reader --decoder beam
    """
    from ocrdata.cli.report import report
    from ocrdata.train.export import export as run_export

    summary = run_export("crnn", output_dir, output, checkpoint, decoder, beam_width, overwrite)
    report(summary, as_json)
