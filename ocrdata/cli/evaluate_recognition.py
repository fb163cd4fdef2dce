"""ocrdata evaluate recognition: scores words that any reader has read."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options

DATA_SETS = ("icdar2003", "icdar2013", "icdar2015", "iiit5k", "svt", "synth90k")


@click.command("recognition")
@options.option(
    "--predictions",
    type=options.EXISTING,
    required=True,
    help="Lines `key<TAB>truth<TAB>text`, or `key<TAB>text` with --labels.",
)
@options.option("--labels", type=options.EXISTING, help="A sample.txt with the labels.")
@options.option(
    "--protocol",
    type=click.Choice(("exact", "alphanumeric")),
    default="exact",
    help="Compare texts as they are, or lower-case letters a-z and digits only.",
)
@options.option(
    "--data-set", type=click.Choice(DATA_SETS), help="Score as is customary for this set."
)
@options.option(
    "--lexicon",
    help="Take each reading for the nearest word of: a kind in --lexicons (50, 1k), full (all "
    "labels), or a file with a word a line.",
)
@options.option(
    "--lexicons", type=options.EXISTING, help="The lexicons.jsonl that an import wrote."
)
@options.json_option
def recognition(
    predictions: Path,
    labels: Optional[Path],
    protocol: str,
    data_set: Optional[str],
    lexicon: Optional[str],
    lexicons: Optional[Path],
    as_json: bool,
) -> None:
    """Score words that were read: full-sequence accuracy, with or without a lexicon.

    \b
    Example:
      ocrdata evaluate recognition --predictions output/crnn/predictions-test.tsv --data-set iiit5k
      ocrdata evaluate recognition --predictions output/crnn/predictions-test.tsv \\
        --lexicons data/Test/lexicons.jsonl --lexicon 50
    """
    from ocrdata.cli.report import report
    from ocrdata.errors import OptionError
    from ocrdata.metrics.words import score_words

    if data_set and protocol != "exact":
        raise OptionError("--data-set decides the protocol; leave --protocol out.")
    score = score_words(predictions, labels, protocol, data_set, lexicon, lexicons)
    report(score, as_json)
