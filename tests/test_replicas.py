"""Several devices compute what one does, for every model."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.devices import replicas  # noqa: E402
from ocrdata.train.models import MODELS  # noqa: E402
from ocrdata.train.models.layers import blocks  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
# Sums of floats depend on their order, and what differs grows from step to step. Detectors on small
# crops multiply it most: one device with TF_ENABLE_ONEDNN_OPTS=0 differs as much.
FIRST, LATER = 5e-5, 2e-2
# Its proposals are ranked by scores that differ in their last digits only: others are drawn.
RANKED = {"deeptext": 2e-3}


# EAST's network, and losses of which each is a mean as EAST's are: once is enough.
ONCE = {"psenet": pytest.mark.newer}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=ONCE.get(name, ())) for name in MODELS.names()]
)
def test_two_devices_give_the_losses_of_one(name, alone, learn, tmp_path):
    """20 steps over the same batches of 8, in float32."""
    one, two = alone(name), learn(name, tmp_path, num_gpus=2)
    assert len(one) == 20
    np.testing.assert_allclose(two[:1], one[:1], rtol=RANKED.get(name, FIRST))
    np.testing.assert_allclose(two, one, rtol=LATER)


def normalised(count, values, weights, mask=None):
    """Normalises `values`, shared out; returns a weighted sum, gradients, new averages."""
    with tf.Graph().as_default():

        def make(index):
            share = slice(index, None, count)
            part = None if mask is None else tf.constant(mask[share])
            out = blocks.batch_norm(tf.constant(values[share]), True, mask=part)
            return tf.reduce_sum(out * weights[share])

        made = replicas.Replicas([f"/device:CPU:{i}" for i in range(count)]).build(make)
        loss = tf.add_n(made)
        updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
        fetches = [loss, *v1.gradients(loss, v1.trainable_variables()), *updates]
        with v1.Session(config=v1.ConfigProto(device_count={"CPU": count})) as session:
            session.run(v1.global_variables_initializer())
            return session.run(fetches)


@pytest.mark.parametrize("masked", [False, True])
def test_batches_are_normalised_over_all_replicas(masked):
    draw = np.random.RandomState(0)
    values = (draw.randn(9, 4, 6, 3) * 3 + 7).astype(np.float32)
    weights = draw.randn(9, 4, 6, 3).astype(np.float32)
    mask = (draw.rand(9, 1, 6, 1) < 0.7).astype(np.float32) if masked else None
    one = normalised(1, values, weights, mask)
    for count in (2, 3):  # 2: the replicas have unequal shares
        found = normalised(count, values, weights, mask)
        assert len(found) == len(one) == 5
        for ours, theirs in zip(found, one):
            np.testing.assert_allclose(ours, theirs, rtol=2e-4)


def test_replicas_that_exchange_other_things_are_refused():
    with tf.Graph().as_default(), pytest.raises(AssertionError, match="alike"):
        replicas.Replicas(["/device:CPU:0"] * 2).build(
            lambda index: replicas.total_over_replicas(tf.constant(1.0)) if index else None
        )
