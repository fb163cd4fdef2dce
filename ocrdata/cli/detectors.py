"""ocrdata evaluate and predict for every detector: models that find texts in pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.model_help import help_text
from ocrdata.cli.model_options import (
    changed_folders,
    checkpoint_option,
    engine_option,
    run_settings,
    settings,
    split_option,
    target_option,
)
from ocrdata.train.config.cards import ModelCard
from ocrdata.train.config.training import settings_from

_protocol = options.option(
    "--protocol",
    type=click.Choice(options.DETECTION_PROTOCOLS),
    default="icdar2015",
    help="How boxes are compared; the 2013 ones compare upright rectangles. deeptext-mindspore is "
    "inflated, as that program is: for comparison only.",
)
_tarfile = options.option(
    "--tarfile", default=None, show_default="as in training", help="A tar pack to read from."
)
_tarpath = options.option(
    "--tarpath", default=None, show_default="as in training", help="The folder within --tarfile."
)


def evaluate_detector(name: str, card: ModelCard) -> click.Command:
    """Returns `evaluate NAME`."""

    @click.command(name, help=help_text("evaluate", name, card))
    @options.data_dir_option
    @options.output_dir_option
    @split_option("What to score; a folder without lists is all of it.")
    @_protocol
    @_tarfile
    @_tarpath
    @checkpoint_option
    @settings(card.reading)
    @options.limit_option
    @target_option
    @options.json_option
    def evaluate(data_dir: Path, output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, progress, report
        from ocrdata.train.inference.evaluate_scenes import evaluate_scenes
        from ocrdata.train.inference.settings import SplitSettings

        split = SplitSettings(
            split=chosen["split"],
            limit=chosen["limit"] or 0,
            protocol=chosen["protocol"],
            tarfile=chosen["tarfile"],
            tarpath=chosen["tarpath"],
        )
        with progress("evaluate", "pictures") as on_progress:
            summary = evaluate_scenes(
                name,
                None if options.left_alone("data_dir") else data_dir,
                run=run_settings(output_dir, chosen),
                reading=settings_from(card.reading, chosen),
                split=split,
                on_progress=on_progress,
            )
        folder = changed_folders(Path("data"), output_dir)
        report(summary, as_json, command_line("predict " + name, **folder) + " IMAGES...")

    return evaluate


def predict_detector(name: str, card: ModelCard) -> click.Command:
    """Returns `predict NAME`."""

    @click.command(name, help=help_text("predict", name, card))
    @click.argument("images", nargs=-1, required=True, type=options.EXISTING)
    @options.output_dir_option
    @checkpoint_option
    @settings(card.reading)
    @options.option("--draw", type=options.PATH, help="Draw the pictures with boxes into a folder.")
    @options.option("--json-file", type=options.PATH, help="Write a JSON object a picture.")
    @options.exif_option("apply")
    @engine_option
    @target_option
    @options.overwrite_option
    @options.json_option
    def predict(images: Tuple[Path, ...], output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, name_unreadable, print_note, report
        from ocrdata.train.inference.predict_scenes import SceneOutputs, predict_scenes

        summary = predict_scenes(
            images,
            name,
            run=run_settings(output_dir, chosen),
            reading=settings_from(card.reading, chosen),
            outputs=SceneOutputs(chosen["draw"], chosen["json_file"], chosen["overwrite"]),
            on_detection=None if as_json else _show,
            exif=chosen["exif"],
        )
        if as_json:
            report(summary, as_json)
        else:
            print_note(f"{summary.texts:,} texts in {summary.images:,} pictures.")
            following = command_line(f"export {name}", **changed_folders(Path("data"), output_dir))
            print_note(summary.advice or f"Next: {following}")
        name_unreadable(summary)

    return predict


def _show(found: Any) -> None:
    for region in found.regions:
        corners = " ".join(f"{x},{y}" for x, y in region["polygon"])
        score = region["score"]
        click.echo(f"{found.path}\t{score:.4f}\t{corners}")
