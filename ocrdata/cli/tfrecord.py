"""ocrdata tfrecord: writes sharded records."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Optional

import click

from ocrdata.cli import options
from ocrdata.cli.grouped_help import GroupedCommand
from ocrdata.cli.runners import runner_options
from ocrdata.cli.sizes import SizeType

_GROUPS = {
    "Samples": (
        "data_dir",
        "source",
        "from_original",
        "dictionary",
        "unknown",
        "text_normalization",
        "skip_errors",
    ),
    "Splits": ("validation_fraction", "test_fraction", "group_by"),
    "Pictures": ("height", "max_side", "encoding", "quality"),
    "Output": ("output", "shards", "shard_size", "layout", "compression"),
}


@click.command("tfrecord", cls=GroupedCommand, groups=_GROUPS)
@options.data_dir_option
@options.option(
    "--source",
    type=options.EXISTING,
    help="Pictures with ground truth (a folder, a tar or a zip), a shard set or other record files "
    "to read, instead of the data folder's lists.",
)
@options.option(
    "--from-original",
    type=options.EXISTING,
    help="Record files of CRNN_Tensorflow, its Chinese or NPU branch, UCloud's EAST or DeepText "
    "(MindRecord) to read; known damage is repaired or named.",
)
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
    default=None,
    show_default="10",
    help="Files of each split; fewer where a split has fewer samples.",
)
@options.option(
    "--shard-size",
    type=SizeType(),
    default=None,
    help="About how large files shall be, as 200MB, instead of how many.",
)
@options.fraction_option(
    "--validation-fraction",
    "Share of the training texts that is held out for validation.",
)
@options.fraction_option(
    "--test-fraction",
    "Share of the texts for testing, where a --source has no lists.",
)
@options.option(
    "--group-by",
    type=click.Choice(("text", "key")),
    default="text",
    help="What stays together in one split: equal texts, or only each picture.",
)
@options.option(
    "--unknown",
    type=click.Choice(("error", "skip")),
    default="error",
    help="What to do with labels that hold characters outside the dictionary.",
)
@options.option("--skip-errors", is_flag=True, help="Leave out and count what cannot be used.")
@options.option(
    "--layout",
    type=click.Choice(("default", "npu-crnn", "ucloud-crnn")),
    default="default",
    help="Records of our own, or those that an original trainer reads.",
)
@options.option(
    "--height",
    type=click.IntRange(min=1),
    default=None,
    help="Make pictures that many pixels high.",
)
@options.option(
    "--max-side",
    type=click.IntRange(min=1),
    default=None,
    help="Make pictures with a longer side smaller.",
)
@options.option(
    "--encoding",
    type=click.Choice(("jpeg", "png")),
    default=None,
    help="Encode other pictures anew; by default each keeps its bytes.",
)
@options.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=None,
    show_default="95",
    help="Of JPEG pictures that are encoded anew.",
)
@options.option(
    "--compression",
    type=click.Choice(("none", "gzip")),
    default="none",
    help="Of the shards; pictures are compressed already.",
)
@options.text_normalization_option()
@options.seed_option
@options.limit_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
@runner_options
def tfrecord(
    data_dir: Path,
    source: Optional[Path],
    from_original: Optional[Path],
    output: Optional[Path],
    dictionary: Optional[Path],
    shards: Optional[int],
    as_json: bool,
    **choices: Any,
) -> None:
    """Write train, validation and test records of the pictures in the sample lists.

    Train/sample.txt becomes train and validation, which share no text, and Test/sample.txt
    becomes test; a Validation/sample.txt is kept as it is. Lists of ground-truth files give
    detection records. Pictures are stored as they are; the order is shuffled. --limit counts for
    each list. Writes tfrecords/*.tfrecord and tfrecords/dataset_info.json.

    \b
    Example:
      ocrdata tfrecord --shards 10
      ocrdata tfrecord --data-dir street --unknown skip --validation-fraction 0.02
      ocrdata tfrecord --source icdar2015.tar.gz --max-side 1280 --shard-size 200MB
      ocrdata tfrecord --from-original old/tfrecords --dictionary old/char_dict
    """
    from ocrdata.base.sample import DETECTION
    from ocrdata.cli.report import next_step, print_note, report, running
    from ocrdata.errors import OptionError
    from ocrdata.images.encoding import ImageOptions
    from ocrdata.records.format.schema import RECORDS_DIR
    from ocrdata.records.legacy.conversion import write_from
    from ocrdata.records.write.options import WriteOptions
    from ocrdata.records.write.shards import write_shards

    if shards and choices["shard_size"]:
        raise OptionError("--shards and --shard-size exclude each other.")
    if source and from_original:
        raise OptionError("--source and --from-original exclude each other.")
    names = ("height", "max_side", "encoding", "quality")
    pictures = ImageOptions(*(choices.pop(name) for name in names))
    start, path = time.perf_counter(), source or from_original
    with running("tfrecord", "samples", choices) as run:
        options = WriteOptions(shards=shards or 10, pictures=pictures, **choices)
        if path:
            summary = write_from(
                path,
                output or data_dir / RECORDS_DIR,
                original=bool(from_original),
                dictionary=dictionary,
                options=options,
                run=run,
            )
        else:
            summary = write_shards(
                data_dir, output, dictionary=dictionary, options=options, run=run
            )
    if run.dry_run:
        report(summary, as_json)
        return
    seconds = time.perf_counter() - start
    print_note(
        f"{summary.samples / seconds:,.0f} samples/s, {summary.bytes / seconds / 1e6:,.1f} MB/s"
    )
    model = "train east" if summary.task == DETECTION else "train crnn"
    ours = output is None and options.layout == "default"
    report(summary, as_json, next_step(model, data_dir) if ours else "")
