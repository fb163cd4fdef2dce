"""What other tools make of the files that exporters write: their own libraries where tests have
them, and their reading conventions written down anew where not.

A reader yields (text, picture bytes) of text lines, or (regions, picture bytes), in order, where
regions are (points, text, ignore) with None for what the format does not hold.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

SHORT = {"train": "train", "validation": "val", "test": "test"}


def pairs_of(flat):
    return [tuple(point) for point in np.array(flat, np.float32).reshape(-1, 2).tolist()]


def read_lmdb(root, split, task):
    lmdb = pytest.importorskip("lmdb", reason="the extra lmdb is not installed")
    where = str(root / SHORT[split])
    env = lmdb.open(where, max_readers=32, readonly=True, lock=False, readahead=False)
    with env.begin(write=False) as transaction:
        for number in range(1, int(transaction.get(b"num-samples")) + 1):
            label = transaction.get(b"label-%09d" % number).decode("utf-8")
            yield label, transaction.get(b"image-%09d" % number)
    env.close()


def read_webdataset(root, split, task):
    webdataset = pytest.importorskip("webdataset", reason="the extra webdataset is not installed")
    tars = [str(path) for path in sorted(root.glob(SHORT[split] + "-*.tar"))]
    for sample in webdataset.WebDataset(tars, shardshuffle=False):
        (image,) = [sample[name] for name in ("jpg", "png") if name in sample]
        if task == "recognition":
            yield sample["txt"].decode("utf-8"), image
        else:
            rows = json.loads(sample["json"].decode("utf-8"))["regions"]
            yield [(pairs_of(r["polygon"]), r["text"], r["ignore"]) for r in rows], image


def read_parquet(root, split, task):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    for path in sorted((root / "data").glob(split + "-*-of-*.parquet")):
        for row in parquet.read_table(str(path)).to_pylist():
            if task == "recognition":
                yield row["text"], row["image"]["bytes"]
            else:
                o = row["objects"]
                found = zip(o["polygon"], o["text"], o["ignore"])
                yield [(pairs_of(p), text, no) for p, text, no in found], row["image"]["bytes"]


def read_paddleocr(root, split, task):
    # SimpleDataSet: the file is read as bytes, lines are cut at the first... and only tab.
    kind = "rec" if task == "recognition" else "det"
    with (root / f"{kind}_gt_{SHORT[split]}.txt").open("rb") as stream:
        for line in stream.readlines():
            name, label = line.decode("utf-8").strip("\n").split("\t")
            image = (root / name).read_bytes()
            if task == "recognition":
                yield label, image
                continue
            rows = json.loads(label)
            texts = [(r["points"], r["transcription"]) for r in rows]
            yield [(pairs_of(p), None if t == "###" else t, t == "###") for p, t in texts], image


def read_mmocr(root, split, task):
    kind = "textrecog" if task == "recognition" else "textdet"
    content = json.loads((root / f"{kind}_{SHORT[split]}.json").read_text(encoding="utf-8"))
    assert content["metainfo"]["task_name"] == kind
    for row in content["data_list"]:
        image = (root / row["img_path"]).read_bytes()
        if task == "recognition":
            (instance,) = row["instances"]
            yield instance["text"], image
            continue
        for one in row["instances"]:
            points = np.array(one["polygon"]).reshape(-1, 2)
            low, high = points.min(axis=0), points.max(axis=0)
            assert np.allclose(one["bbox"], [*low, *high]) and one["bbox_label"] == 0
        yield [(pairs_of(o["polygon"]), o["text"], o["ignore"]) for o in row["instances"]], image


def read_doctr(root, split, task):
    import hashlib

    folder = root / SHORT[split]
    for name, label in json.loads((folder / "labels.json").read_text(encoding="utf-8")).items():
        image = (folder / "images" / name).read_bytes()
        if task == "recognition":
            yield label, image
        else:
            assert label["img_hash"] == hashlib.sha256(image).hexdigest()
            yield [(pairs_of(quad), None, False) for quad in label["polygons"]], image


def read_easyocr(root, split, task):
    # Its trainer has pandas cut each stripped line at the first comma, by an expression.
    folder = root / SHORT[split]
    lines = (folder / "labels.csv").read_bytes().decode("utf-8").split("\n")
    assert lines[0] == "filename,words" and lines[-1] == ""
    for line in lines[1:-1]:
        _, name, words = re.split("^([^,]+),", line)
        yield words, (folder / name).read_bytes()


def read_tesseract(root, split, task):
    for path in sorted((root / SHORT[split]).glob("*.png")):
        truth = path.with_suffix(".gt.txt").read_bytes().decode("utf-8")
        assert truth.endswith("\n")
        yield truth[:-1], path.read_bytes()


def read_trdg(root, split, task):
    folder = root / SHORT[split]
    for line in (folder / "labels.txt").read_bytes().decode("utf-8").split("\n")[:-1]:
        name, _, text = line.partition(" ")
        yield text, (folder / name).read_bytes()


def read_icdar2015(root, split, task):
    folders = {
        "train": ("ch4_training_images", "ch4_training_localization_transcription_gt"),
        "test": ("ch4_test_images", "Challenge4_Test_Task1_GT"),
    }
    images, truths = (root / name for name in folders[split])
    for number in range(1, len(list(truths.iterdir())) + 1):
        (image,) = images.glob(f"img_{number}.*")
        regions = []
        lines = (truths / f"gt_img_{number}.txt").read_bytes().decode("utf-8").split("\n")
        for line in lines[:-1]:
            parts = line.split(",", 8)
            text = None if parts[8] == "###" else parts[8]
            regions.append((pairs_of([float(part) for part in parts[:8]]), text, text is None))
        yield regions, image.read_bytes()


def read_coco(root, split, task):
    pytest.importorskip("pycocotools", reason="pycocotools is not installed")
    from pycocotools.coco import COCO

    coco = COCO(str(root / "annotations" / f"instances_{SHORT[split]}.json"))
    for image in coco.loadImgs(sorted(coco.getImgIds())):
        data = (root / SHORT[split] / image["file_name"]).read_bytes()
        rows = coco.loadAnns(sorted(coco.getAnnIds(imgIds=[image["id"]])))
        for row in rows:
            assert coco.annToMask(row).shape == (image["height"], image["width"])
            points = np.array(row["segmentation"][0]).reshape(-1, 2)
            size = points.max(axis=0) - points.min(axis=0)
            assert np.allclose(row["bbox"], [*points.min(axis=0), *size], atol=1e-3)
            assert row["attributes"]["text"] == row["text"]
        regions = [(pairs_of(r["segmentation"]), r["text"], bool(r["iscrowd"])) for r in rows]
        yield regions, data


def read_labelme(root, split, task):
    for path in sorted((root / SHORT[split]).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        regions = []
        for shape in content["shapes"]:
            assert shape["shape_type"] == "polygon"
            ignore = shape["flags"].get("ignore", False)
            assert (shape["label"] == "###") or not ignore
            text = shape["description"] if ignore else shape["label"]
            regions.append((pairs_of(shape["points"]), text, ignore))
        yield regions, path.with_name(content["imagePath"]).read_bytes()


def _yolo(root, split, points_of):
    import cv2

    folder = root / "images" / SHORT[split]
    assert f"{SHORT[split]}: images/{SHORT[split]}\n" in (root / "data.yaml").read_text()
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        height, width = cv2.imdecode(np.frombuffer(data, np.uint8), 1).shape[:2]
        # Where Ultralytics looks for the labels of a picture.
        label = Path(str(path).replace("/images/", "/labels/")).with_suffix(".txt")
        regions = []
        for line in label.read_text().splitlines():
            kind, *numbers = line.split(" ")
            assert kind == "0"
            points = points_of([float(number) for number in numbers])
            regions.append((pairs_of(points * (width, height)), None, False))
        yield regions, data


def read_yolo(root, split, task):
    def corners(numbers):
        x, y, wide, high = numbers
        left, top, right, bottom = x - wide / 2, y - high / 2, x + wide / 2, y + high / 2
        return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])

    return _yolo(root, split, corners)


def read_yolo_obb(root, split, task):
    return _yolo(root, split, lambda numbers: np.array(numbers).reshape(4, 2))


READERS = {
    name[len("read_") :].replace("yolo_obb", "yolo-obb"): reader
    for name, reader in list(globals().items())
    if name.startswith("read_")
}
