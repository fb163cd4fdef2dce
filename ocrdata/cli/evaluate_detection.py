"""ocrdata evaluate detection: scores boxes against ground truth, as the competitions do."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import click

from ocrdata.cli import options


@click.command("detection")
@options.option(
    "--gt", type=options.EXISTING, required=True, help="Zip or folder of gt_<picture>.txt files."
)
@options.option(
    "--results",
    type=options.EXISTING,
    required=True,
    help="Zip or folder of res_<picture>.txt files, or predictions as JSON lines.",
)
@options.option(
    "--protocol",
    type=click.Choice(options.DETECTION_PROTOCOLS),
    default="icdar2015",
    help="How boxes are matched; deeptext-mindspore is inflated: for comparison only.",
)
@options.option("--lenient", is_flag=True, help="Put right what the official scorers refuse.")
@options.option(
    "--confidences", is_flag=True, help="Read a score behind the numbers; adds average precision."
)
@options.option(
    "--rectangles", is_flag=True, help="Boxes are left,top,right,bottom (always so for 2013)."
)
@options.option(
    "--iou", type=click.FloatRange(0.0, 1.0), default=0.5, help="A match lies above this IoU."
)
@options.option(
    "--ignored-share",
    type=click.FloatRange(0.0, 1.0),
    default=0.5,
    help="A detection covered more than this by an ignored box does not count.",
)
@options.option(
    "--per-image", type=options.PATH, help="A JSON file to write with the figures of each picture."
)
@options.overwrite_option
@options.json_option
def detection(
    gt: Path,
    results: Path,
    protocol: str,
    lenient: bool,
    confidences: bool,
    rectangles: bool,
    iou: float,
    ignored_share: float,
    per_image: Optional[Path],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Score text detection by an official protocol.

    \b
    Example:
      ocrdata evaluate detection --gt gt.zip --results results.zip --protocol icdar2015
      ocrdata evaluate detection --gt data/images/test --results predictions.jsonl
    """
    from ocrdata.cli.report import report
    from ocrdata.errors import OptionError, OutputExistsError
    from ocrdata.metrics.detection import PROTOCOLS, Thresholds, evaluate_detection
    from ocrdata.metrics.per_image import write_per_image

    thresholds = Thresholds(iou, ignored_share)
    if thresholds != Thresholds() and PROTOCOLS[protocol].upright:
        raise OptionError("--iou and --ignored-share belong to the IoU protocols.")
    if per_image and per_image.exists() and not overwrite:
        raise OutputExistsError(per_image)
    score, matches = evaluate_detection(
        gt, results, protocol, lenient, confidences, rectangles, thresholds
    )
    if per_image:
        write_per_image(per_image, matches)
    report(score, as_json)
