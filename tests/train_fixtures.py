"""Fixtures for tests that train: a small data set, and a run trained on it."""

from __future__ import annotations

import pytest
from forks import Nursery
from train_support import metrics, one_layer, one_layer_east, options, tiny, write_numbers


@pytest.fixture(scope="session")
def numbers(tmp_path_factory):
    """A data folder with 160 pictures of numbers of several heights, and their records."""
    return write_numbers(tmp_path_factory.mktemp("numbers") / "data", 160, (32, 24, 48))


@pytest.fixture
def plain(monkeypatch):
    """Makes CRNN a network of one layer, for what does not depend on the network."""
    from ocrdata.train.models.crnn import Crnn

    monkeypatch.setattr(Crnn, "build", one_layer)


@pytest.fixture
def plain_east(monkeypatch):
    """Makes EAST a network without depth, likewise."""
    from ocrdata.train.models.east import East

    monkeypatch.setattr(East, "build", one_layer_east)


@pytest.fixture(scope="session")
def trained(numbers, tmp_path_factory):
    """An output folder with a CRNN that has learned the numbers; do not write to it."""
    from train_runs import train_model

    output = tmp_path_factory.mktemp("trained")
    chosen = options(
        steps=240,
        batch_size=16,
        learning_rate=0.01,
        warmup_steps=20,
        save_every=120,
        ema=0.9,
        eval_every=120,
        image_every=120,
        log_every=20,
    )
    train_model("crnn", numbers, output, tiny(lstm_units=48, lstm="block"), chosen)
    return output


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """A data folder with 8 small scenes; do not write to it."""
    from scene_support import write_scenes

    return write_scenes(tmp_path_factory.mktemp("scenes") / "data", 8)


@pytest.fixture(scope="session")
def learn(numbers, scenes):
    """Trains a small model for 20 steps at a low rate, as its name and options say."""
    from test_models_contract import SMALL, SOURCES
    from train_runs import train_model

    from ocrdata.train.config.training import settings_from
    from ocrdata.train.models import MODELS

    def call(name, output, **chosen):
        kind = MODELS.load(name)
        slow = {"optimizer": "momentum", "learning_rate": 1e-4, "warmup_steps": 0, "steps": 20}
        train_model(
            name,
            scenes if kind.card.task == "detection" else numbers,
            output,
            settings_from(kind.card.options, SMALL[name]),
            options(**{**slow, **chosen}),
            data_options=SOURCES.get(name),
        )
        return [line["loss"] for line in metrics(output / name)[0]]

    return call


@pytest.fixture(scope="session")
def alone(learn, tmp_path_factory):
    """Returns the losses of a model that one device trains for 20 steps; trains each once."""
    known = {}

    def call(name):
        if name not in known:
            known[name] = learn(name, tmp_path_factory.mktemp("alone"))
        return known[name]

    return call


@pytest.fixture(scope="session")
def nursery():
    """Starts processes that have imported what training needs."""
    made = Nursery(
        "import scene_support, test_models_contract, train_support\n"
        "from ocrdata.train.compat import tf\n"
        "dir(getattr(tf, 'contrib', None))  # TensorFlow 1 loads it when it first looks at code"
    )
    yield made
    made.close()
