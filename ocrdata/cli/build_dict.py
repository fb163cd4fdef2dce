"""ocrdata build-dict: gives each character its class."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options

# Those of ocrdata.text.dictionary_maps, which is loaded when it is needed.
_GENERATIONS = ("plain", "english2017", "suffixed")


@click.command("build-dict")
@options.data_dir_option
@options.option(
    "--characters",
    type=options.EXISTING,
    help="chinese.txt, or a dictionary of any generation (a folder or a JSON file) to convert.",
)
@options.option(
    "--generation",
    type=click.Choice(_GENERATIONS),
    default="plain",
    help="Whose form the JSON files get.",
)
@options.option("--output", type=options.PATH, help="The folder to write; char_dict by default.")
@options.text_normalization_option()
@options.overwrite_option
@options.json_option
def build_dict(
    data_dir: Path,
    characters: Optional[Path],
    generation: str,
    output: Optional[Path],
    text_normalization: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write the dictionary files from chinese.txt, collecting it first where there is none.

    \b
    Example:
      ocrdata build-dict
      ocrdata build-dict --characters old/ord_map.json --output new
    """
    from ocrdata.cli.report import next_step, report
    from ocrdata.text.charset_files import write_built

    summary = write_built(data_dir, characters, generation, output, overwrite, text_normalization)
    report(summary, as_json, "" if output else next_step("tfrecord", data_dir))
