"""ocrdata evaluate and predict for every recognizer: models that read text lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.model_help import help_text
from ocrdata.cli.model_options import (
    changed_folders,
    decoder_settings,
    engine_option,
    reader_options,
    run_settings,
    split_option,
    target_option,
)
from ocrdata.train.config.cards import ModelCard


def evaluate_recognizer(name: str, card: ModelCard) -> click.Command:
    """Returns `evaluate NAME`."""

    @click.command(name, help=help_text("evaluate", name, card))
    @options.data_dir_option
    @options.output_dir_option
    @split_option("What to read.")
    @options.option(
        "--protocol",
        type=click.Choice(("exact", "alphanumeric")),
        default="exact",
        help="Compare texts as they are, or lower-case letters a-z and digits only.",
    )
    @reader_options
    @options.option(
        "--batch-size", type=click.IntRange(min=1), default=64, help="Lines in a batch."
    )
    @options.limit_option
    @target_option
    @options.json_option
    def evaluate(data_dir: Path, output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, progress, report
        from ocrdata.train.inference.evaluate import evaluate_lines
        from ocrdata.train.inference.settings import SplitSettings

        with progress("evaluate", "lines") as on_progress:
            summary = evaluate_lines(
                name,
                data_dir,
                run=run_settings(output_dir, chosen),
                decoder=decoder_settings(chosen),
                split=SplitSettings(chosen["split"], chosen["limit"] or 0, chosen["protocol"]),
                batch_size=chosen["batch_size"],
                on_progress=on_progress,
            )
        folder = changed_folders(Path("data"), output_dir)
        report(summary, as_json, command_line("predict " + name, **folder) + " IMAGES...")

    return evaluate


def predict_recognizer(name: str, card: ModelCard) -> click.Command:
    """Returns `predict NAME`."""

    @click.command(name, help=help_text("predict", name, card))
    @click.argument("images", nargs=-1, required=True, type=options.EXISTING)
    @options.output_dir_option
    @reader_options
    @options.option(
        "--batch-size", type=click.IntRange(min=1), default=32, help="Pictures in a batch."
    )
    @options.option(
        "--draw", type=options.PATH, help="Draw the first pictures and readings into a PNG."
    )
    @options.exif_option("apply")
    @engine_option
    @target_option
    @options.overwrite_option
    @options.json_option
    def predict(images: Tuple[Path, ...], output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, name_unreadable, print_note, report
        from ocrdata.train.inference.predict import DrawingFile, predict_lines

        draw = chosen["draw"]
        summary = predict_lines(
            images,
            name,
            run=run_settings(output_dir, chosen),
            decoder=decoder_settings(chosen),
            batch_size=chosen["batch_size"],
            drawing=DrawingFile(draw, chosen["overwrite"]) if draw else None,
            on_reading=None if as_json else _show,
            exif=chosen["exif"],
        )
        if as_json:
            report(summary, as_json)
        else:
            if draw:
                print_note(f"Drawn: {draw}")
            following = command_line(f"export {name}", **changed_folders(Path("data"), output_dir))
            print_note(summary.advice or f"Next: {following}")
        name_unreadable(summary)

    return predict


def _show(reading: Any) -> None:
    click.echo(f"{reading.path}\t{reading.text}\t{reading.confidence:.4f}")
