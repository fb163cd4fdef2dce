"""Whether all readers decode a JPEG or PNG to the same pixels, told from its header.

Pillow, OpenCV and TensorFlow agree on JPEG of one or three channels (exactly, with the accurate
inverse transform) and on opaque PNG of up to 8 bits. They differ on CMYK, 16 bits and transparency,
and programs that show pictures follow an orientation mark which these readers pass over.
"""

from __future__ import annotations

import io
import struct
from typing import Optional

from ocrdata.images.header import jpeg_frame

_PNG = b"\x89PNG\r\n\x1a\n"
_EXIF = b"Exif\0\0"
_PNG_EXIF = b"eXIf"
_ORIENTATION = 0x0112
# Of PNG: gray, colour, palette; with 4 added for transparency.
_OPAQUE = (0, 2, 3)


def is_plain_file(data: bytes) -> bool:
    """Says whether a file is a JPEG or PNG that needs no decoder of its own."""
    if data[:2] == b"\xff\xd8":
        frame = jpeg_frame(data)
        plain = frame is not None and frame.precision == 8 and frame.channels in (1, 3)
    else:
        plain = is_opaque_png(data) and data[24] <= 8
    return plain and orientation_of(data) == 1


def is_opaque_png(data: bytes) -> bool:
    """Says whether a file is a PNG without transparency, of any depth."""
    if data[:8] != _PNG or len(data) <= 33 or data[25] not in _OPAQUE:
        return False
    return data.find(b"tRNS", 33, max(data.find(b"IDAT"), 33)) < 0


def orientation_of(data: bytes) -> int:
    """Returns how a picture is to be turned: EXIF's 1 (not at all) to 8."""
    if not _may_be_marked(data):
        return 1
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            mark = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a damaged mark is none; whether the picture is damaged, others say
        return 1
    return mark if isinstance(mark, int) and 1 <= mark <= 8 else 1


def _may_be_marked(data: bytes) -> bool:
    if data[:2] == b"\xff\xd8":
        return data.find(_EXIF, 0, 1 << 17) >= 0
    if data[:8] == _PNG:
        return _PNG_EXIF in data or b"Raw profile type exif" in data
    return True


def without_mark(data: bytes) -> Optional[bytes]:
    """Returns a JPEG whose orientation mark says 1, with all else as it was; None if it cannot."""
    start = data.find(_EXIF, 0, 1 << 17) + len(_EXIF)
    if data[:2] != b"\xff\xd8" or start < len(_EXIF):
        return None
    order = {b"II": "<", b"MM": ">"}.get(data[start : start + 2])
    try:
        if order is None:
            return None
        (first,) = struct.unpack_from(order + "I", data, start + 4)
        (count,) = struct.unpack_from(order + "H", data, start + first)
        for place in range(start + first + 2, start + first + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", data, place)
            if tag == _ORIENTATION and kind == 3:
                return data[: place + 8] + struct.pack(order + "H", 1) + data[place + 10 :]
    except struct.error:
        return None
    return None
