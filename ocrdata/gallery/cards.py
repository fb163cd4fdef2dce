"""What a contact sheet is made of: pictures with their texts."""

from __future__ import annotations

import io
from typing import NamedTuple, Optional, Tuple

from PIL import Image

# The height of a picture on its card, in pixels.
PICTURE = 64


class Card(NamedTuple):
    """One picture of a sheet: the encoded image, the text below it, and a smaller line.

    `good` colors the text green or red; None leaves it black. `problem` stands in for a picture
    that cannot be shown.
    """

    image: bytes
    title: str
    note: str = ""
    good: Optional[bool] = None
    problem: str = ""


def open_image(data: bytes) -> Tuple[Optional[Image.Image], str]:
    """Returns a picture as RGB on white paper, or None and why it cannot be shown."""
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
