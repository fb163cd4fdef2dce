"""ocrdata info: shows what an artefact says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options


@click.command("info")
@click.argument("path", type=options.PATH, required=False)
@options.data_dir_option
@options.json_option
def info(path: Optional[Path], data_dir: Path, as_json: bool) -> None:
    """Show the manifest, the shard set's description or the first record at PATH.

    PATH is a folder that a command wrote, a data folder (the default) or a .tfrecord file.

    \b
    Example:
      ocrdata info
      ocrdata info data/tfrecords --json
    """
    from ocrdata.cli.report import report
    from ocrdata.records.describe import describe

    report(describe(path or data_dir), as_json)
