"""ocrdata gen-pics: renders pictures of text lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

import click

from ocrdata.cli import options
from ocrdata.cli.grouped_help import GroupedCommand
from ocrdata.cli.runners import runner_options
from ocrdata.exporters import EXPORTERS

_GROUPS = {
    "Text": (
        "corpus",
        "cut_length",
        "min_length",
        "max_length",
        "min_frequency",
        "lower_case",
        "variants",
        "sampling",
        "min_count",
        "dictionary",
        "near_duplicates",
        "test_fraction",
    ),
    "Fonts": ("font", "font_list", "face", "latin_font", "fallback", "font_feature", "language"),
    "Look": (
        "style",
        "fit",
        "overrides",
        "background",
        "height",
        "width",
        "direction",
        "replay",
    ),
    "Output": (
        "data_dir",
        "form",
        "quality",
        "boxes",
        "log_styles",
        "preview",
        "records",
        "export",
        "keep_pictures",
        "shards",
        "validation_fraction",
    ),
}


@click.command("gen-pics", cls=GroupedCommand, groups=_GROUPS)
@options.data_dir_option
@options.font_options
@options.option("--face", type=click.IntRange(min=0), help="The face of a collection, from 0.")
@options.option(
    "--latin-font", multiple=True, help="A font for Latin letters and digits inside lines."
)
@options.option(
    "--fallback", is_flag=True, help="Take a character that a font lacks from another one."
)
@options.type_options
@options.corpus_option
@options.option(
    "--cut-length",
    type=click.IntRange(min=1),
    help="Cut running text at word boundaries into phrases of at most this many characters.",
)
@options.option("--min-length", type=click.IntRange(min=1), default=1, help="Of a text.")
@options.option("--max-length", type=click.IntRange(min=1), default=24, help="Of a text.")
@options.min_frequency_option
@options.option("--variants", type=click.IntRange(min=1), default=5, help="Pictures of each text.")
@options.option(
    "--sampling",
    type=click.Choice(("listed", "frequency", "random", "balanced")),
    default="listed",
    help="Texts in turn; by their frequency; random characters; or in turn, and more of those "
    "with rare characters.",
)
@options.option(
    "--min-count",
    type=click.IntRange(min=1),
    show_default="the variants",
    help="With balanced sampling: how often each character appears in Train at least.",
)
@options.option(
    "--dictionary",
    type=options.EXISTING,
    show_default="the characters of the corpus",
    help="The characters of random and balanced texts, and the classes of --records.",
)
@options.option(
    "--near-duplicates",
    type=click.Choice(("keep", "drop")),
    default="keep",
    help="Texts that differ by punctuation, case or width. Kept ones share a side.",
)
@options.option("--lower-case", is_flag=True, help="Write labels in lower case, drawn as they are.")
@options.option(
    "--style",
    multiple=True,
    default=("print",),
    metavar="NAME|FILE[=WEIGHT]",
    help="The look: clean, print, scan, scene, word, screen, hard, or a TOML recipe; several with "
    "weights are mixed.",
)
@options.option("--fit", is_flag=True, help="Letters as large as the height allows, no margin.")
@options.option(
    "--set", "overrides", multiple=True, metavar="FIELD=VALUE", help="Fix a field of every style."
)
@options.option(
    "--background",
    multiple=True,
    help="A picture or a folder of them, for the styles that draw on pictures.",
)
@options.option("--height", type=click.IntRange(12, 512), default=32, help="In pixels.")
@options.option("--width", type=click.IntRange(16, 16000), help="In pixels; free by default.")
@options.option(
    "--direction",
    type=click.Choice(("horizontal", "vertical")),
    default="horizontal",
    help="Of writing; the height is that across the line.",
)
@options.option(
    "--format",
    "form",
    type=click.Choice(("jpg", "png", "webp")),
    default="jpg",
    help="Of the pictures.",
)
@options.option("--quality", metavar="N|LOW..HIGH", help="Of JPEG and WebP, 1 to 100.")
@options.option("--boxes", is_flag=True, help="Write boxes/boxes.jsonl: a quad a character.")
@options.option("--log-styles", is_flag=True, help="Write styles/styles.jsonl, for --replay.")
@options.option(
    "--replay", type=options.EXISTING, help="Draw the texts and styles of such a file again."
)
@options.option(
    "--preview",
    type=options.PATH,
    help="Only draw a contact sheet (.png, .jpg) of the first pictures; --boxes shows on it.",
)
@options.option("--records", is_flag=True, help="Write tfrecords/ instead of picture files.")
@options.option(
    "--to",
    "export",
    type=click.Choice(EXPORTERS.names()),
    metavar="FORMAT",
    help="Write FORMAT/ for another tool instead of picture files: see `ocrdata list exporters`.",
)
@options.option("--keep-pictures", is_flag=True, help="With --records: write the files as well.")
@options.option("--shards", type=click.IntRange(min=1), default=10, help="Of each split.")
@options.fraction_option(
    "--validation-fraction",
    "With --records or --to: share of the training texts held out.",
)
@options.test_fraction_option
@options.seed_option
@options.limit_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
@runner_options
def gen_pics(
    data_dir: Path, records: bool, export: Optional[str], as_json: bool, **choices: Any
) -> None:
    """Render pictures of text lines, with Train and Test lists that share no text.

    Writes pic/, Train/sample.txt and Test/sample.txt under the data folder; with --records
    tfrecords/ instead, ready to train on; with --to a folder that another tool reads.

    \b
    Example:
      ocrdata gen-pics --style hard --preview hard.png
      ocrdata gen-pics --font MSYHL.TTC
      ocrdata gen-pics --corpus poems --corpus lexicon:ns --style scan --limit 1000
      ocrdata gen-pics --style scene --background photos --records --shards 20
      ocrdata gen-pics --to paddleocr
    """
    from ocrdata.cli.report import next_step, report, running
    from ocrdata.pipelines.line_request import LineRequestOptions
    from ocrdata.pipelines.lines_to_export import LineExportOptions
    from ocrdata.pipelines.lines_to_records import LineRecordOptions
    from ocrdata.pipelines.render_lines import LineOutput, write_request

    names = ("shards", "validation_fraction", "keep_pictures")
    shards = LineRecordOptions(*(choices.pop(name) for name in names))
    if shards.keep_pictures and not records:
        raise click.UsageError("--keep-pictures goes with --records.")
    if export and records:
        raise click.UsageError("--records and --to exclude each other.")
    exported = LineExportOptions(export, *shards[:2]) if export else None
    output = LineOutput(data_dir, shards if records else None, choices.pop("preview"), exported)
    only_shown = choices["dry_run"] or bool(output.preview)
    with running("gen-pics", "pictures", choices, shown=not only_shown) as run:
        summary = write_request(LineRequestOptions(records=records, **choices), output, run=run)
    following = next_step("train crnn" if records else "build-dict", data_dir)
    report(summary, as_json, "" if only_shown or export else following)
