"""Contact sheets and pages: the right samples, drawn where they belong."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops
from test_packing import scenes  # noqa: F401
from test_shards import TEXTS, make_data

from ocrdata.errors import FontError, InputError, OptionError, OutputExistsError
from ocrdata.gallery.cards import Card
from ocrdata.gallery.preview import write_preview
from ocrdata.gallery.sheet import draw_sheet
from ocrdata.images.decode import decode_rgb
from ocrdata.records.sources.sampling import choose_samples
from ocrdata.records.write.shards import write_shards


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = make_data(tmp_path_factory.mktemp("gallery") / "data")
    write_shards(root, shards=3)
    return root


def png(color, size=(60, 30)):
    stream = io.BytesIO()
    Image.new("RGB", size, color).save(stream, "PNG")
    return stream.getvalue()


def read(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_the_seed_chooses(data):
    first = choose_samples(data, 6)
    assert first == choose_samples(data, 6)
    assert first != choose_samples(data, 6, seed=1)
    assert len({shown.key for shown in first}) == 6
    assert {shown.split for shown in first} == {"train", "test"}


def test_samples_are_what_the_lists_say(data):
    for shown in choose_samples(data, 30):
        number = int(shown.key.split("/")[1].split("_")[0])
        assert shown.text == TEXTS[number]
        assert shown.image == (data / shown.key).read_bytes()


@pytest.mark.parametrize("count", [1, 5, 30, 100])
@pytest.mark.parametrize("part", ["tfrecords", "tfrecords/dataset_info.json"])
def test_samples_of_shards(data, part, count):
    shown = choose_samples(data / part, count)
    assert len({one.key for one in shown}) == len(shown) == min(count, 30)
    for one in shown:
        assert (decode_rgb(one.image) == decode_rgb((data / one.key).read_bytes())).all()


def test_one_split(data):
    for where in (data, data / "tfrecords"):
        assert {one.split for one in choose_samples(where, 9, "test")} == {"test"}
    assert {one.split for one in choose_samples(data / "tfrecords", 9, "validation")} == {
        "validation"
    }


@pytest.mark.parametrize(("empty", "other"), [("Train", "test"), ("Test", "train")])
def test_an_empty_list_leaves_its_room_to_the_other(tmp_path, empty, other):
    """A set of tests only, as official ones are, has an empty Train list."""
    root = make_data(tmp_path / "data")
    (root / empty / "sample.txt").write_text("")
    left = sum(1 for _ in (root / other.capitalize() / "sample.txt").open())
    shown = choose_samples(root, 8)
    assert len(shown) == min(8, left) and {one.split for one in shown} == {other}
    assert write_preview(root, tmp_path / "sheet.png", count=8).splits == {other: len(shown)}


def test_one_file(data):
    shard = data / "tfrecords" / "test-00000-of-00003.tfrecord"
    assert len(choose_samples(shard, 9)) == 2
    assert len(choose_samples(data / "Test" / "sample.txt", 9)) == 6


def test_pictures_lie_in_rows_and_columns():
    colors = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    sheet = read(draw_sheet([Card(png(c), "字") for c in colors], "title", columns=2))
    boxes = []
    for color in colors:
        same = ImageChops.difference(sheet, Image.new("RGB", sheet.size, color))
        boxes.append(same.convert("L").point(lambda value: 255 * (value == 0)).getbbox())
    sizes = {(right - left, bottom - top) for left, top, right, bottom in boxes}
    assert sizes == {(120, 60)}
    assert boxes[0][1] == boxes[1][1] < boxes[2][1]
    assert boxes[0][0] == boxes[2][0] < boxes[1][0]


def ink(card):
    """How many pixels differ from the same card without text."""
    with_text, without = (
        read(draw_sheet([card], "t")),
        read(draw_sheet([card._replace(title="")], "t")),
    )
    return ImageChops.difference(with_text, without)


def test_labels_are_drawn_below_and_inside():
    short, long = ink(Card(png("white"), "风华正茂")), ink(Card(png("white"), "风华正茂" * 50))
    assert short.getbbox()[1] > 28 + 64 + 12 + 64
    assert short.getbbox()[2] - short.getbbox()[0] > 60
    assert 240 < long.getbbox()[2] - long.getbbox()[0] <= 276


def test_right_and_wrong_have_colors():
    shades = []
    for good in (True, False):
        sheet = read(draw_sheet([Card(png("white"), "字字字", "", good)], ""))
        colors = [c for _, c in sheet.getcolors(1 << 20) if max(c) - min(c) > 80]
        shades.append(max(colors, key=lambda c: max(c) - min(c)))
    assert shades[0][1] == max(shades[0]) and shades[1][0] == max(shades[1])


def test_a_picture_that_cannot_be_shown_is_noted(data, tmp_path):
    root = make_data(tmp_path / "data", variants=1, train=9)
    (root / "pic" / "0_0.jpg").write_bytes(b"broken")
    (root / "pic" / "1_0.jpg").unlink()
    summary = write_preview(root, root / "a.png", count=12)
    assert (summary.samples, summary.unreadable) == (10, 2)


def test_writing(data, tmp_path):
    target = tmp_path / "new" / "sheet.png"
    summary = write_preview(data, target, count=7, columns=3, overwrite=False)
    assert summary.splits == {"train": 6, "test": 1}
    with Image.open(target) as image:
        assert image.width == 2 * 28 + 3 * 314 - 14
    with pytest.raises(OutputExistsError):
        write_preview(data, target)
    write_preview(data, target, overwrite=True)


def test_impossible_calls(data, tmp_path):
    with pytest.raises(OptionError, match=r"must end in \.png.*--html"):
        write_preview(data, tmp_path / "a.jpg")
    with pytest.raises(OptionError, match="--columns"):
        draw_sheet([], "t", columns=0)
    with pytest.raises(FontError, match="sample.txt: cannot be used"):
        write_preview(data, tmp_path / "a.png", font=data / "Train" / "sample.txt")
    with pytest.raises(InputError, match="ocrdata gen-pics"):
        write_preview(tmp_path, tmp_path / "a.png")


# --- pictures with regions


def test_regions_are_drawn_wherever_they_are(scenes, tmp_path):  # noqa: F811
    from ocrdata.packing.pack import pack_folder
    from ocrdata.records.legacy.conversion import write_from

    with (scenes / "gt_img_2.txt").open("a") as stream:
        stream.write("40,30,60,30,60,44,40,44,###\n")
    pack_folder(scenes, tmp_path / "a.tar.gz")
    write_from(scenes, tmp_path / "shards")
    for place, path in enumerate((scenes, tmp_path / "a.tar.gz", tmp_path / "shards")):
        shown = choose_samples(path, 9)
        assert [len(one.regions) for one in shown].count(2) == 1
        target = tmp_path / f"{place}.png"
        assert write_preview(path, target, columns=2).unreadable == 0
        picture = read(target.read_bytes())
        colors = [color for _, color in picture.getcolors(picture.width * picture.height)]
        assert any(g > 140 and r < 60 for r, g, b in colors), "a green outline"
        assert any(r > 170 and g < 70 and b < 70 for r, g, b in colors), "a red outline"


def test_a_damaged_picture_with_regions_is_shown_as_such(scenes, tmp_path):  # noqa: F811
    (scenes / "img_2.jpg").write_bytes(b"x")
    assert write_preview(scenes, tmp_path / "a.png").unreadable == 1


def test_info_of_a_detection_set(run, scenes, tmp_path):  # noqa: F811
    run("tfrecord", "--source", scenes, "--output", tmp_path / "out", "--workers", 0)
    output = run("info", tmp_path / "out").output
    assert "task: detection" in output and "read: 3" in output
