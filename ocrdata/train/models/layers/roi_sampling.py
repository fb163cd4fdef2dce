"""Which anchors and proposals a two-stage detector learns from, in a graph.

The rules are DeepText's (Zhong et al. 2017, sections 2.1 and 2.2); what is drawn is a function of
seed and step. Every shape is fixed: unused rows have weight 0.
"""

from __future__ import annotations

from typing import Dict, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.geometry.boxes import SECOND_STAGE_DEVIATIONS, box_areas
from ocrdata.train.compat import Tensor, tf
from ocrdata.train.config.deeptext import DeepTextOptions
from ocrdata.train.devices import replicas
from ocrdata.train.models.layers import rois
from ocrdata.train.protocols import Batch

_BACKGROUND, _TEXT, _AMBIGUOUS = 0, 1, 2
UNUSED = -1
POSITIVE, NEGATIVE, LEAST_BEST, AMBIGUOUS_FROM = 0.5, 0.3, 0.3, 0.2
COVERED = 0.5  # from this share on, what lies under a text to be ignored is not background


def text_rows(
    polygons: Sequence[np.ndarray],
    ignore: np.ndarray,
    size: Tuple[int, int],
    options: DeepTextOptions,
) -> Dict[str, np.ndarray]:
    """Returns `texts` and `ignored` of a crop: upright boxes [max_texts, 4], unused rows zero.

    Small texts are to be ignored, and those beyond the largest `max_texts`.
    """
    height, width = size
    found = [np.concatenate([p.min(axis=0), p.max(axis=0)]) for p in polygons]
    boxes = np.array(found, np.float32).reshape(-1, 4)
    boxes = np.clip(boxes, 0, np.array([width, height, width, height], np.float32))
    small = (boxes[:, 2:] - boxes[:, :2]).min(axis=1) < max(options.min_text_size, 1e-3)
    unread = np.asarray(ignore, bool) | small
    order = np.argsort(-box_areas(boxes), kind="stable")
    texts, ignored = order[~unread[order]], order[unread[order]]
    count = options.max_texts
    left_over = np.concatenate([texts[count:], ignored])
    return {"texts": _padded(boxes[texts], count), "ignored": _padded(boxes[left_over], count)}


def _padded(boxes: np.ndarray, count: int) -> np.ndarray:
    rows = np.zeros((count, 4), np.float32)
    rows[: min(count, len(boxes))] = boxes[:count]
    return rows


def match_anchors(
    overlap: Tensor,
    real: Tensor,
    *,
    allowed: Tensor,
    positive: float,
    negative: float,
    least: float,
) -> Tuple[Tensor, Tensor]:
    """Labels anchors by their overlap [B, n, m] with texts: (labels, matched), int32 [B, n].

    `real` bool [B, m] marks the texts that are not padding, `allowed` bool [n] the anchors that
    take part. Text: from `positive` on, and the best of each text from `least` on; background:
    below `negative`; others are unused (-1). `matched` is 0 but for text.
    """
    overlap = overlap * tf.cast(real, tf.float32)[:, None]
    most = tf.reduce_max(overlap, 2)
    taking_part = overlap * tf.cast(allowed, tf.float32)[None, :, None]
    best = tf.reduce_max(taking_part, 1, keepdims=True)
    saved = tf.equal(overlap, best) & (best >= least)
    sure = most >= positive
    text = (sure | tf.reduce_any(saved, 2)) & allowed[None]
    background = (most < negative) & allowed[None]
    matched = rois.where(sure, _place_of_most(overlap), _place_of_most(tf.cast(saved, tf.float32)))
    labels = rois.where(text, _TEXT, rois.where(background, _BACKGROUND, UNUSED))
    return labels, rois.where(text, matched, 0)


def _place_of_most(values: Tensor) -> Tensor:
    return tf.argmax(values, axis=2, output_type=tf.int32)


def match_proposals(
    overlap: Tensor, real: Tensor, *, valid: Tensor, positive: float, ambiguous: float
) -> Tuple[Tensor, Tensor]:
    """Labels proposals by their overlap [B, n, m] with texts: (labels, matched), int32 [B, n].

    Text from `positive` on, ambiguous from `ambiguous` on, background below; those not `valid`
    (bool [B, n]) are unused (-1).
    """
    overlap = overlap * tf.cast(real, tf.float32)[:, None]
    most = tf.reduce_max(overlap, 2)
    rest = rois.where(most >= ambiguous, _AMBIGUOUS, _BACKGROUND)
    labels = rois.where(most >= positive, _TEXT, rest)
    labels = rois.where(valid, labels, UNUSED)
    return labels, rois.where(tf.equal(labels, _TEXT), _place_of_most(overlap), 0)


def without_ignored(labels: Tensor, boxes: Tensor, ignored: Tensor) -> Tensor:
    """Takes background [B, n] that lies under a text to be ignored, [B, m, 4], out of use."""
    shares = (
        rois.shared_areas_in_graph(boxes, ignored)
        / tf.maximum(rois.areas_in_graph(boxes), 1e-9)[:, :, None]
    )
    under = tf.reduce_any(shares >= COVERED, 2) & tf.equal(labels, _BACKGROUND)
    return rois.where(under, UNUSED, labels)


def choose(
    labels: Tensor, priority: Tensor, limits: Sequence[int], count: int
) -> Tuple[Tensor, Tensor]:
    """Returns the rows to learn from, int32 [B, count], and their weights, 1 or 0.

    `limits` are the most of text and, if there are two, of ambiguous ones; background fills up to
    `count`. Of each kind those of the lowest `priority` [B, n], in [0, 1), are taken.
    """
    kinds = [*zip((_TEXT, _AMBIGUOUS), limits), (_BACKGROUND, count)]
    left = tf.fill(tf.shape(labels)[:1], count)
    places, used = [], []
    for label, limit in kinds:
        rank = rois.where(tf.equal(labels, label), 1.0 - priority, -1.0)
        width = tf.minimum(min(limit, count), tf.shape(labels)[1])
        values, found = tf.nn.top_k(rank, width)
        take = (values > 0) & (tf.range(width)[None] < left[:, None])
        left = left - tf.reduce_sum(tf.cast(take, tf.int32), 1)
        places.append(found)
        used.append(tf.cast(take, tf.float32))
    room = [[0, 0], [0, count]]  # for pictures with less to choose from than `count`
    all_used = tf.pad(tf.concat(used, 1), room)
    weights, order = tf.nn.top_k(all_used, count)
    index = tf.gather(tf.pad(tf.concat(places, 1), room), order, batch_dims=1)
    return index * tf.cast(weights, tf.int32), weights


class Matching(NamedTuple):
    """Boxes [B, n, 4], their labels and the texts they are matched with, int32 [B, n]."""

    boxes: Tensor
    labels: Tensor
    matched: Tensor


def targets(
    index: Tensor,
    weights: Tensor,
    *,
    matching: Matching,
    texts: Tensor,
    deviations: Sequence[float],
) -> Batch:
    """Returns what chosen rows [B, count] learn: `labels`, `deltas` [B, count, 4] and `weights`.

    Deltas lead from the boxes to the matched `texts` [B, m, 4]; they are 0 but for text.
    """
    boxes, labels, matched = matching
    label = tf.gather(labels, index, batch_dims=1)
    label = rois.where(weights > 0, label, _BACKGROUND)
    goal = tf.gather(texts, tf.gather(matched, index, batch_dims=1), batch_dims=1)
    deltas = rois.encode_boxes_in_graph(goal, tf.gather(boxes, index, batch_dims=1), deviations)
    deltas = deltas * tf.cast(tf.equal(label, _TEXT), tf.float32)[..., None]
    return {"labels": label, "deltas": deltas, "weights": weights}


def priorities(shape: Tensor, seed: int, stage: int, step: Tensor) -> Tensor:
    """Returns numbers in [0, 1) that are a function of seed, stage and step, for our rows."""
    key = tf.stack([tf.constant(2 * seed + stage, tf.int64), tf.cast(step, tf.int64)])
    whole = tf.random.stateless_uniform(tf.stack([shape[0] * replicas.count(), shape[1]]), key)
    return whole[replicas.index() :: replicas.count()]


class Texts(NamedTuple):
    """What a batch is learned from: boxes [B, m, 4] of texts and of those to be ignored."""

    texts: Tensor
    ignored: Tensor
    options: DeepTextOptions
    seed: int
    step: Tensor


def learned_anchors(given: Texts, anchors: Tensor, size: Tensor) -> Tuple[Tensor, Batch]:
    """Returns the places of the anchors [n, 4] that are learned from, [B, count], and `targets`.

    `size` is the picture's (height, width).
    """
    count = given.options.rpn_samples
    allowed = tf.ones_like(anchors[:, 0], tf.bool)
    if given.options.inside_anchors:
        limit = tf.cast(size[::-1], tf.float32)
        allowed = tf.reduce_all((anchors[:, :2] >= 0) & (anchors[:, 2:] <= limit), 1)
    overlap = rois.overlaps_in_graph(anchors[None], given.texts)
    real = rois.areas_in_graph(given.texts) > 0
    labels, matched = match_anchors(
        overlap,
        real,
        allowed=allowed,
        positive=POSITIVE,
        negative=NEGATIVE,
        least=LEAST_BEST,
    )
    every = tf.tile(anchors[None], [tf.shape(given.texts)[0], 1, 1])
    stage = _Stage(0, count, (count // 2,), rois.NO_DEVIATIONS)
    return _learned(given, stage, Matching(every, labels, matched))


def learned_proposals(given: Texts, proposals: Tensor, valid: Tensor) -> Tuple[Tensor, Batch]:
    """Returns the boxes [B, count, 4] that are learned from, and their `targets`.

    They are drawn from the `valid` proposals [B, n, 4] and the texts themselves.
    """
    count, real = given.options.rois, rois.areas_in_graph(given.texts) > 0
    pool = tf.concat([proposals, given.texts], 1)
    overlap = rois.overlaps_in_graph(pool, given.texts)
    labels, matched = match_proposals(
        overlap,
        real,
        valid=tf.concat([valid, real], 1),
        positive=POSITIVE,
        ambiguous=AMBIGUOUS_FROM,
    )
    stage = _Stage(1, count, (count // 5, count // 5), SECOND_STAGE_DEVIATIONS)
    index, rows = _learned(given, stage, Matching(pool, labels, matched))
    return tf.gather(pool, index, batch_dims=1) * rows["weights"][..., None], rows


class _Stage(NamedTuple):
    """One of the two stages: how many rows it learns from, and how it codes boxes."""

    number: int
    rows: int
    limits: Tuple[int, ...]  # see `choose`
    deviations: Sequence[float]


def _learned(given: Texts, stage: _Stage, matching: Matching) -> Tuple[Tensor, Batch]:
    labels = without_ignored(matching.labels, matching.boxes, given.ignored)
    draw = priorities(tf.shape(labels), given.seed, stage.number, given.step)
    index, weights = choose(labels, draw, stage.limits, stage.rows)
    rows = targets(
        index,
        weights,
        matching=matching._replace(labels=labels),
        texts=given.texts,
        deviations=stage.deviations,
    )
    return index, rows
