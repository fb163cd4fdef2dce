"""What is said before training starts, and instead of TensorFlow's own errors."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_support import write_numbers  # noqa: E402

from ocrdata.errors import RecordError, TrainingError  # noqa: E402
from ocrdata.records.format.schema import LineRecord, encode_line  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.data.line_images import ImageSpec  # noqa: E402
from ocrdata.train.data.line_shards import read_line_shards  # noqa: E402
from ocrdata.train.data.record_checks import check_records  # noqa: E402
from ocrdata.train.models.crnn import time_steps  # noqa: E402
from ocrdata.train.tf_errors import explained  # noqa: E402

pytestmark = pytest.mark.tf
GRAY = ImageSpec(32, 1)
GOOD = LineRecord("pic/good.png", b"png", "png", 32, 64, "12", (1, 2))


@pytest.fixture
def written(tmp_path, request):
    """Replaces the first training shard's records by those given."""
    characters = getattr(request, "param", "0123456789")
    data = write_numbers(tmp_path / "data", 8, characters=characters)

    def make(lines, declared=None):
        path = data / "tfrecords" / "dataset_info.json"
        info = json.loads(path.read_text(encoding="utf-8"))
        entry = info["splits"]["train"]["shards"][0]
        entry["samples"] = len(lines) if declared is None else declared
        info["splits"]["train"]["shards"] = [entry]
        path.write_text(json.dumps(info), encoding="utf-8")
        with tf.io.TFRecordWriter(str(data / "tfrecords" / entry["file"])) as writer:
            for line in lines:
                writer.write(encode_line(line) if isinstance(line, LineRecord) else line)
        return read_line_shards(data)

    return make


@pytest.mark.parametrize(
    "changed, problem",
    [
        ({"width": 8, "text": "123", "classes": (1, 2, 3)}, "needs 3 time steps .* 8x32 .* has 2"),
        ({"width": 8, "text": "11", "classes": (1, 1)}, "needs 3 time steps"),
        ({"classes": (1, 10)}, "class 10, which is not in the dictionary"),
        ({"classes": (), "text": ""}, "empty label"),
        ({"height": 0}, "picture of 64x0 pixels"),
    ],
)
def test_a_bad_record_is_named_before_training(written, changed, problem):
    bad = GOOD._replace(key="pic/bad.png", **changed)
    found = written([GOOD] * 5 + [bad])
    with pytest.raises(RecordError, match=problem) as caught:
        check_records(found, "train", spec=GRAY, time_steps=time_steps)
    assert "train-00000-of-00003.tfrecord: record 6 (pic/bad.png" in str(caught.value)


def test_long_labels_can_be_counted_instead(written):
    long = GOOD._replace(width=4)
    found = check_records(
        written([GOOD, long, long]), "train", spec=GRAY, time_steps=time_steps, skip_long=True
    )
    assert found == (3, 2, 0)


@pytest.mark.parametrize("written", ["0123456789 abcملاس"], indirect=True)
def test_labels_whose_order_no_picture_tells_are_counted(written):
    def line(text):
        classes = tuple("0123456789 abcملاس".index(one) for one in text)
        return GOOD._replace(width=200, text=text, classes=classes)

    # abc, then from right to left: a picture of the other way about looks the same.
    found = written([line("abc سلام"), line("سلام"), line("سلام 12"), line("abc 12")])
    assert check_records(found, "train", spec=GRAY, time_steps=time_steps) == (4, 0, 1)


def test_a_fixed_width_that_is_too_small_is_found(written):
    wide = GOOD._replace(width=400, text="0123456789", classes=tuple(range(10)))
    assert check_records(written([wide]), "train", spec=GRAY, time_steps=time_steps).samples == 1
    with pytest.raises(RecordError, match="needs 10 time steps .* has 9"):
        check_records(written([wide]), "train", spec=ImageSpec(32, 1, 36), time_steps=time_steps)


def test_a_count_that_is_not_declared_is_found(written):
    with pytest.raises(RecordError, match="holds 2 records, not 3"):
        check_records(written([GOOD, GOOD], declared=3), "train", spec=GRAY, time_steps=time_steps)


def test_other_records_are_refused(written):
    with pytest.raises(RecordError, match="cannot be read as text lines"):
        check_records(written([b""]), "train", spec=GRAY, time_steps=time_steps)


def test_a_damaged_file_is_refused(written):
    found = written([GOOD] * 3)
    path = found.require("train")[0].path
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(RecordError, match="cannot be read"):
        check_records(found, "train", spec=GRAY, time_steps=time_steps)


def test_a_missing_shard_is_named(written):
    found = written([GOOD])
    found.require("train")[0].path.unlink()
    with pytest.raises(RecordError, match="missing.*tfrecord --overwrite"):
        check_records(found, "train", spec=GRAY, time_steps=time_steps)


def test_an_empty_split_says_what_to_do(written):
    with pytest.raises(RecordError, match="no samples in its train split.*ocrdata tfrecord"):
        written([]).require("train")


def test_missing_records_name_the_commands(tmp_path):
    with pytest.raises(RecordError, match="ocrdata tfrecord"):
        read_line_shards(tmp_path)


def test_many_records_are_checked_in_blocks(written):
    lines = [GOOD] * 5000 + [GOOD._replace(key="last", width=2)]
    done = []
    with pytest.raises(RecordError, match=r"record 5001 \(last"):
        check_records(
            written(lines),
            "train",
            spec=GRAY,
            time_steps=time_steps,
            on_progress=lambda *seen: done.append(seen),
        )
    assert done == [(2048, 5001), (4096, 5001)]


def test_undecodable_pictures_are_explained():
    with tf.Graph().as_default(), v1.Session() as session:
        image = tf.io.decode_image(tf.constant(b"no picture"), 1, expand_animations=False)
        with pytest.raises(TrainingError, match="cannot be used.*ocrdata check"), explained():
            session.run(image)


def test_time_steps_take_arrays():
    assert time_steps(np.array([1, 4, 5])).tolist() == [1, 1, 2]
