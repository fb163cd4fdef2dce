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

    PATH is a folder that a command wrote, a data folder (the default), record files or an
    exported model.

    \b
    Example:
      ocrdata info
      ocrdata info data/tfrecords --json
      ocrdata info output/crnn/model.onnx
    """
    from ocrdata.check.describe import describe_artefact
    from ocrdata.cli.report import report

    report(describe_artefact(path or data_dir), as_json)
