"""Shared inputs: small data folders made by our own commands, and where real data lies."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import settings

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


# How long an example takes says more about the machine than about the code.
settings.register_profile("ocrdata", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("ocrdata")


def pytest_configure(config):
    # A user's own settings must not change what the tests see.
    for name in [name for name in os.environ if name.startswith("OCRDATA_")]:
        del os.environ[name]


def pytest_collection_finish(session):
    # What is imported stays: it need not be looked through each time that a graph is dropped.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20000, 10, 5)


def pytest_runtest_setup(item):
    if sys.version_info < (3, 8) and item.get_closest_marker("newer"):
        pytest.skip("is run on the newer TensorFlow: what depends on that others test here")


@pytest.fixture(scope="session")
def shared():
    """The folder of real inputs; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the real inputs are absent (../shared/data)")
    return SHARED


@pytest.fixture
def run():
    """Runs a command line in this process and returns click's result."""
    from ocrdata.cli import main

    def call(*words, code=0):
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture(scope="session")
def rendered(tmp_path_factory):
    """A data folder with 120 rendered lines, a dictionary, and nothing else; do not write to it."""
    from ocrdata.cli import main

    data = tmp_path_factory.mktemp("rendered") / "data"
    for words in (
        ["gen-pics", "--corpus", "dates", "--limit", "120", "--workers", "0", "--variants", "2"],
        ["build-dict"],
    ):
        result = CliRunner().invoke(main, [*words, "--data-dir", str(data)])
        assert result.exit_code == 0, result.output
    return data


@pytest.fixture(scope="session")
def shards(rendered, tmp_path_factory):
    """The same lines in a shard set, three shards a split; do not write to it."""
    from ocrdata.records.write.shards import write_shards

    folder = tmp_path_factory.mktemp("shards") / "set"
    write_shards(rendered, folder, shards=3)
    return folder
