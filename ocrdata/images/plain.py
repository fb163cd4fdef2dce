"""Pictures as they are written for networks: JPEG and PNG that every reader decodes alike.

Such files keep their bytes. All others become PNG with the pixels that `decode.py` gives them, and
what was done is said, to be counted.
"""

from __future__ import annotations

import io
from typing import NamedTuple

from PIL import Image

from ocrdata.images.decode import (
    APPLY,
    IGNORE,
    decode_problem,
    flat_image,
    is_transparent,
    open_whole,
)
from ocrdata.images.header import JPEG_START
from ocrdata.images.plain_header import is_plain_file, orientation_of, without_mark

_TURNED, _UNMARKED = "turned upright (EXIF)", "orientation mark taken off (EXIF)"
# Of JPEG that had to be turned: nothing to be seen is lost, at a tenth of a PNG's size.
_TURNED_QUALITY = 95
_SUFFIXES = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png"}


class PlainImage(NamedTuple):
    """Encoded bytes, "jpg" or "png", and what was changed ("" if nothing was)."""

    data: bytes
    suffix: str
    converted: str = ""


def to_plain(data: bytes, exif: str = IGNORE) -> PlainImage:
    """Returns a picture as all readers decode it alike; raises ValueError for a damaged one.

    `exif` says whether an orientation mark is followed; it is taken off in any case.
    """
    if is_plain_file(data):
        problem = decode_problem(data)
        if problem:
            raise ValueError(problem)
        return PlainImage(data, "jpg" if data[:2] == JPEG_START else "png")
    image = open_whole(data)
    form, suffix = str(image.format), _SUFFIXES.get(str(image.format), "png")
    mark = 1 if form == "TIFF" else orientation_of(data)
    if mark == 1 and suffix == "png" and _is_opaque_png(image):
        return PlainImage(data, suffix)
    if mark != 1 and exif == APPLY:
        return _turned(data, form)
    bare = without_mark(data) if mark != 1 else None
    if bare is not None and is_plain_file(bare):
        return PlainImage(bare, "jpg", _UNMARKED)
    return PlainImage(_as_png(flat_image(data)), "png", _change(image))


def _as_png(image: Image.Image) -> bytes:
    """Returns an image as a PNG file without anything but its pixels."""
    stream = io.BytesIO()
    image.info.pop("exif", None)
    image.save(stream, "PNG")
    return stream.getvalue()


def _is_opaque_png(image: Image.Image) -> bool:
    return image.format == "PNG" and image.mode in ("RGBA", "LA") and not is_transparent(image)


def _turned(data: bytes, form: str) -> PlainImage:
    image = flat_image(data, APPLY)
    image.info.pop("exif", None)
    if form not in ("JPEG", "MPO"):
        return PlainImage(_as_png(image), "png", _TURNED)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_TURNED_QUALITY, subsampling=0)
    return PlainImage(stream.getvalue(), "jpg", _TURNED)


def _change(image: Image.Image) -> str:
    form = str(image.format).lower()
    if image.mode.startswith("I") or image.mode == "F":
        return f"{form} of more than 8 bits to png" if form == "png" else f"{form} to png"
    if form in ("jpeg", "mpo"):
        return f"{image.mode} jpeg to png"
    if form == "png":
        return "transparent png to png on white" if is_transparent(image) else "png to plain png"
    return f"{form} to png"
