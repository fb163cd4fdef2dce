"""ocrdata export MODEL: writes a trained run for serving."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ocrdata.cli import options
from ocrdata.cli.model_group import ModelGroup
from ocrdata.cli.model_help import help_text
from ocrdata.cli.model_options import (
    changed_folders,
    checkpoint_option,
    decoder_settings,
    reader_options,
    run_settings,
    target_option,
)
from ocrdata.train.config.cards import ModelCard


def export_command(name: str, card: ModelCard) -> click.Command:
    """Returns `export NAME`."""
    reads = card.task == "recognition"
    what_to_use = reader_options if reads else checkpoint_option

    @click.command(name, help=help_text("export", name, card))
    @options.output_dir_option
    @options.option(
        "--format",
        "form",
        type=click.Choice(("onnx", "saved_model")),
        default="saved_model",
        help="onnx needs: pip install ocrdata[onnx].",
    )
    @options.option(
        "--output",
        type=options.PATH,
        show_default="saved_model or model.onnx in the run's folder",
        help="The folder of the SavedModel, or the ONNX file.",
    )
    @options.overwrite_option
    @options.json_option
    @what_to_use
    @target_option
    def export(output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, report
        from ocrdata.train.export.export import export_run
        from ocrdata.train.inference.settings import GREEDY

        folder = changed_folders(Path("data"), output_dir)
        # `predict` and `read` start in a second with it.
        faster = command_line(f"export {name}", format="onnx", **folder)
        summary = export_run(
            name,
            chosen["output"],
            run=run_settings(output_dir, chosen),
            form=chosen["form"],
            decoder=decoder_settings(chosen) if reads else GREEDY,
            overwrite=chosen["overwrite"],
        )
        report(summary, as_json, "" if chosen["form"] == "onnx" else faster)

    return export


@click.group(
    "export", cls=ModelGroup, makers={"recognition": export_command, "detection": export_command}
)
def export_group() -> None:
    """Write a trained model for use without ocrdata.

    \b
    Example:
      ocrdata export crnn
      ocrdata export crnn --format onnx
    """
