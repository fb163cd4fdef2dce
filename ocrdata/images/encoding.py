"""Encoded pictures changed on their way into records: resized, or encoded anew.

Nothing is changed unless it was asked for, and a picture that already is as asked keeps its bytes.
"""

from __future__ import annotations

import io
from typing import NamedTuple, Optional, Tuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from ocrdata.errors import OptionError
from ocrdata.images.header import ImageHeader, read_header

ENCODINGS = ("jpeg", "png")
QUALITY = 95
# Above Pillow's own limit a picture is a mistake or an attack.
MAX_PIXELS = 1 << 28


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


def decode_rgb(data: bytes) -> np.ndarray:
    """Returns a picture as uint8 [h, w, 3], transparent parts on white; ValueError if damaged."""
    return np.asarray(_flat(_decode(data)).convert("RGB"))


def encode_png(picture: np.ndarray) -> bytes:
    """Returns uint8 [h, w, 3] (RGB) or [h, w] as a PNG file."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _decode(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data))
        if image.size[0] * image.size[1] > MAX_PIXELS:
            raise ValueError(f"has {image.width} x {image.height} pixels")
        image.load()
    except UnidentifiedImageError as error:
        raise ValueError("is no picture") from error
    except Exception as error:
        # Pillow's plug-ins answer damaged files with nearly any exception there is.
        raise ValueError(f"cannot be decoded ({error})") from error
    return image


def _flat(image: Image.Image) -> Image.Image:
    if image.mode in ("1", "L", "RGB"):
        return image.convert("L") if image.mode == "1" else image
    if image.mode in ("P", "PA", "LA", "RGBA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _size(width: int, height: int, options: ImageOptions) -> Tuple[int, int]:
    if options.height is not None:
        return max(1, int(round(width * options.height / height))), options.height
    if options.max_side is not None and max(width, height) > options.max_side:
        scale = options.max_side / max(width, height)
        return max(1, int(round(width * scale))), max(1, int(round(height * scale)))
    return width, height


def prepare(data: bytes, options: ImageOptions) -> Tuple[bytes, ImageHeader, Tuple[float, float]]:
    """Returns a picture as asked for, its header, and how much wider and higher it became.

    Raises ValueError saying what is wrong with the picture.
    """
    if options.keeps:
        return data, read_header(data), (1.0, 1.0)
    image = _decode(data)
    width, height = image.size
    target = _size(width, height, options)
    form = options.encoding or ("jpeg" if image.format in ("JPEG", "MPO") else "png")
    if target == (width, height) and str(image.format).lower() == form:
        return data, read_header(data), (1.0, 1.0)
    image = _flat(image)
    if target != (width, height):
        image = image.resize(target, Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    if form == "jpeg":
        image.save(stream, "JPEG", quality=options.quality or QUALITY)
    else:
        image.save(stream, "PNG")
    scale = (target[0] / width, target[1] / height)
    return stream.getvalue(), ImageHeader(form, target[1], target[0]), scale
