"""Samples on a page: pictures with their texts, outlines drawn over them by the browser."""

from __future__ import annotations

import base64
import io
from typing import Any, List, NamedTuple, Optional, Sequence

from PIL import Image

from ocrdata.gallery.cards import open_image
from ocrdata.images.header import read_header
from ocrdata.images.plain_header import is_plain_file
from ocrdata.pages.html import text

_LONGEST, _QUALITY = 720, 85
_SMALL = 120_000  # bytes of a file that is put into the page as it is
_SHOWABLE = {"jpeg": "image/jpeg", "png": "image/png"}


class DrawnOutline(NamedTuple):
    """A polygon [[x, y], ...] in pixels, what is said of it, and its class in the style."""

    points: Any
    said: str
    kind: str = ""


class SampleCard(NamedTuple):
    """One sample: its encoded picture, and HTML (escaped) of what stands below it."""

    image: bytes
    title: str
    note: str = ""
    split: str = ""
    outlines: Optional[Sequence[DrawnOutline]] = None
    problem: str = ""
    spoken: str = ""


def sample_card(one: SampleCard) -> str:
    """Returns a button with the picture; what cannot be shown says why."""
    image, problem = (None, one.problem) if one.problem else open_image(one.image)
    if image is None:
        frame = f'<span class="bad">cannot be shown: {text(problem)}</span>'
    else:
        frame = (
            f'<span class="pic"><img alt="{text(one.spoken or "sample")}" width="{image.width}" '
            f'height="{image.height}" src="{data_uri(one.image, image)}">'
            f"{_overlay(image.size, one.outlines or ())}</span>"
        )
    return (
        '<button type="button" class="card sample" '
        f'data-split="{text(one.split)}"><span class="frame">{frame}</span>'
        f"<strong>{one.title}</strong><small>{text(one.note)}</small></button>"
    )


def data_uri(data: bytes, image: Image.Image) -> str:
    """Returns a picture as part of the page: its own bytes where a browser shows them."""
    # A browser shows other pixels of files that are not plain, and turns those with a mark.
    kind = _SHOWABLE.get(read_header(data).format, "") if is_plain_file(data) else ""
    if not kind or max(image.size) > _LONGEST or len(data) > _SMALL:
        small = image.copy()
        small.thumbnail((_LONGEST, _LONGEST))
        stream = io.BytesIO()
        small.save(stream, "JPEG", quality=_QUALITY)
        data, kind = stream.getvalue(), "image/jpeg"
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _overlay(size: Any, outlines: Sequence[DrawnOutline]) -> str:
    if not outlines:
        return ""
    shapes = "".join(map(_polygon, outlines))
    return (
        f'<svg viewBox="0 0 {size[0]} {size[1]}" preserveAspectRatio="none" '
        f'aria-hidden="true">{shapes}</svg>'
    )


def _polygon(one: DrawnOutline) -> str:
    points = " ".join(f"{float(x):.1f},{float(y):.1f}" for x, y in one.points)
    title = f"<title>{text(one.said)}</title>"
    return f'<polygon class="{one.kind}" points="{points}">{title}</polygon>'


def sample_grid(cards: Sequence[SampleCard], scenes: bool) -> str:
    """Returns the samples, with a choice of the split, and of outlines, above them."""
    splits = list(dict.fromkeys(one.split for one in cards))
    kind = "samples scenes" if scenes else "samples lines"
    choice = _choice(splits, scenes)
    body = "".join(map(sample_card, cards))
    return f'{choice}<div class="{kind}">{body}</div>'


def _choice(splits: List[str], scenes: bool) -> str:
    parts = []
    if len(splits) > 1:
        for value, name in [("", "all"), *((split, split or "no split") for split in splits)]:
            checked = "" if value else " checked"
            radio = f'<input type="radio" name="split" value="{text(value)}"{checked}>'
            parts.append(f"<label>{radio} {text(name)}</label>")
    if scenes:
        parts.append('<label><input type="checkbox" name="boxes" checked> outlines</label>')
    if not parts:
        return ""
    body = "".join(parts)
    return f'<fieldset class="filter" aria-label="Which samples">{body}</fieldset>'
