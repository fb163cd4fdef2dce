"""Labels of lines that run from right to left, in the order in which a network meets them."""

from __future__ import annotations

from functools import partial
from itertools import chain

import numpy as np

from ocrdata.records.format import schema
from ocrdata.text.visual_order import LineOrder
from ocrdata.train.compat import Tensor, as_written, tf
from ocrdata.train.protocols import Batch, Dataset


def in_visual_order(batches: Dataset, order: LineOrder) -> Dataset:
    """Returns batches whose classes stand from left to right; as they are where none need it."""
    if not order.reorders:
        return batches

    @as_written
    def arrange(features: Batch) -> Batch:
        classes: Tensor = features[schema.CLASS]
        arguments = [classes.values, classes.indices[:, 0]]
        values = tf.numpy_function(partial(arranged, order), arguments, tf.int64)
        values.set_shape([None])
        turned = tf.SparseTensor(classes.indices, values, classes.dense_shape)
        return dict(features, **{schema.CLASS: turned})

    return batches.map(arrange)


def arranged(order: LineOrder, classes: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """Returns the classes int64 [n] of labels one behind the other, each from left to right.

    `lines` int64 [n] numbers the labels.
    """
    starts = np.flatnonzero(np.diff(lines, prepend=-1))
    parts = [order.arrange(part.tolist()) for part in np.split(classes, starts)[1:]]
    return np.array(list(chain.from_iterable(parts)), np.int64)
