"""Encoded pictures as other tools take them: their bytes, and what their header says."""

from __future__ import annotations

import io

from PIL import Image

from ocrdata.images.header import ImageHeader, read_header

SUFFIXES = {"jpeg": "jpg", "png": "png", "gif": "gif", "bmp": "bmp", "webp": "webp", "tiff": "tif"}


def read_picture(data: bytes) -> ImageHeader:
    """Returns format, height and width; raises ValueError saying what is wrong.

    WebP and TIFF are taken as well: they are for others than TensorFlow.
    """
    if data[:4] in (b"RIFF", b"II*\0", b"MM\0*"):
        return _other(data)
    return read_header(data)


def _other(data: bytes) -> ImageHeader:
    try:
        with Image.open(io.BytesIO(data)) as image:
            # Neither format says where it ends.
            image.load()
            form, (width, height) = str(image.format).lower(), image.size
    except Exception as error:
        # Pillow's plug-ins answer damaged files with nearly any exception there is.
        raise ValueError(f"is a damaged picture ({error})") from error
    if form not in SUFFIXES:
        raise ValueError(f"is a {form.upper()} picture")
    return ImageHeader(form, height, width)


def as_png(data: bytes, form: str) -> bytes:
    """Returns a picture as PNG, pixel for pixel; a PNG keeps its bytes. ValueError if damaged."""
    if form == "png":
        return data
    stream = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data)) as image:
            plain = image if image.mode in ("1", "L", "RGB", "RGBA") else image.convert("RGB")
            plain.save(stream, "PNG", compress_level=1)
    except (OSError, SyntaxError, EOFError, ValueError) as error:
        raise ValueError(f"cannot be decoded ({error})") from error
    return stream.getvalue()
