"""tf.train.Example in pure Python: the bytes TensorFlow itself would write; `decode.py` reads them.

An Example is a map from names to features, and a feature is a list of bytes, of float32 or of
int64. In the wire format of protocol buffers every map entry is a message of its own; TensorFlow
sorts the entries by name (deterministic serialisation) and packs the numbers.

The protocol buffers of 2022 and later (upb) put a name behind those that it begins ("labels" behind
"labels_length"), the earlier ones before them. The bytes here are those of the earlier ones on
every Python. Of our layouts only npu-crnn has such a pair, and a reader does not see the order.
"""

from __future__ import annotations

import sys
from array import array
from functools import lru_cache
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Tuple, Union

Values = Union[Tuple[bytes, ...], Tuple[float, ...], Tuple[int, ...]]

BYTES, FLOAT, INT64, UNSET = "bytes", "float", "int64", "unset"
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


# Class indices and lengths are small: looking them up is three times as fast. What is larger than
# this comes too seldom to be kept.
_LIMIT = 1 << 13


class _Varints(Dict[int, bytes]):
    """The bytes of whole numbers, kept for the small ones."""

    def __missing__(self, value: int) -> bytes:
        if not -(1 << 63) <= value < 1 << 63:
            raise ValueError(f"{value} does not fit in int64")
        found = _varint(value & 0xFFFFFFFFFFFFFFFF)
        if 0 <= value < _LIMIT:
            self[value] = found
        return found


_VARINTS = _Varints()
_length = _VARINTS.__getitem__


def _bytes_list(values: Any) -> List[bytes]:
    parts: List[bytes] = []
    for value in values:
        parts += (b"\x0a", _length(len(value)), value)
    return parts


def _pack_floats(values: Any) -> bytes:
    numbers = array("f", values)
    if not _LITTLE:
        numbers.byteswap()
    return numbers.tobytes()


def pack_numbers(values: Iterable[int]) -> bytes:
    """Returns the values of an int64 feature; raises ValueError for one that is too large."""
    return b"".join(map(_VARINTS.__getitem__, values))


_TAGS = {BYTES: b"\x0a", FLOAT: b"\x12", INT64: b"\x1a"}
# Lists of numbers are one string of bytes.
_PACK: Dict[str, Callable[[Any], bytes]] = {FLOAT: _pack_floats, INT64: pack_numbers}


@lru_cache(maxsize=1024)
def _name(name: str) -> bytes:
    encoded = name.encode("utf-8")
    return b"\x0a" + _length(len(encoded)) + encoded


def _around(name: str, inner: bytes, size: int) -> bytes:
    """Returns all of a map entry but the last `size` bytes of its list, which begins as `inner`."""
    head = _name(name) + b"\x12" + _length(len(inner) + size) + inner
    return b"\x0a" + _length(len(head) + size) + head


class Heads(Dict[int, bytes]):
    """All of a map entry but its values, by the size of these in bytes: sizes are few.

    `kind` is "bytes", of one string, "float" or "int64".
    """

    def __init__(self, name: str, kind: str) -> None:
        self._name, self._kind = name, kind

    def __missing__(self, size: int) -> bytes:
        # No numbers are no list at all, while an empty string is one.
        own = b"\x0a" + _length(size) if size or self._kind == BYTES else b""
        length = _length(len(own) + size)
        head = _around(self._name, _TAGS[self._kind] + length + own, size)
        if size < _LIMIT:
            self[size] = head
        return head


@lru_cache(maxsize=256)
def heads_of(name: str, kind: str) -> Heads:
    """Returns the heads of a feature."""
    return Heads(name, kind)


@lru_cache(maxsize=65536)
def number_entry(name: str, value: int) -> bytes:
    """Returns a map entry of one number; sizes of pictures are the same again and again."""
    data = pack_numbers((value,))
    return heads_of(name, INT64)[len(data)] + data


def join_entries(entries: Iterable[bytes]) -> bytes:
    """Returns the Example of map entries, or of their parts, which must be sorted by name."""
    body = b"".join(entries)
    return b"".join((b"\x0a", _length(len(body)), body))


def encode_example(features: Mapping[str, Feature]) -> bytes:
    """Returns a serialised tf.train.Example, equal to SerializeToString(deterministic=True).

    Raises ValueError for a number that does not fit in int64.
    """
    entries: List[bytes] = []
    for name in sorted(features):
        feature = features[name]
        kind: str = feature.kind
        values: Any = feature.values
        if kind == INT64 and len(values) == 1:
            entries.append(number_entry(name, values[0]))
        elif kind in _PACK:
            data = _PACK[kind](values)
            entries += (heads_of(name, kind)[len(data)], data)
        elif kind == UNSET:
            entries.append(_around(name, b"", 0))
        elif len(values) == 1:
            entries += (heads_of(name, kind)[len(values[0])], values[0])
        else:
            parts = _bytes_list(values)
            size = sum(map(len, parts))
            entries += (_around(name, _TAGS[kind] + _length(size), size), *parts)
    return join_entries(entries)
