"""The graph of a step, on a network whose gradients NumPy knows."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from ocrdata.errors import OptionError  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.cards import ModelCard  # noqa: E402
from ocrdata.train.config.training import TrainOptions  # noqa: E402
from ocrdata.train.devices import replicas  # noqa: E402
from ocrdata.train.devices.loss_scale import _FIRST, _PATIENCE, DynamicScale  # noqa: E402
from ocrdata.train.devices.selection import make_device, training_device  # noqa: E402
from ocrdata.train.engine.optimizers import scaled_for_batch  # noqa: E402
from ocrdata.train.engine.step import build_training  # noqa: E402
from ocrdata.train.tasks.base import TrainingTask  # noqa: E402

pytestmark = pytest.mark.tf
SGD = {"optimizer": "momentum", "momentum": 0.0, "schedule": "constant", "warmup_steps": 0}
DRAW = np.random.RandomState(0)
INPUTS, TRUTH = DRAW.randn(8, 3).astype(np.float32), DRAW.randn(8).astype(np.float32)
WEIGHTS = DRAW.rand(8).astype(np.float32)


class Net:
    """Weighted least squares: a loss that is a ratio of sums over the batch."""

    card = ModelCard("none", "Net", "least squares", dict, TrainOptions(batch_size=4))

    def labels(self, batch):
        return batch

    def build(self, batch, training):
        weights = v1.get_variable("weights", [3], initializer=v1.ones_initializer())
        return {"found": tf.linalg.matvec(batch["x"], weights)}

    def loss(self, outputs, labels):
        errors = labels["w"] * (outputs["found"] - labels["y"]) ** 2
        return replicas.total_over_replicas(tf.reduce_sum(errors)) / replicas.total_over_replicas(
            tf.reduce_sum(labels["w"])
        )

    def figures(self, outputs, labels):
        return {"mean": tf.reduce_mean(labels["y"])}

    def decode(self, outputs):
        return None


class Samples(TrainingTask):
    net = Net()

    def start(self, step):
        return [step]

    def batches(self, start, share=(0, 1)):
        part = slice(share[0], None, share[1])
        batch = {"x": INPUTS[part], "y": TRUTH[part], "w": WEIGHTS[part]}
        return tf.data.Dataset.from_tensors(batch).repeat()

    def picture_fetches(self, batch, decoded):
        return {}


def step(**chosen):
    """Takes a step of size 1; returns the gradient it took, and what was fetched."""
    options = TrainOptions(batch_size=8, learning_rate=1.0, clip_norm=0, **{**SGD, **chosen})
    device = training_device(options)
    with tf.Graph().as_default():
        graph = build_training(Samples(), options, total=10, device=device)
        with v1.Session(config=device.config) as session:
            session.run(v1.global_variables_initializer())
            session.run(graph.iterators, {graph.start: [0]})
            fetched = session.run(graph.fetches)
            return 1.0 - session.run(v1.trainable_variables()[0]), fetched


def gradient(part=slice(None)):
    x, y, w = (a[part].astype(np.float64) for a in (INPUTS, TRUTH, WEIGHTS))
    return 2 * (w * (x @ np.ones(3) - y)) @ x / w.sum()


def test_a_loss_that_is_a_ratio_has_the_gradient_of_the_whole_batch():
    for devices in (0, 2, 4):
        found, fetched = step(num_gpus=devices)
        np.testing.assert_allclose(found, gradient(), rtol=1e-5)
        np.testing.assert_allclose(fetched["mean"], TRUTH.mean(), rtol=1e-5)
        assert fetched["step"] == 1


def test_an_accumulated_batch_has_the_mean_gradient_of_its_parts():
    halves = [gradient(slice(part, None, 2)) for part in range(2)]
    assert not np.allclose(np.mean(halves, 0), gradient(), rtol=0.01)
    found, _ = step(accumulate=2)
    np.testing.assert_allclose(found, np.mean(halves, 0), rtol=1e-5)
    # Turn t on device d has share 2 t + d of 4.
    found, _ = step(accumulate=2, num_gpus=2)
    parts = [[0, 1, 4, 5], [2, 3, 6, 7]]
    np.testing.assert_allclose(found, np.mean([gradient(p) for p in parts], 0), rtol=1e-5)


def test_l2_counts_once():
    plain, weighted = (step(num_gpus=2, accumulate=2, l2=value)[0] for value in (0.0, 0.5))
    np.testing.assert_allclose(weighted - plain, 0.5, rtol=1e-5)


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(OptionError, match="a multiple of 6"):
        step(num_gpus=3, accumulate=2)


@pytest.mark.parametrize(("rule", "factor"), [("none", 1), ("linear", 4), ("sqrt", 2)])
def test_the_learning_rate_follows_the_batch(rule, factor):
    options = TrainOptions(batch_size=32, learning_rate=0.1, rate_scaling=rule)
    assert scaled_for_batch(options, 8).learning_rate == pytest.approx(0.1 * factor)
    assert scaled_for_batch(options, 8).end_learning_rate == pytest.approx(1e-6 * factor)
    found = step(rate_scaling=rule, rate_batch=2 if factor > 1 else 0)[1]["learning_rate"]
    assert found == pytest.approx({"none": 1.0, "linear": 4.0, "sqrt": 2.0}[rule])


def test_a_base_batch_without_a_rule_is_refused():
    with pytest.raises(OptionError, match="--rate-scaling"):
        TrainOptions(rate_batch=8)


def test_the_loss_scale_leaves_bad_steps_out_and_follows_the_gradients():
    with tf.Graph().as_default():
        weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
        counter = v1.train.get_or_create_global_step()
        slope, scale = v1.placeholder(tf.float32, []), DynamicScale()
        optimizer = v1.train.MomentumOptimizer(0.5, 0.9)
        gradients = scale.down(optimizer.compute_gradients(scale.up(slope * weight)))
        op = scale.apply(optimizer, gradients, tf.linalg.global_norm([gradients[0][0]]), counter)
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            session.run(op, {slope: 1.0})
            assert session.run([weight, counter]) == [0.5, 1]
            session.run(op, {slope: np.inf})
            assert session.run([weight, counter]) == [0.5, 2]
            assert session.run(scale.fetches()) == {"loss_scale": _FIRST / 2}
            for _ in range(_PATIENCE):
                session.run(op, {slope: 0.0})
            assert session.run(scale.fetches()) == {"loss_scale": _FIRST}


def test_mixed_precision_is_for_gpus():
    with pytest.raises(OptionError, match="needs GPUs"):
        make_device("cpu", precision="mixed")


def test_a_placement_spreads_weights_over_the_devices_that_keep_them():
    from ocrdata.train.devices.device import Device

    keepers = ("/job:ps/task:0", "/job:ps/task:1")
    target = Device("cpu", "/job:chief/task:0", None, "loop", ("/job:worker/task:0",), keepers)
    with tf.Graph().as_default():
        with v1.device(target.place("/job:worker/task:0/device:CPU:0")):
            sizes = (("a", 9), ("b", 2), ("c", 3))
            large, small, last = (v1.get_variable(name, [size]) for name, size in sizes)
            total = large[0] + small[0]
        assert [v.device for v in (large, small, last)] == [keepers[0], keepers[1], keepers[1]]
        assert "worker" in total.device


def test_shares_of_records_are_disjoint_and_complete(tmp_path):
    from train_support import write_numbers

    from ocrdata.train.data.line_dataset import ShuffleOrder, training_batches
    from ocrdata.train.data.line_images import ImageSpec
    from ocrdata.train.data.line_shards import read_line_shards

    shards = read_line_shards(write_numbers(tmp_path / "data", 40)).require("train")
    order = ShuffleOrder(shards, 4, 2, 0)

    def keys(share):
        with tf.Graph().as_default(), v1.Session() as session:
            start = tf.constant(order.start(1), tf.int64)
            data = training_batches(order, ImageSpec(32, 1), start, share)
            one = v1.data.make_one_shot_iterator(data).get_next()["image/source_id"]
            return [session.run(one).tolist() for _ in range(9)]

    for whole, even, odd in zip(keys((0, 1)), keys((0, 2)), keys((1, 2))):
        assert whole[0::2] == even and whole[1::2] == odd


def test_shares_of_whole_epochs_hold_every_record_equally_often(tmp_path):
    """Counted over as many pools of 8 as there are records: 8 times each, by the two together."""
    from collections import Counter

    from train_support import write_numbers

    from ocrdata.train.data.line_dataset import ShuffleOrder, training_batches
    from ocrdata.train.data.line_images import ImageSpec
    from ocrdata.train.data.line_shards import read_line_shards

    shards = read_line_shards(write_numbers(tmp_path / "data", 24)).require("train")
    order, counted = ShuffleOrder(shards, 4, 2, 0), Counter()
    for share in ((0, 2), (1, 2)):
        with tf.Graph().as_default(), v1.Session() as session:
            start = tf.constant(order.start(0), tf.int64)
            data = training_batches(order, ImageSpec(32, 1), start, share)
            one = v1.data.make_one_shot_iterator(data).get_next()["image/source_id"]
            for _ in range(2 * order.samples):
                counted.update(session.run(one).tolist())
    assert len(counted) == order.samples and set(counted.values()) == {8}


def test_xla_compiles_and_changes_nothing(monkeypatch):
    monkeypatch.setenv("TF_XLA_FLAGS", "")
    level = make_device("cpu", xla=True).config.graph_options.optimizer_options
    assert level.global_jit_level == level.ON_2
    np.testing.assert_allclose(step(xla=True)[0], gradient(), rtol=1e-5)
