"""Upright boxes in a graph: coding, overlap, suppression and the pooling of regions.

Boxes are float32 [..., 4] as in `ocrdata.geometry.boxes`, which is the definition; every shape is
fixed, whatever a picture holds, as compilers of NPUs want it.
"""

from __future__ import annotations

from typing import Callable, Sequence, Tuple

from ocrdata.geometry.boxes import MOST_GROWTH
from ocrdata.train.compat import Tensor, tf

where = tf.compat.v2.where  # 1.15 has its own, which wants equal shapes
NO_DEVIATIONS = (1.0, 1.0, 1.0, 1.0)
SAMPLES = 2  # points a bin and direction in ROIAlign
FEW_CHANNELS = 16  # from 32 on, TensorFlow 2 multiplies sparse matrices much slower


def grid_of_anchors(shapes: Tensor, rows: Tensor, columns: Tensor, stride: float) -> Tensor:
    """Returns the anchors [rows * columns * k, 4] of a map; `shapes` [k, 4] lie around (0, 0)."""
    x = (tf.cast(tf.range(columns), tf.float32) + 0.5) * stride
    y = (tf.cast(tf.range(rows), tf.float32) + 0.5) * stride
    across, down = tf.meshgrid(x, y)
    centres = tf.reshape(tf.stack([across, down, across, down], 2), [-1, 1, 4])
    return tf.reshape(centres + tf.constant(shapes, tf.float32), [-1, 4])


def _centre_and_side(boxes: Tensor) -> Tuple[Tensor, Tensor]:
    return (boxes[..., :2] + boxes[..., 2:]) / 2.0, boxes[..., 2:] - boxes[..., :2]


def encode_boxes_in_graph(boxes: Tensor, references: Tensor, deviations: Sequence[float]) -> Tensor:
    """Returns the deltas [..., 4] that turn references into boxes; 0 where one has no area."""
    centre, side = _centre_and_side(boxes)
    origin, unit = _centre_and_side(references)
    sound = tf.reduce_all((side > 0) & (unit > 0), -1, keepdims=True)
    side, unit = (where(sound, each, 1.0) for each in (side, unit))
    deltas = tf.concat([(centre - origin) / unit, tf.math.log(side / unit)], -1)
    return where(sound, deltas / tf.constant(deviations, tf.float32), 0.0)


def decode_boxes_in_graph(
    deltas: Tensor, references: Tensor, deviations: Sequence[float], size: Tensor
) -> Tensor:
    """Returns the boxes that deltas make of references, cut to a picture of (height, width)."""
    deltas = deltas * tf.constant(deviations, tf.float32)
    origin, unit = _centre_and_side(references)
    centre = origin + deltas[..., :2] * unit
    half = unit * tf.exp(tf.minimum(deltas[..., 2:], MOST_GROWTH)) / 2.0
    limit = tf.cast(tf.stack([size[1], size[0], size[1], size[0]]), tf.float32)
    return tf.clip_by_value(tf.concat([centre - half, centre + half], -1), 0.0, limit)


def areas_in_graph(boxes: Tensor) -> Tensor:
    """Returns the areas [...] in square pixels, 0 for boxes turned inside out."""
    side = tf.nn.relu(boxes[..., 2:] - boxes[..., :2])
    return side[..., 0] * side[..., 1]


def shared_areas_in_graph(boxes: Tensor, others: Tensor) -> Tensor:
    """Returns the common areas [B, n, m] of boxes [B, n, 4] and others [B, m, 4]."""
    one, other = boxes[:, :, None], others[:, None]
    width = tf.minimum(one[..., 2], other[..., 2]) - tf.maximum(one[..., 0], other[..., 0])
    height = tf.minimum(one[..., 3], other[..., 3]) - tf.maximum(one[..., 1], other[..., 1])
    return tf.nn.relu(width) * tf.nn.relu(height)


def overlaps_in_graph(boxes: Tensor, others: Tensor) -> Tensor:
    """Returns the intersection over union [B, n, m]."""
    shared = shared_areas_in_graph(boxes, others)
    union = areas_in_graph(boxes)[:, :, None] + areas_in_graph(others)[:, None] - shared
    return shared / tf.maximum(union, 1e-9)


def best_boxes(
    boxes: Tensor, scores: Tensor, *, candidates: int, kept: int, threshold: float
) -> Tuple[Tensor, Tensor]:
    """Suppresses all but the best of boxes [B, n, 4] that overlap by more than `threshold`.

    Only the best `candidates` take part. Returns [B, kept, 4] and their scores [B, kept],
    falling; unused rows are zero. Scores are above zero. No gradient flows back.
    """
    count = tf.minimum(candidates, tf.shape(scores)[1])
    # A box without area is not text; it comes last, and is not kept.
    scores = where(areas_in_graph(boxes) > 0, scores, 0.0)
    scores, places = tf.nn.top_k(scores, count)
    boxes = tf.gather(boxes, places, batch_dims=1)
    found = tf.image.combined_non_max_suppression(
        boxes[:, :, None], scores[:, :, None], kept, kept, threshold, 1e-12, clip_boxes=False
    )
    boxes, scores = (tf.stop_gradient(each) for each in found[:2])
    return tf.reshape(boxes, [-1, kept, 4]), tf.reshape(scores, [-1, kept])


def roi_align(features: Tensor, boxes: Tensor, stride: float, size: int) -> Tensor:
    """Pools boxes [B, n, 4] out of features [B, h, w, C] into [B * n, size, size, C].

    ROIAlign (He et al. 2017, arXiv 1703.06870): each bin is the mean of 2 x 2 points, each point
    read between four cells; points outside the map read its border.
    """

    @tf.custom_gradient
    def pool(
        given: Tensor, fixed: Tensor
    ) -> Tuple[Tensor, Callable[[Tensor], Tuple[Tensor, Tensor]]]:
        shape = tf.shape(given)
        pooled = _pooled(given, fixed, stride, size)
        return pooled, lambda back: (_spread(back, fixed, stride, shape), tf.zeros_like(fixed))

    return pool(features, tf.stop_gradient(boxes))


def _pooled(features: Tensor, boxes: Tensor, stride: float, size: int) -> Tensor:
    shape = tf.cast(tf.shape(features)[1:3], tf.float32)
    # crop_and_resize puts its first and last points on the box's sides; a frame of one cell around
    # the map, and half a step inwards, make them the centres of the parts of the bins.
    framed = tf.pad(features, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    flat = tf.reshape(boxes, [-1, 4]) / stride
    low, high = flat[:, :2], flat[:, 2:]
    step = (high - low) / (2.0 * size * SAMPLES)
    limit = tf.stack([shape[1], shape[0]]) + 1.0
    low, high = (low + step + 0.5) / limit, (high - step + 0.5) / limit
    ordered = tf.stack([low[:, 1], low[:, 0], high[:, 1], high[:, 0]], 1)
    side = size * SAMPLES
    points = tf.image.crop_and_resize(framed, ordered, _images(boxes), [side, side])
    return tf.nn.avg_pool2d(points, SAMPLES, SAMPLES, "VALID")


def _images(boxes: Tensor) -> Tensor:
    """Returns which picture each of the boxes [B, n, 4] is in, int32 [B * n]."""
    count = tf.shape(boxes)
    return tf.reshape(tf.tile(tf.range(count[0])[:, None], [1, count[1]]), [-1])


def _spread(back: Tensor, boxes: Tensor, stride: float, shape: Tensor) -> Tensor:
    """Returns the gradient of a map of `shape` from that of its pooled boxes.

    TensorFlow's own, of crop_and_resize, adds boxes up in threads that do not wait for each other:
    on processors it loses some of what they add. A product with the sparse matrix of all weights is
    exact and the same every time. It is made of few channels at a time, which takes a fifth of the
    time that TensorFlow 2 needs for all at once.
    """
    size, channels = int(back.shape[1]), int(back.shape[3])
    flat = tf.reshape(boxes, [-1, 4]) / stride
    columns, across = _cells_read(flat[:, 0], flat[:, 2], shape[2], size)
    rows, down = _cells_read(flat[:, 1], flat[:, 3], shape[1], size)
    rows = rows + tf.cast(_images(boxes) * shape[1], tf.int64)[:, None, None]
    width = tf.cast(shape[2], tf.int64)
    cells = rows[:, :, None, :, None] * width + columns[:, None, :, None, :]  # [R, s, s, 4, 4]
    weights = down[:, :, None, :, None] * across[:, None, :, None, :]
    bins = tf.size(back, out_type=tf.int64) // channels
    reads = (2 * SAMPLES) ** 2
    places = tf.reshape(tf.tile(tf.range(bins)[:, None], [1, reads]), [-1])
    matrix = tf.SparseTensor(
        tf.stack([tf.reshape(cells, [-1]), places], 1),
        tf.reshape(weights, [-1]),
        tf.stack([tf.cast(shape[0] * shape[1], tf.int64) * width, bins]),
    )
    sizes = [min(FEW_CHANNELS, channels - k) for k in range(0, channels, FEW_CHANNELS)]
    groups = tf.split(tf.reshape(back, [-1, channels]), sizes, 1)
    spread = tf.concat([tf.sparse.sparse_dense_matmul(matrix, group) for group in groups], 1)
    return tf.reshape(spread, shape)


def _cells_read(low: Tensor, high: Tensor, length: Tensor, size: int) -> Tuple[Tensor, Tensor]:
    """Returns the cells along a side that bins read, and their weights, both [R, size, 4].

    `low` and `high` [R] are the ends of boxes in cells; the first cell's centre is at one half.
    """
    last = tf.cast(length - 1, tf.float32)
    steps = (tf.range(size * SAMPLES, dtype=tf.float32) + 0.5) / (size * SAMPLES)
    points = low[:, None] + (high - low)[:, None] * steps - 0.5
    points = tf.reshape(tf.clip_by_value(points, 0.0, last), [-1, size, SAMPLES])
    first = tf.floor(points)
    share = points - first
    cells = tf.concat([first, tf.minimum(first + 1.0, last)], 2)
    return tf.cast(cells, tf.int64), tf.concat([1.0 - share, share], 2) / SAMPLES
