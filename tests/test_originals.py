"""Layouts of the original systems: written as their trainers read them, read with their damage."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from test_shards import lines_of, make_data

from ocrdata.base.findings import Findings
from ocrdata.check.verify_originals import verify_originals
from ocrdata.errors import AnnotationError, RecordError
from ocrdata.geometry import rbox
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.example import (
    bytes_feature,
    encode_example,
    float_feature,
    int64_feature,
)
from ocrdata.records.format.scene_record import scene_of
from ocrdata.records.format.schema import line_of
from ocrdata.records.format.tfrecord import read_examples
from ocrdata.records.format.tfrecord_writer import open_writer
from ocrdata.records.legacy.conversion import write_from
from ocrdata.records.legacy.original_records import check_names
from ocrdata.records.legacy.originals import find_originals
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shards import write_shards
from ocrdata.text.charset import Charset, read_charset
from ocrdata.train.data.line_shards import read_line_shards as read_training_shards

CHARSET = Charset(tuple("abcdefghijklmnopqrstuvwxyz"))
KEEP = WriteOptions(validation_fraction=0)


def line_image(number, width=100):
    """A picture as original trainers see them, uint8 [32, width, 3], with strokes to be told."""
    image = Image.new("RGB", (width, 32), (250, 240 - number, 200))
    draw = ImageDraw.Draw(image)
    for stroke in range(5):
        x = 8 + 18 * stroke + number % 7
        draw.line([(x, 4 + number % 5), (x + 6, 27)], (10, 20, 120), 4)
    return np.asarray(image)


def write_file(path, rows):
    with open_writer(path) as writer:
        for row in rows:
            writer.write(encode_example(row))


def ucloud(number, data, labels=(0, 1, 2)):
    return {
        "images": bytes_feature(data),
        "imagenames": bytes_feature(f"/home/me/data.v2/pic/{number}/0_1.jpg".encode()),
        "labels": int64_feature(labels),
    }


def bgr(image):
    return np.ascontiguousarray(image[:, :, ::-1]).tobytes()


def problems(folder, charset=CHARSET):
    found = Findings()
    check_names(find_originals(folder), found)
    verify_originals(find_originals(folder), charset, found)
    return found


# --- writing


@pytest.mark.parametrize("layout", ["ucloud-crnn", "npu-crnn"])
def test_written_as_the_trainers_read(tmp_path, layout):
    data = make_data(tmp_path / "data")
    write_shards(data, shards=2, layout=layout)
    write_shards(data, data / "ours", shards=2)
    lines = {
        line.key: line
        for _, path, _ in read_shard_set(data / "ours").shards()
        for line in map(line_of, read_examples(path))
    }
    names = [path.name for path in sorted((data / "tfrecords").glob("*.tfrecords"))]
    count = read_shard_set(data / "tfrecords").info["splits"]["test"]["samples"]
    if layout == "ucloud-crnn":
        assert "test_feature_0_3.tfrecords" in names
        assert f"test_feature_3_{count}.tfrecords" in names
    else:
        assert {"train_1.tfrecords", "val_1.tfrecords", "test_2.tfrecords"} <= set(names)
    seen = 0
    for name in names:
        for features in read_examples(data / "tfrecords" / name):
            key = features["imagenames" if layout == "ucloud-crnn" else "imagepaths"].values[0]
            line = lines[key.decode("utf-8")]
            assert features["labels"].values == tuple(line.classes)
            pixels = np.frombuffer(features["images"].values[0], np.uint8).reshape(32, 100, 3)
            with Image.open(data / line.key) as image:
                rgb = np.asarray(image.convert("RGB"))
            if layout == "ucloud-crnn":
                expected = cv2.resize(rgb[:, :, ::-1], (100, 32))
            else:
                assert features["labels_length"].values == (len(line.classes),)
                bilinear = Image.fromarray(rgb).resize((100, 32), Image.Resampling.BILINEAR)
                expected = np.asarray(bilinear)
            assert (pixels == expected).all()
            seen += 1
    assert seen == len(lines) == 30
    assert not problems(data / "tfrecords", read_charset(data / "chinese.txt")).counts


def test_npu_refuses_labels_its_trainer_cannot_take(tmp_path):
    data = make_data(tmp_path / "data")
    (data / "pic" / "long.jpg").write_bytes((data / "pic" / "8_0.jpg").read_bytes())
    with (data / "Train" / "sample.txt").open("a", encoding="utf-8") as stream:
        stream.write("pic/long.jpg " + "春" * 24 + "\n")
    with pytest.raises(AnnotationError, match="label of 24 characters; npu-crnn trainers take 23"):
        write_shards(data, layout="npu-crnn")


# --- reading


def test_a_sound_set_becomes_ours_without_loss(tmp_path):
    images = [line_image(number) for number in range(6)]
    rows = [ucloud(n, bgr(image), (n, n + 1)) for n, image in enumerate(images)]
    write_file(make(tmp_path, "train_feature_0_6"), rows)
    summary = write_from(
        tmp_path / "old",
        tmp_path / "tfrecords",
        original=True,
        dictionary=dictionary(tmp_path),
        options=KEEP,
    )
    assert (summary.samples, summary.problems) == (6, {})
    for line in lines_of(tmp_path, "train"):
        number = CHARSET.encode(line.text)[0]
        with Image.open(io.BytesIO(line.image)) as image:
            assert (np.asarray(image) == images[number]).all()


def make(tmp_path, stem):
    (tmp_path / "old").mkdir(exist_ok=True)
    return tmp_path / "old" / (stem + ".tfrecords")


def dictionary(tmp_path):
    path = tmp_path / "chars.txt"
    path.write_text("".join(c + "\n" for c in CHARSET.characters))
    return path


def scrambled(image):
    # cv2.resize takes (width, height), and the original gave it (32, 100).
    return np.ascontiguousarray(cv2.resize(image, (32, 100))[:, :, ::-1]).tobytes()


def test_scrambled_pictures_are_named_and_put_right(tmp_path):
    images = [line_image(number) for number in range(20)]
    write_file(
        make(tmp_path, "train_feature_0_20"), [ucloud(n, bgr(i)) for n, i in enumerate(images)]
    )
    write_file(
        make(tmp_path, "test_feature_0_20"),
        [ucloud(n, scrambled(i), (n,)) for n, i in enumerate(images)],
    )
    found = problems(tmp_path / "old")
    assert found.counts["scrambled-picture"] == 20
    assert "test_feature_0_20" in found.examples["scrambled-picture"][0]
    summary = write_from(
        tmp_path / "old",
        tmp_path / "tfrecords",
        original=True,
        dictionary=dictionary(tmp_path),
        options=KEEP,
    )
    assert summary.problems["scrambled-picture"] == 20
    for line in lines_of(tmp_path, "test"):
        with Image.open(io.BytesIO(line.image)) as image:
            restored = np.asarray(image).astype(int)
        original = images[CHARSET.encode(line.text)[0]].astype(int)
        # Of 100 columns 32 were kept, so it is blurred; scrambled it would differ by 50.
        assert np.abs(restored - original).mean() < 20


def test_text_lists_grey_and_odd_sizes(tmp_path):
    image = line_image(3)
    listed = str(list(bgr(image))).encode()
    rows = [
        ucloud(0, listed),
        ucloud(1, image[:, :, 0].tobytes()),
        ucloud(2, b"\x01" * 9601),
        ucloud(3, bgr(line_image(4, 200))),
    ]
    write_file(make(tmp_path, "train_feature_0_4"), rows)
    found = problems(tmp_path / "old")
    assert found.counts == {"text-list-picture": 1, "wrong-picture-size": 2}
    chosen = WriteOptions(validation_fraction=0, skip_errors=True)
    summary = write_from(
        tmp_path / "old",
        tmp_path / "tfrecords",
        original=True,
        dictionary=dictionary(tmp_path),
        options=chosen,
    )
    assert summary.samples == 3 and sum(summary.skipped.values()) == 1
    widths = sorted(line.width for line in lines_of(tmp_path))
    assert widths == [100, 100, 200]
    first = next(line for line in lines_of(tmp_path) if "00000000_" in line.key)
    with Image.open(io.BytesIO(first.image)) as picture:
        assert (np.asarray(picture) == image).all()


def test_wrong_labels(tmp_path):
    data = bgr(line_image(1))
    npu = [
        {
            "images": bytes_feature(data),
            "imagepaths": bytes_feature(b"a.jpg"),
            "labels": int64_feature(labels),
            "labels_length": int64_feature((length,)),
        }
        for labels, length in (((1, 26), 2), ((1, -1), 2), ((1, 2), 3), ((1,) * 24, 24), ((), 0))
    ]
    write_file(make(tmp_path, "train_1"), npu)
    counts = problems(tmp_path / "old").counts
    assert counts == {
        "wrong-label": 3,
        "label-too-long": 1,
        "empty-label": 1,
        "repeated-picture": 4,
    }


def test_missing_files_and_wrong_counts(tmp_path):
    rows = [ucloud(n, bgr(line_image(n)), (n % 26,)) for n in range(3)]
    for name in ("train_feature_0_3", "train_feature_6_9", "test_feature_0_4"):
        write_file(make(tmp_path, name), rows)
    found = problems(tmp_path / "old")
    assert "samples 3 to 5" in found.examples["missing-shard"][0]
    assert "holds 3 sound records, not the 4" in found.examples["wrong-count"][0]
    assert found.counts["text-in-two-splits"] == found.counts["picture-in-two-splits"] == 3
    for name in ("val_1", "val_3"):
        write_file(make(tmp_path, name), rows)
    assert "numbers 2 to 2" in problems(tmp_path / "old").examples["missing-shard"][1]


def east_record(name, quads, size=128):
    image = np.full((size, size, 3), 200, np.uint8)
    cv2.fillPoly(image, [quad.astype(np.int32) for quad in quads], (9, 9, 90))
    maps = rbox.encode_rboxes(np.array(quads), np.zeros(len(quads), bool), (size, size))
    geometry = maps.geometry.copy()
    geometry[:, :, 4] *= -1
    return {
        "images": bytes_feature(image.tobytes()),
        "images/height": int64_feature((size,)),
        "images/width": int64_feature((size,)),
        "imagename": bytes_feature(name),
        "score_map": float_feature(maps.score.ravel().tolist()),
        "geo_map": float_feature(geometry.ravel().tolist()),
        "training_mask": float_feature(maps.mask.ravel().tolist()),
    }


def turned(angle):
    box = cv2.boxPoints(((60.0, 70.0), (70.0, 24.0), angle)).astype(np.float32)
    return np.roll(box, -int(np.argmin(box.sum(axis=1))), axis=0)


def test_east_maps_become_outlines_again(tmp_path):
    quads = {b"a.jpg": turned(12.0), b"b.jpg": turned(0.0), b"c.jpg": turned(-20.0)}
    rows = [east_record(name, [quad]) for name, quad in quads.items()]
    write_file(make(tmp_path, "train_feature_00000"), rows)
    summary = write_from(tmp_path / "old", tmp_path / "out", original=True, options=KEEP)
    assert summary.task == "detection"
    for _, path, _ in read_shard_set(tmp_path / "out").shards():
        for scene in map(scene_of, read_examples(path)):
            (region,) = scene.regions
            quad = quads[scene.key[-5:].encode()]
            # The same corners, from whichever on.
            distance = min(np.abs(np.roll(region.polygon, k, 0) - quad).max() for k in range(4))
            assert distance < 0.5


def test_east_files_with_few_different_pictures(tmp_path):
    rows = [east_record(name, [turned(5.0)]) for name in (b"a.jpg", b"a.jpg", b"b.jpg")]
    rows.append({**rows[0], "geo_map": float_feature((1.0,))})
    write_file(make(tmp_path, "train_feature_00000"), rows)
    write_file(make(tmp_path, "train_feature_00002"), rows[:1])
    found = problems(tmp_path / "old", None)
    assert "only 2 of 5 records are different pictures" in found.examples["repeated-picture"][0]
    assert found.counts["wrong-record"] == found.counts["missing-shard"] == 1


def test_what_is_not_an_original(tmp_path):
    with pytest.raises(AnnotationError, match="holds no record file of an original"):
        write_from(tmp_path, tmp_path / "out", original=True)
    write_file(make(tmp_path, "train_1"), [{"image": bytes_feature(b"x")}])
    with pytest.raises(RecordError, match="none of the originals"):
        write_from(tmp_path / "old", tmp_path / "out", original=True)
    write_file(make(tmp_path, "train_1"), [ucloud(1, b"x")])
    with pytest.raises(RecordError, match="needs its dictionary"):
        write_from(tmp_path / "old", tmp_path / "out", original=True)


def test_our_own_trainer_refuses_other_layouts(tmp_path):
    data = make_data(tmp_path / "data")
    write_shards(data, layout="npu-crnn")
    with pytest.raises(RecordError, match="in the layout npu-crnn. Write them in our own"):
        read_training_shards(data)
    write_shards(data, overwrite=True, compression="gzip")
    shards = read_training_shards(data).require("train")
    assert {shard.compression for shard in shards} == {"GZIP"}
