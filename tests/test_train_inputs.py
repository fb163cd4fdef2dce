"""The input: its order, its exact continuation, its pictures."""

from __future__ import annotations

import io
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_support import write_numbers  # noqa: E402

from ocrdata.reading.lines import ready_line  # noqa: E402
from ocrdata.records.format import schema  # noqa: E402
from ocrdata.train.compat import tf, untuned, v1  # noqa: E402
from ocrdata.train.data import line_dataset  # noqa: E402
from ocrdata.train.data.line_dataset import (  # noqa: E402
    ShuffleOrder,
    evaluation_batches,
    iterate,
    pool_batches,
    training_batches,
)
from ocrdata.train.data.line_images import BUCKET, ImageSpec, decode_images, measured_widths  # noqa: E402
from ocrdata.train.data.line_shards import read_line_shards  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
GRAY = ImageSpec(32, 1)


def read_training(data, count, step=0, seed=0, batch_size=8, pool=3, spec=GRAY):
    """Returns `count` batches from `step` on."""
    order = ShuffleOrder(read_line_shards(data).require("train"), batch_size, pool, seed)
    with tf.Graph().as_default(), v1.Session() as session:
        start = v1.placeholder(tf.int64, [4])
        iterator = v1.data.make_initializable_iterator(training_batches(order, spec, start))
        batch = iterator.get_next()
        session.run(iterator.initializer, {start: order.start(step)})
        fetches = {
            name: batch[name] for name in ("images", "widths", schema.SOURCE_ID, schema.TEXT)
        }
        return [session.run(fetches) for _ in range(count)]


def keys(batches):
    return [tuple(batch[schema.SOURCE_ID]) for batch in batches]


def test_each_epoch_holds_every_sample_once(numbers):
    samples = read_line_shards(numbers).samples("train")
    seen = [key for batch in keys(read_training(numbers, samples, batch_size=4)) for key in batch]
    for epoch in range(4):
        part = Counter(seen[epoch * samples : (epoch + 1) * samples])
        # A pool that reaches over the end of an epoch mixes the two, in at most 12 places.
        assert sum((part - Counter(dict.fromkeys(seen, 1))).values()) <= 12
    assert set(Counter(seen).values()) <= {3, 4, 5}


@pytest.fixture(scope="module")
def whole(numbers):
    return keys(read_training(numbers, 64))


@pytest.mark.parametrize("step", [1, 2, 3, 17, 40, 61])
def test_going_on_at_a_step_gives_the_rest_of_the_same_order(numbers, whole, step):
    assert keys(read_training(numbers, 3, step=step)) == whole[step : step + 3]


def test_order_is_a_function_of_the_seed(numbers):
    first = keys(read_training(numbers, 6))
    assert first == keys(read_training(numbers, 6)) != keys(read_training(numbers, 6, seed=1))


def test_shuffling_changes_from_epoch_to_epoch(numbers):
    samples = read_line_shards(numbers).samples("train")
    order = keys(read_training(numbers, 2 * samples, batch_size=1, pool=samples))
    assert order[:samples] != order[samples:]
    assert sorted(order[:samples]) == sorted(order[samples:])


def test_batches_hold_lines_of_like_widths(numbers):
    """Sorted within a pool: all but the batches at the borders need little padding."""
    padded = []
    for batch in read_training(numbers, 24, pool=12):
        assert batch["images"].shape[2] % BUCKET == 0
        padded.append(batch["images"].shape[2] - batch["widths"].min())
    assert np.median(padded) < 2 * BUCKET


def test_a_split_smaller_than_a_batch_trains(tmp_path):
    data = write_numbers(tmp_path / "data", 6)
    batch = read_training(data, 2, batch_size=16)[1]
    assert batch["images"].shape[0] == 16
    assert set(batch[schema.SOURCE_ID]) <= {f"pic/{i:04d}.png".encode() for i in range(6)}


def test_compressed_shards_are_read(tmp_path, numbers):
    data = write_numbers(tmp_path / "data", 160, (32, 24, 48), compression="gzip")
    assert keys(read_training(data, 5)) == keys(read_training(numbers, 5))


def read_evaluation(data, split, spec=GRAY, batch_size=7, limit=0):
    with tf.Graph().as_default(), v1.Session() as session:
        dataset = evaluation_batches(read_line_shards(data).require(split), spec, batch_size, limit)
        iterator = v1.data.make_initializable_iterator(dataset)
        batch = iterator.get_next()
        session.run(iterator.initializer)
        names = ("index", schema.SOURCE_ID, schema.TEXT, "widths")
        return list(iterate(session, {name: batch[name] for name in names}))


def test_evaluation_reads_every_sample_once_and_knows_its_place(numbers):
    expected = []
    for shard in read_line_shards(numbers).require("train"):
        for record in tf.compat.v1.io.tf_record_iterator(str(shard.path)):
            example = tf.train.Example.FromString(record)
            expected.append(example.features.feature[schema.SOURCE_ID].bytes_list.value[0])
    batches = read_evaluation(numbers, "train")
    found = {i: k for b in batches for i, k in zip(b["index"].tolist(), b[schema.SOURCE_ID])}
    assert [found[i] for i in range(len(expected))] == expected
    assert sum(len(b["index"]) for b in batches) == len(expected)
    assert 0 < len(batches[-1]["index"]) < 7  # the partial batch counts


def test_evaluation_can_be_limited(numbers):
    batches = read_evaluation(numbers, "train", limit=10)
    assert sorted(i for b in batches for i in b["index"]) == list(range(10))


def encoded(array, form="PNG"):
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, form)
    return stream.getvalue()


def decoded(files, full, spec):
    with tf.Graph().as_default(), v1.Session() as session:
        wanted = decode_images(tf.constant(files), tf.constant(full), spec)
        return session.run([*wanted, measured_widths(tf.constant(files), spec)])


def test_pictures_of_our_height_are_not_touched():
    array = np.random.RandomState(0).randint(0, 256, (32, 21)).astype(np.uint8)
    images, widths, measured = decoded([encoded(array)], 32, GRAY)
    assert widths.tolist() == measured.tolist() == [21]
    assert (images[0, :, :21, 0] == array).all() and not images[0, :, 21:].any()


@pytest.mark.parametrize(
    "height, width, scaled", [(64, 100, 50), (16, 30, 60), (48, 1, 1), (40, 77, 62)]
)
def test_pictures_keep_their_shape(height, width, scaled):
    array = np.full((height, width), 200, np.uint8)
    array[:, : width // 2] = 40
    images, widths, measured = decoded([encoded(array)], 64, GRAY)
    assert widths.tolist() == measured.tolist() == [scaled]
    assert GRAY.scaled_width(np.array([height]), np.array([width])).tolist() == [scaled]
    if scaled > 8:
        assert (images[0, :, : scaled // 2 - 3] == 40).all()
        assert (images[0, :, scaled // 2 + 3 : scaled] == 200).all()


def test_shrinking_is_smooth():
    array = np.random.RandomState(0).randint(0, 256, (96, 150)).astype(np.uint8)
    images, _, _ = decoded([encoded(array)], 50, GRAY)
    expected = np.asarray(Image.fromarray(array).resize((50, 32), Image.BILINEAR), float)
    assert np.abs(images[0, :, :, 0] - expected).mean() < 1.0


def test_fixed_width_squeezes_wide_lines_only():
    wide, narrow = np.zeros((32, 90), np.uint8), np.zeros((32, 30), np.uint8)
    images, widths, _ = decoded([encoded(wide), encoded(narrow)], 64, ImageSpec(32, 1, 64))
    assert images.shape == (2, 32, 64, 1) and widths.tolist() == [64, 30]


def test_narrow_lines_are_stretched_as_exported_readers_do_it():
    narrow = np.random.RandomState(0).randint(0, 256, (20, 30)).astype(np.uint8)
    wide = np.zeros((32, 90), np.uint8)
    images, widths, _ = decoded([encoded(narrow), encoded(wide)], 100, ImageSpec(32, 1, 0, 80))
    assert widths.tolist() == [80, 90] and not images[0, :, 80:].any()
    expected = ready_line(narrow, 32, 1, min_width=80)
    assert np.abs(images[0, :, :80].astype(int) - expected).max() <= 1
    _, widths, _ = decoded([encoded(narrow)], 64, ImageSpec(32, 1, 64, 80))
    assert widths.tolist() == [64]


@pytest.mark.parametrize("form", ["BMP", "GIF", "JPEG", "PNG"])
@pytest.mark.parametrize("channels", [1, 3])
def test_colour_and_gray_files_serve_both_kinds_of_network(form, channels):
    colour = np.tile(np.array([40, 130, 220], np.uint8), (32, 16, 1))
    images, _, _ = decoded([encoded(colour, form)], 16, ImageSpec(32, channels))
    assert images.shape == (1, 32, 16, channels)
    expected = colour if channels == 3 else np.array([[[113]]])
    assert np.abs(images[0].astype(int) - expected).max() <= 3
    if form != "BMP":  # TensorFlow reads no gray BMP
        gray = np.full((32, 16), 120, np.uint8)
        images, _, _ = decoded([encoded(gray, form)], 16, ImageSpec(32, channels))
        assert np.abs(images.astype(int) - 120).max() <= 2


def test_pools_hold_whole_batches():
    assert [pool_batches(2048, size) for size in (32, 100, 4096)] == [64, 20, 1]


def test_no_iterator_is_tuned():
    # Whoever forgets it meets sessions that take up to a minute to end, now and then.
    makers = re.compile(r"make_(?:initializable|one_shot)_iterator\((\w+)")
    sources = (Path(line_dataset.__file__).parent).rglob("*.py")
    found = [name for path in sources for name in makers.findall(path.read_text("utf-8"))]
    assert found and set(found) == {"untuned"}
    options = untuned(tf.data.Dataset.range(3)).options()
    tuning = options.autotune if hasattr(options, "autotune") else None
    assert not (tuning.enabled if tuning else options.experimental_optimization.autotune)
