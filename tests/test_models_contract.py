"""What every model in the registry keeps to."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_support import metrics, options  # noqa: E402

from ocrdata.train.config import settings_from  # noqa: E402
from ocrdata.train.evaluate import evaluate  # noqa: E402
from ocrdata.train.export import export  # noqa: E402
from ocrdata.train.loop import train  # noqa: E402
from ocrdata.train.models import MODELS  # noqa: E402
from ocrdata.train.models.base import Model  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
# What makes a model small enough for a test.
SMALL = {"crnn": {"width_multiplier": 0.125, "lstm_units": 16, "batch_norm": "all"}}


@pytest.fixture(params=MODELS.names())
def model(request):
    """The name of each model in turn."""
    return request.param


def small(name):
    return settings_from(MODELS.load(name).defaults, SMALL[name])


def test_a_model_says_what_it_is(model):
    kind = MODELS.load(model)
    assert issubclass(kind, Model) and kind.task in ("recognition", "detection")
    assert kind.__doc__ and kind.defaults() == settings_from(kind.defaults, {})


def test_a_model_learns_is_saved_resumed_scored_and_exported(model, numbers, tmp_path):
    chosen = {"learning_rate": 0.003, "warmup_steps": 5, "schedule": "constant"}
    train(model, numbers, tmp_path, small(model), options(steps=20, **chosen))
    losses = [line["loss"] for line in metrics(tmp_path / model)[0]]
    assert np.isfinite(losses).all() and np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])
    assert (
        train(
            model, numbers, tmp_path, small(model), options(steps=22, **chosen), resume=True
        ).started_at
        == 20
    )
    assert evaluate(model, numbers, tmp_path).lines == 20
    assert export(model, tmp_path).checkpoint == "model.ckpt-22"
