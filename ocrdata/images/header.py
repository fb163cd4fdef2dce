"""What an encoded picture says of itself, read from its first bytes without decoding it."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple, Optional, Tuple

# What TensorFlow decodes, and so what records may hold.
IMAGE_FORMATS = ("jpeg", "png", "gif", "bmp")
JPEG_START = b"\xff\xd8"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
# Start-of-frame markers: all of C0 to CF but the tables DHT, JPG and DAC.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END = 0xDA, b"\xff\xd9"
_FRAME = struct.Struct(">BHHB")
_ALONE = frozenset([0x01, *range(0xD0, 0xDA)])


class ImageHeader(NamedTuple):
    """Format ("jpeg", "png", ...), and height and width in pixels."""

    format: str
    height: int
    width: int


def read_header(data: bytes) -> ImageHeader:
    """Returns the header of an encoded picture; raises ValueError saying what is wrong with it.

    A JPEG or PNG that was cut off is found too. Whether the rest can be decoded is not.
    """
    if data[:2] == JPEG_START:
        header = _jpeg(data)
    elif data[:8] == _PNG:
        header = _png(data)
    else:
        header = _other(data)
    if not (header.height and header.width):
        raise ValueError(f"is {header.width} by {header.height} pixels")
    return header


def _png(data: bytes) -> ImageHeader:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise ValueError("is a PNG cut off in its header")
    if data.rfind(_PNG_END) < 0:
        raise ValueError("is a PNG that was cut off (it has no end mark)")
    width, height = struct.unpack(">II", data[16:24])
    return ImageHeader("png", height, width)


class JpegFrame(NamedTuple):
    """What a JPEG's frame header says, where in the file its height and width are, and where the
    scan behind it begins (-1: nowhere)."""

    height: int
    width: int
    precision: int
    channels: int
    sizes: int
    scan: int


def jpeg_frame(data: bytes) -> Optional[JpegFrame]:
    """Walks a JPEG from marker to marker up to its scan; None where there is no frame header."""
    position, last = 2, len(data) - 4
    found: Optional[Tuple[int, int, int, int]] = None
    sizes = scan = -1
    while 0 <= position <= last:
        if data[position] != 0xFF:
            # Decoders pass over stray bytes in front of a marker, and so does this.
            position = data.find(b"\xff", position)
            continue
        marker = data[position + 1]
        if marker == 0xFF or marker in _ALONE:
            position += 1 if marker == 0xFF else 2
            continue
        if marker == _SCAN:
            scan = position
            break
        if marker in _FRAMES and position + 6 <= last:
            found, sizes = _FRAME.unpack_from(data, position + 4), position + 5
        position += 2 + (data[position + 2] << 8 | data[position + 3])
    if found is None:
        return None
    precision, height, width, channels = found
    return JpegFrame(height, width, precision, channels, sizes, scan)


def has_one_scan(data: bytes) -> bool:
    """Says whether behind a JPEG's header there are pixels up to an end mark and nothing else.

    Not said of those with restart marks. Of a JPEG with damage between two scans OpenCV returns
    what came before, where Pillow and TensorFlow refuse it.
    """
    frame = jpeg_frame(data)
    if frame is None or frame.scan < 0:
        return False
    start = frame.scan + 2 + struct.unpack_from(">H", data, frame.scan + 2)[0]
    # Within a scan a zero follows each 0xFF; counting is a tenth of decoding.
    marks = data.count(b"\xff", start) - data.count(b"\xff\x00", start)
    return marks == 1 and data.find(_END, start) >= 0


class _Around(NamedTuple):
    """What stands in a JPEG around its height and width: from the start, and up to the scan."""

    before: bytes
    behind: bytes


# Of the last JPEG: those of one encoder and quality differ in their sizes only.
_LAST = [_Around(JPEG_START, b"\0")]
_SIZES = struct.Struct(">HH")


def _jpeg(data: bytes) -> ImageHeader:
    before, behind = _LAST[0]
    place = len(before)
    scan = place + 4 + len(behind)
    if data.startswith(before) and data.startswith(behind, place + 4) and scan + 4 <= len(data):
        height, width = _SIZES.unpack_from(data, place)
    else:
        frame = jpeg_frame(data)
        if frame is None or frame.scan < 0:
            raise ValueError("is a JPEG cut off in its header")
        height, width, scan = frame.height, frame.width, frame.scan
        _LAST[0] = _Around(data[: frame.sizes], data[frame.sizes + 4 : scan + 2])
    # A thumbnail in front of the scan has an end mark of its own.
    if data.rfind(_END, scan) < 0:
        raise ValueError("is a JPEG that was cut off (it has no end mark)")
    return ImageHeader("jpeg", height, width)


def _other(data: bytes) -> ImageHeader:
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise ValueError("is an empty file")
    try:
        with Image.open(io.BytesIO(data)) as image:
            form, (width, height) = str(image.format).lower(), image.size
    except UnidentifiedImageError as error:
        raise ValueError("is not a picture") from error
    except Exception as error:
        # Pillow's plug-ins answer damaged headers with nearly any exception there is.
        raise ValueError(f"is a damaged picture ({error})") from error
    return ImageHeader(form, height, width)
