"""tf.train.Example in pure Python: the bytes TensorFlow itself would write, and back.

An Example is a map from names to features, and a feature is a list of bytes, of float32 or of
int64. In the wire format of protocol buffers every map entry is a message of its own; TensorFlow
sorts the entries by name (deterministic serialisation) and packs the numbers.

The protocol buffers of 2022 and later (upb) put a name behind those that it begins ("labels" behind
"labels_length"), the earlier ones before them. The bytes here are those of the earlier ones on
every Python; no layout of ours has such a pair, and a reader does not see the order.
"""

from __future__ import annotations

import struct
import sys
from array import array
from functools import lru_cache
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Tuple, Union

Values = Union[Tuple[bytes, ...], Tuple[float, ...], Tuple[int, ...]]

BYTES, FLOAT, INT64, UNSET = "bytes", "float", "int64", "unset"
_KINDS = {1: BYTES, 2: FLOAT, 3: INT64}
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_NOT = "is not a tf.train.Example: "
_LITTLE = sys.byteorder == "little"


class Feature(NamedTuple):
    """One named list of an Example: `kind` is "bytes", "float", "int64" or "unset" (no list)."""

    kind: str
    values: Values


def bytes_feature(*values: bytes) -> Feature:
    """Returns a feature that holds byte strings."""
    return Feature(BYTES, values)


def float_feature(values: Iterable[float]) -> Feature:
    """Returns a feature that holds numbers, stored as float32 (too large ones become infinite)."""
    return Feature(FLOAT, tuple(values))


def int64_feature(values: Iterable[int]) -> Feature:
    """Returns a feature that holds whole numbers in [-2**63, 2**63)."""
    return Feature(INT64, tuple(values))


# --- writing


def _varint(value: int) -> bytes:
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    groups.append(value)
    return bytes(groups)


# Class indices and lengths are small, and looking them up is three times as fast.
_SMALL = tuple(_varint(value) for value in range(1 << 14))
_LIMIT = len(_SMALL)


def _length(count: int) -> bytes:
    return _SMALL[count] if count < _LIMIT else _varint(count)


def _signed(value: int) -> bytes:
    if 0 <= value < _LIMIT:
        return _SMALL[value]
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError("{} does not fit in int64".format(value))
    return _varint(value & 0xFFFFFFFFFFFFFFFF)


def _bytes_list(values: Any) -> List[bytes]:
    parts: List[bytes] = []
    for value in values:
        parts += (b"\x0a", _length(len(value)), value)
    return parts


def _float_list(values: Any) -> List[bytes]:
    numbers = array("f", values)
    if not _LITTLE:
        numbers.byteswap()
    return _packed(numbers.tobytes())


def _int64_list(values: Any) -> List[bytes]:
    return _packed(b"".join([_signed(value) for value in values]))


def _packed(data: bytes) -> List[bytes]:
    return [b"\x0a", _length(len(data)), data] if data else []


_LISTS: Dict[str, Tuple[bytes, Callable[[Any], List[bytes]]]] = {
    BYTES: (b"\x0a", _bytes_list),
    FLOAT: (b"\x12", _float_list),
    INT64: (b"\x1a", _int64_list),
}


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    encoded = name.encode("utf-8")
    return b"\x0a" + _length(len(encoded)) + encoded


def _feature(feature: Feature) -> Tuple[List[bytes], int]:
    if feature.kind == UNSET:
        return [], 0
    tag, encode = _LISTS[feature.kind]
    parts = encode(feature.values)
    size = sum(map(len, parts))
    head = tag + _length(size)
    return [head, *parts], len(head) + size


def encode_example(features: Mapping[str, Feature]) -> bytes:
    """Returns a serialised tf.train.Example, equal to SerializeToString(deterministic=True).

    Raises ValueError for a number that does not fit in int64.
    """
    entries: List[bytes] = []
    total = 0
    for name in sorted(features):
        parts, size = _feature(features[name])
        head = _name(name)
        body = b"\x12" + _length(size)
        length = len(head) + len(body) + size
        prefix = b"\x0a" + _length(length) + head + body
        total += len(prefix) + size
        entries.append(prefix)
        entries += parts
    return b"".join([b"\x0a", _length(total), *entries])


# --- reading


def _read_varint(data: bytes, start: int, end: int) -> Tuple[int, int]:
    value = shift = 0
    position = start
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
    raise ValueError(_NOT + "a number at byte {} has no end".format(start))


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
            raise ValueError(_NOT + "wire type {} at {}".format(wire, begin))
        if stop > end or tag < 8:
            raise ValueError(_NOT + "bad field at byte {}".format(begin))
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
        raise ValueError(_NOT + "float list of odd length at {}".format(start))
    return list(struct.unpack_from("<{}f".format(count), data, start))


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
                raise ValueError(_NOT + "the name at byte {} is not UTF-8".format(begin)) from error
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
                name, feature = _read_entry(data, begin, stop)
                features[name] = feature
    return features
