"""Fixtures for tests that train: a small data set, and a run trained on it."""

from __future__ import annotations

import pytest
from train_support import options, tiny, write_numbers


@pytest.fixture(scope="session")
def numbers(tmp_path_factory):
    """A data folder with 160 pictures of numbers of several heights, and their records."""
    return write_numbers(tmp_path_factory.mktemp("numbers") / "data", 160, (32, 24, 48))


@pytest.fixture(scope="session")
def trained(numbers, tmp_path_factory):
    """An output folder with a CRNN that has learned the numbers; do not write to it."""
    from ocrdata.train.loop import train

    output = tmp_path_factory.mktemp("trained")
    chosen = options(
        steps=240, batch_size=16, learning_rate=0.01, warmup_steps=20, save_every=120, ema=0.9,
        eval_every=120, image_every=120, log_every=20,
    )  # fmt: skip
    train("crnn", numbers, output, tiny(lstm_units=48), chosen)
    return output
