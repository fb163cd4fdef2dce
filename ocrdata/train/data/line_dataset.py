"""Record files to batches of images and labels, in an order that is a function of the step alone.

Training reads an endless stream of samples: epoch after epoch, each with its shards in an order
of its own. The stream is cut into pools of whole batches; a pool is shuffled, its samples are
sorted by width (so that little padding is needed), cut into batches, and the batches shuffled. A
pool may reach over the end of an epoch, so that no sample is left out and every batch is whole. To
go on at step s, the reader skips less than an epoch of undecoded records, some 4 microseconds each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base.random_streams import stream
from ocrdata.records.format import schema
from ocrdata.train.compat import AUTOTUNE, Tensor, as_written, tf, v1
from ocrdata.train.data.augment import Augmentation
from ocrdata.train.data.line_images import BUCKET, ImageSpec, decode_images, round_up
from ocrdata.train.data.line_shards import LineShard
from ocrdata.train.protocols import Batch, Dataset, DType, FetchedArrays, Session

_CYCLE, _BLOCK = 8, 16  # shards read in turn, records of each at a time
ENDLESS = np.iinfo(np.int64).max


@dataclass(frozen=True)
class ShuffleOrder:
    """Which records come when: `files` of an epoch, places in a pool; a function of the seed."""

    shards: Sequence[LineShard]
    batch_size: int
    pool_batches: int
    seed: int

    @property
    def samples(self) -> int:
        """Samples in an epoch."""
        return sum(shard.samples for shard in self.shards)

    def start(self, step: int) -> List[int]:
        """Returns where a step begins: epoch, records of it to skip, pool, batches to skip."""
        pool, batch = divmod(step, self.pool_batches)
        epoch, record = divmod(pool * self.pool_batches * self.batch_size, self.samples)
        return [epoch, record, pool, batch]

    def records(self, start: Tensor) -> Dataset:
        """Returns the serialized samples from a start on."""
        return self.epochs(start[:2])

    def epochs(self, start: Tensor) -> Dataset:
        """Returns the records, epoch after epoch, from an epoch and a record of it on."""
        compression = self.shards[0].compression
        records = tf.data.Dataset.range(start[0], ENDLESS).flat_map(
            as_written(lambda epoch: _read(call(self.files, epoch, tf.string), compression))
        )
        return records.skip(start[1])

    def files(self, epoch: int) -> np.ndarray:
        """Returns the shard paths of an epoch in their order, as an array of bytes."""
        names = [str(shard.path).encode("utf-8") for shard in self.shards]
        stream(self.seed, "shards", int(epoch)).shuffle(names)
        return np.array(names, dtype=object)

    def places(self, pool: int) -> np.ndarray:
        """Returns int64 [pool_batches * batch_size]: a permutation of a pool."""
        return self._permutation("samples", pool, self.pool_batches * self.batch_size)

    def turns(self, pool: int) -> np.ndarray:
        """Returns int64 [pool_batches]: the order of a pool's batches."""
        return self._permutation("batches", pool, self.pool_batches)

    def _permutation(self, name: str, pool: int, size: int) -> np.ndarray:
        order = list(range(size))
        stream(self.seed, name, int(pool)).shuffle(order)
        return np.array(order, dtype=np.int64)


def pool_batches(shuffle: int, batch_size: int) -> int:
    """Returns how many batches a pool of about `shuffle` samples has."""
    return max(1, shuffle // batch_size)


def training_batches(
    order: ShuffleOrder,
    spec: ImageSpec,
    start: Tensor,
    share: Tuple[int, int] = (0, 1),
    augment: Optional[Augmentation] = None,
) -> Dataset:
    """Returns the endless dataset of training batches from `start` (int64, see `order.start`).

    Only the samples i, i + n, ... of each batch, where `share` is (i, n), are decoded.
    """
    pools = order.records(start).batch(order.pool_batches * order.batch_size, drop_remainder=True)
    numbered = tf.data.Dataset.zip((tf.data.Dataset.range(start[2], ENDLESS), pools))

    @as_written
    def arrange(pool: Tensor, serialized: Tensor) -> Dataset:
        places = call(order.places, pool, tf.int64)
        if not spec.width:
            places = tf.gather(places, _by_width(tf.gather(serialized, places), spec))
        rows = tf.reshape(places, [order.pool_batches, order.batch_size])
        rows = tf.gather(rows, call(order.turns, pool, tf.int64))[:, share[0] :: share[1]]
        # What is done to a sample goes by its number in the endless stream.
        numbers = pool * (order.pool_batches * order.batch_size) + rows
        return tf.data.Dataset.from_tensor_slices((tf.gather(serialized, rows), numbers))

    batches = numbered.flat_map(arrange).skip(start[3])
    if augment is None:
        return _prepared(batches.map(as_written(lambda serialized, _: serialized)), spec)
    return _prepared(batches, spec, augment)


def evaluation_batches(
    shards: Sequence[LineShard], spec: ImageSpec, batch_size: int, limit: int = 0
) -> Dataset:
    """Returns the dataset of all samples of `shards`, or the first `limit`, once.

    Samples of a pool are sorted by width; the feature "index" (int64 [B]) numbers them as they
    stand in the files. The last batch holds what is left.
    """
    names = [str(shard.path) for shard in shards]
    records = tf.data.TFRecordDataset(names, shards[0].compression).take(limit or -1)
    numbered = tf.data.Dataset.zip((tf.data.Dataset.range(ENDLESS), records))

    @as_written
    def arrange(index: Tensor, serialized: Tensor) -> Dataset:
        places = _by_width(serialized, spec)
        pair = tf.gather(serialized, places), tf.gather(index, places)
        return tf.data.Dataset.from_tensor_slices(pair).batch(batch_size)

    pools = numbered.batch(batch_size * pool_batches(1024, batch_size))
    return _prepared(pools.flat_map(arrange), spec)


def with_fixed_shapes(batches: Dataset, size: int, longest: int) -> Dataset:
    """Returns batches of `size` without texts; labels become int32 [size, longest], then -1."""

    @as_written
    def fix(features: Batch) -> Batch:
        classes = tf.sparse.reset_shape(features[schema.CLASS], [size, longest])
        dense = tf.cast(tf.sparse.to_dense(classes, default_value=-1), tf.int32)
        kept = {schema.CLASS: dense, "images": features["images"], "widths": features["widths"]}
        return {name: _first(value, size) for name, value in kept.items()}

    return batches.map(fix)


def _first(value: Tensor, size: int) -> Tensor:
    value.set_shape([size, *value.shape[1:]])
    return value


def call(function: Callable[[int], np.ndarray], argument: Tensor, dtype: DType) -> Tensor:
    """Returns what a function makes of a number, an array [n], when the graph runs."""
    result = tf.numpy_function(function, [argument], dtype)
    result.set_shape([None])
    return result


def _read(files: Tensor, compression: str) -> Dataset:
    # Sequential: a parallel interleave can crash 1.15 when its session closes, and reading is
    # a hundred times faster than decoding anyway.
    names = tf.data.Dataset.from_tensor_slices(files)
    read = as_written(lambda name: tf.data.TFRecordDataset(name, compression))
    return names.interleave(read, _CYCLE, _BLOCK)


_SIZES = {
    schema.HEIGHT: v1.FixedLenFeature([], tf.int64),
    schema.WIDTH: v1.FixedLenFeature([], tf.int64),
}
_FEATURES = dict(
    _SIZES,
    **{
        schema.ENCODED: v1.FixedLenFeature([], tf.string),
        schema.SOURCE_ID: v1.FixedLenFeature([], tf.string),
        schema.TEXT: v1.FixedLenFeature([], tf.string),
        schema.CLASS: v1.VarLenFeature(tf.int64),
    },
)


def _widths(features: Batch, spec: ImageSpec) -> Tensor:
    widths = spec.scaled_width(features[schema.HEIGHT], features[schema.WIDTH])
    return tf.cast(widths, tf.int32)


def _by_width(serialized: Tensor, spec: ImageSpec) -> Tensor:
    widths = _widths(v1.parse_example(serialized, _SIZES), spec)
    return tf.argsort(widths // BUCKET, stable=True)


def _prepared(batches: Dataset, spec: ImageSpec, augment: Optional[Augmentation] = None) -> Dataset:
    @as_written
    def prepare(serialized: Tensor, index: Optional[Tensor] = None) -> Batch:
        features = v1.parse_example(serialized, _FEATURES)
        widths = _widths(features, spec)
        full = tf.constant(spec.width) if spec.width else round_up(tf.reduce_max(widths))
        features["images"], features["widths"] = decode_images(
            features.pop(schema.ENCODED), full, spec
        )
        if augment is not None:
            same = features["images"].shape
            given = [features["images"], features["widths"], index]
            features["images"] = tf.numpy_function(augment.lines, given, tf.uint8)
            features["images"].set_shape(same)
        elif index is not None:
            features["index"] = index
        return features

    return batches.map(prepare, num_parallel_calls=AUTOTUNE).prefetch(4)


def iterate(session: Session, fetches: Batch) -> Iterator[FetchedArrays]:
    """Yields what `fetches` gives until the dataset behind them ends."""
    while True:
        try:
            yield session.run(fetches)
        except tf.errors.OutOfRangeError:
            return
