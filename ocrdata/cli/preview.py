"""ocrdata preview: draws samples of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Optional

import click

from ocrdata.cli import options


@click.command("preview")
@click.argument("path", type=options.PATH, required=False)
@options.data_dir_option
@options.option(
    "--output",
    type=options.PATH,
    show_default="preview.png in the data folder",
    help="The contact sheet (.png) to write.",
)
@options.option(
    "--html",
    type=options.PATH,
    metavar="PAGE",
    help="Write a page (.html) instead: samples, texts, characters, sizes, splits, fonts, effects "
    "and problems, in one file that needs no other.",
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
@options.option(
    "--check/--no-check", default=True, help="Whether the page says what `ocrdata check` finds."
)
@options.seed_option
@options.workers_option
@options.overwrite_option
@options.json_option
def preview(
    path: Optional[Path], data_dir: Path, html: Optional[Path], as_json: bool, **chosen: Any
) -> None:
    """Draw samples of PATH with their labels, the data folder by default, or write a page about it.

    PATH may be a data folder, a sample.txt, a shard set, record files, or a folder or archive of
    pictures with ground truth, whose outlines are drawn in (red ones are ignored). The same seed
    shows the same samples.

    \b
    Example:
      ocrdata preview
      ocrdata preview data/tfrecords --split test --output test.png
      ocrdata preview --html data.html
    """
    from ocrdata.cli.report import report

    where = path or data_dir
    report(_page(where, html, chosen) if html else _sheet(where, data_dir, chosen), as_json)


def _sheet(where: Path, data_dir: Path, chosen: Dict[str, Any]) -> Any:
    from ocrdata.gallery.preview import write_preview

    names = ("count", "columns", "split", "seed", "font", "overwrite")
    output = chosen["output"] or data_dir / "preview.png"
    return write_preview(where, output, **{name: chosen[name] for name in names})


def _page(where: Path, html: Path, chosen: Dict[str, Any]) -> Any:
    from ocrdata.cli.report import progress
    from ocrdata.errors import OptionError
    from ocrdata.pages.dataset import write_dataset_page

    for name in ("output", "font"):
        if chosen[name]:
            raise OptionError(f"--html and --{name} exclude each other.")
    names = ("count", "split", "seed", "check", "workers", "overwrite")
    with progress("preview", "samples") as on_progress:
        return write_dataset_page(
            where, html, on_progress=on_progress, **{name: chosen[name] for name in names}
        )
