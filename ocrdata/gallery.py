"""Contact sheets: many small pictures with what they read, as one PNG or one HTML page."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, NamedTuple, Optional, Sequence, Tuple

from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.base.outdir import write_atomic
from ocrdata.errors import FontError, OptionError, OutputExistsError, PathLike
from ocrdata.records.outlines import describe_regions, draw_regions
from ocrdata.records.pick import Shown, choose_samples

FONT = "NotoSansSC-Regular-GB2312.otf"
SUFFIXES = (".png", ".html")

_PAPER, _CARD, _EDGE = (244, 243, 239), (255, 255, 255), (222, 219, 211)
_INK, _FAINT = (32, 33, 36), (128, 126, 120)
_GOOD, _BAD = (30, 122, 76), (188, 48, 40)
_MARGIN, _GAP, _PAD = 28, 14, 12
_HEAD, _PICTURE, _TITLE, _NOTE = 64, 64, 30, 18
# The height of a picture with regions.
_SCENE = 220
_LARGEST_SCALE = 2.0


class Card(NamedTuple):
    """One picture of a sheet: the encoded image, the text below it, and a smaller line.

    `good` colours the text green or red; None leaves it black. `problem` stands in for a picture
    that cannot be shown.
    """

    image: bytes
    title: str
    note: str = ""
    good: Optional[bool] = None
    problem: str = ""


@dataclass(frozen=True)
class PreviewSummary:
    """What `write_preview` drew; `unreadable` counts pictures that could not be shown."""

    output: str
    samples: int
    bytes: int
    unreadable: int = 0
    splits: Dict[str, int] = field(default_factory=dict)


# --- text


def _font(path: Optional[PathLike], size: int) -> ImageFont.FreeTypeFont:
    file = Path(path) if path else asset_dir("fonts") / FONT
    try:
        return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise FontError(file, "cannot be used: {}".format(error)) from error


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
    colour: Tuple[int, int, int],
) -> None:
    """Draws one line with its middle at the height of `place`."""
    shown, size = _fit(text.replace("\n", " "), fonts, sizes, width)
    draw.text(place, shown, colour, font=fonts(size), anchor="lm")


# --- pictures


def _open(data: bytes) -> Tuple[Optional[Image.Image], str]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            # Transparent pictures are read as they look on white paper.
            rgba = image.convert("RGBA")
    except Exception as error:
        # Pillow's plug-ins answer damaged files with nearly any exception there is.
        return None, str(error) or type(error).__name__
    white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, rgba).convert("RGB"), ""


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
    image, problem = (None, card.problem) if card.problem else _open(card.image)
    inner, middle = width - 2 * _PAD, y + _PAD + picture // 2
    if image is None:
        draw.rectangle((x + _PAD, y + _PAD, x + width - _PAD - 1, middle + picture // 2), _PAPER)
        text = "cannot be shown: " + problem
        _put(draw, fonts, text, (x + 2 * _PAD, middle), inner - 2 * _PAD, (13, 11), _BAD)
    else:
        small = _scaled(image, inner, picture)
        sheet.paste(small, (x + _PAD, middle - small.height // 2))
    colour = _INK if card.good is None else (_GOOD if card.good else _BAD)
    below = y + _PAD + picture + 6 + _TITLE // 2
    _put(draw, fonts, card.title, (x + _PAD, below), inner, (20, 17, 14, 12), colour)
    below += (_TITLE + _NOTE) // 2
    _put(draw, fonts, card.note, (x + _PAD, below), inner, (11,), _FAINT)


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
    picture_height: int = _PICTURE,
) -> bytes:
    """Returns a PNG with the cards in rows under a heading; raises FontError."""
    if columns < 1:
        raise OptionError("--columns must be 1 or more, not {}.".format(columns))
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
    _put(draw, fonts, title, (_MARGIN, _MARGIN + 12), inner, (26, 22, 18, 15, 12), _INK)
    _put(draw, fonts, subtitle, (_MARGIN, _MARGIN + 42), inner, (14, 12, 10), _FAINT)
    for place, card in enumerate(cards):
        row, column = divmod(place, columns)
        corner = (_MARGIN + column * step[0], _MARGIN + _HEAD + row * step[1])
        _draw_card(sheet, card, corner, size, fonts)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", optimize=True)
    return stream.getvalue()


# --- HTML

_PAGE = """<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ background: #f4f3ef; color: #202124; margin: 28px }}
body {{ font: 15px/1.4 "Noto Sans SC", sans-serif }}
h1 {{ font-size: 24px; font-weight: 500; margin: 0 }} .sub {{ color: #807e78; margin: 4px 0 20px }}
main {{ display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)) }}
figure {{ background: #fff; border: 1px solid #dedbd3; border-radius: 6px }}
figure {{ margin: 0; padding: 12px }}
img {{ display: block; height: {picture}px; max-width: 100% }}
img {{ object-fit: contain; object-position: left }}
figcaption {{ font-size: 19px; margin-top: 8px; overflow-wrap: anywhere }}
small {{ color: #807e78; font-size: 11px; overflow-wrap: anywhere }}
.good {{ color: #1e7a4c }} .bad {{ color: #bc3028 }}
</style></head><body><h1>{title}</h1><p class="sub">{subtitle}</p><main>
{cards}
</main></body></html>
"""


def _html_card(card: Card) -> str:
    image, problem = (None, card.problem) if card.problem else _open(card.image)
    if image is None:
        picture = '<p class="bad">cannot be shown: {}</p>'.format(html.escape(problem))
    else:
        # As PNG, because browsers do not show every format that a data set may have.
        stream = io.BytesIO()
        image.save(stream, "PNG")
        data = base64.b64encode(stream.getvalue()).decode("ascii")
        picture = '<img alt="" src="data:image/png;base64,{}">'.format(data)
    mark = "" if card.good is None else (' class="good"' if card.good else ' class="bad"')
    return "<figure>{}<figcaption{}>{}</figcaption><small>{}</small></figure>".format(
        picture, mark, html.escape(card.title), html.escape(card.note)
    )


def html_sheet(
    cards: Sequence[Card], title: str, subtitle: str = "", picture_height: int = _PICTURE
) -> bytes:
    """Returns a page with the cards that needs no other file."""
    page = _PAGE.format(
        title=html.escape(title),
        subtitle=html.escape(subtitle),
        picture=picture_height,
        cards="\n".join(_html_card(card) for card in cards),
    )
    return page.encode("utf-8")


# --- previews of data sets


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
    """Draws samples of anything that `pick.choose_samples` reads, regions with their outlines.

    `output` ends in .png for a contact sheet or .html for a page. Raises InputError where there is
    nothing to show, OutputExistsError, OptionError and FontError.
    """
    target = Path(output)
    if target.suffix.lower() not in SUFFIXES:
        raise OptionError("--output must end in {}.".format(" or ".join(SUFFIXES)))
    if target.exists() and not overwrite:
        raise OutputExistsError(target)
    shown = choose_samples(path, count, split, seed)
    cards = [_card(one) for one in shown]
    scenes = any(one.regions is not None for one in shown)
    texts = [one.text for one in shown] + [r.text for one in shown for r in one.regions or ()]
    characters = len(set("".join(texts)))
    subtitle = "{} samples, {} characters, seed {}".format(len(shown), characters, seed)
    if target.suffix.lower() == ".html":
        data = html_sheet(cards, str(path), subtitle, _SCENE if scenes else _PICTURE)
    else:
        tall = _SCENE if scenes else _PICTURE
        data = draw_sheet(cards, str(path), subtitle, columns, font=font, picture_height=tall)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, data)
    splits: Dict[str, int] = {}
    for one in shown:
        splits[one.split] = splits.get(one.split, 0) + 1
    unreadable = sum(bool(one.problem) or _open(one.image)[0] is None for one in shown)
    return PreviewSummary(str(target), len(shown), len(data), unreadable, splits)
