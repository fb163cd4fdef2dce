"""ocrdata train, evaluate and predict for every detector of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.detector_table import _TRAIN, DETECTORS, EVALUATE, PREDICT, help_text
from ocrdata.cli.train import (
    changed_folders,
    checkpoint_option,
    run_training,
    settings,
    target_option,
)
from ocrdata.train.config.training import TrainOptions, settings_from


def train_command(name: str) -> click.Command:
    """Returns `train NAME`."""
    entry = DETECTORS[name]

    @click.command(name, help=help_text(_TRAIN, name))
    @options.data_dir_option
    @options.output_dir_option
    @settings(entry.model)
    @settings(entry.scenes)
    @settings(TrainOptions, entry.training, without=("long_labels", "shuffle"))
    @options.overwrite_option
    @options.resume_option
    @options.json_option
    def train(
        data_dir: Path,
        output_dir: Path,
        overwrite: bool,
        resume: bool,
        as_json: bool,
        **chosen: Any,
    ) -> None:
        if chosen["steps"] is not None and options.left_alone("epochs"):
            chosen["epochs"] = None  # what was asked for goes before what a model is made for
        run_training(
            name,
            data_dir,
            output_dir,
            as_json,
            model_options=settings_from(entry.model, chosen),
            options=settings_from(TrainOptions, chosen),
            data_options=settings_from(entry.scenes, chosen),
            overwrite=overwrite,
            resume=resume,
        )

    return train


_split = options.option(
    "--split",
    type=click.Choice(("test", "validation", "train")),
    default="test",
    help="What to look at; a folder without lists is all of it.",
)
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


def evaluate_command(name: str) -> click.Command:
    """Returns `evaluate NAME`."""
    entry = DETECTORS[name]

    @click.command(name, help=help_text(EVALUATE, name))
    @options.data_dir_option
    @options.output_dir_option
    @_split
    @_protocol
    @_tarfile
    @_tarpath
    @checkpoint_option
    @settings(entry.reading)
    @options.limit_option
    @target_option
    @options.json_option
    def evaluate(data_dir: Path, output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, progress, report
        from ocrdata.train.inference.evaluate_scenes import evaluate_scenes

        with progress("evaluate", "pictures") as on_progress:
            summary = evaluate_scenes(
                name,
                None if options.left_alone("data_dir") else data_dir,
                output_dir,
                chosen["split"],
                chosen["checkpoint"],
                settings_from(entry.reading, chosen),
                chosen["limit"] or 0,
                chosen["target"],
                chosen["tarfile"],
                chosen["tarpath"],
                on_progress,
                chosen["protocol"],
            )
        folder = changed_folders(data_dir, output_dir)
        folder.pop("data_dir", None)
        report(summary, as_json, command_line("predict " + name, **folder) + " IMAGES...")

    return evaluate


def predict_command(name: str) -> click.Command:
    """Returns `predict NAME`."""
    entry = DETECTORS[name]

    @click.command(name, help=help_text(PREDICT, name))
    @click.argument("images", nargs=-1, required=True, type=options.EXISTING)
    @options.output_dir_option
    @checkpoint_option
    @settings(entry.reading)
    @options.option("--draw", type=options.PATH, help="Draw the pictures with boxes into a folder.")
    @options.option("--json-file", type=options.PATH, help="Write a JSON object a picture.")
    @target_option
    @options.overwrite_option
    @options.json_option
    def predict(images: Tuple[Path, ...], output_dir: Path, as_json: bool, **chosen: Any) -> None:
        from ocrdata.cli.report import command_line, name_unreadable, print_note, report
        from ocrdata.train.inference.predict_scenes import predict_scenes

        summary = predict_scenes(
            images,
            name,
            output_dir,
            chosen["checkpoint"],
            settings_from(entry.reading, chosen),
            chosen["target"],
            chosen["draw"],
            chosen["json_file"],
            chosen["overwrite"],
            None if as_json else _show,
        )
        if as_json:
            report(summary, as_json)
        else:
            print_note(f"{summary.texts:,} texts in {summary.images:,} pictures.")
            folders = changed_folders(Path("data"), output_dir)
            print_note("Next: {}".format(command_line("export " + name, **folders)))
        name_unreadable(summary)

    return predict


def _show(found: Any) -> None:
    for region in found.regions:
        corners = " ".join("{},{}".format(*point) for point in region["polygon"])
        click.echo("{}\t{:.4f}\t{}".format(found.path, region["score"], corners))


MAKERS = {
    "train": train_command,
    "evaluate": evaluate_command,
    "predict": predict_command,
}
