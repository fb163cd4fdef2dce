"""--target auto: the accelerator that is there, else the processor."""

from __future__ import annotations

import gc

import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from npu_double import Double  # noqa: E402

from ocrdata.errors import OptionError  # noqa: E402
from ocrdata.train.compat import tf, uncollected  # noqa: E402
from ocrdata.train.config.training import TrainOptions  # noqa: E402
from ocrdata.train.devices import selection  # noqa: E402

pytestmark = pytest.mark.tf
OLD = tf.__version__.startswith("1.15")


@pytest.fixture(autouse=True)
def no_npu(monkeypatch):
    for name in ("RANK_TABLE_FILE", "DEVICE_ID", "RANK_SIZE"):
        monkeypatch.delenv(name, raising=False)


def test_without_an_accelerator_it_is_the_processor():
    assert TrainOptions().target == "auto"
    assert str(selection.training_device(TrainOptions())) == "cpu"
    shared = selection.training_device(TrainOptions(num_gpus=2))
    assert str(shared) == "cpu, 2 devices" and len(shared.replicas) == 2


def test_a_gpu_that_tensorflow_sees_is_taken(monkeypatch):
    monkeypatch.setattr("ocrdata.train.devices.device.gpu_count", lambda: 2)
    monkeypatch.setattr("ocrdata.train.devices.selection.gpu_count", lambda: 2)
    one = selection.training_device(TrainOptions())
    assert (str(one), one.device) == ("gpu", "/device:GPU:0")
    assert str(selection.make_device("auto", 2)) == "gpu, 2 devices"
    assert str(selection.make_device("cpu")) == "cpu"


def test_an_npu_is_taken_where_the_environment_names_one(monkeypatch):
    Double(monkeypatch, 1)
    assert selection.found_accelerator() == "cpu"
    monkeypatch.setenv("DEVICE_ID", "3")
    assert selection.found_accelerator() == ("npu" if OLD else "cpu")
    if OLD:
        assert str(selection.training_device(TrainOptions())) == "npu, device 3"


def test_an_environment_without_the_adapter_changes_nothing(monkeypatch):
    monkeypatch.setenv("DEVICE_ID", "3")
    assert selection.found_accelerator() == "cpu"
    with pytest.raises(OptionError, match="--iterations-per-loop needs --target npu"):
        selection.training_device(TrainOptions(iterations_per_loop=2))


def test_graphs_are_optimised_once_by_processors_only(monkeypatch):
    def passes(device):
        rewrites = selection.optimised_once(device).graph_options.rewrite_options
        return rewrites.meta_optimizer_iterations

    one, device = 1, selection.make_device("cpu", intra_threads=3)
    assert passes(device) == one
    assert selection.optimised_once(device).intra_op_parallelism_threads == 3
    assert device.config.graph_options.rewrite_options.meta_optimizer_iterations == 0
    monkeypatch.setattr("ocrdata.train.devices.device.gpu_count", lambda: 1)
    assert passes(selection.make_device("gpu")) == 0


def test_the_collector_of_garbage_waits_and_is_left_as_it_was():
    was = gc.isenabled()
    try:
        for before in (True, False):
            (gc.enable if before else gc.disable)()
            with pytest.raises(KeyError), uncollected():
                assert not gc.isenabled()
                raise KeyError
            assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
