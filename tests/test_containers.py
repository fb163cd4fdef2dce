"""LMDB, WebDataset and Parquet: what an exporter writes, the importer of its name reads again."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exporters import PICTURES, as_region, load, regions, texts
from test_importers_contract import EXTRA

from ocrdata.base.sample import Sample
from ocrdata.errors import AnnotationError, MissingExtraError
from ocrdata.importers import IMPORTERS
from ocrdata.importers.engine import import_dataset
from ocrdata.importers.run import ImportOptions

EVERY = [
    ("lmdb", "recognition"),
    ("webdataset", "recognition"),
    ("parquet", "recognition"),
    ("webdataset", "detection"),
    ("parquet", "detection"),
]


def importer_of(name, task="recognition"):
    return dataclasses.replace(IMPORTERS.load(name), task=task)


def as_rows(samples):
    return [
        (
            one.text,
            one.image_bytes(),
            [(region.polygon.tolist(), region.text, region.ignore) for region in one.regions],
        )
        for one in samples
    ]


@pytest.mark.parametrize(("name", "task"), EVERY)
@settings(max_examples=5)
@given(labels=st.lists(texts, min_size=1, max_size=4), truths=st.lists(regions, min_size=4))
def test_what_was_written_is_read(name, task, tmp_path_factory, labels, truths):
    exporter, folder = load(name, task), tmp_path_factory.mktemp("set")
    scenes = task == "detection"
    samples = [
        Sample(
            f"a/{number}.jpg",
            PICTURES[number % 3],
            None if scenes else label,
            tuple(map(as_region, truth)) if scenes else (),
        )
        for number, (label, truth) in enumerate(zip(labels, truths))
    ]
    # A region without anything to read is one to ignore, whoever wrote it.
    samples = [
        dataclasses.replace(
            one,
            regions=tuple(
                dataclasses.replace(r, ignore=r.ignore or not r.text.strip()) for r in one.regions
            ),
        )
        for one in samples
    ]
    importer = importer_of(name, task)
    for split in ("train", "validation", "test"):
        exporter.write(samples, folder, split)
    assert importer.splits(folder) == ["train", "validation", "test"]
    for split in ("train", "validation", "test"):
        assert as_rows(importer.read(folder, split)) == as_rows(samples)


@pytest.mark.parametrize(("name", "task"), EVERY)
def test_an_import_gives_the_pictures_back(name, task, tmp_path):
    samples = [
        Sample(f"a/img_{n}.jpg", data, None if task == "detection" else f"文{n}")
        for n, data in enumerate(PICTURES)
    ]
    load(name, task).write(samples, tmp_path / "set")
    options = ImportOptions(test_fraction=0.0)
    summary = import_dataset(importer_of(name, task), tmp_path / "set", tmp_path / "d", options)
    assert (summary.samples, summary.train, summary.unused) == (3, 3, {})
    found = sorted(p.read_bytes() for p in (tmp_path / "d").rglob("*.*g") if p.is_file())
    assert found == sorted(PICTURES)


@pytest.mark.parametrize("name", ["lmdb", "parquet"])
def test_without_its_library_the_extra_is_named(name, monkeypatch, tmp_path):
    import sys

    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "data.mdb").write_bytes(b"")
    (tmp_path / "train" / "a.parquet").write_bytes(b"")
    module = "pyarrow.parquet" if name == "parquet" else "lmdb"
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"ocrdata\[{name}\]"):
        list(IMPORTERS.load(name).read(tmp_path, "train"))


def put(path, files):
    with tarfile.open(str(path), "w") as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def test_odd_members_of_a_tar_are_counted_or_named(tmp_path):
    files = [("a.png", PICTURES[1]), ("b.txt", b"x"), ("c.png", PICTURES[1]), ("c.txt", b"yes")]
    put(tmp_path / "part.tar", files)
    with pytest.raises(AnnotationError, match="b has no pictures beside its truth"):
        list(IMPORTERS.load("webdataset").read(tmp_path, "train"))
    options = ImportOptions(skip_errors=True)
    summary = import_dataset(IMPORTERS.load("webdataset"), tmp_path, tmp_path / "out", options)
    assert summary.samples == 2 and summary.skipped == {"picture missing": 1}
    assert summary.unused == {"picture without an annotation": 1}
    whole = (tmp_path / "part.tar").read_bytes()
    (tmp_path / "part.tar").write_bytes(whole[:700])
    with pytest.raises(AnnotationError, match="damaged archive"):
        list(IMPORTERS.load("webdataset").read(tmp_path, "train"))


def test_the_other_task_is_named(tmp_path):
    truth = json.dumps({"regions": []}).encode()
    put(tmp_path / "part.tar", [("a.png", PICTURES[1]), ("a.json", truth)])
    with pytest.raises(AnnotationError, match="add --task detection"):
        list(IMPORTERS.load("webdataset").read(tmp_path, "train"))
    put(tmp_path / "part.tar", [("a.png", PICTURES[1]), ("a.txt", b"x")])
    with pytest.raises(AnnotationError, match="leave out --task"):
        list(importer_of("webdataset", "detection").read(tmp_path, "train"))


def test_parquet_of_other_hands(tmp_path):
    pytest.importorskip(EXTRA["parquet"], reason="the extra parquet is not installed")
    import pyarrow as arrow
    from pyarrow import parquet

    where = str(tmp_path / "train-00000-of-00001-0123456789abcdef.parquet")
    (tmp_path / "b.png").write_bytes(PICTURES[1])
    images = [{"bytes": PICTURES[0], "path": None}, {"bytes": None, "path": "b.png"}]
    images.append({"bytes": None, "path": "lost.png"})
    table = arrow.table({"image": images, "sentence": ["x", "y", "z"]})
    parquet.write_table(table, where)
    with pytest.raises(AnnotationError, match="--text-attribute"):
        list(IMPORTERS.load("parquet").read(tmp_path, "train"))
    importer = dataclasses.replace(IMPORTERS.load("parquet"), text_attribute=("sentence",))
    met = []
    samples = list(importer.read(tmp_path, "train", lambda *row: met.append(row)))
    assert [one.text for one in samples] == ["x", "y"]
    assert [one.image_bytes() for one in samples] == PICTURES[:2]
    assert "row 3 has no picture" in str(met[0][1])

    rows = [[{"bbox": [1.0, 2.0, 3.0, 4.0], "text": "a"}], []]
    parquet.write_table(arrow.table({"image": [PICTURES[0]] * 2, "objects": rows}), where)
    samples = list(importer_of("parquet", "detection").read(tmp_path, "train"))
    (region,) = samples[0].regions
    assert np.array_equal(region.polygon, [[1, 2], [4, 2], [4, 6], [1, 6]]) and region.text == "a"
