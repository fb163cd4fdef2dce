"""The one decoder: what an encoded picture's pixels are, for every command alike.

    more than 8 bits    the upper 8 of 16, as TensorFlow's and OpenCV's readers of PNG have it
    floats              0 to 1 as 0 to 255; up to 255 as they are; others from their least to their
                        greatest; 32-bit integers beyond 65,535 likewise
    transparent         on white paper
    CMYK, palette, ...  as Pillow makes RGB of them; the first frame of several
    turned by EXIF      as stored, unless `exif` is APPLY; a TIFF's own mark is always followed, as
                        every reader of TIFF does

JPEG and PNG that all readers decode alike need none of this; `plain.py` says which those are and
makes such of all others, so that a network sees what this module says.
"""

from __future__ import annotations

import io
import warnings
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ocrdata.images.header import JPEG_START, has_one_scan
from ocrdata.images.plain_header import is_plain_file

APPLY, IGNORE = EXIF_WAYS = ("apply", "ignore")
# Above Pillow's own limit a picture is a mistake or an attack.
MAX_PIXELS = 1 << 28
_WHITE = 255


def decode_rgb(data: bytes, exif: str = IGNORE) -> np.ndarray:
    """Returns a picture as uint8 [h, w, 3]; raises ValueError for a damaged one."""
    return np.asarray(flat_image(data, exif).convert("RGB"))


def decode_image(data: bytes, exif: str = IGNORE) -> np.ndarray:
    """Returns a picture as uint8 [h, w, 3], blue first; raises ValueError for a damaged one."""
    image = _quick_pixels(data, cv2.IMREAD_COLOR)
    if image is not None:
        return image
    return np.ascontiguousarray(decode_rgb(data, exif)[:, :, ::-1])


def _quick_pixels(data: bytes, mode: int) -> Any:
    """Returns what OpenCV, the quicker reader, makes of a file; None where Pillow is to decide."""
    if not is_plain_file(data) or (data[:2] == JPEG_START and not has_one_scan(data)):
        return None
    return cv2.imdecode(np.frombuffer(data, np.uint8), mode | cv2.IMREAD_IGNORE_ORIENTATION)


def flat_image(data: bytes, exif: str = IGNORE) -> Image.Image:
    """Returns a picture of 8 bits without transparency, mode "L" or "RGB"; ValueError if damaged.

    `format` is that of the file.
    """
    image = open_whole(data)
    form = image.format
    flat = _flat(image)
    # Pillow has turned a TIFF already, and may say afterwards that it still is to be turned.
    if exif == APPLY and form != "TIFF":
        flat = ImageOps.exif_transpose(flat)
    flat.format = form
    return flat


def open_whole(data: bytes) -> Image.Image:
    """Returns a picture with its pixels read; raises ValueError saying what is wrong with it."""
    if not data:
        raise ValueError("is an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            if image.size[0] * image.size[1] > MAX_PIXELS:
                raise ValueError(f"has {image.size[0]} x {image.size[1]} pixels")
            image.load()
    except UnidentifiedImageError as error:
        raise ValueError("is not a picture") from error
    except Exception as error:
        # Pillow's plug-ins answer damaged files with nearly any exception there is.
        raise ValueError(f"cannot be decoded ({str(error) or type(error).__name__})") from error
    return image


def _flat(image: Image.Image) -> Image.Image:
    exif = image.info.get("exif")
    if image.mode.startswith("I") or image.mode == "F":
        flat = Image.fromarray(scaled_to_8_bits(np.asarray(image), image.mode, image.format))
    elif is_transparent(image):
        flat = Image.fromarray(_on_white(np.asarray(image.convert("RGBA"))))
    elif image.mode in ("1", "L"):
        flat = image.convert("L")
    else:
        flat = image.convert("RGB")
    if exif is not None:
        flat.info["exif"] = exif
    return flat


def is_transparent(image: Image.Image) -> bool:
    """Says whether any pixel of an image is not opaque."""
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return bool(np.asarray(image.convert("RGBA"))[:, :, 3].min() < _WHITE)
    return False


def _on_white(image: np.ndarray) -> np.ndarray:
    """Returns uint8 [h, w, 4] as [h, w, 3] on white; training's graph has the same sum."""
    colour, alpha = image[:, :, :3].astype(np.uint32), image[:, :, 3:].astype(np.uint32)
    return ((colour * alpha + _WHITE * (_WHITE - alpha) + 127) // _WHITE).astype(np.uint8)


def scaled_to_8_bits(values: np.ndarray, mode: str, form: Any) -> np.ndarray:
    """Returns a grey picture of more than 8 bits, [h, w] in a Pillow mode, as uint8."""
    if values.dtype == np.uint16 or mode.startswith("I;16"):
        return (values.astype(np.uint16) >> 8).astype(np.uint8)
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if mode == "I" and low >= 0 and high < 1 << 16 and (form == "PNG" or high > _WHITE):
        return (numbers.astype(np.uint16) >> 8).astype(np.uint8)
    if mode == "F" and low >= 0.0 and high <= 1.0:
        numbers = numbers * _WHITE
    elif low < 0.0 or high > _WHITE:
        numbers = (numbers - low) * (_WHITE / max(high - low, 1e-12))
    return np.clip(np.round(numbers), 0, _WHITE).astype(np.uint8)


def decode_problem(data: bytes) -> str:
    """Returns what is wrong with an encoded picture, decoding all of it; "" if it is sound."""
    # Of PNG, OpenCV may pass over damage; why a JPEG cannot be read, Pillow says.
    if data[:2] == JPEG_START and _quick_pixels(data, cv2.IMREAD_ANYCOLOR) is not None:
        return ""
    try:
        flat_image(data)
    except ValueError as error:
        return str(error)
    return ""
