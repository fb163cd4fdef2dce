"""Pictures of lines with what was read from them."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir

MARGIN, CAPTION = 8, 20
_INK, _PAPER = (20, 20, 20), (255, 255, 255)


def caption_font(size: int) -> Any:
    """Returns a bundled font that has Chinese characters."""
    fonts = asset_dir("fonts")
    return ImageFont.truetype(str(sorted(fonts.glob("NotoSans*.?tf"))[0]), size)


def draw_readings(images: Sequence[Any], captions: Sequence[str]) -> Image.Image:
    """Draws uint8 images [H, W, 1 or 3] one below the other, each with its caption under it."""
    font = caption_font(CAPTION)
    pictures = [_picture(image) for image in images]
    widths = [font.getbbox(caption or " ")[2] for caption in captions]
    widths += [picture.width for picture in pictures]
    rows = [picture.height + CAPTION + 3 * MARGIN for picture in pictures]
    sheet = Image.new("RGB", (max(widths + [1]) + 2 * MARGIN, sum(rows) + MARGIN), _PAPER)
    pen = ImageDraw.Draw(sheet)
    top = MARGIN
    for picture, caption, row in zip(pictures, captions, rows):
        sheet.paste(picture, (MARGIN, top))
        pen.text((MARGIN, top + picture.height + MARGIN // 2), caption, _INK, font)
        top += row
    return sheet


def _picture(image: Any) -> Image.Image:
    array = np.asarray(image, np.uint8)
    return Image.fromarray(np.repeat(array, 3, 2) if array.shape[2] == 1 else array)
