"""Where a step of training DeepText goes: the whole step beside its parts measured alone.

    python benchmarks/deeptext.py [WIDTH_MULTIPLIER [REPEATS]]

The published input (two pictures of 960x576, 64,800 anchors, 2,000 proposals, 640 of them learned
from), channels scaled. Each part runs forward, and back where it learns, on inputs that are there
already. Seconds of processor time, the least of the repeats.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, Dict

import numpy as np

from ocrdata.geometry.voting import boxes_to_quads
from ocrdata.train.compat import tf, v1
from ocrdata.train.config.deeptext import DEEPTEXT_TRAINING, DeepTextOptions
from ocrdata.train.engine.optimizers import clip, l2_loss, make_optimizer
from ocrdata.train.models.deeptext import PROPOSAL_OVERLAP, DeepText
from ocrdata.train.models.layers import roi_sampling, rois
from ocrdata.train.models.layers.pyramid import centred
from ocrdata.train.models.layers.vgg16 import vgg16

BATCH, TEXTS = 2, 20


def made_batch(net: DeepText) -> Dict[str, np.ndarray]:
    """Returns pictures of noise with texts."""
    draw, (height, width) = np.random.RandomState(0), net.options.size
    labels = []
    for _ in range(BATCH):
        corner = draw.uniform(0, 1, (TEXTS, 2)) * [width - 200, height - 60]
        sides = draw.uniform(0.2, 1, (TEXTS, 2)) * [200, 60]
        outlines = list(boxes_to_quads(np.concatenate([corner, corner + sides], axis=1)))
        labels.append(net.label_maps(outlines, np.arange(TEXTS) > TEXTS - 3, (height, width)))
    batch = {name: np.stack([one[name] for one in labels]) for name in labels[0]}
    batch["images"] = draw.randint(0, 256, (BATCH, height, width, 3)).astype(np.uint8)
    return batch


def held(session: Any, tensors: Dict[str, Any]) -> Dict[str, Any]:
    """Returns variables that hold what tensors came to, so that making them costs nothing."""
    made = {}
    for name, value in tensors.items():
        value = value if isinstance(value, np.ndarray) else session.run(value)
        made[name] = v1.Variable(value, trainable=False, name="held/" + name)
    session.run([variable.initializer for variable in made.values()])
    return {name: variable.read_value() for name, variable in made.items()}


def all_of(tensors: Any) -> Any:
    """Returns one number of each tensor: what nobody asks for, TensorFlow leaves out."""
    return [tf.reshape(tensor, [-1])[0] for tensor in tensors]


def learned(outputs: Any, inputs: Any, scope: str) -> Any:
    """Returns what is to be run for outputs and their gradients to inputs and weights."""
    weights = [v for v in v1.trainable_variables() if scope in v.op.name]
    losses = [tf.nn.l2_loss(output) for output in outputs]
    gradients = [g for g in tf.gradients(losses, [*inputs, *weights]) if g is not None]
    return all_of([*outputs, *gradients])


def parts(net: DeepText, batch: Dict[str, Any], session: Any) -> Dict[str, Any]:
    """Returns what is to be run for each part of a step."""
    options, size, step = net.options, tf.constant(net.options.size), tf.constant(1, tf.int64)
    images = centred(batch["images"], 16)
    with v1.variable_scope(v1.get_variable_scope(), reuse=True):
        maps = vgg16(images, True, options.batch_norm, options.width_multiplier)[3:]
        backbone = learned(maps, [], "vgg_16/conv")
        kept = held(session, {"conv4": maps[0], "conv5": maps[1]})
        maps = [kept["conv4"], kept["conv5"]]
        with v1.variable_scope("deeptext"):
            first = net._propose(maps[1], size, True)
        wanted = ("logits", "deltas", "proposals", "scores")
        flat = held(session, {name: first[name] for name in wanted})
        texts = roi_sampling.Texts(batch["texts"], batch["ignored"], options, 0, step)
        index, rows = roi_sampling.learned_anchors(texts, first["anchors"], size)
        chosen, goals = roi_sampling.learned_proposals(texts, flat["proposals"], flat["scores"] > 0)
        boxes = held(session, {"boxes": chosen})["boxes"]
        second = net._second_stage(maps, boxes)
    decoded = rois.decode_boxes_in_graph(flat["deltas"], first["anchors"], rois.NO_DEVIATIONS, size)
    count = options.train_proposals
    best = rois.best_boxes(
        decoded,
        tf.sigmoid(flat["logits"]),
        candidates=count,
        kept=count,
        threshold=PROPOSAL_OVERLAP,
    )
    heads = [first["logits"], first["deltas"]]
    return {
        "backbone, forward and back": backbone,
        "first stage, forward and back": learned(heads, [maps[1]], "deeptext/"),
        "proposals: decoding, suppression": all_of(best),
        "choice of anchors": all_of([index, *rows.values()]),
        "choice of proposals": all_of([chosen, *goals.values()]),
        "ROIAlign and second stage, forward and back": learned(second, maps, ""),
    }


def updates() -> Any:
    """Returns the optimiser's step, with gradients that are there already."""
    weights = v1.trainable_variables()
    penalty = tf.gradients(l2_loss(DEEPTEXT_TRAINING.l2), weights)
    pairs = [(v * 1e-6 if g is None else g, v) for g, v in zip(penalty, weights)]
    gradients, norm = clip(pairs, DEEPTEXT_TRAINING.clip_norm)
    rate = tf.constant(1e-9)
    return tf.group(make_optimizer(DEEPTEXT_TRAINING, rate).apply_gradients(gradients), norm)


def whole(net: DeepText, batch: Dict[str, Any]) -> Any:
    """Returns a step of training."""
    outputs = net.build(batch, training=True)
    loss = net.loss(outputs, {}) + l2_loss(DEEPTEXT_TRAINING.l2)
    optimizer = make_optimizer(DEEPTEXT_TRAINING, tf.constant(1e-9))
    gradients, _ = clip(optimizer.compute_gradients(loss), DEEPTEXT_TRAINING.clip_norm)
    moved = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
    return tf.group(optimizer.apply_gradients(gradients), loss, *moved)


def seconds(run: Callable[[], Any], repeats: int) -> float:
    run()
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def main(multiplier: float = 0.25, repeats: int = 3) -> None:
    net = DeepText(DeepTextOptions(width_multiplier=multiplier))
    config = v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf.Graph().as_default(), v1.Session(config=config) as session:
        batch = held(session, made_batch(net))
        step = whole(net, batch)
        session.run(v1.global_variables_initializer())
        every = parts(net, batch, session)
        every["optimiser"] = updates()
        session.run(v1.variables_initializer(v1.global_variables()))
        total = seconds(lambda: session.run(step), repeats)
        alone = {n: seconds(lambda op=op: session.run(op), repeats) for n, op in every.items()}
    together = sum(alone.values())
    lines = [f"| {n} | {v:.3f} | {v / together:.0%} |" for n, v in alone.items()]
    lines.append(f"| together | {together:.3f} | |")
    lines.append(f"| the step | {total:.3f} | {total / together:.2f} of that |")
    sys.stdout.write("\n".join(["| part | seconds | share |", "|---|---|---|", *lines, ""]))


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((float, int), sys.argv[1:])))
