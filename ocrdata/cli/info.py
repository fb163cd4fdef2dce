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

    PATH is a folder that a command wrote, a data folder (the default), a .tfrecord file or an
    exported model.

    \b
    Example:
      ocrdata info
      ocrdata info data/tfrecords --json
      ocrdata info output/crnn/model.onnx
    """
    from ocrdata.check.describe import describe_artefact, shorten_dictionary
    from ocrdata.cli.report import report
    from ocrdata.reading.exported import format_of, read_description

    where = path or data_dir
    form = format_of(where)
    if form:
        found = shorten_dictionary(read_description(where))
        report({"path": str(where), **found, "format": form}, as_json)
    else:
        report(describe_artefact(where), as_json)
