"""The graph of a training step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List

from ocrdata.train import optimisers
from ocrdata.train.compat import tf, v1
from ocrdata.train.config import TrainOptions
from ocrdata.train.feeds import Feed

Tensor = Any


@dataclass(frozen=True)
class Training:
    """The tensors of a training graph."""

    iterator: Any
    start: Tensor
    step: Tensor
    fetches: Dict[str, Tensor]
    figures: List[str]  # the fetches that reports show beside the loss
    train_op: Any
    parameters: int


def build_training(feed: Feed, options: TrainOptions, total: int) -> Training:
    """Builds the graph of a training step in the current graph."""
    net = feed.net
    with v1.device("/device:CPU:0"):
        step = v1.train.get_or_create_global_step()
        start = v1.placeholder(tf.int64, [len(feed.start(0))])
        iterator = v1.data.make_initializable_iterator(feed.batches(start))
        batch = iterator.get_next()
    labels = net.labels(batch)
    outputs = net.build(batch, training=True)
    loss = net.loss(outputs, labels)
    decoded = net.decode(outputs)
    rate = optimisers.learning_rate(options, step, total)
    optimizer = optimisers.make_optimizer(options, rate)
    penalty = optimisers.l2_loss(options.l2) if options.l2 else 0.0
    gradients = optimizer.compute_gradients(loss + penalty)
    gradients, norm = optimisers.clip(gradients, options.clip_norm)
    with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.apply_gradients(gradients, step)
    if options.ema:
        with tf.control_dependencies([train_op]):
            average = optimisers.weight_average(options.ema, step)
            train_op = average.apply(v1.trainable_variables())
    with tf.control_dependencies([train_op]):
        after = step.read_value()  # a plain fetch may be the step before or after this one
    fetches = {"step": after, "loss": loss, "learning_rate": rate, "gradient_norm": norm}
    figures = net.figures(outputs, labels)
    fetches.update(figures)
    fetches.update(feed.picture_fetches(batch, decoded))
    count = sum(int(variable.shape.num_elements()) for variable in v1.trainable_variables())
    return Training(iterator, start, step, fetches, sorted(figures), train_op, count)
