"""Pictures with their regions drawn in, for looking at."""

from __future__ import annotations

import io
from typing import Sequence

from PIL import Image, ImageDraw

from ocrdata.base.sample import Region
from ocrdata.images.decode import decode_rgb

_READ, _IGNORED = (30, 160, 90), (188, 48, 40)
_LONGEST = 960


def draw_regions(data: bytes, regions: Sequence[Region]) -> bytes:
    """Returns a picture as PNG, at most 960 pixels long, with outlines: red ones are ignored.

    Raises ValueError for a picture that cannot be decoded.
    """
    image = Image.fromarray(decode_rgb(data))
    scale = min(1.0, _LONGEST / max(image.size))
    if scale < 1.0:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(image)
    width = max(1, round(max(image.size) / 320))
    for region in regions:
        points = [(float(x) * scale, float(y) * scale) for x, y in region.polygon.tolist()]
        color = _IGNORED if region.ignore else _READ
        draw.line([*points, points[0]], fill=color, width=width)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def describe_regions(regions: Sequence[Region]) -> str:
    """Returns how many regions there are, and their first texts."""
    texts = [region.text for region in regions if not region.ignore]
    ignored = len(regions) - len(texts)
    head = f"{len(texts)} texts" + (f", {ignored} ignored" if ignored else "")
    shown = " / ".join(text for text in texts[:6] if text)
    return f"{head}: {shown}" if shown else head
