"""ocrdata pack: puts pictures and text files into one archive."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options


@click.command("pack")
@click.argument("folder", type=options.EXISTING, required=False)
@options.data_dir_option
@options.option(
    "--output",
    type=options.PATH,
    show_default="data.tar.gz beside the folder",
    help="The archive to write.",
)
@options.option("--skip-errors", is_flag=True, help="Leave out and count what cannot be used.")
@options.overwrite_option
@options.json_option
def pack_command(
    folder: Optional[Path],
    data_dir: Path,
    output: Optional[Path],
    skip_errors: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Pack the pictures and text files of FOLDER, the data folder by default, into a tar.gz.

    The same files give the same bytes. A picture without ground truth, or the other way round, is
    an error, unless the folder has sample lists. Training reads the archive as it is.

    \b
    Example:
      ocrdata pack icdar2015 --output data.tar.gz
      ocrdata tfrecord --source data.tar.gz
    """
    from ocrdata.cli.report import command_line, progress, report
    from ocrdata.packing.pack import DEFAULT_NAME
    from ocrdata.packing.pack import pack_folder as pack_folder

    root = folder or data_dir
    target = output or root.resolve().parent / DEFAULT_NAME
    with progress("pack", "files") as on_progress:
        summary = pack_folder(root, target, skip_errors, overwrite, on_progress)
    report(summary, as_json, command_line("tfrecord", source=target))
