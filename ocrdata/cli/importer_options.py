"""The options that only some importers have."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Tuple

import click

from ocrdata.cli import options
from ocrdata.importers import IMPORTERS

OWN_OPTIONS = (
    "language",
    "legibility",
    "text_class",
    "level",
    "coordinates",
    "separator",
    "ignore_mark",
    "text_attribute",
    "encoding",
)


def importer_options(command: Any) -> Any:
    """Adds the options that only some data sets have; each is refused by the others."""
    added = (
        options.option(
            "--language",
            multiple=True,
            help="cocotext, mlt2017, mlt2019: others are ignored; scutforu: english, chinese.",
        ),
        options.option("--legibility", multiple=True, help="cocotext: legible, illegible."),
        options.option("--text-class", multiple=True, help="cocotext: handwritten, ..."),
        options.option("--level", help="scutforu: word or character."),
        options.option("--coordinates", help="icdar: quad, rectangle, xywh or polygon."),
        options.option("--separator", help="icdar: what parts the numbers; auto tells itself."),
        options.option(
            "--ignore-mark",
            multiple=True,
            help="icdar, paddleocr and annotation tools: text not to read.",
        ),
        options.option(
            "--text-attribute",
            multiple=True,
            help="coco, cvat, parquet, via, webdataset: what holds the text, as transcription.",
        ),
        options.option("--encoding", help="icdar, paddleocr, scutforu: of the text files."),
    )
    for add in reversed(added):
        command = add(command)
    return command


def configured_importer(name: str, chosen: Mapping[str, Any]) -> Any:
    """Returns the importer called `name` with the options that were chosen; raises OptionError."""
    from ocrdata.importers.base import configure

    importer = IMPORTERS.load(name)
    values: Dict[str, Any] = {
        "task": chosen["task"],
        "level": chosen["level"],
        "coordinates": chosen["coordinates"],
        "separator": chosen["separator"],
        "encoding": chosen["encoding"],
        "legibilities": chosen["legibility"],
        "classes": chosen["text_class"],
        "ignore_marks": chosen["ignore_mark"],
        "text_attribute": chosen["text_attribute"],
        "languages": chosen["language"],
    }
    if "language" in importer.options:
        values["language"] = _one(values.pop("languages"))
    return configure(importer, {key: value for key, value in values.items() if value})


def _one(languages: Tuple[str, ...]) -> Optional[str]:
    if len(languages) > 1:
        raise click.UsageError("this data set takes one --language.")
    return languages[0] if languages else None
