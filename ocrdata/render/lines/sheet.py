"""A contact sheet of what a run would draw: to look at a style or a font before a long run."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import List, Tuple

import cv2
import numpy as np

from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OptionError, OutputExistsError, PathLike
from ocrdata.render.effects.image_effects import compress, encode_image
from ocrdata.render.lines.blocks import RenderConfig, line_renderer, styles_of
from ocrdata.render.lines.text_sampling import TextPlan
from ocrdata.text.letter_case import in_case

SHEET_WIDTH = 1200
_GAP, _EDGE, _ZOOM = 8, (216, 222, 225), 1.5
_MARK = (40, 40, 220)


def draw_line_sheet(config: RenderConfig, plan: TextPlan, count: int) -> np.ndarray:
    """Returns the first `count` pictures of a run side by side, uint8 BGR [h, w, 3].

    They are as decoded from their files; with `config.boxes` each character's quad is drawn.
    """
    renderer = line_renderer(config._replace(replay=()))
    pictures: List[np.ndarray] = []
    for task in plan.tasks():
        styles = styles_of(config, task.number, range(len(task.texts)))
        for text, style in islice(zip(task.texts, styles), count - len(pictures)):
            drawn = renderer.draw(in_case(text, style.letter_case), style, config.boxes)
            image = drawn.image
            if config.form != "png":
                image = compress(image, int(round(style.quality)))
            if image.ndim == 2:
                image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
            image = cv2.resize(image, None, fx=_ZOOM, fy=_ZOOM, interpolation=cv2.INTER_CUBIC)
            if drawn.quads is not None:
                lines = [np.rint(quad * _ZOOM - 0.5).astype(np.int32) for quad in drawn.quads]
                cv2.polylines(image, lines, True, _MARK, 1, cv2.LINE_AA)
            pictures.append(image)
        if len(pictures) >= count:
            break
    return _arrange(pictures)


def _arrange(pictures: List[np.ndarray]) -> np.ndarray:
    """Fills rows from the left, as words fill lines."""
    width = max([SHEET_WIDTH, *(image.shape[1] + 2 * _GAP for image in pictures)])
    places: List[Tuple[int, int]] = []
    x, y, high = _GAP, _GAP, 0
    for image in pictures:
        if x + image.shape[1] + _GAP > width and high:
            x, y, high = _GAP, y + high + _GAP, 0
        places.append((x, y))
        x += image.shape[1] + _GAP
        high = max(high, image.shape[0])
    sheet = np.full((y + high + _GAP, width, 3), _EDGE, np.uint8)
    for (x, y), image in zip(places, pictures):
        sheet[y : y + image.shape[0], x : x + image.shape[1]] = image
    return sheet


def write_sheet(
    path: PathLike, config: RenderConfig, plan: TextPlan, count: int = 60, overwrite: bool = False
) -> int:
    """Writes a contact sheet as PNG or JPEG and returns how many pictures it shows.

    Raises OutputExistsError, and OptionError for another kind of file.
    """
    target = Path(path)
    form = target.suffix.lower().lstrip(".").replace("jpeg", "jpg")
    if form not in ("png", "jpg"):
        raise OptionError(f"a contact sheet is a .png or .jpg file, not {target.name}.")
    if target.exists() and not overwrite:
        raise OutputExistsError(target)
    shown = min(count, plan.total)
    data = encode_image(draw_line_sheet(config, plan, shown), form, 90)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, data)
    return shown
