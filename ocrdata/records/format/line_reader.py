"""Records of text lines read fast: those that we wrote have one form, found without looking.

Anything else, damage included, is left to the reader of any protocol buffer. Readers that feed
training read each record once an epoch, so this is worth having twice: a tenth of the time.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Tuple

from ocrdata.records.format.decode import decode_example, read_ints
from ocrdata.records.format.schema import (
    CLASS,
    ENCODED,
    FORMAT,
    HEIGHT,
    SOURCE_ID,
    TEXT,
    WIDTH,
    LineRecord,
    line_of,
)


def _head(name: str) -> bytes:
    encoded = name.encode("ascii")
    return b"\x0a" + bytes([len(encoded)]) + encoded + b"\x12"


_BYTES, _INT64 = 0x0A, 0x1A
_NAMES = (CLASS, ENCODED, FORMAT, HEIGHT, SOURCE_ID, TEXT, WIDTH)
# Up to here all lengths in front of a value take one byte, and so all that stands there is known.
_SHORT = 100


class _Form(NamedTuple):
    """What stands in front of a feature's value: its name, its kind, and the whole of it for each
    length of a short value, `size` bytes."""

    head: bytes
    kind: int
    short: Tuple[bytes, ...]
    size: int


def _form(name: str) -> _Form:
    kind = _INT64 if name in (CLASS, HEIGHT, WIDTH) else _BYTES
    head = _head(name)
    short = tuple(
        bytes([0x0A, len(head) + 5 + size]) + head + bytes([4 + size, kind, 2 + size, 0x0A, size])
        for size in range(_SHORT)
    )
    return _Form(head, kind, short, len(short[0]))


# TensorFlow's and our own writer sort the features by name.
_FORMS = tuple(map(_form, sorted(_NAMES)))


def decode_line(data: bytes) -> LineRecord:
    """Returns the line in a record; raises ValueError saying what is wrong with it."""
    try:
        found = _read(data)
    except (IndexError, UnicodeDecodeError):
        found = None
    return found or line_of(decode_example(data))


def _size(data: bytes, place: int) -> Tuple[int, int]:
    """Returns a length and where it ends; raises IndexError where the data end first."""
    size = data[place]
    if size < 128:
        return size, place + 1
    size &= 127
    shift = 7
    while True:
        place += 1
        byte = data[place]
        size |= (byte & 127) << shift
        if byte < 128:
            return size, place + 1
        shift += 7


def _read(data: bytes) -> Optional[LineRecord]:
    """Returns the line of a record in our own form, None for any other; may raise IndexError."""
    size, place = _size(data, 1)
    if data[0] != 0x0A or place + size != len(data):
        return None
    values: List[Any] = []
    for form in _FORMS:
        start = place + form.size
        size = data[start - 1]
        if size < _SHORT and data.startswith(form.short[size], place) and size:
            place = start + size
            value = data[start:place]
            values.append(value if form.kind == _BYTES else read_ints(value))
            continue
        found = _long(data, place, form)
        if found is None:
            return None
        value, place = found
        values.append(value)
    if place != len(data) or len(values[3]) != 1 or len(values[6]) != 1:
        return None
    classes, image, form, height, key, text, width = values
    return LineRecord(
        key.decode("utf-8"),
        image,
        form.decode("ascii"),
        height[0],
        width[0],
        text.decode("utf-8"),
        list(classes),
    )


def _long(data: bytes, place: int, form: _Form) -> Optional[Tuple[Any, int]]:
    """Returns the value of the feature at `place`, of any length, and where it ends."""
    if data[place] != 0x0A:
        return None
    size, place = _size(data, place + 1)
    end = place + size
    if not data.startswith(form.head, place):
        return None
    size, place = _size(data, place + len(form.head))
    if place + size != end or data[place] != form.kind:
        return None
    value = _value(data, place, end)
    return None if value is None else (value, end)


def _value(data: bytes, place: int, end: int) -> Any:
    """Returns the bytes, or the numbers, of a feature with one list; None where it is not one."""
    kind = data[place]
    size, place = _size(data, place + 1)
    if place + size != end:
        return None
    if kind == _INT64 and not size:
        return ()
    if data[place] != 0x0A:
        return None
    size, place = _size(data, place + 1)
    if place + size != end:
        return None
    return data[place:end] if kind == _BYTES else read_ints(data[place:end])
