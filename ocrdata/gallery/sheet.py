"""Contact sheets as one PNG picture."""

from __future__ import annotations

import io
from typing import NamedTuple, Optional, Sequence, Tuple

from PIL import Image, ImageDraw

from ocrdata.errors import OptionError, PathLike
from ocrdata.gallery.captions import CaptionFonts
from ocrdata.gallery.cards import PICTURE, Card, open_image
from ocrdata.render.fonts.font_face import FontFace

_PAPER, _CARD, _EDGE = (244, 243, 239), (255, 255, 255), (222, 219, 211)
_INK, _FAINT = (32, 33, 36), (128, 126, 120)
_GOOD, _BAD = (30, 122, 76), (188, 48, 40)
_MARGIN, _GAP, _PAD = 28, 14, 12
_HEAD, _TITLE, _NOTE = 64, 30, 18
_LARGEST_SCALE = 2.0

_CARD_WIDTH = 300


# --- pictures


def _scaled(image: Image.Image, width: int, height: int) -> Image.Image:
    factor = min(width / image.width, height / image.height, _LARGEST_SCALE)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _draw_card(
    sheet: Image.Image, card: Card, corner: Tuple[int, int], size: _Size, fonts: CaptionFonts
) -> None:
    draw = ImageDraw.Draw(sheet)
    x, y = corner
    width, height, picture = size.width, size.height, size.picture
    draw.rounded_rectangle((x, y, x + width - 1, y + height - 1), 6, _CARD, _EDGE)
    image, problem = (None, card.problem) if card.problem else open_image(card.image)
    inner, middle = width - 2 * _PAD, y + _PAD + picture // 2
    if image is None:
        draw.rectangle((x + _PAD, y + _PAD, x + width - _PAD - 1, middle + picture // 2), _PAPER)
        text = "cannot be shown: " + problem
        fonts.put(
            sheet,
            text=text,
            place=(x + 2 * _PAD, middle),
            width=inner - 2 * _PAD,
            sizes=(13, 11),
            color=_BAD,
        )
    else:
        small = _scaled(image, inner, picture)
        sheet.paste(small, (x + _PAD, middle - small.height // 2))
    color = _INK if card.good is None else (_GOOD if card.good else _BAD)
    below = y + _PAD + picture + 6 + _TITLE // 2
    fonts.put(
        sheet,
        text=card.title,
        place=(x + _PAD, below),
        width=inner,
        sizes=(20, 17, 14, 12),
        color=color,
    )
    below += (_TITLE + _NOTE) // 2
    fonts.put(
        sheet, text=card.note, place=(x + _PAD, below), width=inner, sizes=(11,), color=_FAINT
    )


class _Size(NamedTuple):
    """Of a card, and the height of the picture on it, in pixels."""

    width: int
    picture: int

    @property
    def height(self) -> int:
        return _PAD + self.picture + 6 + _TITLE + _NOTE + _PAD // 2


def draw_sheet(
    cards: Sequence[Card],
    title: str,
    subtitle: str = "",
    columns: int = 4,
    font: Optional[PathLike] = None,
    picture_height: int = PICTURE,
    own_fonts: Sequence[FontFace] = (),
) -> bytes:
    """Returns a PNG with the cards in rows under a heading; raises FontError.

    Captions are drawn with `font`, or a bundled one; what it lacks with `own_fonts`, those that
    the pictures were drawn with, or with any installed font that has it.
    """
    if columns < 1:
        raise OptionError(f"--columns must be 1 or more, not {columns}.")
    texts = [text for card in cards for text in (card.title, card.note)]
    fonts = CaptionFonts(font, own_fonts, [title, subtitle, *texts])
    columns = min(columns, max(1, len(cards)))
    rows = -(-len(cards) // columns)
    size = _Size(_CARD_WIDTH, picture_height)
    step = size.width + _GAP, size.height + _GAP
    width = 2 * _MARGIN + columns * step[0] - _GAP
    height = 2 * _MARGIN + _HEAD + max(1, rows) * step[1] - _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    inner = width - 2 * _MARGIN
    fonts.put(
        sheet,
        text=title,
        place=(_MARGIN, _MARGIN + 12),
        width=inner,
        sizes=(26, 22, 18, 15, 12),
        color=_INK,
    )
    fonts.put(
        sheet,
        text=subtitle,
        place=(_MARGIN, _MARGIN + 42),
        width=inner,
        sizes=(14, 12, 10),
        color=_FAINT,
    )
    for place, card in enumerate(cards):
        row, column = divmod(place, columns)
        corner = (_MARGIN + column * step[0], _MARGIN + _HEAD + row * step[1])
        _draw_card(sheet, card, corner, size, fonts)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()
