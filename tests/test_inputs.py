"""Shards from pictures with ground truth, archives and other shard sets."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from test_packing import scenes  # noqa: F401
from test_shards import lines_of, make_data, tree

from ocrdata.base.run_options import RunOptions
from ocrdata.errors import AnnotationError, InputError, OptionError
from ocrdata.images.decode import decode_rgb
from ocrdata.images.encoding import ImageOptions
from ocrdata.packing.pack import pack_folder
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.scene_record import scene_of
from ocrdata.records.format.tfrecord import read_examples
from ocrdata.records.legacy.conversion import write_from
from ocrdata.records.sources.truth import parse_regions
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shards import write_shards

ALL = WriteOptions(validation_fraction=0, test_fraction=0, shards=1)


def scenes_of(folder):
    shards = read_shard_set(folder).shards()
    found = [scene_of(f) for _, path, _ in shards for f in read_examples(path)]
    return {scene.key: scene for scene in found}


def test_a_folder_of_pictures_with_truths(scenes, tmp_path):  # noqa: F811
    summary = write_from(scenes, tmp_path / "out", options=ALL)
    assert summary.task == "detection" and summary.samples == 3
    found = scenes_of(tmp_path / "out")
    for key, scene in found.items():
        assert scene.image == (scenes / key).read_bytes()
        assert scene.regions[0].text.startswith("text ")
        expected = [[1, 2], [30, 2], [30, 20], [1, 20]]
        np.testing.assert_array_equal(scene.regions[0].polygon, expected)
    info = read_shard_set(tmp_path / "out").info
    assert info["statistics"]["regions"] == {"read": 3, "ignored": 0}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pack_gives_the_records_of_its_folder(scenes, tmp_path, workers):  # noqa: F811
    write_from(scenes, tmp_path / "a", options=ALL)
    pack_folder(scenes, tmp_path / "p.tar.gz")
    write_from(tmp_path / "p.tar.gz", tmp_path / "b", options=ALL, run=RunOptions(workers=workers))
    first, second = scenes_of(tmp_path / "a"), scenes_of(tmp_path / "b")
    assert {key.rpartition("tar.gz/")[2] for key in second} == set(first)
    assert {s.image for s in first.values()} == {s.image for s in second.values()}


def test_lists_of_truths_in_a_data_folder(scenes, tmp_path):  # noqa: F811
    for name, rows in (("Train", ["img_2", "img_10"]), ("Test", ["deep/字"])):
        (scenes / name).mkdir()
        lines = [
            "{}.jpg {}gt_{}.txt\n".format(r, r[: r.rfind("/") + 1], r.rpartition("/")[2])
            for r in rows
        ]
        (scenes / name / "sample.txt").write_text("".join(lines), encoding="utf-8")
    summary = write_shards(scenes, validation_fraction=0)
    assert {name: split["samples"] for name, split in summary.splits.items()} == {
        "train": 2,
        "test": 1,
    }
    again = write_from(scenes, tmp_path / "again", options=WriteOptions(validation_fraction=0))
    assert again.samples == 3
    assert tree(tmp_path / "again") == tree(scenes / "tfrecords")


def test_another_shard_set_keeps_its_splits(tmp_path):
    data = make_data(tmp_path / "data")
    write_shards(data, shards=3, compression="gzip")
    write_from(data / "tfrecords", tmp_path / "tfrecords", options=WriteOptions(shards=2))
    for split in ("train", "validation", "test"):
        ours = {(line.key, line.text, line.image) for line in lines_of(tmp_path, split)}
        assert ours == {(line.key, line.text, line.image) for line in lines_of(data, split)}
        assert ours
    write_shards(data, tmp_path / "direct", shards=2)
    assert tree(tmp_path / "direct") == tree(tmp_path / "tfrecords")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda r: (r / "gt_img_2.txt").write_text("1,2,3,4\n1,2,3\n"), r"gt_img_2\.txt:2: has 3"),
        (
            lambda r: (r / "gt_img_2.txt").write_text("1,2,3,4,5,6,7,x,a\n" * 2),
            "gt_img_2.txt:1: 'x'",
        ),
        (lambda r: (r / "gt_img_2.txt").unlink(), r"img_2\.jpg: has no ground-truth file"),
        (lambda r: (r / "img_2.jpg").unlink(), r"gt_img_2\.txt: has no picture"),
        (lambda r: (r / "img_2.jpg").write_bytes(b"x"), r"img_2\.jpg is not a picture"),
    ],
)
def test_what_is_wrong_is_named_or_counted(scenes, tmp_path, spoil, problem):  # noqa: F811
    spoil(scenes)
    with pytest.raises(AnnotationError, match=problem):
        write_from(scenes, tmp_path / "out", options=ALL)
    assert not (tmp_path / "out").exists()
    skipping = WriteOptions(validation_fraction=0, test_fraction=0, skip_errors=True)
    summary = write_from(scenes, tmp_path / "out", options=skipping)
    assert summary.samples == 2 and sum(summary.skipped.values()) == 1


def test_nothing_to_read(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no picture"):
        write_from(tmp_path / "empty", tmp_path / "out")


# --- ground truth


def test_forms_of_ground_truth():
    quads = parse_regions(b"\xef\xbb\xbf1,2,9,2,9,8,1,8,B1, $8,888\r\n0,0,4,0,4,4,0,4,###\r\n", "x")
    assert [(r.text, r.ignore) for r in quads] == [("B1, $8,888", False), ("###", True)]
    for line in (b'38, 43, 920, 215, "Tiredness, too"', b'38 43 920 215 "Tiredness, too"'):
        (region,) = parse_regions(line, "x")
        assert region.text == "Tiredness, too"
        assert region.polygon.tolist() == [[38, 43], [920, 43], [920, 215], [38, 215]]


@pytest.mark.parametrize("line", [b"1,2,3,4,5,6,7,x,a", b"1,2,9,2,9,8,1"])
def test_a_damaged_quad_is_not_taken_for_a_rectangle(line):
    with pytest.raises(AnnotationError, match="gt.txt:2"):
        parse_regions(b"1,2,9,2,9,8,1,8,good\n" + line, "gt.txt")


def test_real_ground_truth(shared):
    import zipfile

    count = ignored = 0
    with zipfile.ZipFile(str(shared / "icdar2015_gt" / "gt.zip")) as archive:
        for name in archive.namelist():
            regions = parse_regions(archive.read(name), name)
            count += len(regions)
            ignored += sum(region.ignore for region in regions)
    assert (count, ignored) == (5230, 3153)


# --- pictures changed on the way


def open_picture(scene):
    return Image.open(io.BytesIO(scene.image))


def test_smaller_pictures_move_their_regions(scenes, tmp_path):  # noqa: F811
    options = WriteOptions(
        validation_fraction=0, test_fraction=0, pictures=ImageOptions(max_side=32)
    )
    write_from(scenes, tmp_path / "out", options=options)
    for scene in scenes_of(tmp_path / "out").values():
        assert (scene.width, scene.height, scene.format) == (32, 24, "jpeg")
        assert open_picture(scene).size == (32, 24)
        expected = [[0.5, 1], [15, 1], [15, 10], [0.5, 10]]
        np.testing.assert_allclose(scene.regions[0].polygon, expected)


def test_encoding_keeps_pixels_and_untouched_pictures(tmp_path):
    data = make_data(tmp_path / "data")
    write_shards(data, pictures=ImageOptions(encoding="png"))
    for line in lines_of(data):
        with Image.open(data / line.key) as image, Image.open(io.BytesIO(line.image)) as ours:
            assert ours.format == line.format.upper() == "PNG"
            assert (np.asarray(ours.convert("L")) == np.asarray(image.convert("L"))).all()
        if line.key.endswith("png"):
            assert line.image == (data / line.key).read_bytes()


def test_height_and_quality(tmp_path):
    data = make_data(tmp_path / "data")
    sizes = {}
    for quality in (20, 95):
        pictures = ImageOptions(height=16, encoding="jpeg", quality=quality)
        write_shards(data, data / str(quality), pictures=pictures)
        info = json.loads((data / str(quality) / "dataset_info.json").read_text("utf-8"))
        assert info["splits"]["train"]["max_height"] == 16
        assert set(info["statistics"]["formats"]) == {"jpeg"}
        sizes[quality] = sum(shard["bytes"] for shard in info["splits"]["train"]["shards"])
    assert sizes[20] < sizes[95]


@pytest.mark.parametrize(
    "pictures",
    [
        ImageOptions(quality=50),
        ImageOptions(encoding="png", quality=50),
        ImageOptions(height=32, max_side=100),
        ImageOptions(height=0),
        ImageOptions(max_side=1 << 20),
    ],
)
def test_picture_options_without_sense(tmp_path, pictures):
    with pytest.raises(OptionError):
        write_shards(tmp_path, pictures=pictures)


def test_what_is_no_picture_is_called_so():
    with pytest.raises(ValueError, match="^is not a picture$"):
        decode_rgb(b"x")


def test_shard_size_decides_how_many(tmp_path):
    data = make_data(tmp_path / "data", variants=16)
    # What becomes PNG is smaller in the records than its file, by which shards are planned.
    for path in data.glob("T*/sample.txt"):
        kept = [x for x in path.read_text(encoding="utf-8").splitlines(True) if ".gif" not in x]
        path.write_bytes("".join(x for x in kept if ".bmp" not in x).encode("utf-8"))
    summary = write_shards(data, shard_size=5_000, validation_fraction=0)
    for split in summary.splits.values():
        assert split["shards"] > 1
        assert 1_500 < split["bytes"] / split["shards"] <= 6_000


def test_group_by_key_takes_texts_apart(tmp_path):
    data = make_data(tmp_path / "data", variants=8)
    write_shards(data, group_by="key", validation_fraction=0.3)
    both = [{line.text for line in lines_of(data, split)} for split in ("train", "validation")]
    assert both[0] & both[1]


def test_the_command(run, scenes, tmp_path):  # noqa: F811
    words = ["tfrecord", "--source", scenes, "--output", tmp_path / "out", "--workers", 0]
    result = run(*words, "--max-side", 40, "--shard-size", "1MB", "--test-fraction", 0.4, "--json")
    assert json.loads(re.search(r"\{.*\}", result.output).group())["task"] == "detection"
    assert "exclude" in run(*words, "--shards", 2, "--shard-size", "1MB", code=2).output
    assert "not for detection" in run(*words, "--layout", "npu-crnn", "--overwrite", code=2).output


def test_lists_of_two_kinds_and_an_empty_one(scenes):  # noqa: F811
    for name, line in (("Train", "img_2.jpg gt_img_2.txt\n"), ("Test", "")):
        (scenes / name).mkdir()
        (scenes / name / "sample.txt").write_text(line)
    assert write_shards(scenes, validation_fraction=0).samples == 1
    (scenes / "Test" / "sample.txt").write_text("img_10.jpg some label\n")
    with pytest.raises(AnnotationError, match="Keep them in two data folders"):
        write_shards(scenes, overwrite=True)
