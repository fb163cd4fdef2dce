"""Where a detector's pictures come from, and the crops cut out of them; no TensorFlow needed."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
from scene_support import pack, scene_options, write_scenes

from ocrdata.base.random_streams import stream
from ocrdata.errors import AnnotationError, InputError, OptionError, RecordError
from ocrdata.images.decode import decode_image
from ocrdata.records.write.options import WriteOptions
from ocrdata.records.write.shards import write_shards
from ocrdata.train.data.random_crop import CropChoice, choose_box, make_crop
from ocrdata.train.data.scene_dataset import survey
from ocrdata.train.data.scene_sources import has_split, open_scenes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp("scenes") / "data", 8, test=2)


def everything(scenes):
    """Returns all samples of scenes in plain values."""
    found = [scenes.load(index) for index in range(len(scenes))]
    scenes.close()
    return [
        (s.key, s.image_bytes(), [(r.polygon.tolist(), r.ignore) for r in s.regions]) for s in found
    ]


def test_folder_pack_and_records_give_the_same_samples(folder, tmp_path):
    expected = everything(open_scenes(folder, "train"))
    assert [key for key, _, _ in expected] == [f"images/img_{n}.png" for n in range(1, 9)]
    pack(folder, tmp_path / "scenes.tar.gz", "train_data")
    packed = open_scenes(tmp_path, "train", "scenes.tar.gz", "train_data")
    assert everything(packed) == expected
    data = tmp_path / "data"
    shutil.copytree(str(folder), str(data))
    write_shards(data, options=WriteOptions(shards=3, validation_fraction=0.0), workers=0)
    records = open_scenes(data / "tfrecords", "train")
    assert type(records).__name__ == "RecordScenes" and everything(records) == expected
    sums = {survey(open_scenes(place, "train")).sha256 for place in (folder, data)}
    assert len(sums) == 1


@pytest.mark.parametrize("form", ["beside", "elsewhere"])
def test_pictures_find_their_text_without_lists(folder, tmp_path, form):
    (tmp_path / "imgs").mkdir()
    (tmp_path / "gts").mkdir()
    for number in range(1, 9):
        stem = f"images/img_{number}"
        shutil.copy(str(folder / (stem + ".png")), str(tmp_path / "imgs"))
        place = "imgs/img_{}.txt" if form == "beside" else "gts/gt_img_{}.txt"
        shutil.copy(str(folder / (stem + ".txt")), str(tmp_path / place.format(number)))
    found, expected = everything(open_scenes(tmp_path)), everything(open_scenes(folder))
    assert [row[1:] for row in found] == [row[1:] for row in expected]


def test_a_text_that_could_be_of_two_pictures_is_named(folder, tmp_path):
    shutil.copytree(str(folder / "images"), str(tmp_path / "images"))
    (tmp_path / "images/img_1.txt").unlink()
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "gt_img_1.txt").write_text("")
    problem = "could be the ground truth of .*img_1.png, and so could .*b/gt_img_1.txt"
    with pytest.raises(AnnotationError, match=problem):
        open_scenes(tmp_path)


def test_splits_are_those_of_the_lists(folder, tmp_path):
    assert has_split(folder, "test") and not has_split(folder, "validation")
    assert [key for key, *_ in everything(open_scenes(folder, "test"))] == [
        "images/img_10.png",
        "images/img_9.png",
    ]
    with pytest.raises(InputError, match="no pictures of the validation split"):
        open_scenes(folder, "validation")
    path = pack(folder, tmp_path / "a.tar.gz", ".")
    assert has_split(tmp_path, "test", path.name) and not has_split(
        tmp_path, "validation", str(path)
    )


def test_what_cannot_be_opened_says_why(folder, tmp_path):
    path = pack(folder, tmp_path / "a.tar.gz", "inner")
    with pytest.raises(OptionError, match="--tarpath other: .* holds no such folder"):
        open_scenes(tmp_path, "train", str(path), "other")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no pictures of the train split.*gt_img_1.txt"):
        open_scenes(tmp_path / "empty")


@pytest.mark.parametrize("damage", [False, True])
def test_compressed_records(folder, tmp_path, damage):
    data = tmp_path / "data"
    shutil.copytree(str(folder), str(data))
    options = WriteOptions(shards=3, compression="gzip", validation_fraction=0.0)
    write_shards(data, options=options, workers=0)
    if damage:
        shard = next((data / "tfrecords").glob("train-*"))
        shard.write_bytes(shard.read_bytes()[:-9])
        with pytest.raises(RecordError, match="train-0000.*gzip"):
            open_scenes(data)
    else:
        assert everything(open_scenes(data)) == everything(open_scenes(folder))


def test_pictures_of_a_list_that_are_missing(folder, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(str(folder), str(data))
    (data / "images/img_1.png").unlink()
    (data / "images/img_2.txt").unlink()
    found = survey(open_scenes(data))
    assert found.skipped == {"annotation": 2} and len(found.good) == 6
    assert "sample.txt:1: names images/img_1.png, which does not exist" in found.problem
    (data / "images/img_9.png").unlink()
    with pytest.raises(AnnotationError, match="names images/img_9.png"):
        open_scenes(data, "test")
    shutil.rmtree(str(data / "images"))
    with pytest.raises(InputError, match="no usable picture; the first: .*img_1.png"):
        survey(open_scenes(data))


def test_both_marks_of_unread_text(folder, tmp_path):
    shutil.copytree(str(folder / "images"), str(tmp_path / "images"))
    lines = "1,1,9,1,9,9,1,9,{}\n"
    (tmp_path / "images/img_1.txt").write_text("".join(map(lines.format, ("###", "*", "a*"))))
    sample = open_scenes(tmp_path).load(0)
    assert [region.ignore for region in sample.regions] == [True, True, False]


def test_bad_pictures_are_counted_and_none_at_all_is_an_error(folder, tmp_path):
    shutil.copytree(str(folder / "images"), str(tmp_path / "images"))
    (tmp_path / "images/img_1.png").write_bytes(b"no picture")
    (tmp_path / "images/img_2.txt").write_text("1,2,3,x,5,6,7,8,text\n")
    (tmp_path / "images/img_3.txt").unlink()
    found = survey(open_scenes(tmp_path))
    assert found.skipped == {"picture": 1, "annotation": 2} and len(found.good) == 7
    assert "img_1.png" in found.problem
    for path in (tmp_path / "images").glob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="no usable picture; the first: .*empty file"):
        survey(open_scenes(tmp_path))


def test_only_ignored_text_is_an_error(folder, tmp_path):
    shutil.copytree(str(folder / "images"), str(tmp_path / "images"))
    for path in (tmp_path / "images").glob("*.txt"):
        path.write_text("1,1,9,1,9,9,1,9,###\n")
    with pytest.raises(InputError, match="all 10 regions of 10 pictures are to be ignored"):
        survey(open_scenes(tmp_path))


def test_more_than_255_texts_in_a_picture(tmp_path):
    write_scenes(tmp_path / "data", 1)
    line = "{0},{1},{2},{1},{2},{3},{0},{3},x\n"
    boxes = [line.format(x, y, x + 3, y + 3) for y in range(0, 100, 5) for x in range(0, 100, 5)]
    (tmp_path / "data/images/img_1.txt").write_text("".join(boxes))
    found = survey(open_scenes(tmp_path / "data"))
    assert found.texts == 400


def scene(scenes, index):
    sample = scenes.load(index)
    polygons = [region.polygon for region in sample.regions]
    return decode_image(sample.image_bytes()), polygons, np.zeros(len(polygons), bool)


def crop_of(scenes, index, options, rng):
    image, polygons, ignore = scene(scenes, index)
    return make_crop(image, polygons, ignore=ignore, options=options, rng=rng)


def test_boxes_cut_no_text_and_have_text_or_not_as_asked():
    draw, kinds = stream(0, "boxes"), []
    for trial in range(300):
        corners = np.array([[draw.randrange(200), draw.randrange(150)] for _ in range(6)])
        texts = [np.array([c, c + [30, 0], c + [30, 12], c + [0, 12]], np.float32) for c in corners]
        ignore = np.array([draw.random() < 0.2 for _ in texts])
        background = trial % 3 == 0
        box = choose_box(
            texts, ignore, size=(160, 220), wanted=CropChoice(background, 0.1), rng=draw
        )
        inside = 0
        for text, skip in zip(texts, ignore):
            low, high = np.maximum(text.min(0), 0), np.minimum(text.max(0), (220, 160))
            apart = high[0] <= box[0] or low[0] >= box[2] or high[1] <= box[1] or low[1] >= box[3]
            whole = (low >= box[:2]).all() and (high <= box[2:]).all()
            assert skip or apart or whole
            inside += whole and not skip
        if box != (0, 0, 220, 160):
            assert box[2] - box[0] >= 22 and box[3] - box[1] >= 16
            assert bool(inside) != background or ignore.all()
            kinds.append(background)
    assert kinds.count(True) > 50 and kinds.count(False) > 150


def colours_inside(crop, polygon):
    mask = np.zeros(crop.image.shape[:2], np.uint8)
    inner = (polygon - polygon.mean(0)) * 0.6 + polygon.mean(0)
    cv2.fillPoly(mask, [np.round(inner).astype(np.int32)], 1)
    return crop.image[mask.astype(bool)]


@pytest.mark.parametrize("rotate", [0.0, 60.0])
def test_outlines_stay_on_their_text(rotate):
    """The picture has one box of a colour of its own: it is where the outline says."""
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[40:70, 50:110] = (10, 200, 30)
    outline = np.array([[50, 40], [110, 40], [110, 70], [50, 70]], np.float32)
    options, seen = scene_options(rotate=rotate, scales="0.5,1,2", background=0.0), set()
    for number in range(40):
        draw = stream(1, number)
        crop = make_crop(picture, [outline], ignore=np.zeros(1, bool), options=options, rng=draw)
        (polygon,) = crop.polygons
        colours = colours_inside(crop, polygon)
        if len(colours):
            assert np.abs(colours.astype(int).mean(0) - (30, 200, 10)).max() < 12
        share = (np.abs(crop.image.astype(int) - (30, 200, 10)).max(2) < 40).sum()
        assert share == pytest.approx(cv2.contourArea(polygon), rel=0.2, abs=40)
        seen.add(tuple(np.round(polygon.ravel()).tolist()))
    assert len(seen) > 30


def test_a_crop_is_a_function_of_its_stream(folder):
    scenes = open_scenes(folder)
    options = scene_options(rotate=10.0, jitter=0.3)
    for number in range(8):
        crops = [crop_of(scenes, 0, options, stream(3, number)) for _ in range(2)]
        assert (crops[0].image == crops[1].image).all()
        assert crops[0].image.shape == (64, 64, 3) and crops[0].image.dtype == np.uint8


@pytest.mark.parametrize(
    "change",
    [
        {"rotate": 20.0},
        {"jitter": 0.3},
        {"scales": "0.5"},
        {"input_size": 96},
        {"background": 1.0},
        {"min_crop_side": 0.9},
    ],
    ids=str,
)
def test_each_option_changes_the_crops(folder, change):
    scenes = open_scenes(folder)
    plain, other = (
        [
            crop_of(scenes, n, scene_options(**{"background": 0.0, **c}), stream(0, n)).image
            for n in range(6)
        ]
        for c in ({}, change)
    )
    assert any(a.shape != b.shape or (a != b).any() for a, b in zip(plain, other))


@pytest.mark.parametrize(
    "values, problem",
    [
        ({"input_size": 100}, "multiple of 32"),
        ({"scales": "1,x"}, "--scales must be numbers"),
        ({"scales": "0"}, "--scales must be numbers"),
        ({"tarpath": "x"}, "needs --tarfile"),
        ({"background": 1.5}, "--background must be at most 1"),
    ],
)
def test_settings_are_checked(values, problem):
    with pytest.raises(OptionError, match=problem):
        scene_options(**values)
