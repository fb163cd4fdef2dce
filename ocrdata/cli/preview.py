"""ocrdata preview: draws samples of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options


@click.command("preview")
@click.argument("path", type=options.PATH, required=False)
@options.data_dir_option
@options.option(
    "--output",
    type=options.PATH,
    show_default="preview.png in the data folder",
    help="The picture (.png) or page (.html) to write.",
)
@options.option("--count", type=click.IntRange(1, 2000), default=24, help="Samples to show.")
@options.option("--columns", type=click.IntRange(1, 40), default=4, help="Of the contact sheet.")
@options.option(
    "--split",
    type=click.Choice(("train", "validation", "test")),
    default=None,
    help="Show only this split.",
)
@options.option("--font", type=options.EXISTING, help="For the labels; a bundled one by default.")
@options.seed_option
@options.overwrite_option
@options.json_option
def preview(
    path: Optional[Path],
    data_dir: Path,
    output: Optional[Path],
    count: int,
    columns: int,
    split: Optional[str],
    font: Optional[Path],
    seed: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Draw samples of PATH with their labels, the data folder by default.

    PATH may be a data folder, a sample.txt, a shard set, one .tfrecord file, or a folder or archive
    of pictures with ground truth, whose outlines are drawn in (red ones are ignored). The same seed
    shows the same samples.

    \b
    Example:
      ocrdata preview
      ocrdata preview data/tfrecords --split test --output test.html
    """
    from ocrdata.cli.report import report
    from ocrdata.gallery.preview import write_preview

    summary = write_preview(
        path or data_dir, output or data_dir / "preview.png", count, columns, split, seed, font,
        overwrite,
    )  # fmt: skip
    report(summary, as_json)
