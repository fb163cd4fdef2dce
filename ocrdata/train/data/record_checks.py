"""What is wrong with records of lines, found before training begins."""

from __future__ import annotations

from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ocrdata.base.run_options import OnProgress
from ocrdata.errors import RecordError
from ocrdata.records.format import schema
from ocrdata.text.visual_order import LineOrder
from ocrdata.train.compat import as_written, tf, untuned, v1
from ocrdata.train.data.line_dataset import iterate
from ocrdata.train.data.line_images import ImageSpec, Size
from ocrdata.train.data.line_shards import LineShard, LineShards
from ocrdata.train.protocols import FetchedArrays
from ocrdata.train.tf_errors import first_line

Problem = Callable[[FetchedArrays, int], str]  # says what is wrong with a record of a block


class RecordCheck(NamedTuple):
    """What a check of all training records found: how many, and labels too long to be learned.

    `untold_order` are labels that no reader can give, for their pictures may be read in another
    order; what is learned of them is how they stand.
    """

    samples: int
    long_labels: int
    untold_order: int


def check_records(
    shards: LineShards,
    split: str,
    *,
    spec: ImageSpec,
    time_steps: Callable[[Size], Size],
    skip_long: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> RecordCheck:
    """Checks the sizes and labels of all records of a split, some 10 microseconds each.

    Raises RecordError naming shard, record and text for a class that is not in the dictionary, an
    empty label, a picture without pixels, a count that is not what dataset_info.json says and,
    unless `skip_long`, a label that needs more CTC time steps than its picture has.
    """
    done, long_labels, untold, order = 0, 0, 0, LineOrder(shards.charset)
    for shard in shards.require(split):
        start = done
        for block in _blocks(shard):
            found = _faults(block, order, spec, time_steps)
            for fault, words in found:
                if fault.any() and not (skip_long and words is _too_long):
                    first = (int(np.argmax(fault)), words)
                    raise _record_error(shard, done - start, block, first)
            long_labels += int(found[-1][0].sum())
            untold += _untold(block, order)
            done += len(block["text"])
            if on_progress:
                on_progress(done, shards.samples(split))
        if done - start != shard.samples:
            problem = f"holds {done - start} records, not {shard.samples} as dataset_info.json says"
            raise RecordError(shard.path, problem, hint="Write the records again.")
    return RecordCheck(done, long_labels, untold)


_FEATURES = {
    schema.HEIGHT: v1.FixedLenFeature([], tf.int64),
    schema.WIDTH: v1.FixedLenFeature([], tf.int64),
    schema.TEXT: v1.FixedLenFeature([], tf.string),
    schema.SOURCE_ID: v1.FixedLenFeature([], tf.string),
    schema.CLASS: v1.VarLenFeature(tf.int64),
}


def _blocks(shard: LineShard) -> Iterator[FetchedArrays]:
    with tf.Graph().as_default(), v1.Session() as session:
        records = tf.data.TFRecordDataset([str(shard.path)], shard.compression).batch(2048)
        parsed = records.map(as_written(lambda block: v1.parse_example(block, _FEATURES)))
        one = v1.data.make_one_shot_iterator(untuned(parsed)).get_next()
        fetches = {
            "height": one[schema.HEIGHT],
            "width": one[schema.WIDTH],
            "text": one[schema.TEXT],
            "key": one[schema.SOURCE_ID],
            "classes": tf.sparse.to_dense(one[schema.CLASS], default_value=-1),
        }
        try:
            yield from iterate(session, fetches)
        except (tf.errors.InvalidArgumentError, tf.errors.DataLossError) as error:
            problem = f"cannot be read as text lines ({first_line(error)})"
            raise RecordError(shard.path, problem, hint="Write the records again.") from error


def _faults(
    block: FetchedArrays, order: LineOrder, spec: ImageSpec, time_steps: Callable[[Size], Size]
) -> List[Tuple[np.ndarray, Problem]]:
    """Returns (bool [n], function that words the problem) pairs; long labels come last."""
    classes, height, width = block["classes"], block["height"], block["width"]
    lengths = (classes >= 0).sum(1)
    unknown = (classes >= len(order.charset)).any(1) | (classes < -1).any(1)
    no_pixels = (height < 1) | (width < 1)
    steps = time_steps(spec.scaled_width(np.maximum(height, 1), np.maximum(width, 1)))
    for row in np.flatnonzero(~unknown & (2 * lengths > steps)) if order.reorders else ():
        length = lengths[row]
        classes[row, :length] = order.arrange(classes[row, :length].tolist())
    repeats = ((classes[:, 1:] == classes[:, :-1]) & (classes[:, 1:] >= 0)).sum(1)
    block["needed"], block["steps"] = lengths + repeats, np.asarray(steps)
    return [
        (no_pixels, lambda b, i: f"has a picture of {_size(b, i)} pixels"),
        (lengths == 0, lambda b, i: "has an empty label"),
        (unknown, _unknown_class),
        (lengths + repeats > steps, _too_long),
    ]


def _untold(block: FetchedArrays, order: LineOrder) -> int:
    """Counts the labels whose order a picture does not tell."""
    texts = (text.decode("utf-8", "replace") for text in block["text"]) if order.reorders else ()
    return sum(not order.is_told(text) for text in texts)


def _size(block: FetchedArrays, index: int) -> str:
    width, height = block["width"][index], block["height"][index]
    return f"{width}x{height}"


def _unknown_class(block: FetchedArrays, index: int) -> str:
    highest = block["classes"][index].max()
    return f"has class {highest}, which is not in the dictionary"


def _too_long(block: FetchedArrays, index: int) -> str:
    needed, steps = block["needed"][index], block["steps"][index]
    return (
        f"needs {needed} time steps (characters and repeats) but its {_size(block, index)} picture "
        f"has {steps}"
    )


def _record_error(
    shard: LineShard, before: int, block: FetchedArrays, fault: Tuple[int, Problem]
) -> RecordError:
    """Returns the error for a record of a block that has `before` records of its shard before."""
    index, problem = fault
    hint = "Write the records again from right labels: ocrdata tfrecord --overwrite."
    if problem is _too_long:
        hint = (
            "Train without such lines (--long-labels skip), or with a larger --image-width if set."
        )
    text, key = (block[name][index].decode("utf-8", "replace") for name in ("text", "key"))
    what = f"record {before + index + 1} ({key}, label {text!r}) {problem(block, index)}"
    return RecordError(shard.path, what, hint=hint)
