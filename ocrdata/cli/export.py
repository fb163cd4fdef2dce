"""ocrdata export MODEL: writes a trained run for serving."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import click

from ocrdata.cli import options
from ocrdata.cli.detector_table import EXPORT, help_text
from ocrdata.cli.train import checkpoint_option, reader_options


@click.group("export")
def export_group() -> None:
    """Write a trained model for use without ocrdata.

    \b
    Example:
      ocrdata export crnn
      ocrdata export crnn --format onnx
    """


def export_options(function: Any) -> Any:
    """Adds what the export of every model understands."""
    for decorator in (
        options.json_option,
        options.overwrite_option,
        options.option(
            "--output",
            type=options.PATH,
            show_default="saved_model or model.onnx in the run's folder",
            help="The folder of the SavedModel, or the ONNX file.",
        ),
        options.option(
            "--format",
            "form",
            type=click.Choice(("onnx", "saved_model")),
            default="saved_model",
            help="onnx needs: pip install ocrdata[onnx].",
        ),
        options.output_dir_option,
    ):
        function = decorator(function)
    return function


@export_group.command("crnn")
@export_options
@reader_options
def export_crnn(decoder: str, beam_width: int, **chosen: Any) -> None:
    """Write a CRNN for use elsewhere: as a SavedModel from picture files to texts, or in ONNX.

    The SavedModel takes images (JPEG, PNG, GIF or BMP files) and gives texts and confidences;
    decoder and dictionary are inside. The ONNX file takes images and widths as arrays and gives
    the scores of all classes; see docs/export.md.

    \b
    Example:
      ocrdata export crnn
      ocrdata export crnn --output reader --decoder beam
      ocrdata export crnn --format onnx
    """
    _run("crnn", decoder=decoder, beam_width=beam_width, **chosen)


def export_command(name: str) -> click.Command:
    """Returns `export NAME` of a detector."""

    @click.command(name, help=help_text(EXPORT, name))
    @export_options
    @checkpoint_option
    def command(**chosen: Any) -> None:
        _run(name, **chosen)

    return command


def _run(
    name: str, output_dir: Path, output: Optional[Path], as_json: bool, **settings: Any
) -> None:
    from ocrdata.cli.report import report
    from ocrdata.train.export.export import export_run as run_export

    report(run_export(name, output_dir, output, **settings), as_json)
