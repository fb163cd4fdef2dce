"""tf.train.Example read back, whoever wrote it.

Nearly all records have the one form that TensorFlow writes, which `_canonical` reads quickly. What
it does not know, damage included, is left to the reader of any protocol buffer behind it.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, Dict, Iterator, List, Optional, Tuple

from ocrdata.records.format.example import BYTES, FLOAT, INT64, UNSET, Feature

_KINDS = {1: BYTES, 2: FLOAT, 3: INT64}
_BY_TAG = {0x0A: BYTES, 0x12: FLOAT, 0x1A: INT64}
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_NOT = "is not a tf.train.Example: "
_NEGATIVE = 1 << 63
_MODULUS = 1 << 64


# --- what TensorFlow writes


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> str:
    return raw.decode("utf-8")


def read_ints(packed: bytes) -> Tuple[int, ...]:
    """Returns the numbers of a packed list; raises IndexError where it ends inside one."""
    if not packed or max(packed) < 128:
        return tuple(packed)
    values: List[int] = []
    position, end = 0, len(packed)
    while position < end:
        byte = packed[position]
        position += 1
        value = byte & 127
        shift = 7
        while byte > 127:
            byte = packed[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
        if shift > 70:
            raise IndexError("a number of more than ten bytes")
        value &= _MODULUS - 1
        values.append(value if value < _NEGATIVE else value - _MODULUS)
    return tuple(values)


def _byte_strings(data: bytes, position: int, end: int) -> Optional[Tuple[bytes, ...]]:
    values = []
    while position < end:
        if data[position] != 0x0A:
            return None
        size = data[position + 1]
        position += 2
        if size > 127:
            size, position = _read_varint(data, position - 1, end)
        if position + size > end:
            return None
        values.append(data[position : position + size])
        position += size
    return tuple(values)


def _numbers(data: bytes, kind: str, position: int, end: int) -> Optional[Tuple[Any, ...]]:
    if position == end:
        return ()
    if data[position] != 0x0A:
        return None
    size, position = _read_varint(data, position + 1, end)
    if position + size != end or (kind == FLOAT and size & 3):
        return None
    packed = data[position:end]
    return read_ints(packed) if kind == INT64 else struct.unpack(f"<{size >> 2}f", packed)


def _canonical(data: bytes, position: int, end: int) -> Optional[Tuple[str, Feature]]:
    """Returns (name, feature) of a map entry in TensorFlow's form, None for any other form.

    May raise IndexError or ValueError where the entry is damaged.
    """
    size = data[position + 1]
    start = position + 2
    stop = start + size
    if data[position] != 0x0A or size > 127 or stop >= end or data[stop] != 0x12:
        return None
    size, position = _read_varint(data, stop + 1, end)
    if position + size != end or not size:
        return None
    kind = _BY_TAG.get(data[position])
    size, position = _read_varint(data, position + 1, end)
    if kind is None or position + size != end:
        return None
    if kind == BYTES:
        values: Any = _byte_strings(data, position, end)
    else:
        values = _numbers(data, kind, position, end)
    return None if values is None else (_name(data[start:stop]), Feature(kind, values))


def _entry(data: bytes, position: int, end: int) -> Tuple[str, Feature]:
    try:
        found = _canonical(data, position, end)
    except (IndexError, ValueError):
        found = None
    return found or _read_entry(data, position, end)


# --- any protocol buffer


def _read_varint(data: bytes, start: int, end: int) -> Tuple[int, int]:
    if start < end and data[start] < 128:
        return data[start], start + 1
    value = shift = 0
    position = start
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
    raise ValueError(_NOT + f"a number at byte {start} has no end")


def _fields(data: bytes, start: int, end: int) -> Iterator[Tuple[int, int, int, int]]:
    """Yields (field number, wire type, start, end of its content) of one message."""
    position = start
    while position < end:
        begin = position
        tag, position = _read_varint(data, position, end)
        wire = tag & 7
        if wire == _LENGTH:
            size, position = _read_varint(data, position, end)
            stop = position + size
        elif wire == _VARINT:
            stop = _read_varint(data, position, end)[1]
        elif wire in (_FIXED64, _FIXED32):
            stop = position + (8 if wire == _FIXED64 else 4)
        else:
            raise ValueError(_NOT + f"wire type {wire} at {begin}")
        if stop > end or tag < 8:
            raise ValueError(_NOT + f"bad field at byte {begin}")
        yield tag >> 3, wire, position, stop
        position = stop


def _read_ints(data: bytes, wire: int, start: int, end: int) -> List[int]:
    values = []
    position = start
    while position < end:
        value, position = _read_varint(data, position, end)
        values.append(value - (1 << 64) if value >> 63 else value)
    return values


def _read_floats(data: bytes, wire: int, start: int, end: int) -> List[float]:
    count, rest = divmod(end - start, 4)
    if rest:
        raise ValueError(_NOT + f"float list of odd length at {start}")
    return list(struct.unpack_from(f"<{count}f", data, start))


def _read_list(data: bytes, kind: str, start: int, end: int) -> List[Any]:
    values: List[Any] = []
    for field, wire, begin, stop in _fields(data, start, end):
        if field != 1:
            continue
        if kind == BYTES and wire == _LENGTH:
            values.append(data[begin:stop])
        elif kind == FLOAT and wire in (_LENGTH, _FIXED32):
            values += _read_floats(data, wire, begin, stop)
        elif kind == INT64 and wire in (_LENGTH, _VARINT):
            values += _read_ints(data, wire, begin, stop)
    return values


def _read_feature(data: bytes, start: int, end: int, into: Feature) -> Feature:
    for field, wire, begin, stop in _fields(data, start, end):
        kind = _KINDS.get(field)
        if kind is not None and wire == _LENGTH:
            # Of two kinds the last one counts; two lists of one kind are joined.
            before: Tuple[Any, ...] = into.values if into.kind == kind else ()
            into = Feature(kind, before + tuple(_read_list(data, kind, begin, stop)))
    return into


def _read_entry(data: bytes, start: int, end: int) -> Tuple[str, Feature]:
    name, feature = "", Feature(UNSET, ())
    for field, wire, begin, stop in _fields(data, start, end):
        if wire == _LENGTH and field == 1:
            try:
                name = data[begin:stop].decode("utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(_NOT + f"the name at byte {begin} is not UTF-8") from error
        elif wire == _LENGTH and field == 2:
            feature = _read_feature(data, begin, stop, feature)
    return name, feature


def decode_example(data: bytes) -> Dict[str, Feature]:
    """Returns the features of a serialised tf.train.Example, whoever wrote it.

    Raises ValueError saying at which byte it stops being one.
    """
    features = {}
    for field, wire, start, end in _fields(data, 0, len(data)):
        if field != 1 or wire != _LENGTH:
            continue
        for entry, kind, begin, stop in _fields(data, start, end):
            if entry == 1 and kind == _LENGTH:
                name, feature = _entry(data, begin, stop)
                features[name] = feature
    return features
