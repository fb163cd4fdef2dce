"""ocrdata gen-scenes: renders whole pictures with text in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional, Tuple

import click

from ocrdata.cli import options
from ocrdata.cli.runners import runner_options


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
            self.fail("{!r} is not {}.".format(value, f"N{self.separator}N"), param, ctx)
        return int(low), int(high or low)


@click.command("gen-scenes")
@options.data_dir_option
@options.option(
    "--limit", "--count", "count", type=click.IntRange(min=1), default=1000, help="Of pictures."
)
@options.option("--size", type=Range("x"), default="640x640", help="Width and height in pixels.")
@options.option("--texts", type=Range(), default="3..15", help="Of a picture, 40 at the most.")
@options.option("--text-height", type=Range(), default="12..72", help="Em in pixels.")
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
    "--format", "form", type=click.Choice(("jpg", "png")), default="jpg", help="Of the pictures."
)
@options.option("--records", is_flag=True, help="Write tfrecords/ instead of picture files.")
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
    count: int,
    records: bool,
    shards: int,
    test_fraction: float,
    seed: int,
    workers: int,
    overwrite: bool,
    resume: bool,
    dry_run: bool,
    as_json: bool,
    **choices: Any,
) -> None:
    """Render pictures of signs, labels and captions, for training detectors.

    Writes images/ with a gt_<name>.txt beside each picture (ICDAR 2015: x1,y1,...,x4,y4,text;
    curved texts x1,y1,...,x14,y14,"text"), and Train and Test lists of both; with --records
    tfrecords/ instead.

    \b
    Example:
      ocrdata gen-scenes --limit 2000 --size 1280x720
      ocrdata gen-scenes --background photos --font MSYHL.TTC --records
      ocrdata gen-scenes --curved 0.5
    """
    from ocrdata.base.run_options import RunOptions
    from ocrdata.cli.report import next_step, progress, report
    from ocrdata.pipelines import scenes_to_records
    from ocrdata.render.scenes.batch import render_scenes

    job, texts, skipped = scenes_to_records.read_scene_job(seed=seed, **choices)
    if dry_run:
        report(scenes_to_records.plan_scenes(job, texts, count, test_fraction, skipped), as_json)
        return
    with progress("gen-scenes", "pictures") as on_progress:
        if records:
            summary: Any = scenes_to_records.write_scene_records(
                data_dir,
                job,
                texts,
                count,
                shards,
                test_fraction,
                workers,
                overwrite,
                resume,
                skipped,
                on_progress,
            )
        else:
            summary = render_scenes(
                data_dir,
                texts,
                job,
                count,
                test_fraction,
                run=RunOptions(workers, overwrite, resume, on_progress),
                skipped=skipped,
            )
    report(summary, as_json, next_step("train east" if records else "tfrecord", data_dir))
