"""Encoded pictures changed on their way into records: resized, or encoded anew.

Nothing is changed unless it was asked for, or readers would decode it differently (`plain.py`): a
picture that already is as asked keeps its bytes.
"""

from __future__ import annotations

import io
from typing import NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image

from ocrdata.errors import OptionError
from ocrdata.images.decode import flat_image
from ocrdata.images.header import ImageHeader, read_header
from ocrdata.images.plain import PlainImage, to_plain
from ocrdata.images.plain_header import is_plain_file

ENCODINGS = ("jpeg", "png")
QUALITY = 95


class ImageOptions(NamedTuple):
    """How pictures are changed: `height` and `max_side` in pixels, `quality` of JPEG 1 to 100.

    `height` makes every picture that high; `max_side` makes larger pictures smaller; both keep the
    shape. `encoding` is "jpeg", "png" or None for what the picture is.
    """

    height: Optional[int] = None
    max_side: Optional[int] = None
    encoding: Optional[str] = None
    quality: Optional[int] = None

    @property
    def keeps(self) -> bool:
        """Whether pictures keep their bytes."""
        return self.height is None and self.max_side is None and self.encoding is None

    def check(self) -> None:
        """Raises OptionError for a value out of range or without effect."""
        for name in ("height", "max_side"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 1 << 15:
                flag = "--" + name.replace("_", "-")
                raise OptionError(f"{flag} must lie in 1 to 32768, not {value}.")
        if self.height is not None and self.max_side is not None:
            raise OptionError("--height and --max-side exclude each other.")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise OptionError(f"--quality must lie in 1 to 100, not {self.quality}.")
        if self.quality is not None and (self.keeps or self.encoding == "png"):
            raise OptionError("--quality needs --encoding jpeg, --height or --max-side.")


KEEP_AS_IS = ImageOptions()


def encode_png(picture: np.ndarray) -> bytes:
    """Returns uint8 [h, w, 3] (RGB) or [h, w] as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _size(width: int, height: int, options: ImageOptions) -> Tuple[int, int]:
    if options.height is not None:
        return max(1, int(round(width * options.height / height))), options.height
    if options.max_side is not None and max(width, height) > options.max_side:
        scale = options.max_side / max(width, height)
        return max(1, int(round(width * scale))), max(1, int(round(height * scale)))
    return width, height


class PreparedImage(NamedTuple):
    """An encoded picture, its header, how much wider and higher it became, and what was changed.

    `converted` is "" where only what was asked for was done.
    """

    data: bytes
    header: ImageHeader
    scale: Tuple[float, float] = (1.0, 1.0)
    converted: str = ""


def prepare(data: bytes, options: ImageOptions) -> PreparedImage:
    """Returns a picture as asked for, and such that every reader decodes it alike.

    Raises ValueError saying what is wrong with the picture.
    """
    header, plain = read_header(data), PlainImage(data, "")
    if not is_plain_file(data):
        plain = to_plain(data)
        header = read_header(plain.data)
    form = options.encoding or header.format
    target = _size(header.width, header.height, options)
    if target == (header.width, header.height) and header.format == form:
        return PreparedImage(plain.data, header, converted=plain.converted)
    image = flat_image(plain.data)
    image.info.pop("exif", None)
    if target != image.size:
        image = image.resize(target, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    if form == "jpeg":
        image.save(stream, "JPEG", quality=options.quality or QUALITY)
    else:
        image.save(stream, "PNG")
    scale = (target[0] / header.width, target[1] / header.height)
    header = ImageHeader(form, target[1], target[0])
    return PreparedImage(stream.getvalue(), header, scale, plain.converted)
