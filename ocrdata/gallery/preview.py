"""Previews: samples of a data set, drawn with their labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Optional

from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OptionError, OutputExistsError, PathLike
from ocrdata.gallery.captions import fonts_of
from ocrdata.gallery.cards import PICTURE, Card, open_image
from ocrdata.gallery.regions import describe_regions, draw_regions
from ocrdata.gallery.sheet import draw_sheet
from ocrdata.records.sources.sampling import Shown, choose_samples

# The height of a picture with regions.
_SCENE = 220


@dataclass(frozen=True)
class PreviewSummary:
    """What `write_preview` drew; `unreadable` counts pictures that could not be shown."""

    output: str
    samples: int
    bytes: int
    unreadable: int = 0
    splits: Dict[str, int] = field(default_factory=dict)


def _card(one: Shown) -> Card:
    note, title, image, problem = " · ".join(filter(None, (one.split, one.key))), one.text, b"", ""
    if one.regions is None or one.problem:
        return Card(one.image, title, note, None, one.problem)
    try:
        image = draw_regions(one.image, one.regions)
    except ValueError as error:
        problem = str(error)
    return Card(image, describe_regions(one.regions), note, None, problem)


def write_preview(
    path: PathLike,
    output: PathLike,
    count: int = 24,
    columns: int = 4,
    split: Optional[str] = None,
    seed: int = 0,
    font: Optional[PathLike] = None,
    overwrite: bool = False,
) -> PreviewSummary:
    """Draws samples of anything that `sampling.choose_samples` reads, regions with their outlines.

    `output`, a contact sheet, ends in .png. Raises InputError where there is nothing to show,
    OutputExistsError, OptionError and FontError.
    """
    target = Path(output)
    if target.suffix.lower() != ".png":
        raise OptionError("--output must end in .png.", "For a page, pass --html PAGE.html.")
    if target.exists() and not overwrite:
        raise OutputExistsError(target)
    shown = choose_samples(path, count, split, seed)
    cards = [_card(one) for one in shown]
    scenes = any(one.regions is not None for one in shown)
    texts = [one.text for one in shown] + [r.text for one in shown for r in one.regions or ()]
    characters = len(set("".join(texts)))
    subtitle = f"{len(shown)} samples, {characters} characters, seed {seed}"
    tall = _SCENE if scenes else PICTURE
    data = draw_sheet(
        cards,
        str(path),
        subtitle,
        columns,
        font=font,
        picture_height=tall,
        own_fonts=fonts_of(path),
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, data)
    splits: Dict[str, int] = {}
    for one in shown:
        splits[one.split] = splits.get(one.split, 0) + 1
    unreadable = sum(bool(one.problem) or open_image(one.image)[0] is None for one in shown)
    return PreviewSummary(str(target), len(shown), len(data), unreadable, splits)
