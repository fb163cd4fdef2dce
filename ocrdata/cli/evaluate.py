"""ocrdata evaluate MODEL: scores a trained run."""

from __future__ import annotations

from pathlib import Path

import click

from ocrdata.cli import options
from ocrdata.cli.train import changed_folders, reader_options, target_option


@click.group("evaluate")
def evaluate_group() -> None:
    """Score a trained model on the records of a data folder.

    \b
    Example:
      ocrdata evaluate crnn
    """


@evaluate_group.command("crnn")
@options.data_dir_option
@options.output_dir_option
@options.option(
    "--split",
    type=click.Choice(("test", "validation", "train")),
    default="test",
    help="What to read.",
)
@options.option(
    "--protocol",
    type=click.Choice(("exact", "alphanumeric")),
    default="exact",
    help="Compare texts as they are, or lower-case letters a-z and digits only.",
)
@reader_options
@options.option("--batch-size", type=click.IntRange(min=1), default=64, help="Lines in a batch.")
@options.limit_option
@target_option
@options.json_option
def evaluate_crnn(
    data_dir: Path,
    output_dir: Path,
    split: str,
    protocol: str,
    checkpoint: str,
    decoder: str,
    beam_width: int,
    batch_size: int,
    limit: int,
    target: str,
    as_json: bool,
) -> None:
    """Score a CRNN: full-sequence accuracy, character error rate and 1-NED.

    Every line counts, those of the last partial batch too. Writes evaluation-SPLIT.json and
    predictions-SPLIT.tsv into the run's folder.

    \b
    Example:
      ocrdata evaluate crnn
      ocrdata evaluate crnn --split validation --decoder beam --beam-width 20
    """
    from ocrdata.cli.report import command_line, progress, report
    from ocrdata.train.inference.evaluate import evaluate_lines as run_evaluation

    with progress("evaluate", "lines") as on_progress:
        summary = run_evaluation(
            "crnn",
            data_dir,
            output_dir,
            split,
            checkpoint,
            decoder,
            beam_width,
            protocol,
            batch_size,
            limit or 0,
            target,
            on_progress,
        )
    folder = changed_folders(data_dir, output_dir)
    folder.pop("data_dir", None)
    report(summary, as_json, command_line("predict crnn", **folder) + " IMAGES...")
