"""ocrdata gen-sample: lists existing pictures for training and testing."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Iterator, Optional, Tuple

import click

from ocrdata.cli import options


@click.command("gen-sample")
@options.data_dir_option
@options.option(
    "--labels",
    type=options.EXISTING,
    multiple=True,
    show_default=False,
    help="A file of `path label` or `path<TAB>label` lines; may be repeated.",
)
@options.option(
    "--phrases",
    type=options.EXISTING,
    help="The phrase file of pictures named pic/<line of the phrase, from 0>/<any>.jpg.",
)
@options.option(
    "--ignore-mark",
    "ignore_marks",
    multiple=True,
    show_default="###, *, TEMPORARY, 待识别",
    help="A label that is not to be read, of which the picture is left out; may be repeated.",
)
@options.text_normalization_option()
@options.test_fraction_option
@options.option("--skip-missing", is_flag=True, help="Leave out lines without a picture.")
@options.seed_option
@options.limit_option
@options.overwrite_option
@options.json_option
def gen_sample(
    data_dir: Path,
    labels: Tuple[Path, ...],
    phrases: Optional[Path],
    ignore_marks: Tuple[str, ...],
    text_normalization: str,
    test_fraction: float,
    skip_missing: bool,
    seed: int,
    limit: Optional[int],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write Train/sample.txt and Test/sample.txt for pictures that exist.

    A text is on one side only, with all its pictures. Without --labels or --phrases the lists
    that are there are split anew.

    \b
    Example:
      ocrdata gen-sample --labels labels.txt
      ocrdata gen-sample --labels 2023/labels.txt --labels 2024/labels.txt
      ocrdata gen-sample --phrases THUOCL_poem.txt --test-fraction 0.05
    """
    from ocrdata.base import sample_lists
    from ocrdata.base.sample_lists import ListRow
    from ocrdata.cli.report import next_step, report
    from ocrdata.importers.annotation_tools import UNREAD_LABELS
    from ocrdata.text.label_rows import LabelRules

    if labels and phrases:
        raise click.UsageError("--labels and --phrases exclude each other.")
    if labels:
        rows: Iterator[ListRow] = itertools.chain.from_iterable(
            map(sample_lists.read_labels, labels)
        )
    elif phrases:
        from ocrdata.text.corpus import read_corpus
        from ocrdata.text.phrases import CorpusOptions

        texts = [phrase.text for phrase in read_corpus(str(phrases), CorpusOptions(unique=False))]
        rows = sample_lists.read_numbered(data_dir, texts)
    else:
        rows = iter(sample_lists.read_lists(data_dir))
    rules = LabelRules(text_normalization, ignore_marks or UNREAD_LABELS)
    summary = sample_lists.write_split(
        data_dir,
        rules.applied(rows),
        sample_lists.Division(test_fraction, seed, limit),
        overwrite=overwrite,
        skip_missing=skip_missing,
        rules=rules,
    )
    report(summary, as_json, next_step("build-dict", data_dir))
