"""ocrdata check: validates any artefact."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.runners import runner_options


@click.command("check")
@click.argument("path", type=options.PATH, required=False)
@options.data_dir_option
@options.option(
    "--time-steps",
    type=click.IntRange(min=1),
    default=None,
    help="Also find labels that CTC cannot fit into that many steps (width / 4 for crnn).",
)
@options.option(
    "--allow",
    multiple=True,
    metavar="KIND",
    show_default=False,
    help="A kind of problem that does not count, as text-in-two-splits; may be repeated.",
)
@options.option(
    "--dictionary",
    type=options.EXISTING,
    help="What labels and classes must be in, where no dictionary lies beside them.",
)
@options.option(
    "--fix",
    type=options.PATH,
    metavar="PATH",
    help="Write what is sound, or can safely be made so, into this new folder (for one record "
    "file: into this new file).",
)
@options.option("--no-decode", is_flag=True, help="Look only at the headers of pictures; faster.")
@options.workers_option
@options.json_option
@runner_options
def check(
    path: Optional[Path],
    data_dir: Path,
    time_steps: Optional[int],
    allow: Tuple[str, ...],
    dictionary: Optional[Path],
    fix: Optional[Path],
    no_decode: bool,
    workers: Any,
    as_json: bool,
) -> None:
    """Check PATH completely, the data folder by default, and change nothing.

    PATH may be a data folder, a sample.txt, a dictionary, a folder or archive of pictures with
    ground truth, a shard set, record files (also an original's), a training run or an exported
    model.
    Problems are counted by kind and shown with their first examples; exit code 1 if there are any.

    \b
    Example:
      ocrdata check
      ocrdata check data/tfrecords --allow text-in-two-splits
      ocrdata check icdar2015.tar.gz --fix icdar2015
    """
    from ocrdata.check.artefact import check_path
    from ocrdata.cli.report import progress, report
    from ocrdata.errors import OcrdataError

    with progress("check", "samples") as on_progress:
        summary = check_path(
            path or data_dir,
            time_steps,
            allow,
            not no_decode,
            workers,
            on_progress,
            dictionary,
            fix,
        )
    report(summary, as_json)
    if not summary.ok:
        count = sum(summary.problems.values())
        kinds = len(summary.problems)
        what = "a problem" if count == 1 else f"{count:,} problems"
        kind = f" of {kinds} kinds" if kinds > 1 else ""
        raise OcrdataError(f"{what}{kind} in {summary.path}.")
