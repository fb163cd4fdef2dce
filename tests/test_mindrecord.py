"""MindRecord files that MindSpore wrote (tests/data/records/write_mindrecord.py), and damage."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import cv2
import numpy as np
import pytest

from ocrdata.base.skips import Skips
from ocrdata.check.artefact import check_path
from ocrdata.errors import InputError, RecordError
from ocrdata.packing.unpack import unpack_archive
from ocrdata.records.legacy.conversion import write_from
from ocrdata.records.legacy.deeptext import open_deeptext
from ocrdata.records.legacy.mindrecord import (
    index_of,
    open_mindrecord,
    read_mindrecord,
    unpack_integers,
)
from ocrdata.records.sources.identify import find_mindrecords
from ocrdata.records.sources.inputs import open_input

PACK = Path(__file__).parent / "data" / "records" / "mindrecord.tar.gz"


@pytest.fixture
def folder(tmp_path):
    unpack_archive(PACK, tmp_path / "set")
    return tmp_path / "set"


def rows_of(folder):
    for path in find_mindrecords(folder):
        for _, fields in read_mindrecord(open_mindrecord(path)):
            yield fields["image"], unpack_integers(fields["annotation"]).reshape(-1, 6)


def test_rows_are_what_was_written(folder):
    found = {}
    for image, boxes in rows_of(folder):
        picture = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR)
        found[picture.shape[1] - 50] = picture, boxes.tolist()
    assert sorted(found) == list(range(7))
    for i, (picture, boxes) in found.items():
        assert np.array_equal(picture, np.full((40, 50 + i, 3), 30 * i, np.uint8))
        rows = [[k, 100 * k, 2 * k + 10, 40000 * i + 70 * k, 1, k % 2] for k in range(1 + i)]
        assert boxes == ([[0, 0, 0, 0, 0, 1]] if i == 3 else rows)


def test_packed_integers_of_every_size():
    values = [0, -1, 127, -128, 128, 32767, -32768, 40000, -(2**31), 2**31, -(2**63)]
    sizes = [1, 1, 1, 1, 2, 2, 2, 4, 4, 8, 8]
    marks = "".join(f"{size.bit_length() - 1:02b}" for size in sizes) + "00"
    data = len(values).to_bytes(4, "big") + int(marks, 2).to_bytes(3, "big")
    data += b"".join(v.to_bytes(s, "little", signed=True) for v, s in zip(values, sizes))
    assert unpack_integers(data).tolist() == values
    for cut in range(len(data)):
        with pytest.raises(ValueError, match="integers"):
            unpack_integers(data[:cut])


def test_records_of_them(folder, tmp_path):
    summary = write_from(folder, tmp_path / "records", original=True)
    assert (summary.task, summary.samples, summary.problems) == ("detection", 7, {})
    samples = [sample for _, sample in open_input(tmp_path / "records").read(Skips())]
    assert sorted(len(sample.regions) for sample in samples) == [0, 1, 2, 3, 5, 6, 7]
    two = next(sample for sample in samples if len(sample.regions) == 2)
    assert two.regions[1].polygon.tolist() == [[1, 100], [12, 100], [12, 40070], [1, 40070]]
    assert [region.ignore for region in two.regions] == [False, True]


def test_a_missing_shard_is_named(folder):
    index_of(folder / "Deeptext-TRAIN1").unlink()
    source, found = open_deeptext(find_mindrecords(folder))
    assert len(list(source.read(Skips()))) == 3
    assert "Deeptext-TRAIN1 is missing" in found.examples["missing-shard"][0]
    assert check_path(folder).problems["missing-shard"] == 1
    assert "missing-shard" not in check_path(folder / "Deeptext-TRAIN0").problems


def test_check_finds_boxes_outside(folder, tmp_path):
    summary = check_path(folder)
    assert summary.checked == {"records": 7}
    assert set(summary.problems) == {"polygon-outside", "polygon-without-area"}
    with pytest.raises(InputError, match="tfrecord --from-original"):
        check_path(folder, fix=tmp_path / "fixed")


@pytest.mark.parametrize("cut", [0, 7, 100, 16384, 16500])
def test_a_cut_file(folder, cut):
    os.truncate(str(folder / "Deeptext-TRAIN0"), cut)
    with pytest.raises(RecordError, match="Deeptext-TRAIN0: (is not a sound|row 0 is damaged)"):
        list(rows_of(folder))
    assert check_path(folder).problems["damaged-record"] == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE INDEXES SET PAGE_ID_BLOB = 7",
        "UPDATE INDEXES SET PAGE_OFFSET_BLOB = -5",
        "UPDATE INDEXES SET PAGE_OFFSET_BLOB = 'x'",
        "DROP TABLE INDEXES",
        "UPDATE INDEXES SET PAGE_OFFSET_BLOB_END = PAGE_OFFSET_BLOB_END - 1",
    ],
)
def test_a_wrong_index(folder, change):
    database = sqlite3.connect(str(index_of(folder / "Deeptext-TRAIN0")))
    with database:
        database.execute(change)
    database.close()
    with pytest.raises(RecordError, match="Deeptext-TRAIN0"):
        list(rows_of(folder))


def test_another_version_is_named(folder):
    path = folder / "Deeptext-TRAIN0"
    path.write_bytes(path.read_bytes().replace(b'"version":"3.0"', b'"version":"2.0"'))
    with pytest.raises(RecordError, match="is MindRecord 2.0, not 3.0"):
        open_mindrecord(path)
