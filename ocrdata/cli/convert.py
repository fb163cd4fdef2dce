"""ocrdata convert: writes a data set as another tool reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Optional

import click

from ocrdata.cli import options
from ocrdata.cli.grouped_help import GroupedCommand
from ocrdata.cli.importer_options import OWN_OPTIONS, configured_importer, importer_options
from ocrdata.cli.runners import runner_options
from ocrdata.exporters import EXPORTERS
from ocrdata.importers import IMPORTERS

_GROUPS = {
    "What is written": ("form", "task", "samples_per_shard"),
    "What is read": ("layout", "skip_errors"),
    "With --from": ("exif", "text_normalization", *OWN_OPTIONS),
    "Splits": ("validation_fraction", "test_fraction"),
}


@click.command("convert", cls=GroupedCommand, groups=_GROUPS)
@click.argument("source", type=options.EXISTING)
@click.argument("target", type=options.PATH)
@options.option(
    "--to",
    "form",
    type=click.Choice(EXPORTERS.names()),
    required=True,
    metavar="FORMAT",
    help="The format to write: `ocrdata list exporters` tells them all.",
)
@options.option(
    "--from",
    "layout",
    type=click.Choice(IMPORTERS.names()),
    default=None,
    show_default="found out",
    metavar="NAME",
    help="Whose layout SOURCE has: `ocrdata list importers` tells them all.",
)
@options.option(
    "--task",
    type=click.Choice(("recognition", "detection")),
    default=None,
    show_default="what the samples are for",
    help="Which of a format's two forms to write.",
)
@options.option(
    "--samples-per-shard",
    type=click.IntRange(min=1),
    default=10_000,
    help="Of formats with many files: webdataset and parquet.",
)
@options.fraction_option(
    "--validation-fraction",
    "Share of the training texts for validation, where SOURCE has none.",
    0.0,
)
@options.fraction_option(
    "--test-fraction",
    "Share of the texts for testing, where SOURCE has no lists.",
    0.0,
)
@options.exif_option(None, "as the tool that made the annotations")
@options.text_normalization_option(None)
@importer_options
@options.option("--skip-errors", is_flag=True, help="Leave out and count what cannot be used.")
@options.seed_option
@options.limit_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
@runner_options
def convert_command(
    source: Path,
    target: Path,
    form: str,
    layout: Optional[str],
    as_json: bool,
    **choices: Any,
) -> None:
    """Write SOURCE into the folder TARGET in the form that another tool reads.

    SOURCE is a data folder, a sample list, a shard set, or pictures with ground truth in a folder
    or an archive; with --from it is a data set or the files of another tool, as `ocrdata import`
    reads them. Splits stay as they are; what belongs to none goes to train. Pictures keep their
    bytes. --limit counts for each split.

    \b
    Example:
      ocrdata convert data lmdb --to lmdb
      ocrdata convert data paddle --to paddleocr --validation-fraction 0.05
      ocrdata convert labelled coco --from labelme --to coco
    """
    from ocrdata.cli.report import report, running
    from ocrdata.pipelines.convert import ConvertOptions, convert

    given = _layout(layout, form, choices)
    with running("convert", "samples", choices, shown=not choices["dry_run"]) as run:
        summary = convert(source, target, form, ConvertOptions(**choices), run=run, layout=given)
    report(summary, as_json)


def _layout(name: Optional[str], form: str, choices: Dict[str, Any]) -> Any:
    """Takes what belongs to --from out of the options."""
    from ocrdata.pipelines.convert_sources import ImportedLayout

    exif, how = choices.pop("exif"), choices.pop("text_normalization")
    own = {one: choices.pop(one) for one in OWN_OPTIONS}
    if name is None:
        given = [
            one for one, value in {**own, "exif": exif, "text_normalization": how}.items() if value
        ]
        if given:
            flag = "--" + given[0].replace("_", "-")
            raise click.UsageError(f"{flag} belongs to --from NAME.")
        return None
    task = choices["task"] or _only_task(name, form)
    importer = configured_importer(name, {**own, "task": task})
    return ImportedLayout(importer, exif, **({"text_normalization": how} if how else {}))


def _only_task(name: str, form: str) -> Optional[str]:
    """Returns what a format is for if that is one thing, and the data set has it."""
    tasks = EXPORTERS.load(form).info.tasks
    return tasks[0] if len(tasks) == 1 and tasks[0] in IMPORTERS.load(name).info.tasks else None
