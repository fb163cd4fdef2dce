"""Pictures of lines with what was read from them."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.records.format import schema
from ocrdata.text.visual_order import LineOrder
from ocrdata.train.protocols import Batch, FetchedArrays, Tensor

MARGIN, CAPTION = 8, 20
_IMAGES = 4  # lines of a batch that are shown
_INK, _PAPER = (20, 20, 20), (255, 255, 255)


def caption_font(size: int) -> ImageFont.FreeTypeFont:
    """Returns a bundled font that has Chinese characters."""
    fonts = asset_dir("fonts")
    return ImageFont.truetype(str(sorted(fonts.glob("NotoSans*.?tf"))[0]), size)


def draw_readings(images: Sequence[np.ndarray], captions: Sequence[str]) -> Image.Image:
    """Draws uint8 images [H, W, 1 or 3] one below the other, each with its caption under it."""
    font = caption_font(CAPTION)
    pictures = [_image(image) for image in images]
    widths = [int(font.getbbox(caption or " ")[2]) for caption in captions]
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


def _image(image: np.ndarray) -> Image.Image:
    array = np.asarray(image, np.uint8)
    return Image.fromarray(np.repeat(array, 3, 2) if array.shape[2] == 1 else array)


def draw_maps(images: np.ndarray, truths: np.ndarray, scores: np.ndarray) -> Image.Image:
    """Draws crops side by side with the true and the found score map below each.

    `images` uint8 [n, S, S, 3], `truths` and `scores` [n, s, s], from 0 to 1.
    """
    columns = []
    for image, truth, score in zip(images, truths, scores):
        size = (image.shape[1], image.shape[0])
        maps = [np.round(255.0 * np.clip(each, 0, 1)).astype(np.uint8) for each in (truth, score)]
        rows = [Image.fromarray(each).resize(size) for each in maps]
        columns.append([Image.fromarray(image), *(row.convert("RGB") for row in rows)])
    side = columns[0][0].width + MARGIN
    sheet = Image.new("RGB", (side * len(columns) + MARGIN, side * 3 + MARGIN), _PAPER)
    for left, column in enumerate(columns):
        for top, picture in enumerate(column):
            sheet.paste(picture, (MARGIN + left * side, MARGIN + top * side))
    return sheet


def draw_outlines(
    picture: Image.Image, polygons: Sequence[np.ndarray], scores: np.ndarray
) -> Image.Image:
    """Returns a picture with outlines [n, 2] drawn on it, and the score of each."""
    drawn = picture.convert("RGB")
    pen = ImageDraw.Draw(drawn)
    width = max(2, max(drawn.size) // 500)
    font = caption_font(max(10, max(drawn.size) // 80))
    for polygon, score in zip(polygons, np.asarray(scores).tolist()):
        outline = [tuple(point) for point in [*polygon.tolist(), polygon[0].tolist()]]
        pen.line(outline, (255, 40, 40), width)
        pen.text(outline[0], f"{score:.2f}", (255, 40, 40), font, anchor="ls")
    return drawn


def draw_lines(values: FetchedArrays, order: LineOrder) -> Image.Image:
    """Returns a picture of some lines of the batch, their labels and what was read."""
    truths = [text.decode("utf-8") for text in values["truth"]]
    texts = [order.decode(row) for row in values["classes"].tolist()]
    captions = [f"{truth}  |  {text}" for truth, text in zip(truths, texts)]
    images = zip(values["images"], values["widths"])
    return draw_readings([image[:, :width] for image, width in images], captions)


def line_fetches(batch: Batch, classes: Tensor) -> Batch:
    """Returns what `draw_lines` needs, of the first lines of the batch."""
    return {
        "images": batch["images"][:_IMAGES],
        "truth": batch[schema.TEXT][:_IMAGES],
        "widths": batch["widths"][:_IMAGES],
        "classes": classes[:_IMAGES],
    }
