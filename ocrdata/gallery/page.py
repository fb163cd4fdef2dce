"""Contact sheets as one HTML page that needs no other file."""

from __future__ import annotations

import base64
import html
import io
from typing import Sequence

from ocrdata.gallery.cards import PICTURE, Card, open_picture

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
    image, problem = (None, card.problem) if card.problem else open_picture(card.image)
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
    cards: Sequence[Card], title: str, subtitle: str = "", picture_height: int = PICTURE
) -> bytes:
    """Returns a page with the cards that needs no other file."""
    page = _PAGE.format(
        title=html.escape(title),
        subtitle=html.escape(subtitle),
        picture=picture_height,
        cards="\n".join(_html_card(card) for card in cards),
    )
    return page.encode("utf-8")
