"""ocrdata tfrecord: writes sharded records."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options


@click.command("tfrecord")
@options.data_dir_option
@options.option(
    "--output",
    type=options.PATH,
    show_default="tfrecords in the data folder",
    help="The folder for the shards.",
)
@options.option(
    "--dictionary",
    type=options.EXISTING,
    show_default="char_dict in the data folder, else chinese.txt",
    help="The dictionary that gives characters their classes: a folder or a file.",
)
@options.option(
    "--shards",
    type=click.IntRange(min=1),
    default=10,
    help="Files of each split; fewer where a split has fewer samples.",
)
@options.option(
    "--validation-fraction",
    type=click.FloatRange(0.0, 1.0, max_open=True),
    default=0.1,
    help="Share of the training texts that is held out for validation.",
)
@options.option(
    "--unknown",
    type=click.Choice(("error", "skip")),
    default="error",
    help="What to do with labels that hold characters outside the dictionary.",
)
@options.option("--skip-errors", is_flag=True, help="Leave out and count what cannot be used.")
@options.option(
    "--compression",
    type=click.Choice(("none", "gzip")),
    default="none",
    help="Of the shards; pictures are compressed already.",
)
@options.seed_option
@options.limit_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
def tfrecord(
    data_dir: Path,
    output: Optional[Path],
    dictionary: Optional[Path],
    shards: int,
    validation_fraction: float,
    unknown: str,
    skip_errors: bool,
    compression: str,
    seed: int,
    limit: Optional[int],
    workers: int,
    overwrite: bool,
    resume: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write train, validation and test records of the pictures in the sample lists.

    Train/sample.txt becomes train and validation, which share no text, and Test/sample.txt
    becomes test. Pictures are stored as they are; the order is shuffled. --limit counts for each
    list. Writes tfrecords/*.tfrecord and tfrecords/dataset_info.json.

    \b
    Example:
      ocrdata tfrecord --shards 10
      ocrdata tfrecord --data-dir street --unknown skip --validation-fraction 0.02
    """
    from ocrdata.cli.report import next_step, note, progress, report
    from ocrdata.records.shards import write_shards

    start = time.perf_counter()
    with progress("tfrecord", "samples") as on_progress:
        summary = write_shards(
            data_dir, output, dictionary=dictionary, shards=shards,
            validation_fraction=validation_fraction, seed=seed, limit=limit, unknown=unknown,
            skip_errors=skip_errors, compression=compression, workers=workers,
            overwrite=overwrite, resume=resume, dry_run=dry_run, on_progress=on_progress,
        )  # fmt: skip
    if dry_run:
        report(summary, as_json)
        return
    seconds = time.perf_counter() - start
    note(
        "{:,.0f} samples/s, {:,.1f} MB/s".format(
            summary.samples / seconds, summary.bytes / seconds / 1e6
        )
    )
    report(summary, as_json, next_step("train crnn", data_dir) if output is None else "")
