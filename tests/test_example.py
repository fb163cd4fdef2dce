"""tf.train.Example against TensorFlow's own serialisation, over arbitrary feature maps."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocrdata.records.format import decode
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.example import (
    Feature,
    bytes_feature,
    encode_example,
    float_feature,
    int64_feature,
)
from ocrdata.records.format.schema import (
    CLASS,
    ENCODED,
    FORMAT,
    HEIGHT,
    SOURCE_ID,
    TEXT,
    WIDTH,
    LineRecord,
    encode_line,
)

INTS = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 1 << 15)
FLOATS = st.floats(width=32) | st.floats()
FEATURES = st.one_of(
    st.lists(st.binary(max_size=300), max_size=5).map(lambda values: bytes_feature(*values)),
    st.lists(FLOATS, max_size=50).map(float_feature),
    st.lists(INTS, max_size=50).map(int64_feature),
    st.just(Feature("unset", ())),
)
NAMES = st.text(max_size=20) | st.text("ab/é中😀", max_size=200)
MAPS = st.dictionaries(NAMES, FEATURES, max_size=8)


def without_prefixes(features):
    """Drops each name that begins another one: the protocol buffers disagree on their order."""
    names = [n for n in features if not any(o != n and o.startswith(n) for o in features)]
    return {name: features[name] for name in names}


def tf_example(features):
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    example = tf.train.Example()
    example.features.SetInParent()
    for name, feature in features.items():
        made = example.features.feature[name]
        if feature.kind != "unset":
            values = getattr(made, feature.kind + "_list")
            values.SetInParent()
            values.value.extend(feature.values)
    return example


def as_float32(value):
    if math.isnan(value):
        return "nan"
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def comparable(features):
    return {
        name: (kind, [as_float32(v) for v in values] if kind == "float" else list(values))
        for name, (kind, values) in features.items()
    }


@pytest.mark.tf
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(MAPS.map(without_prefixes))
def test_bytes_equal_those_of_tensorflow(features):
    expected = tf_example(features).SerializeToString(deterministic=True)
    assert encode_example(features) == expected


@pytest.mark.tf
def test_names_that_begin_each_other_are_sorted_as_by_tensorflow_1():
    names = ["labels_length", "labels", "", "é", "l"]
    features = {name: int64_feature([len(name)]) for name in names}
    example = tf_example(features)
    parts = [tf_example({n: features[n]}).SerializeToString()[2:] for n in sorted(names)]
    assert encode_example(features)[2:] == b"".join(parts)
    assert type(example).FromString(encode_example(features)) == example


@pytest.mark.tf
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(MAPS)
def test_decodes_what_tensorflow_wrote(features):
    written = tf_example(features).SerializeToString()
    assert comparable(decode_example(written)) == comparable(features)


@pytest.mark.tf
def test_large_values_equal_those_of_tensorflow():
    features = {
        "image/encoded": bytes_feature(b"\xff" * 10_000_000, b""),
        "many": int64_feature(range(-100_000, 100_000, 7)),
        "floats": float_feature([math.nan, math.inf, -math.inf, -0.0, 1e-45, 3.5e38] * 9999),
    }
    assert encode_example(features) == tf_example(features).SerializeToString(deterministic=True)


@pytest.mark.long
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.binary(max_size=20_000), st.lists(INTS, max_size=200), INTS)
def test_a_line_is_encoded_as_any_example(text, image, classes, height):
    line = LineRecord("pic/" + text, image, "jpeg", height, 7, text, classes)
    features = {
        CLASS: int64_feature(classes),
        ENCODED: bytes_feature(image),
        FORMAT: bytes_feature(b"jpeg"),
        HEIGHT: int64_feature([height]),
        WIDTH: int64_feature([7]),
        SOURCE_ID: bytes_feature(line.key.encode()),
        TEXT: bytes_feature(text.encode()),
    }
    assert encode_line(line) == encode_example(features)


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(MAPS)
def test_round_trip(features):
    assert comparable(decode_example(encode_example(features))) == comparable(features)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
def test_a_number_beyond_int64_is_refused(value):
    with pytest.raises(ValueError, match="does not fit in int64"):
        encode_example({"n": int64_feature([value])})


def test_unpacked_numbers_and_unknown_fields_are_read():
    ints = b"\x08\x05" + b"\x08" + b"\xff" * 9 + b"\x01" + b"\x78\x01"
    floats = b"\x0d" + struct.pack("<f", 2.5) + b"\x79" + bytes(8)
    entries = b""
    for name, tag, values in ((b"i", b"\x1a", ints), (b"f", b"\x12", floats)):
        body = tag + bytes([len(values)]) + values
        entry = b"\x12" + bytes([len(body)]) + body + b"\x0a\x01" + name
        entries += b"\x0a" + bytes([len(entry)]) + entry
    found = decode_example(b"\x0a" + bytes([len(entries)]) + entries)
    assert found == {"i": Feature("int64", (5, -1)), "f": Feature("float", (2.5,))}


@pytest.mark.tf
@settings(max_examples=300, deadline=None)
@given(st.lists(MAPS, min_size=2, max_size=2))
def test_joined_messages_merge_as_in_tensorflow(maps):
    data = b"".join(encode_example(features) for features in maps)
    merged = type(tf_example({})).FromString(data)
    again = merged.SerializeToString(deterministic=True)
    assert comparable(decode_example(data)) == comparable(decode_example(again))


@pytest.mark.long
@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=80) | MAPS.map(encode_example), st.data())
def test_damage_is_a_value_error(data, draw):
    cut = draw.draw(st.integers(0, len(data)))
    for candidate in (data, data[:cut], data[cut:]):
        try:
            decode_example(candidate)
        except ValueError as error:
            assert "is not a tf.train.Example" in str(error)


@pytest.mark.long
@given(MAPS, st.data())
@settings(max_examples=400, deadline=None)
def test_the_quick_reader_agrees_with_the_thorough_one(features, draw):
    """On sound and on damaged bytes: the same features, or an error from both."""
    data = bytearray(encode_example(features))
    for _ in range(draw.draw(st.integers(0, 3)) if data else 0):
        place = draw.draw(st.integers(0, len(data) - 1))
        data[place] = draw.draw(st.integers(0, 255))
    quick = outcome(bytes(data))
    original, decode._canonical = decode._canonical, lambda *_: None
    try:
        assert quick == outcome(bytes(data))
    finally:
        decode._canonical = original


def outcome(data):
    try:
        return repr(decode_example(data))
    except ValueError:
        return "error"
