"""ocrdata predict MODEL IMAGES: reads new pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.train import changed_folders, reader_options, target_option


@click.group("predict")
def predict_group() -> None:
    """Read new pictures with a trained model.

    \b
    Example:
      ocrdata predict crnn line.jpg
    """


@predict_group.command("crnn")
@click.argument("images", nargs=-1, required=True, type=options.EXISTING)
@options.output_dir_option
@reader_options
@options.option("--batch-size", type=click.IntRange(min=1), default=32, help="Pictures in a batch.")
@options.option(
    "--draw", type=options.PATH, help="Draw the first pictures and readings into a PNG."
)
@target_option
@options.overwrite_option
@options.json_option
def predict_crnn(
    images: Tuple[Path, ...],
    output_dir: Path,
    checkpoint: str,
    decoder: str,
    beam_width: int,
    batch_size: int,
    draw: Optional[Path],
    target: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Read pictures of text lines: files, or folders of them.

    Prints a line for each: path, text and confidence, with tabs between. Exit code 1 if some
    pictures were unreadable; they are named at the end.

    \b
    Example:
      ocrdata predict crnn line.jpg scans/
      ocrdata predict crnn scans/ --draw readings.png --json
    """
    from ocrdata.cli.report import command_line, name_unreadable, print_note, report
    from ocrdata.train.inference.predict import predict_lines as run_prediction

    summary = run_prediction(
        images,
        "crnn",
        output_dir,
        checkpoint,
        decoder,
        beam_width,
        batch_size,
        target,
        draw,
        overwrite,
        None if as_json else _show,
    )
    following = command_line("export crnn", **changed_folders(Path("data"), output_dir))
    if as_json:
        report(summary, as_json)
    else:
        if draw:
            print_note(f"Drawn: {draw}")
        print_note(f"Next: {following}")
    name_unreadable(summary)


def _show(reading: Any) -> None:
    click.echo(f"{reading.path}\t{reading.text}\t{reading.confidence:.4f}")
