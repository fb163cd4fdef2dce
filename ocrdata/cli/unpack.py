"""ocrdata unpack: takes an archive apart safely."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options
from ocrdata.cli.sizes import SizeType


@click.command("unpack")
@click.argument("archive", type=options.EXISTING)
@options.option(
    "--output",
    type=options.PATH,
    show_default="the archive's name without its endings, in this folder",
    help="The folder to make.",
)
@options.option(
    "--max-bytes", type=SizeType(), default="1TB", help="Refuse archives that hold more, as 50GB."
)
@options.option(
    "--max-files",
    type=click.IntRange(min=1),
    default=20_000_000,
    help="Refuse archives that hold more files.",
)
@options.overwrite_option
@options.json_option
def unpack_command(
    archive: Path,
    output: Optional[Path],
    max_bytes: int,
    max_files: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Unpack a tar or tar.gz ARCHIVE into a new folder, all of it or nothing.

    Names that leave the folder, links, devices, names that come twice and archives made to fill
    the disk are refused.

    \b
    Example:
      ocrdata unpack data.tar.gz --output icdar2015
    """
    from ocrdata.cli.report import progress, report
    from ocrdata.packing.unpack import unpack_archive as unpack_archive

    target = output or Path(archive.name.split(".")[0])
    with progress("unpack", "files") as on_progress:
        summary = unpack_archive(archive, target, max_bytes, max_files, overwrite, on_progress)
    report(summary, as_json)
