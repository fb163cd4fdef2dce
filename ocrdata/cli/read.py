"""ocrdata read: all texts of pictures, with exported models; and how well that goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Tuple

import click

from ocrdata.cli import options


def model_options(function: Any) -> Any:
    """Adds which models read, and how."""
    for decorator in (
        options.option(
            "--min-confidence",
            type=click.FloatRange(0.0, 1.0),
            default=0.0,
            help="Leave out readings that are less probable.",
        ),
        options.exif_option("apply"),
        options.option(
            "--vertical",
            type=click.Choice(("auto", "keep", "stack", "turn")),
            default="auto",
            help="What is done with tall texts: kept, their characters put side by side, turned to "
            "the left, or all three, of which the surest reading counts.",
        ),
        options.option(
            "--margin",
            type=click.FloatRange(0.0, 1.0),
            default=0.1,
            help="Added around a text, as a share of its shorter side.",
        ),
        options.option(
            "--max-side",
            type=click.IntRange(min=32),
            default=None,
            show_default="the detector's own",
            help="Larger pictures are made this long, pixels.",
        ),
        options.option(
            "--threshold",
            type=click.FloatRange(0.0, 1.0),
            default=None,
            show_default="the detector's own",
            help="Score of a cell that is text.",
        ),
        _model("--recogniser", "recognition"),
        _model("--detector", "detection"),
        options.output_dir_option,
    ):
        function = decorator(function)
    return function


def _model(flag: str, task: str) -> Any:
    return options.option(
        flag,
        default="",
        show_default="the one in --output-dir",
        help=f"An exported model for {task}: an .onnx file, a SavedModel, or a run's folder.",
    )


def _chosen(
    output_dir: Path,
    detector: str,
    recogniser: str,
    threshold: Optional[float],
    max_side: Optional[int],
    **more: Any,
) -> Any:
    """Returns which models read and how, and the options that are about neither."""
    from ocrdata.reading.read import Models
    from ocrdata.reading.words import ReadOptions

    how = {name: more.pop(name) for name in ("margin", "vertical", "min_confidence", "exif")}
    models = Models(detector, recogniser, output_dir, threshold, max_side)
    return models, ReadOptions(**how), more


@click.command("read")
@click.argument("images", nargs=-1, required=True, type=options.EXISTING)
@model_options
@options.option("--draw", type=options.PATH, help="Draw the pictures and readings into a folder.")
@options.option("--json-file", type=options.PATH, help="Write a JSON object a picture to a file.")
@options.overwrite_option
@options.json_option
def read_command(images: Tuple[Path, ...], as_json: bool, **given: Any) -> None:
    """Read all texts of pictures with exported models: detection, crops, recognition.

    Prints a line for each text: path, text, confidence and corners, with tabs between. ONNX models
    need no TensorFlow. Exit code 1 if some pictures were unreadable; they are named at the end.

    \b
    Example:
      ocrdata read street.jpg --draw drawn
      ocrdata read photos/ --detector east.onnx --recogniser crnn.onnx --json-file texts.jsonl
    """
    from ocrdata.cli.report import name_unreadable, print_note, report
    from ocrdata.reading.read import read_images as run_reading

    models, how, rest = _chosen(**given)
    summary = run_reading(images, models, how, on_reading=None if as_json else _show, **rest)
    if as_json:
        report(summary, as_json)
    else:
        print_note(f"{summary.texts:,} texts in {summary.images:,} pictures.")
    name_unreadable(summary)


def _show(page: Any) -> None:
    for region in page.regions:
        corners = " ".join(f"{x},{y}" for x, y in region["polygon"])
        line = (page.path, region["text"], f"{region['confidence']:.4f}", corners)
        click.echo("\t".join(line))


@click.command("reading")
@options.data_dir_option
@options.option(
    "--split",
    type=click.Choice(("test", "validation", "train")),
    default="test",
    help="What to read; a folder without lists is all of it.",
)
@options.option(
    "--protocol",
    type=click.Choice(("exact", "alphanumeric")),
    default="exact",
    help="Compare texts as they are, or lower-case letters a-z and digits only.",
)
@model_options
@options.option("--json-file", type=options.PATH, help="Write a JSON object a picture to a file.")
@options.limit_option
@options.overwrite_option
@options.json_option
def evaluate_reading(data_dir: Path, split: str, as_json: bool, **given: Any) -> None:
    """Score `ocrdata read` end to end: words that were found and read right.

    As in the end-to-end task of ICDAR 2015, a word counts if a box found overlaps its box by more
    than one half (IoU) and the text is the same. DATA-DIR holds pictures with boxes and texts.

    \b
    Example:
      ocrdata evaluate reading
      ocrdata evaluate reading --data-dir icdar2015 --protocol alphanumeric
    """
    from ocrdata.cli.report import progress, report
    from ocrdata.reading.score import score_reading

    models, how, rest = _chosen(**given)
    with progress("evaluate", "pictures") as on_progress:
        summary = score_reading(data_dir, split, models, how, on_progress=on_progress, **rest)
    report(summary, as_json)
