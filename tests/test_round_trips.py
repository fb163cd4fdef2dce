"""What is written for other tools and read from them again is what it was."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ocrdata.importers import IMPORTERS

TEXTS = ["over the hill", "剧院 Genaxis", 'a, "b" & c', "№ 12\\3", "日本語・한글"]


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """Six pictures with the outlines of texts that are hard to write, a curved one among them."""
    folder = tmp_path_factory.mktemp("street")
    rng = np.random.RandomState(7)
    for split, numbers in (("train", range(4)), ("val", range(4, 6))):
        (folder / split).mkdir()
        for number in numbers:
            pixels = rng.randint(0, 256, (60, 90, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(str(folder / split / f"img_{number}.jpg"))
            rows = [f"{5 + n},5,45,5,45,{25 + n},5,25,{text}" for n, text in enumerate(TEXTS)]
            rows.append("1,1,4,1,4,4,1,4,###")
            truth = folder / split / f"gt_img_{number}.txt"
            truth.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    return folder


def samples_of(name, root):
    importer = IMPORTERS.load(name)
    return [sample for split in importer.splits(root) for sample in importer.read(root, split)]


def by_image(samples):
    return {sample.image_bytes(): sample for sample in samples}


@pytest.mark.parametrize("form", ["coco", "labelme", "paddleocr", "yolo", "yolo-obb"])
def test_scenes(run, tmp_path, street, form):
    run("import", "icdar", street, "--data-dir", tmp_path / "data")
    run("convert", tmp_path / "data", tmp_path / "out", "--to", form)
    before = by_image(samples_of("icdar", street))
    after = by_image(samples_of(form.partition("-")[0], tmp_path / "out"))
    assert before.keys() == after.keys() and len(before) == 6
    for content, sample in before.items():
        # YOLO has no room for don't-cares, nor for texts.
        texts = not form.startswith("yolo")
        wanted = [region for region in sample.regions if texts or not region.ignore]
        found = after[content].regions
        assert len(wanted) == len(found)
        for one, other in zip(wanted, found):
            assert not texts or (other.text, other.ignore) == (one.text, one.ignore)
            ours = one.polygon
            if form == "yolo":
                low, high = ours.min(0), ours.max(0)
                ours = np.array([low, (high[0], low[1]), high, (low[0], high[1])])
            assert np.abs(other.polygon - ours).max() < 0.01


def test_lines(run, tmp_path, rendered):
    run("convert", rendered, tmp_path / "out", "--to", "tesseract")
    listed = [
        ((rendered / path).read_bytes(), text)
        for name in ("Train", "Test")
        for path, _, text in (
            line.partition(" ")
            for line in (rendered / name / "sample.txt").read_text(encoding="utf-8").splitlines()
        )
    ]
    found = [(one.image_bytes(), one.text) for one in samples_of("tesseract", tmp_path / "out")]
    # The pictures are PNG there, which Tesseract takes best.
    assert sorted((pixels(a), b) for a, b in found) == sorted((pixels(a), b) for a, b in listed)


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).tobytes()
