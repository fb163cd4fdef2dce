"""Augmentation of training pictures, and stages that do not learn."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import train_model  # noqa: E402
from train_support import options, tiny, weights  # noqa: E402

from ocrdata.errors import InputError, OptionError  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.sources import InputOptions  # noqa: E402
from ocrdata.train.data.augment import read_augmentation  # noqa: E402
from ocrdata.train.data.line_dataset import ShuffleOrder, training_batches  # noqa: E402
from ocrdata.train.data.line_images import ImageSpec  # noqa: E402
from ocrdata.train.data.line_shards import read_line_shards  # noqa: E402
from ocrdata.train.models.layers import blocks, frozen  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]


def stripes(width=90, channels=1):
    """Returns upright stripes, dark on light, that any change can be seen on."""
    row = np.where(np.arange(width) // 6 % 2, 210, 40).astype(np.uint8)
    return np.tile(row[None, :, None], (32, 1, channels))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", ["light", "strong"])
def test_a_sample_is_changed_as_its_number_says(name, channels):
    image = stripes(channels=channels)
    before = image.copy()
    made = read_augmentation(name, 4)
    found = [made.line(image, number) for number in range(40)]
    again = [read_augmentation(name, 4).line(image, number) for number in reversed(range(40))]
    assert all((one == other).all() for one, other in zip(found, reversed(again)))
    assert (image == before).all()
    assert all(one.shape == image.shape and one.dtype == np.uint8 for one in found)
    changed = sum(not (one == image).all() for one in found)
    assert changed > 30 and len({one.tobytes() for one in found}) > 30
    other = [read_augmentation(name, 5).line(image, number) for number in range(40)]
    assert sum((one == two).all() for one, two in zip(found, other)) < 10
    # What is written stays: light and dark are still told apart.
    spread = [float(one.std()) for one in found]
    assert min(spread) > 0.3 * image.std()


def test_a_file_says_what_is_done(tmp_path):
    path = tmp_path / "only.toml"
    path.write_text("erase = 1.0\n", encoding="utf-8")
    image = np.random.RandomState(0).randint(0, 256, (32, 90, 1)).astype(np.uint8)
    for number in range(8):
        done = read_augmentation(path, 0).line(image, number)
        rows, columns = np.nonzero((done != image)[:, :, 0])
        assert len(rows) and np.ptp(rows) < 10 and np.ptp(columns) < 10
    path.write_text("", encoding="utf-8")
    assert (read_augmentation(path, 0).line(image, 3) == image).all()


@pytest.mark.parametrize(
    "text, message",
    [
        ("erase = 2", "erase must be a number in"),
        ("size = 0.8", "size is no field of an augmentation"),
        ("blur = [3, 1]", "blur needs low <= high"),
        ("blur", "is not TOML"),
    ],
)
def test_wrong_files_are_named(tmp_path, text, message):
    path = tmp_path / "a.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_augmentation(path, 0)
    with pytest.raises(OptionError, match="--augment heavy: take none, light, strong or"):
        read_augmentation("heavy", 0)


def test_scenes_keep_their_place():
    image = np.zeros((64, 96, 3), np.uint8)
    image[20:40, 30:60] = 200
    made = read_augmentation("strong", 1)
    for number in range(30):
        grey = made.scene(image, number).astype(int).sum(2)
        inside, outside = grey[24:36, 36:54].mean(), grey[:10].mean()
        assert inside > outside + 90


def batches(data, augment, step, count, share=(0, 1)):
    order = ShuffleOrder(read_line_shards(data).require("train"), 4, 3, 0)
    with tf.Graph().as_default(), v1.Session() as session:
        start = tf.constant(order.start(step), tf.int64)
        made = training_batches(order, ImageSpec(32, 1), start, share, augment)
        iterator = v1.data.make_initializable_iterator(made)
        session.run(iterator.initializer)
        batch = iterator.get_next()
        fetched = {name: batch[name] for name in ("images", "widths", "image/source_id")}
        return [session.run(fetched) for _ in range(count)]


def test_lines_of_a_step_are_the_same_after_a_resume_and_for_any_share(numbers):
    plain = batches(numbers, None, 0, 6)
    strong = read_augmentation("strong", 0)
    whole = batches(numbers, strong, 0, 6)
    later = batches(numbers, strong, 4, 2)
    part = batches(numbers, strong, 5, 1, (1, 2))[0]
    for one, other in zip(whole[4:], later):
        assert (one["images"] == other["images"]).all()
    width = part["images"].shape[2]
    assert (whole[5]["images"][1::2, :, :width] == part["images"]).all()
    for one, other in zip(whole, plain):
        assert (one["image/source_id"] == other["image/source_id"]).all()
        assert (one["widths"] == other["widths"]).all()
        assert one["images"].shape == other["images"].shape
        assert not (one["images"] == other["images"]).all()
        for image, columns in zip(one["images"], one["widths"]):
            assert not image[:, columns:].any()


def test_a_run_that_is_resumed_sees_the_same_pictures(numbers, plain, tmp_path):
    def train(output, steps, resume=False):
        given = options(steps=steps, save_every=2)
        inputs = InputOptions(augment="light")
        train_model("crnn", numbers, output, tiny(), given, inputs, resume=resume)

    train(tmp_path / "whole", 4)
    train(tmp_path / "parts", 2)
    train(tmp_path / "parts", 4, resume=True)
    whole, parts = (weights(tmp_path / name / "crnn", 4) for name in ("whole", "parts"))
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)
    with pytest.raises(OptionError, match="was started with --augment light"):
        train_model(
            "crnn",
            numbers,
            tmp_path / "parts",
            tiny(),
            options(steps=5),
            InputOptions(),
            resume=True,
        )


def test_frozen_stages_stay_as_they_began(numbers, tmp_path):
    chosen = options(steps=1, freeze="conv1, crnn/rnn1", save_every=1)
    train_model("crnn", numbers, tmp_path, tiny(), chosen)
    first = weights(tmp_path / "crnn", 1)
    train_model(
        "crnn",
        numbers,
        tmp_path,
        tiny(),
        options(steps=3, freeze="conv1, crnn/rnn1", save_every=1),
        resume=True,
    )
    last = weights(tmp_path / "crnn", 3)
    for name, value in first.items():
        stays = name.startswith(("crnn/conv1/", "crnn/rnn1/"))
        if name.startswith("crnn/") and "Adam" not in name:
            assert np.array_equal(value, last[name]) == stays, name
    assert not any("Adam" in name and "conv1" in name for name in first)


def test_a_frozen_layer_goes_by_its_statistics():
    values = np.random.RandomState(0).rand(2, 4, 4, 3).astype("f")
    with tf.Graph().as_default(), v1.Session() as session:
        frozen.freeze(["still"])
        with v1.variable_scope("still/conv1"):
            still = blocks.batch_norm(tf.constant(values), training=True)
        with v1.variable_scope("still_not/conv1"):
            learns = blocks.batch_norm(tf.constant(values), training=True)
        assert len(v1.get_collection(v1.GraphKeys.UPDATE_OPS)) == 2
        session.run(v1.global_variables_initializer())
        first, second = session.run((still, learns))
    assert np.allclose(first, values, atol=1e-4)
    assert np.allclose(second.mean((0, 1, 2)), 0.0, atol=1e-4)


@pytest.mark.parametrize(
    "given, message",
    [
        ("conv9", "--freeze conv9: the network has no such stage. Has: crnn/logits"),
        ("crnn", "leaves nothing to learn"),
    ],
)
def test_wrong_stages_are_named(numbers, plain, tmp_path, given, message):
    with pytest.raises(OptionError, match=message):
        train_model("crnn", numbers, tmp_path, tiny(), options(steps=1, freeze=given))
