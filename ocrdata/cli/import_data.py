"""ocrdata import: a real data set to pictures and lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

import click

from ocrdata.base.sample import SPLITS
from ocrdata.cli import options
from ocrdata.cli.importer_options import configured_importer, importer_options
from ocrdata.cli.runners import runner_options
from ocrdata.importers import IMPORTERS


def _crop_options(command: Any) -> Any:
    added = (
        options.option("--crops", is_flag=True, help="Cut the words out of the scenes."),
        options.option(
            "--crop-mode",
            type=click.Choice(["rectify", "box"]),
            default=None,
            help="Four corners made a rectangle (default), or upright bounds.",
        ),
        options.option(
            "--margin",
            type=click.FloatRange(0.0, 1.0),
            default=None,
            help="Added around a crop, as a share of its shorter side. Default: 0.",
        ),
        options.option(
            "--vertical",
            type=click.Choice(["rotate", "keep", "skip"]),
            default=None,
            help="What becomes of words taller than wide; rotate turns them left (default).",
        ),
        options.option(
            "--protocol",
            type=click.Choice(["alphanumeric", "icdar2003"]),
            default=None,
            help="Keep the words a customary protocol keeps (icdar2003: 3 or more, 0-9 a-z A-Z).",
        ),
        options.option("--charset", type=options.EXISTING, help="Keep words it can write."),
        options.exif_option(None, "as the tool that made the annotations"),
        options.option("--lower-case", is_flag=True, help="Write labels in lower case."),
        options.option(
            "--strip-punctuation",
            is_flag=True,
            help="Take punctuation out of labels, and keep the words; with a --protocol, all but "
            "0-9 a-z A-Z.",
        ),
        options.option("--min-length", type=click.IntRange(min=1), help="Characters a word."),
        options.option("--max-length", type=click.IntRange(min=1), help="Characters a word."),
    )
    for add in reversed(added):
        command = add(command)
    return command


@click.command("import")
@click.argument("name", type=click.Choice(IMPORTERS.names()), metavar="NAME")
@click.argument("source", type=options.EXISTING)
@options.data_dir_option
@options.option(
    "--split",
    "splits",
    type=click.Choice(SPLITS),
    multiple=True,
    show_default=False,
    help="May be repeated. Default: all that are there.",
)
@options.option(
    "--task",
    type=click.Choice(["detection", "recognition"]),
    default=None,
    help="For sets with scenes and words: which of the two.",
)
@importer_options
@_crop_options
@options.text_normalization_option()
@options.test_fraction_option
@options.seed_option
@options.workers_option
@options.limit_option
@options.option("--skip-errors", is_flag=True, help="Leave out what is wrong, and count it.")
@options.option("--max-errors", type=click.IntRange(min=0), help="Give up after more than these.")
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
@runner_options
def import_data(name: str, source: Path, data_dir: Path, **chosen: Any) -> None:
    """Import a real data set, packed as downloaded or unpacked, into the data folder.

    NAME is one of `ocrdata list importers`; SOURCE its folder or archive. Scenes go to images/
    with ICDAR-2015 text files, words and crops to pic/; Train and Test list them.

    \b
    Example:
      ocrdata import icdar2015 downloads/icdar2015
      ocrdata import icdar2015 downloads/icdar2015 --crops --protocol alphanumeric
      ocrdata import synth90k mjsynth.tar.gz --split test --skip-errors --limit 10000
    """
    from ocrdata.base.run_options import RunOptions
    from ocrdata.cli.report import next_step, progress, report
    from ocrdata.importers.engine import import_dataset, plan_import

    importer = configured_importer(name, chosen)
    how = _how(importer, chosen)
    if chosen["dry_run"]:
        report(plan_import(importer, source, how), chosen["as_json"])
        return
    with progress("import", "samples") as on_progress:
        summary = import_dataset(
            importer,
            source,
            data_dir,
            how,
            RunOptions(chosen["workers"], chosen["overwrite"], chosen["resume"], on_progress),
        )
    report(summary, chosen["as_json"], next_step(_following(summary, chosen), data_dir))


def _following(summary: Any, chosen: Dict[str, Any]) -> str:
    """Returns what to do with what was written."""
    if summary.kind == "scenes" or not summary.train:
        # A set for testing only teaches nothing, and makes no dictionary.
        return "preview"
    return "tfrecord" if chosen["charset"] else "build-dict"


def _how(importer: Any, chosen: Dict[str, Any]) -> Any:
    from ocrdata.importers.crops import CropOptions
    from ocrdata.importers.filters import make_filter
    from ocrdata.importers.run import ImportOptions
    from ocrdata.text.charset import read_charset

    cutting = {
        "mode": chosen["crop_mode"],
        "margin": chosen["margin"],
        "vertical": chosen["vertical"],
    }
    cutting = {key: value for key, value in cutting.items() if value is not None}
    if cutting and not chosen["crops"]:
        raise click.UsageError("--crop-mode, --margin and --vertical belong to --crops.")
    charset = read_charset(chosen["charset"]) if chosen["charset"] else None
    rules = make_filter(
        chosen["protocol"],
        charset,
        chosen["min_length"],
        chosen["max_length"],
        getattr(importer, "ignore_marks", ()),
        chosen["lower_case"],
        chosen["strip_punctuation"],
    )
    crops = CropOptions(**cutting) if chosen["crops"] else None
    return ImportOptions(
        chosen["splits"],
        crops,
        rules,
        chosen["test_fraction"],
        chosen["seed"],
        chosen["limit"],
        chosen["skip_errors"],
        chosen["max_errors"],
        chosen["exif"],
        chosen["text_normalization"],
    )
