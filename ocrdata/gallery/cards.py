"""What a contact sheet is made of: pictures with their texts."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

from PIL import Image

from ocrdata.images.decode import decode_rgb

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
        return Image.fromarray(decode_rgb(data)), ""
    except ValueError as error:
        return None, str(error)
