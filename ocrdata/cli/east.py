"""ocrdata train, evaluate, predict and export east: the detector's commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Optional, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.train import (
    changed_folders,
    checkpoint_option,
    run_model,
    settings,
    target_option,
)
from ocrdata.train.config import TrainOptions, settings_from
from ocrdata.train.scene_config import EAST_TRAINING, EastOptions, SceneOptions


def detect_options(function: Any) -> Any:
    """Adds how boxes are read out of the maps."""
    for name, kind, default, text in (
        ("--max-side", click.IntRange(min=32), 2400, "Larger pictures are made this long, pixels."),
        ("--nms-threshold", click.FloatRange(0, 1), 0.2, "Boxes that overlap by more are one."),
        ("--threshold", click.FloatRange(0, 1), 0.8, "Score of a cell that is text."),
    ):
        function = options.option(name, type=kind, default=default, help=text)(function)
    return function


def _chosen(threshold: float, nms_threshold: float, max_side: int) -> Any:
    from ocrdata.train.detect import DetectOptions

    return DetectOptions(threshold, nms_threshold, max_side)


@click.command("east")
@options.data_dir_option
@options.output_dir_option
@settings(EastOptions)
@settings(SceneOptions)
@settings(TrainOptions, EAST_TRAINING, without=("long_labels", "shuffle"))
@options.overwrite_option
@options.resume_option
@options.json_option
def train_east(
    data_dir: Path, output_dir: Path, overwrite: bool, resume: bool, as_json: bool, **chosen: Any
) -> None:
    """Train EAST, a detector of text in pictures: a residual network, score and geometry maps.

    Reads pictures and boxes from a folder, a tar pack (--tarfile) or records in the data folder;
    writes checkpoints, TensorBoard events and metrics.jsonl to east/ in the output folder. A run
    that was stopped goes on exactly with --resume.

    \b
    Example:
      ocrdata train east --pretrained resnet_v1_50.ckpt
      ocrdata train east --tarfile train.tar.gz --tarpath train_data --steps 100000
      ocrdata train east --depth 14 --width-multiplier 0.25 --input-size 192 --text-scale 256
    """
    run_model(
        "east", data_dir, output_dir, as_json,
        model_options=settings_from(EastOptions, chosen),
        options=settings_from(TrainOptions, chosen),
        data_options=settings_from(SceneOptions, chosen),
        overwrite=overwrite, resume=resume,
    )  # fmt: skip


@click.command("east")
@options.data_dir_option
@options.output_dir_option
@options.option(
    "--split",
    type=click.Choice(("test", "validation", "train")),
    default="test",
    help="What to look at; a folder without lists is all of it.",
)
@options.option(
    "--tarfile", default=None, show_default="as in training", help="A tar pack to read from."
)
@options.option(
    "--tarpath", default=None, show_default="as in training", help="The folder within --tarfile."
)
@checkpoint_option
@detect_options
@options.limit_option
@target_option
@options.json_option
def evaluate_east(
    data_dir: Path,
    output_dir: Path,
    split: str,
    tarfile: Optional[str],
    tarpath: Optional[str],
    checkpoint: str,
    threshold: float,
    nms_threshold: float,
    max_side: int,
    limit: int,
    target: str,
    as_json: bool,
) -> None:
    """Score an EAST by the protocol of ICDAR 2015: precision, recall and their harmonic mean.

    Writes evaluation-SPLIT.json, predictions-SPLIT.jsonl, and results-SPLIT.zip with
    res_<picture>.txt files, as the official site takes them, into the run's folder.

    \b
    Example:
      ocrdata evaluate east
      ocrdata evaluate east --data-dir icdar2015/test --threshold 0.7
    """
    from ocrdata.cli.report import command_line, progress, report
    from ocrdata.train.evaluate_scenes import evaluate_scenes

    with progress("evaluate", "pictures") as on_progress:
        summary = evaluate_scenes(
            "east", data_dir, output_dir, split, checkpoint,
            _chosen(threshold, nms_threshold, max_side), limit or 0, target, tarfile, tarpath,
            on_progress,
        )  # fmt: skip
    folder = changed_folders(data_dir, output_dir)
    folder.pop("data_dir", None)
    report(summary, as_json, command_line("predict east", **folder) + " IMAGES...")


@click.command("east")
@click.argument("images", nargs=-1, required=True, type=options.EXISTING)
@options.output_dir_option
@checkpoint_option
@detect_options
@options.option("--draw", type=options.PATH, help="Draw the pictures with boxes into a folder.")
@options.option("--json-file", type=options.PATH, help="Write a JSON object a picture to a file.")
@target_option
@options.overwrite_option
@options.json_option
def predict_east(
    images: Tuple[Path, ...],
    output_dir: Path,
    checkpoint: str,
    threshold: float,
    nms_threshold: float,
    max_side: int,
    draw: Optional[Path],
    json_file: Optional[Path],
    target: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Find the texts in pictures: files, or folders of them.

    Prints a line for each text: path, score and four corners, with tabs between. Exit code 1 if
    some pictures were unreadable; they are named at the end.

    \b
    Example:
      ocrdata predict east street.jpg --draw drawn
      ocrdata predict east photos/ --json-file boxes.jsonl
    """
    from ocrdata.cli.report import command_line, note, report
    from ocrdata.train.predict_scenes import predict_scenes

    summary = predict_scenes(
        images, "east", output_dir, checkpoint, _chosen(threshold, nms_threshold, max_side),
        target, draw, json_file, overwrite, None if as_json else _show,
    )  # fmt: skip
    if as_json:
        report(summary, as_json)
    else:
        note("{:,} texts in {:,} pictures.".format(summary.texts, summary.images))
        following = command_line("export east", **changed_folders(Path("data"), output_dir))
        note("Next: {}".format(following))
    for path, problem in summary.unreadable.items():
        click.echo("Unreadable: {}: {}".format(path, problem), err=True)
    if summary.unreadable:
        total = summary.images + len(summary.unreadable)
        click.echo("{} of {} could not be read.".format(len(summary.unreadable), total), err=True)
        sys.exit(1)


def _show(detection: Any) -> None:
    for region in detection.regions:
        corners = " ".join("{},{}".format(*point) for point in region["polygon"])
        click.echo("{}\t{:.4f}\t{}".format(detection.path, region["score"], corners))


@click.command("east")
@options.output_dir_option
@options.option(
    "--output",
    type=options.PATH,
    show_default="saved_model in the run's folder",
    help="The folder for the SavedModel.",
)
@checkpoint_option
@options.overwrite_option
@options.json_option
def export_east(
    output_dir: Path, output: Optional[Path], checkpoint: str, overwrite: bool, as_json: bool
) -> None:
    """Write an EAST as a SavedModel from pictures to score and geometry maps.

    The signature serving_default takes images (uint8 [B, H, W, 3]) and gives score and geometry,
    at a quarter of the size; ocrdata.geometry.rbox.detect makes boxes of them.

    \b
    Example:
      ocrdata export east
      ocrdata export east --output detector
    """
    from ocrdata.cli.report import report
    from ocrdata.train.export_scenes import export_scenes

    report(export_scenes("east", output_dir, output, checkpoint, overwrite), as_json)


EAST = {
    "train": train_east,
    "evaluate": evaluate_east,
    "predict": predict_east,
    "export": export_east,
}
