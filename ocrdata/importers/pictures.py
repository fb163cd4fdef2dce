"""Encoded pictures checked by decoding them, and kept as they are where trainers read them.

JPEG and PNG keep their bytes. GIF (its first frame), BMP, TIFF and WebP become PNG, because
TensorFlow's and the originals' readers take JPEG and PNG only; the summary counts them.
"""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import Optional

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from ocrdata.images.encoding import MAX_PIXELS

_KEPT = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}


@dataclass(frozen=True)
class CheckedImage:
    """Encoded bytes, their file name suffix, and the format they were converted from, if so."""

    data: bytes
    suffix: str
    converted: Optional[str] = None


def check_image(data: bytes) -> CheckedImage:
    """Decodes a picture to see that it is whole; raises ValueError saying what is wrong."""
    if not data:
        raise ValueError("is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    raise ValueError(f"has {width} x {height} pixels")
                image.load()
                kind = str(image.format)
                if kind in _KEPT:
                    return CheckedImage(data, _KEPT[kind])
                return CheckedImage(_as_png(image), "png", kind.lower())
    except UnidentifiedImageError as error:
        raise ValueError("is of no known format") from error
    except (OSError, SyntaxError, EOFError, struct.error, MemoryError, TypeError) as error:
        raise ValueError(f"is no whole picture ({error})") from error
    except Image.DecompressionBombError as error:
        raise ValueError(str(error)) from error


def _as_png(image: Image.Image) -> bytes:
    if image.mode in ("P", "RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        flat = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        flat.alpha_composite(layer)
        image = flat.convert("RGB")
    elif image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def decode_checked(data: bytes) -> np.ndarray:
    """Returns a picture as uint8 [h, w, 3], BGR, ignoring rotation notes in its metadata.

    Annotations are made on the pixels as stored. Raises ValueError where it cannot be decoded.
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise ValueError("cannot be decoded")
    return image


def encode_crop(image: np.ndarray) -> bytes:
    """Returns an image [h, w, c] as PNG, without loss."""
    done, data = cv2.imencode(".png", image)
    if not done:
        raise ValueError("cannot be encoded")
    return bytes(data.tobytes())
