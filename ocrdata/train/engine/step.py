"""The graph of a training step.

A batch is cut into as many shares as there are devices times `accumulate`. The devices work on
theirs at the same time and compute what one would on all of them (see `replicas`); the parts of an
accumulated batch come one after the other, each by itself, and their gradients are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.train.cluster.coordination import Coordinator
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.config.training import TrainOptions
from ocrdata.train.devices.device import Device
from ocrdata.train.devices.loss_scale import LossScale, make_scale
from ocrdata.train.devices.replicas import Replicas
from ocrdata.train.engine import optimizers
from ocrdata.train.models.base import Model
from ocrdata.train.models.layers.frozen import freeze, learning, require_scopes
from ocrdata.train.protocols import Batch, Gradients, Optimizer
from ocrdata.train.tasks.base import WAITED, TrainingTask, read_shares


@dataclass(frozen=True)
class Training:
    """The tensors of a training graph."""

    iterators: Tensor  # one operation that starts all of them
    start: Tensor
    step: Tensor
    fetches: Batch
    figures: List[str]  # the fetches that reports show beside the loss
    train_op: Tensor
    parameters: int


class _Part(NamedTuple):
    """What a replica makes of its share."""

    batch: Batch
    loss: Tensor
    figures: Batch
    decoded: Optional[Tensor]


def build_training(
    task: TrainingTask,
    options: TrainOptions,
    *,
    total: int,
    device: Device,
    coordinator: Optional[Coordinator] = None,
) -> Training:
    """Builds the graph of a training step; `coordinator` is that of a cluster."""
    shares = device.shares(options)
    with v1.device("/device:CPU:0"):
        step = v1.train.get_or_create_global_step()
        start = v1.placeholder(tf.int64, [len(task.start(0))])
        source = coordinator or _Local()
        batches, iterators, numbers = source.batches(task, start, device, shares)
    scaled = optimizers.scaled_for_batch(options, task.net.card.training.batch_size)
    rate = optimizers.learning_rate(scaled, step, total)
    optimizer = device.wrap(optimizers.make_optimizer(options, rate))
    scale = LossScale() if device.static else make_scale(options.precision)
    freeze([scope.strip() for scope in options.freeze.split(",") if scope.strip()])
    parts, gradients, updates = _differentiate(
        task.net, batches, options=options, device=device, optimizer=optimizer, scale=scale
    )
    gradients, norm = optimizers.clip(scale.down(gradients), options.clip_norm)
    with tf.control_dependencies(updates):
        train_op = scale.apply(optimizer, gradients, norm, step)
    if options.ema:
        with tf.control_dependencies([train_op]):
            train_op = optimizers.average_weights(options.ema, step, v1.trainable_variables())
    with tf.control_dependencies([train_op]):
        after = step.read_value()  # a plain fetch may be the step before or after this one
    fetches = {
        "step": after,
        "learning_rate": rate,
        "gradient_norm": norm,
        **scale.fetches(),
        **device.fetches(),
        **numbers,
    }
    fetches["loss"] = _mean([part.loss for part in parts])
    figures = sorted(parts[0].figures)
    fetches.update({name: _mean([part.figures[name] for part in parts]) for name in figures})
    if not device.static:
        fetches.update(task.picture_fetches(parts[0].batch, parts[0].decoded))
    train_op = device.finish(train_op)
    return Training(
        iterators=iterators,
        start=start,
        step=step,
        fetches=fetches,
        figures=figures,
        train_op=train_op,
        parameters=_parameters(),
    )


class _Local:
    """Batches that this process reads itself, all shares of them."""

    def batches(
        self, task: TrainingTask, start: Tensor, device: Device, shares: int
    ) -> Tuple[List[Batch], Tensor, Batch]:
        (rank, ranks), width = device.part, len(device.replicas)
        mine = [share for share in range(shares) if share // width % ranks == rank]
        batches, begin, waited = read_shares(task, start, mine, shares)
        return batches, begin, {} if device.static else {WAITED: waited}


def _differentiate(
    net: Model,
    batches: Sequence[Batch],
    *,
    options: TrainOptions,
    device: Device,
    optimizer: Optimizer,
    scale: LossScale,
) -> Tuple[List[_Part], Gradients, List[Tensor]]:
    """Returns the parts of a batch, the (scaled) gradients of its loss, and averages to update."""
    width = len(device.replicas)
    parts: List[_Part] = []
    gradients: Gradients = []
    updates: List[Tensor] = []
    for turn in range(options.accumulate):
        # No part begins before the last is done with: one at a time is in memory.
        with tf.control_dependencies([*updates, *(gradient for gradient, _ in gradients)]):
            chosen = batches[turn * width : (turn + 1) * width]
            made = _build_parts(net, chosen, device, reuse=turn > 0)
            loss = _mean([part.loss for part in made]) / options.accumulate
            if options.l2 and not turn:
                loss += optimizers.l2_loss(options.l2)
            found = optimizer.compute_gradients(
                scale.up(loss), colocate_gradients_with_ops=width > 1
            )
            require_scopes()
            gradients = _added(gradients, learning(found))
        parts += made
        updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
    return parts, gradients, updates


def _build_parts(net: Model, batches: Sequence[Batch], device: Device, reuse: bool) -> List[_Part]:
    def make(index: int) -> _Part:
        batch = batches[index]
        labels = net.labels(batch)
        outputs = net.build(batch, training=True)
        loss = net.loss(outputs, labels)
        decoded = None if device.static else net.decode(outputs)
        return _Part(batch, loss, net.figures(outputs, labels), decoded)

    placements = [device.place(name) for name in device.replicas]
    with v1.variable_scope(v1.get_variable_scope(), reuse=reuse or None):
        return Replicas(placements).build(make)


def _mean(values: Sequence[Tensor]) -> Tensor:
    return values[0] if len(values) == 1 else tf.add_n(list(values)) / len(values)


def _added(sums: Gradients, more: Gradients) -> Gradients:
    if not sums:
        return more
    return [(one + two, variable) for (one, variable), (two, _) in zip(sums, more)]


def _parameters() -> int:
    return sum(int(variable.shape.num_elements()) for variable in v1.trainable_variables())
