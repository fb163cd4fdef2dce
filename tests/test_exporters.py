"""Every exporter: what other tools read of its files is what went in."""

from __future__ import annotations

import collections
import dataclasses
import io

import numpy as np
import pytest
from export_readers import READERS
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ocrdata.base.sample import Region, Sample
from ocrdata.errors import InputError, MissingExtraError
from ocrdata.exporters import EXPORTERS, base

NAMES = EXPORTERS.names()
LIBRARIES = {"lmdb": "lmdb", "webdataset": "webdataset", "parquet": "pyarrow"}
# A file with a sample a line has no other way to say that a line ends.
ONE_LINE = ("easyocr", "icdar2015", "paddleocr", "tesseract", "trdg")


def exporters():
    for name in NAMES:
        for task in EXPORTERS.load(name).info.tasks:
            yield name, task


EVERY = list(exporters())
LINES = [name for name, task in EVERY if task == "recognition"]
SCENES = [name for name, task in EVERY if task == "detection"]


def load(name, task):
    if name in LIBRARIES:
        reason = f"the extra {name} is not installed"
        pytest.importorskip(LIBRARIES[name], reason=reason)
    return dataclasses.replace(EXPORTERS.load(name), task=task)


def picture(number=0, form="JPEG", size=(40, 24)):
    pixels = np.random.RandomState(number).randint(0, 255, (size[1], size[0], 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


PICTURES = [picture(0), picture(1, "PNG"), picture(2)]


def as_pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def same_picture(name, before, after):
    if name == "tesseract" and before[:2] == b"\xff\xd8":
        return (as_pixels(before) == as_pixels(after)).all()
    return before == after


def plain(name, text):
    if name not in ONE_LINE:
        return text
    return "".join(" " if c in "\t\n\v\f\r" else c for c in text)


def test_every_format_is_read_back():
    assert set(READERS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_info_is_complete(name):
    exporter = EXPORTERS.load(name)
    info = exporter.info
    assert info.name == name and info.title and info.readers and info.tree.strip()
    assert info.homepage.startswith("https://")
    assert set(info.tasks) <= {"recognition", "detection"} and exporter.task in info.tasks
    with pytest.raises(dataclasses.FrozenInstanceError):
        exporter.task = "other"


texts = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=20
)


@pytest.mark.parametrize("name", LINES)
@settings(max_examples=8)
@given(labels=st.lists(texts, min_size=1, max_size=4))
def test_lines_come_back(name, tmp_path_factory, labels):
    exporter = load(name, "recognition")
    folder = tmp_path_factory.mktemp("lines")
    samples = [Sample(f"{n}.jpg", PICTURES[n % 3], text) for n, text in enumerate(labels)]
    assert exporter.write(samples, folder, "validation") == len(samples)
    found = list(READERS[name](folder, "validation", "recognition"))
    assert [text for text, _ in found] == [plain(name, text) for text in labels]
    for sample, (_, data) in zip(samples, found):
        assert same_picture(name, sample.image, data)


coordinates = st.integers(0, 160).map(lambda n: n / 4)
outlines = st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4, unique=True)
# Two regions of one text, and one to ignore, are in every example.
regions = st.lists(st.builds(lambda p, t, i: (p, t, i), outlines, texts, st.booleans()), max_size=3)


def as_region(row):
    points, text, ignore = row
    return Region(np.array(points, np.float32), text, ignore)


def expected_regions(name, rows):
    """What a format can hold of regions."""
    kept = [row for row in rows if not (row[2] and name in ("doctr", "yolo", "yolo-obb"))]
    for points, text, ignore in kept:
        if name == "yolo":
            low, high = np.min(points, axis=0), np.max(points, axis=0)
            points = [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])]
        if name in ("doctr", "yolo", "yolo-obb") or (name in ONE_LINE and ignore):
            text = None
        elif name == "icdar2015":
            text = plain(name, text)
        yield points, text, ignore


@pytest.mark.parametrize("name", SCENES)
@settings(max_examples=8)
@given(truths=st.lists(regions, min_size=1, max_size=3))
def test_scenes_come_back(name, tmp_path_factory, truths):
    exporter = load(name, "detection")
    folder = tmp_path_factory.mktemp("scenes")
    samples = [
        Sample(f"a/{n}.jpg", PICTURES[n % 3], None, tuple(map(as_region, rows)))
        for n, rows in enumerate(truths)
    ]
    if name == "doctr":
        # It cannot read a picture without a region.
        holds = [not all(ignore for _, _, ignore in rows) for rows in truths]
        samples, truths = ([one for one, h in zip(all_, holds) if h] for all_ in (samples, truths))
    given = [*samples, Sample("none.jpg", PICTURES[0], None)] if name == "doctr" else samples
    assert exporter.write(given, folder) == len(samples)
    found = list(READERS[name](folder, "train", "detection"))
    assert [data for _, data in found] == [sample.image for sample in samples]
    for rows, (after, _) in zip(truths, found):
        before = list(expected_regions(name, rows))
        assert [(t, i) for _, t, i in after] == [
            (t, i) if t != "###" or name not in ("paddleocr", "icdar2015") else (None, True)
            for _, t, i in before
        ]
        for (points, _, _), (again, _, _) in zip(before, after):
            assert np.allclose(points, again, atol=1e-4 if "yolo" in name else 0.005)


@pytest.mark.parametrize("name", SCENES)
def test_curved_texts_are_kept_or_made_quads(name, tmp_path):
    exporter = load(name, "detection")
    angles = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    ring = np.stack([20 + 9 * np.cos(angles), 12 + 9 * np.sin(angles)], 1).astype(np.float32)
    exporter.write([Sample("a.jpg", PICTURES[0], None, (Region(ring, "round"),))], tmp_path)
    (((points, _, _),), _), *_ = READERS[name](tmp_path, "train", "detection")
    if name in ("doctr", "icdar2015", "yolo", "yolo-obb"):
        points = np.array(points)
        assert points.shape == (4, 2) and np.allclose(points.mean(axis=0), (20, 12), atol=0.6)
    else:
        assert np.allclose(points, ring, atol=1e-3)


@pytest.mark.parametrize(("name", "task"), EVERY)
def test_a_damaged_picture_is_refused(name, task, tmp_path):
    text = "x" if task == "recognition" else None
    for data in (b"", b"no picture", PICTURES[0][:-30], PICTURES[1][:-30]):
        with pytest.raises((InputError, ValueError)):
            load(name, task).write([Sample("a.jpg", data, text)], tmp_path)


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_a_missing_library_names_its_extra(name, tmp_path, monkeypatch):
    import sys

    for module in [m for m in sys.modules if m.split(".")[0] == LIBRARIES[name]]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, LIBRARIES[name], None)
    with pytest.raises(MissingExtraError, match=rf'pip install "ocrdata\[{name}\]"'):
        EXPORTERS.load(name).write([], tmp_path)


def test_parquet_is_what_datasets_expects(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    import json

    load("parquet", "recognition").write([Sample("a.jpg", PICTURES[0], "x")], tmp_path)
    (path,) = (tmp_path / "data").iterdir()
    assert path.name == "train-00000-of-00001.parquet"
    meta = parquet.read_schema(str(path)).metadata[b"huggingface"]
    features = json.loads(meta.decode("utf-8"))["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert features["text"] == {"dtype": "string", "_type": "Value"}


def test_doctr_gets_no_picture_without_a_region(tmp_path):
    quad = np.array([[2, 3], [30, 3], [30, 15], [2, 15]], np.float32)
    kinds = ((Region(quad, "a"),), (), (Region(quad, "", True),))
    samples = [Sample(f"{n}.jpg", PICTURES[n], None, rows) for n, rows in enumerate(kinds)]
    counts = collections.Counter()
    exporter = load("doctr", "detection")
    pictures = [base.read_one(n, f"{n}", sample) for n, sample in enumerate(samples)]
    _, rows = exporter.pack(tmp_path, "train", pictures, counts)
    assert [name for name, _ in rows] == ["0.jpg"]
    assert counts["picture without a region left out"] == 2
    assert [path.name for path in (tmp_path / "train" / "images").iterdir()] == ["0.jpg"]
