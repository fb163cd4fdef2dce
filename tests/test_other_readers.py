"""What is written is read by the tools it was written for, and what they write is read here.

These readers are too large for every machine. A test is skipped, with the command that installs
its tool, where that is absent; CONTRIBUTING.md has them all.
"""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from test_exporters import PICTURES, as_pixels, load

from ocrdata.base.sample import Region, Sample
from ocrdata.importers import IMPORTERS

LATIN = Path(__file__).parent.parent / "fonts" / "latin" / "NotoSans-Regular.ttf"
QUAD = np.array([[2, 3], [30, 3], [30, 15], [2, 15]], np.float32)
RING = np.array([[4, 4], [20, 2], [36, 4], [36, 20], [20, 18], [4, 20]], np.float32)


def tool(name, command):
    return pytest.importorskip(name, reason=command)


def test_hugging_face_datasets_reads_parquet(tmp_path):
    datasets = tool("datasets", "pip install datasets")
    exporter = load("parquet", "recognition")
    samples = [Sample(f"{n}.jpg", data, f"文{n}") for n, data in enumerate(PICTURES)]
    for split in ("train", "validation", "test"):
        exporter.write(samples, tmp_path / "set", split)
    found = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert set(found) == {"train", "validation", "test"}
    rows = list(found["validation"])
    assert [row["text"] for row in rows] == [sample.text for sample in samples]
    for row, data in zip(rows, PICTURES):
        assert (np.asarray(row["image"].convert("RGB")) == as_pixels(data)).all()


def test_hugging_face_datasets_reads_regions(tmp_path):
    datasets = tool("datasets", "pip install datasets")
    sample = Sample("a.jpg", PICTURES[0], None, (Region(QUAD, "出口"), Region(QUAD, "", True)))
    load("parquet", "detection").write([sample], tmp_path / "set")
    found = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    (row,) = found["train"]
    objects = row["objects"]
    assert objects["text"] == ["出口", ""] and objects["ignore"] == [False, True]
    assert objects["bbox"][0] == [2, 3, 28, 12] and objects["polygon"][0] == QUAD.ravel().tolist()


def target_of(item):
    """What docTR gives for a picture: up to 1.0 a pair."""
    return item[1] if isinstance(item, tuple) else item.target


def test_doctr_reads_its_folders(tmp_path):
    datasets = tool("doctr.datasets", 'pip install "python-doctr[torch]"')
    load("doctr", "recognition").write([Sample("a.jpg", PICTURES[0], "文")], tmp_path / "rec")
    folder = tmp_path / "rec" / "train"
    lines = datasets.RecognitionDataset(str(folder / "images"), str(folder / "labels.json"))
    assert list(map(target_of, lines)) == ["文"]
    scene = Sample("a.jpg", PICTURES[0], None, (Region(QUAD, "出口"),))
    # docTR cannot hold pictures without a region, and would stop at them.
    others = [Sample("b.jpg", PICTURES[1], None, rows) for rows in ((), (Region(QUAD, "", True),))]
    assert load("doctr", "detection").write([scene, *others], tmp_path / "det") == 1
    folder = tmp_path / "det" / "train"
    scenes = datasets.DetectionDataset(str(folder / "images"), str(folder / "labels.json"))
    (boxes,) = map(target_of, scenes)
    if isinstance(boxes, dict):
        (boxes,) = boxes.values()
    assert np.allclose(boxes[0][:4] * (40, 24, 40, 24), (2, 3, 30, 15), atol=0.01)


def test_what_hugging_face_datasets_writes_is_read(tmp_path):
    datasets = tool("datasets", "pip install datasets")
    pictures = [{"bytes": data, "path": None} for data in PICTURES]
    columns = {"image": pictures, "text": ["a", "文", "b c"]}
    features = datasets.Features({"image": datasets.Image(), "text": datasets.Value("string")})
    where = tmp_path / "data" / "train-00000-of-00001.parquet"
    where.parent.mkdir()
    datasets.Dataset.from_dict(columns, features=features).to_parquet(str(where))
    samples = list(IMPORTERS.load("parquet").read(tmp_path, "train"))
    assert [one.text for one in samples] == ["a", "文", "b c"]
    assert [one.image_bytes() for one in samples] == PICTURES


def scenes():
    regions = (Region(QUAD, "出口"), Region(RING, "round"))
    return [Sample(f"img_{n}.jpg", data, None, regions) for n, data in enumerate(PICTURES)]


def test_datumaro_reads_coco(tmp_path):
    datumaro = tool("datumaro", "pip install datumaro")
    load("coco", "detection").write(scenes(), tmp_path)
    # It wants the folders of pictures in one called images.
    (tmp_path / "images").mkdir()
    shutil.move(str(tmp_path / "train"), str(tmp_path / "images" / "train"))
    items = list(datumaro.Dataset.import_from(str(tmp_path), "coco_instances"))
    assert len(items) == len(PICTURES)
    for item in items:
        shapes = [one for one in item.annotations if type(one).__name__ == "Polygon"]
        texts = {one.attributes["text"]: np.array(one.points).reshape(-1, 2) for one in shapes}
        assert set(texts) == {"出口", "round"}
        assert np.allclose(texts["round"], RING, atol=0.01)


def test_datumaro_reads_icdar(tmp_path):
    datumaro = tool("datumaro", "pip install datumaro")
    from datumaro.components.annotation import Polygon

    load("icdar2015", "detection").write(scenes()[:1], tmp_path)
    # Its layout has the split's folder inside, with the pictures in images/.
    truth = tmp_path / "ch4_training_localization_transcription_gt"
    shutil.copytree(str(tmp_path / "ch4_training_images"), str(truth / "train" / "images"))
    shutil.move(str(truth / "gt_img_1.txt"), str(truth / "train" / "gt_img_1.txt"))
    found = datumaro.Dataset.import_from(str(truth), "icdar_text_localization")
    (item,) = found
    first = item.annotations[0]
    assert isinstance(first, Polygon) and first.attributes["text"].strip('"') == "出口"
    assert np.allclose(np.array(first.points).reshape(-1, 2), QUAD)


def test_labelme_reads_its_files(tmp_path):
    tool("labelme", "pip install labelme")
    try:
        from labelme.label_file import LabelFile
    except ImportError:  # 6.0 and later
        from labelme._label_file import LabelFile
    load("labelme", "detection").write(scenes(), tmp_path)
    files = sorted((tmp_path / "train").glob("*.json"))
    assert len(files) == len(PICTURES)
    for path, data in zip(files, PICTURES):
        page = LabelFile(str(path))
        assert [shape["label"] for shape in page.shapes] == ["出口", "round"]
        assert np.allclose(page.shapes[1]["points"], RING, atol=0.01)
        assert (as_pixels(page.imageData) == as_pixels(data)).all()


def test_tesseract_reads_a_line_and_its_truth(tmp_path):
    if not shutil.which("tesseract"):
        pytest.skip("apt-get install tesseract-ocr")
    image = Image.new("L", (420, 60), 255)
    font = ImageFont.truetype(str(LATIN), 36)
    ImageDraw.Draw(image).text((12, 6), "Reading a line 2024", font=font, fill=0)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    sample = Sample("a.png", stream.getvalue(), "Reading a line 2024")
    load("tesseract", "recognition").write([sample], tmp_path)
    (picture,) = (tmp_path / "train").rglob("*.png")
    command = ["tesseract", str(picture), "stdout", "--psm", "7"]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
    truth = picture.with_name(picture.name[: -len(".png")] + ".gt.txt").read_text(encoding="utf-8")
    assert said.strip() == truth.strip() == "Reading a line 2024"
