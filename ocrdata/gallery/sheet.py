"""Contact sheets as one PNG picture."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.errors import FontError, OptionError, PathLike
from ocrdata.gallery.cards import PICTURE, Card, open_image

FONT = "NotoSansSC-Regular-GB2312.otf"

_PAPER, _CARD, _EDGE = (244, 243, 239), (255, 255, 255), (222, 219, 211)
_INK, _FAINT = (32, 33, 36), (128, 126, 120)
_GOOD, _BAD = (30, 122, 76), (188, 48, 40)
_MARGIN, _GAP, _PAD = 28, 14, 12
_HEAD, _TITLE, _NOTE = 64, 30, 18
_LARGEST_SCALE = 2.0


# --- text


def _font(path: Optional[PathLike], size: int) -> ImageFont.FreeTypeFont:
    file = Path(path) if path else asset_dir("fonts") / FONT
    try:
        return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise FontError(file, f"cannot be used: {error}") from error


class _Fonts:
    """The faces of one sheet by size, loaded once."""

    def __init__(self, path: Optional[PathLike]) -> None:
        self.path = path
        self.faces: Dict[int, ImageFont.FreeTypeFont] = {}

    def __call__(self, size: int) -> ImageFont.FreeTypeFont:
        if size not in self.faces:
            self.faces[size] = _font(self.path, size)
        return self.faces[size]


def _fit(text: str, fonts: _Fonts, sizes: Sequence[int], width: int) -> Tuple[str, int]:
    """Returns the text and the largest of the sizes at which it is at most `width` pixels wide.

    Where none is small enough, its end is cut.
    """
    for size in sizes:
        if fonts(size).getlength(text) <= width:
            return text, size
    face, end = fonts(sizes[-1]), len(text)
    while end > 1 and face.getlength(text[:end] + "…") > width:
        end -= 1
    return text[:end] + "…", sizes[-1]


def _put(
    draw: ImageDraw.ImageDraw,
    fonts: _Fonts,
    text: str,
    place: Tuple[int, int],
    width: int,
    sizes: Sequence[int],
    color: Tuple[int, int, int],
) -> None:
    """Draws one line with its middle at the height of `place`."""
    shown, size = _fit(text.replace("\n", " "), fonts, sizes, width)
    draw.text(place, shown, color, font=fonts(size), anchor="lm")


# --- pictures


def _scaled(image: Image.Image, width: int, height: int) -> Image.Image:
    factor = min(width / image.width, height / image.height, _LARGEST_SCALE)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _draw_card(
    sheet: Image.Image, card: Card, corner: Tuple[int, int], size: _Size, fonts: _Fonts
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
        _put(
            draw,
            fonts,
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
    _put(
        draw,
        fonts,
        text=card.title,
        place=(x + _PAD, below),
        width=inner,
        sizes=(20, 17, 14, 12),
        color=color,
    )
    below += (_TITLE + _NOTE) // 2
    _put(
        draw, fonts, text=card.note, place=(x + _PAD, below), width=inner, sizes=(11,), color=_FAINT
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
    card_width: int = 300,
    font: Optional[PathLike] = None,
    picture_height: int = PICTURE,
) -> bytes:
    """Returns a PNG with the cards in rows under a heading; raises FontError."""
    if columns < 1:
        raise OptionError(f"--columns must be 1 or more, not {columns}.")
    fonts = _Fonts(font)
    columns = min(columns, max(1, len(cards)))
    rows = -(-len(cards) // columns)
    size = _Size(card_width, picture_height)
    step = size.width + _GAP, size.height + _GAP
    width = 2 * _MARGIN + columns * step[0] - _GAP
    height = 2 * _MARGIN + _HEAD + max(1, rows) * step[1] - _GAP
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    inner = width - 2 * _MARGIN
    _put(
        draw,
        fonts,
        text=title,
        place=(_MARGIN, _MARGIN + 12),
        width=inner,
        sizes=(26, 22, 18, 15, 12),
        color=_INK,
    )
    _put(
        draw,
        fonts,
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
