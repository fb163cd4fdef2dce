"""Losses of score maps that several detectors share."""

from __future__ import annotations

from typing import Mapping

from ocrdata.train.compat import Tensor, tf
from ocrdata.train.devices import replicas
from ocrdata.train.models.layers.roi_sampling import _TEXT
from ocrdata.train.models.layers.rois import where

TINY = 1e-5


def dice_losses(scores: Tensor, truth: Tensor, mask: Tensor, squared: bool = False) -> Tensor:
    """Returns 1 - 2 |A B| / (|A| + |B|) of each map over all cells of a batch that count, [n].

    `scores` and `truth` are float32 [B, h, w, n], `mask` [B, h, w, 1]. |A| is the sum of A or,
    where `squared`, of A's squares (Milletari et al. 2016, arXiv 1606.04797). A batch is one sum,
    as a crop without text has no gradient by itself.
    """
    scores, truth = scores * mask, truth * mask
    sizes = (scores * scores + truth * truth) if squared else (scores + truth)
    sums = [tf.reduce_sum(part, [0, 1, 2]) for part in (scores * truth, sizes)]
    if replicas.count() > 1:
        sums = tf.unstack(replicas.total_over_replicas(tf.stack(sums)))
    return 1.0 - 2.0 * sums[0] / (sums[1] + TINY)


def batch_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Returns the weighted mean over the whole batch, on however many devices it is."""
    sums = tf.stack([tf.reduce_sum(values * weights), tf.reduce_sum(weights)])
    total, count = tf.unstack(replicas.total_over_replicas(sums))
    return total / tf.maximum(count, 1.0)


def hard_negatives(logits: Tensor, truth: Tensor, mask: Tensor, ratio: float) -> Tensor:
    """Returns which cells to learn from: text, and the `ratio` times as many that look most so.

    Online hard example mining (Shrivastava et al. 2016, arXiv 1604.03540) within each crop; of a
    crop without text all cells count. All are float32 [B, h, w, 1]; cells with equal logits at the
    limit are taken together.
    """
    text, rest = truth * mask, (1.0 - truth) * mask
    flat = tf.where(rest > 0, logits, tf.fill(tf.shape(logits), logits.dtype.min))
    ranked = tf.sort(tf.reshape(flat, [tf.shape(flat)[0], -1]), direction="DESCENDING")
    texts, rests = (tf.reduce_sum(part, [1, 2, 3]) for part in (text, rest))
    wanted = tf.cast(tf.minimum(tf.math.ceil(ratio * texts), rests), tf.int32)
    limit = tf.gather(ranked, tf.maximum(wanted - 1, 0)[:, tf.newaxis], batch_dims=1)
    hard = rest * tf.cast(logits >= limit[:, tf.newaxis, tf.newaxis], tf.float32)
    some = tf.cast(texts > 0, tf.float32)[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return tf.stop_gradient(some * (text + hard) + (1.0 - some) * mask)


def box_losses(rows: Mapping[str, Tensor], beta: float) -> Tensor:
    """Returns the smooth L1 losses [B, n] of the deltas of text; of other rows 0.

    `rows` has `found` and `deltas` [B, n, 4], `labels` and `weights` [B, n].
    """
    distance = tf.abs(rows["found"] - rows["deltas"])
    smooth = where(distance < beta, 0.5 * distance * distance / beta, distance - 0.5 * beta)
    counts = rows["weights"] * tf.cast(tf.equal(rows["labels"], _TEXT), tf.float32)
    return tf.reduce_sum(smooth, 2) * counts
