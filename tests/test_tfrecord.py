"""The TFRecord format against TensorFlow's writer, and every kind of damage."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocrdata.errors import OptionError, RecordError
from ocrdata.records.format.tfrecord import read_examples, read_records, scan_records
from ocrdata.records.format.tfrecord_writer import open_writer

RECORDS = [b"first", b"", "风华正茂".encode() * 3, bytes(range(256))]


def write(path, records, compression="none"):
    with open_writer(path, compression) as writer:
        for record in records:
            writer.write(record)
    return writer


def write_with_tensorflow(path, records, compression=""):
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)


@pytest.mark.tf
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.binary(max_size=2000), max_size=20))
def test_bytes_equal_those_of_tensorflow(tmp_path, records):
    write(tmp_path / "ours", records)
    write_with_tensorflow(tmp_path / "theirs", records)
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.tf
@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_reads_what_tensorflow_wrote(tmp_path, compression):
    records = [*RECORDS, os.urandom(3_000_000)]
    write_with_tensorflow(tmp_path / "theirs", records, compression)
    assert list(read_records(tmp_path / "theirs")) == records


@pytest.mark.tf
def test_tensorflow_reads_our_gzip(tmp_path):
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    write(tmp_path / "ours", RECORDS, "gzip")
    read = tf.compat.v1.io.tf_record_iterator(
        str(tmp_path / "ours"),
        tf.compat.v1.io.TFRecordOptions(tf.compat.v1.io.TFRecordCompressionType.GZIP),
    )
    assert list(read) == RECORDS


def test_writer_knows_count_size_and_digest(tmp_path):
    import hashlib

    writer = write(tmp_path / "a", RECORDS)
    data = (tmp_path / "a").read_bytes()
    assert (writer.count, writer.size) == (4, len(data))
    assert writer.sha256 == hashlib.sha256(data).hexdigest()


def test_gzip_gives_the_same_bytes_every_time(tmp_path):
    write(tmp_path / "a", RECORDS, "gzip")
    write(tmp_path / "b", RECORDS, "gzip")
    data = (tmp_path / "a").read_bytes()
    assert data == (tmp_path / "b").read_bytes()
    assert data[4:8] == bytes(4)
    assert len(gzip.decompress(data)) == sum(16 + len(r) for r in RECORDS)


def test_an_error_leaves_nothing_and_keeps_what_was_there(tmp_path):
    write(tmp_path / "a", [b"before"])
    with pytest.raises(KeyError), open_writer(tmp_path / "a") as writer:
        writer.write(b"x" * 5_000_000)
        raise KeyError
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert list(read_records(tmp_path / "a")) == [b"before"]


def test_nothing_has_the_final_name_before_the_end(tmp_path):
    with open_writer(tmp_path / "a") as writer:
        writer.write(b"x" * 5_000_000)
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a").stat().st_mode & 0o444


def test_unknown_compression(tmp_path):
    with pytest.raises(OptionError, match="no compression is called lz4"):
        write(tmp_path / "a", [], "lz4")


def test_an_empty_file_has_no_records(tmp_path):
    write(tmp_path / "a", [])
    assert (tmp_path / "a").read_bytes() == b""
    assert list(scan_records(tmp_path / "a")) == []


def boundaries(records):
    ends = [0]
    for record in records:
        ends.append(ends[-1] + 16 + len(record))
    return ends


def test_each_flipped_bit_is_found(tmp_path):
    records = [b"abc", b"", b"0123456789"]
    write(tmp_path / "a", records)
    data = (tmp_path / "a").read_bytes()
    ends = boundaries(records)
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "b").write_bytes(bytes(damaged))
        number = max(i for i, end in enumerate(ends) if end <= bit // 8)
        with pytest.raises(RecordError, match=f"record {number} at byte {ends[number]} "):
            list(read_records(tmp_path / "b"))


def test_each_truncation_is_found(tmp_path):
    records = [b"abc", b"", b"0123456789"]
    write(tmp_path / "a", records)
    data = (tmp_path / "a").read_bytes()
    ends = boundaries(records)
    for size in range(len(data)):
        (tmp_path / "b").write_bytes(data[:size])
        found = list(scan_records(tmp_path / "b"))
        whole = [record.data for record in found if not record.problem]
        assert whole == records[: len(whole)]
        assert (size in ends) == (len(found) == len(whole))
        assert size in ends or "cut off" in found[-1].problem


def test_records_behind_damaged_data_are_still_read(tmp_path):
    write(tmp_path / "a", [b"one", b"two", b"three"])
    data = bytearray((tmp_path / "a").read_bytes())
    data[19 + 12] ^= 1
    (tmp_path / "a").write_bytes(bytes(data))
    found = list(scan_records(tmp_path / "a"))
    assert [record.problem for record in found] == ["", "has data with a wrong checksum", ""]
    assert (found[2].offset, found[2].data) == (38, b"three")


@pytest.mark.parametrize("size", [1 << 20, 1 << 30, (1 << 31) + 1, 1 << 62, (1 << 64) - 1])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_false_length_with_a_right_checksum(tmp_path, size, pack):
    from ocrdata.records.format.tfrecord import masked_crc

    length = struct.pack("<Q", size)
    data = length + struct.pack("<I", masked_crc(length)) + b"few bytes"
    (tmp_path / "a").write_bytes(pack(data))
    with pytest.raises(RecordError, match="record 0 at byte 0 (is cut off|claims)"):
        list(read_records(tmp_path / "a"))


@pytest.mark.parametrize("cut", [11, 30, -9, -1])
def test_a_cut_gzip_file(tmp_path, cut):
    write(tmp_path / "a", [os.urandom(1000)], "gzip")
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:cut])
    with pytest.raises(RecordError, match="gzip|cut off|damaged|cannot be read"):
        list(read_records(tmp_path / "a"))


def test_a_damaged_gzip_file(tmp_path):
    data = bytearray(gzip.compress(b"x" * 10000))
    data[20] ^= 0xFF
    (tmp_path / "a").write_bytes(bytes(data))
    with pytest.raises(RecordError, match="a: "):
        list(read_records(tmp_path / "a"))


def test_a_length_that_begins_like_gzip(tmp_path):
    record = b"z" * 0x88B1F
    write(tmp_path / "a", [record])
    assert (tmp_path / "a").read_bytes()[:3] == b"\x1f\x8b\x08"
    assert list(read_records(tmp_path / "a")) == [record]


@pytest.mark.parametrize("content", [b"not records at all, just text", b"\x89PNG\r\n\x1a\n" * 9])
def test_another_file_is_named(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(RecordError, match="not a TFRecord file, or damaged"):
        list(read_records(tmp_path / "a"))


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(RecordError, match="cannot be read: No such file"):
        list(read_records(tmp_path / "missing"))
    with pytest.raises(RecordError, match="cannot be read: Is a directory"):
        list(read_records(tmp_path))


def test_a_record_that_is_no_example(tmp_path):
    write(tmp_path / "a", [b"", b"garbage"])
    with pytest.raises(RecordError, match="record 1 at byte 16 is not a tf.train.Example"):
        list(read_examples(tmp_path / "a"))


def test_gzip_files_of_other_programs(tmp_path):
    """In several members, as `cat` and parallel writers leave them, with names and times."""
    records = [b"first", b"second", b"", b"x" * 70_000]
    with open_writer(tmp_path / "plain") as writer:
        for record in records:
            writer.write(record)
    content = (tmp_path / "plain").read_bytes()
    with (tmp_path / "a.gz").open("wb") as stream:
        for part in (content[:7], content[7:40], content[40:]):
            with gzip.GzipFile("a name", "wb", 9, stream, mtime=1234567890) as packed:
                packed.write(part)
    assert list(read_records(tmp_path / "a.gz")) == records


def test_a_flipped_bit_of_a_gzip_file_is_found(tmp_path):
    with open_writer(tmp_path / "a", "gzip") as writer:
        for number in range(20):
            writer.write(b"%d" % number * 20)
    content = (tmp_path / "a").read_bytes()
    sound = list(read_records(tmp_path / "a"))
    missed = []
    # The first bytes are the gzip header, whose time and system mean nothing.
    for bit in range(8 * 10, 8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        (tmp_path / "b").write_bytes(bytes(damaged))
        try:
            found = list(read_records(tmp_path / "b"))
        except RecordError as error:
            assert str(tmp_path / "b") in str(error)
        else:
            if found != sound:
                missed.append(bit)
    assert not missed


@pytest.mark.parametrize("name", ["node.tfrecord", "node.tfrecord.gz"])
def test_records_that_javascript_wrote(name):
    """By the npm package `tfrecord`; tests/data/records/write_node.js is the script."""
    found = list(read_examples(Path(__file__).parent / "data" / "records" / name))
    values = [{key: list(feature.values) for key, feature in one.items()} for one in found]
    assert len(values) == 5
    for i, one in enumerate(values):
        assert one["number"] == [i - 2]
        assert one["image/class"] == ([i, 1000 * i, 2**40 + i] if i else [])
        assert one["weights"] == [0.5 * i, -1.25]
        assert one["image/text"][0].decode() == "风华正茂!"[: i + 1]
        assert one["image/encoded"] == [bytes([i]) * (100 * i + 1)]
