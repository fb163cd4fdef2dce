"""ocrdata gen-chars: collects the characters that a model shall read."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import click

from ocrdata.cli import options


@click.command("gen-chars")
@options.data_dir_option
@options.corpus_option
@options.option("--output", type=options.PATH, help="The file to write; chinese.txt by default.")
@options.text_normalization_option()
@options.overwrite_option
@options.json_option
def gen_chars(
    data_dir: Path,
    corpus: Tuple[str, ...],
    output: Optional[Path],
    text_normalization: str,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Collect the distinct characters of corpora, or of the sample lists, one a line.

    \b
    Example:
      ocrdata gen-chars
      ocrdata gen-chars --corpus THUOCL_poem.txt --corpus numbers
    """
    from ocrdata.cli.report import next_step, report
    from ocrdata.text.charset_files import write_collected

    summary = write_collected(data_dir, corpus, output, overwrite, text_normalization)
    report(summary, as_json, next_step("build-dict", data_dir))
