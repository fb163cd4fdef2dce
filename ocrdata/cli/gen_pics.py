"""ocrdata gen-pics: renders pictures of text lines."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Tuple

import click

from ocrdata.cli import options


@click.command("gen-pics")
@options.data_dir_option
@options.option(
    "--font",
    multiple=True,
    help="FILE, FILE:FACE, a folder, or the name of a bundled font; may be repeated. "
    "Default: all bundled fonts.",
    show_default=False,
)
@options.option("--face", type=click.IntRange(min=0), help="The face of a collection, from 0.")
@options.corpus_option
@options.option(
    "--cut-length",
    type=click.IntRange(min=1),
    help="Cut running text at word boundaries into phrases of at most this many characters.",
)
@options.option("--min-length", type=click.IntRange(min=1), default=1, help="Of a text.")
@options.option("--max-length", type=click.IntRange(min=1), default=24, help="Of a text.")
@options.option("--variants", type=click.IntRange(min=1), default=5, help="Pictures of each text.")
@options.option(
    "--style", type=click.Choice(("clean", "print", "scan")), default="print", help="The look."
)
@options.option("--height", type=click.IntRange(12, 512), default=32, help="In pixels.")
@options.test_fraction_option
@options.seed_option
@options.limit_option
@options.workers_option
@options.overwrite_option
@options.resume_option
@options.dry_run_option
@options.json_option
def gen_pics(
    data_dir: Path,
    font: Tuple[str, ...],
    face: Optional[int],
    corpus: Tuple[str, ...],
    cut_length: Optional[int],
    min_length: int,
    max_length: int,
    variants: int,
    style: str,
    height: int,
    test_fraction: float,
    seed: int,
    limit: Optional[int],
    workers: int,
    overwrite: bool,
    resume: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Render pictures of text lines, with Train and Test lists that share no text.

    Writes pic/, Train/sample.txt and Test/sample.txt under the data folder.

    \b
    Example:
      ocrdata gen-pics --font MSYHL.TTC
      ocrdata gen-pics --corpus poems --corpus lexicon:ns --style scan --limit 1000
    """
    from ocrdata.cli.report import next_step, progress, report
    from ocrdata.render.batch import plan_lines, render_lines
    from ocrdata.render.fonts import find_fonts
    from ocrdata.text.corpus import read_corpora

    faces = find_fonts(font, face)
    skipped = {}  # type: dict[str, int]
    phrases = read_corpora(
        corpus,
        min_length=min_length,
        max_length=max_length,
        cut=cut_length is not None,
        cut_length=cut_length or max_length,
        skips=skipped,
    )
    texts = [phrase.text for phrase in phrases]
    if dry_run:
        _, plan = plan_lines(texts, faces, variants, limit, test_fraction, seed, skipped)
        report(plan, as_json)
        return
    with progress("gen-pics", "pictures") as on_progress:
        summary = render_lines(
            data_dir, texts, faces, style, height, variants, limit, test_fraction, seed,
            workers, overwrite, resume, skipped, on_progress,
        )  # fmt: skip
    report(summary, as_json, next_step("build-dict", data_dir))
