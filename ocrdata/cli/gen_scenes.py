"""ocrdata gen-scenes: renders whole pictures with text in them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.grouped_help import GroupedCommand
from ocrdata.cli.runners import runner_options
from ocrdata.exporters import EXPORTERS


class Range(click.ParamType):
    """LOW..HIGH, LOW..HIGH as WxH for sizes, or one number for both."""

    name = "range"

    def __init__(self, separator: str = "..") -> None:
        self.separator = separator

    def convert(
        self, value: Any, param: Optional[click.Parameter], ctx: Optional[click.Context]
    ) -> Tuple[int, int]:
        if isinstance(value, (tuple, list)):
            value = self.separator.join(map(str, value))
        low, _, high = str(value).partition(self.separator)
        if not low.strip().isdigit() or not (high or low).strip().isdigit():
            self.fail(f"{value!r} is not N{self.separator}N.", param, ctx)
        return int(low), int(high or low)


_GROUPS = {
    "Text": (
        "corpus",
        "min_length",
        "max_length",
        "min_frequency",
        "texts",
        "words",
        "letter_case",
        "test_fraction",
    ),
    "Fonts": ("font", "font_list", "font_feature", "language"),
    "Look": (
        "size",
        "text_height",
        "dont_care",
        "vertical",
        "curved",
        "turned",
        "layout",
        "boxes",
        "distractors",
        "style",
        "background",
        "avoid_text",
    ),
    "Output": ("data_dir", "form", "records", "export", "shards"),
}


@click.command("gen-scenes", cls=GroupedCommand, groups=_GROUPS)
@options.data_dir_option
@options.option(
    "--limit", "--count", "count", type=click.IntRange(min=1), default=1000, help="Of pictures."
)
@options.option("--size", type=Range("x"), default="640x640", help="Width and height in pixels.")
@options.option("--texts", type=Range(), default="3..15", help="Of a picture, 40 at the most.")
@options.option(
    "--words",
    type=Range(),
    default="1..4",
    help="Texts side by side in a line, 8 at the most; of scripts with spaces between words.",
)
@options.option(
    "--letter-case",
    type=click.Choice(("signs", "keep")),
    default="signs",
    help="signs: four lines in five in capitals or with capitals first, where they are ASCII.",
)
@options.option(
    "--text-height",
    type=Range(),
    default=None,
    show_default="12..120, the shorter side at most",
    help="Em in pixels.",
)
@options.option(
    "--dont-care",
    type=click.FloatRange(0.0, 1.0),
    default=0.08,
    help="Share of texts too small or blurred to be read, marked ###.",
)
@options.option(
    "--vertical",
    type=click.FloatRange(0.0, 1.0),
    default=0.12,
    help="Share of texts written from top to bottom.",
)
@options.option(
    "--curved",
    type=click.FloatRange(0.0, 1.0),
    default=0.0,
    help="Share of texts set along a circle, with outlines of 14 points.",
)
@options.option(
    "--turned",
    type=click.FloatRange(0.0, 1.0),
    default=1.0,
    help="Share of texts that may be turned or seen from aside; the others are upright.",
)
@options.option(
    "--layout",
    type=click.Choice(("signs", "document", "receipt", "table", "mixed")),
    default="signs",
    help="What pictures are of: signs, or a page of text; mixed is one of the kinds of pages.",
)
@options.option(
    "--boxes",
    type=click.Choice(("auto", "line", "word")),
    default="auto",
    help="What gets a box: lines or words; auto: words, but lines of Chinese, Japanese, Korean.",
)
@options.option(
    "--distractors",
    type=Range(),
    default="0..8",
    help="Of a picture: fences, bricks, windows, leaves, wheels, signs without text.",
)
@options.font_options
@options.type_options
@options.corpus_option
@options.option("--min-length", type=click.IntRange(min=1), default=1, help="Of a text.")
@options.option("--max-length", type=click.IntRange(min=1), default=12, help="Of a text.")
@options.min_frequency_option
@options.option(
    "--style",
    default="scene",
    metavar="NAME|FILE",
    help="The look of the texts: a preset of gen-pics or a TOML recipe.",
)
@options.option(
    "--background",
    multiple=True,
    help="A picture or a folder of them; invented ones by default.",
)
@options.option(
    "--avoid-text",
    type=options.EXISTING,
    metavar="RUN|FILE",
    help="Leave texts that the backgrounds have alone, and mark them ###: found by a trained run "
    "(output/east), or by predict with --json-file.",
)
@options.option(
    "--format", "form", type=click.Choice(("jpg", "png")), default="jpg", help="Of the pictures."
)
@options.option("--records", is_flag=True, help="Write tfrecords/ instead of picture files.")
@options.option(
    "--to",
    "export",
    type=click.Choice(EXPORTERS.names()),
    metavar="FORMAT",
    help="Write FORMAT/ for another tool instead of picture files: see `ocrdata list exporters`.",
)
@options.option("--shards", type=click.IntRange(min=1), default=10, help="Of each split.")
@options.test_fraction_option
@options.seed_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
@runner_options
def gen_scenes(
    data_dir: Path,
    records: bool,
    export: Optional[str],
    shards: int,
    as_json: bool,
    avoid_text: Optional[Path],
    **choices: Any,
) -> None:
    """Render pictures of signs, labels and captions, for training detectors.

    Writes images/ with a gt_<name>.txt beside each picture (ICDAR 2015: x1,y1,...,x4,y4,text;
    curved texts x1,y1,...,x14,y14,"text"), and Train and Test lists of both; with --records
    tfrecords/ instead; with --to a folder that another tool reads.

    \b
    Example:
      ocrdata gen-scenes --limit 2000 --size 1280x720
      ocrdata gen-scenes --background photos --font MSYHL.TTC --records
      ocrdata gen-scenes --curved 0.5
      ocrdata gen-scenes --background photos --avoid-text output/east
      ocrdata gen-scenes --to coco
    """
    from ocrdata.cli.report import next_step, report, running
    from ocrdata.pipelines.scenes_to_records import SceneRequestOptions, write_scenes

    if avoid_text:
        choices["avoid"] = _found_texts(avoid_text, choices["background"])
    if export and records:
        raise click.UsageError("--records and --to exclude each other.")
    kept = shards if records or export else None
    with running("gen-scenes", "pictures", choices, shown=not choices["dry_run"]) as run:
        options = SceneRequestOptions(**choices)
        summary = write_scenes(options, data_dir, shards=kept, export=export, run=run)
    following = next_step("train east" if records else "tfrecord", data_dir)
    report(summary, as_json, "" if run.dry_run or export else following)


def _found_texts(source: Path, pictures: Sequence[str]) -> Dict[str, Any]:
    """Returns what a run finds in the backgrounds, or what a file says that was found."""
    from ocrdata.pipelines.found_texts import read_found_texts

    if not pictures:
        raise click.UsageError("--avoid-text is about the pictures of --background: name some.")
    if source.is_file():
        return read_found_texts(source)
    from ocrdata.train.inference.predict_scenes import predict_scenes
    from ocrdata.train.inference.settings import RunSettings

    done = predict_scenes(pictures, source.name, run=RunSettings(output_dir=source.parent))
    found = {one.path: [part["polygon"] for part in one.regions] for one in done.detections}
    # What cannot be decoded is left to the renderer to name.
    found.update({path: [] for path in done.unreadable})
    return {os.path.realpath(path): polygons for path, polygons in found.items()}
