"""Training runs: what they leave, how they go on, what every option does."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import train_model  # noqa: E402
from train_support import TINY, metrics, options, tiny, weights, write_numbers  # noqa: E402

from ocrdata.errors import (  # noqa: E402
    CheckpointError,
    OptionError,
    OutputExistsError,
    RecordError,
    TrainingError,
    UnknownNameError,
)
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.engine import hooks  # noqa: E402
from ocrdata.train.models.crnn import Crnn  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
# A network whose graph is made soon, where the network is not what is looked at.
QUICK = {"lstm": "block", "batch_norm": "paper"}


@pytest.fixture
def crnn(numbers, tmp_path):
    """Trains into tmp_path, with the small network; returns the summary."""

    def call(net=None, output=tmp_path, resume=False, overwrite=False, on_step=None, **chosen):
        return train_model(
            "crnn",
            numbers,
            output,
            tiny(**{**QUICK, **(net or {})}),
            options(**chosen),
            resume=resume,
            overwrite=overwrite,
            on_step=on_step,
        )

    return call


@pytest.fixture
def go(crnn, plain):
    """Trains likewise, with a network of one layer."""
    return crnn


def test_a_run_leaves_its_files(go, tmp_path):
    summary = go(steps=6, save_every=3, image_every=3)
    names = {path.name for path in (tmp_path / "crnn").iterdir()}
    assert {"run.json", "metrics.jsonl", "checkpoint", "model.ckpt-3.index"} <= names
    assert summary.step == 6 and summary.num_classes == 11 and summary.started_at == 0
    described = json.loads((tmp_path / "crnn/run.json").read_text(encoding="utf-8"))
    assert described["dictionary"]["characters"] == "0123456789"
    assert described["options"]["batch_size"] == 8
    assert described["model_options"]["lstm_units"] == TINY["lstm_units"]
    assert described["versions"]["tensorflow"] == tf.__version__


def test_events_hold_scalars_and_pictures(go, tmp_path):
    go(steps=4, image_every=2)
    found = {}
    for path in (tmp_path / "crnn").glob("events*"):
        for event in v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value))
    losses = [value.simple_value for _, value in found["train/loss"]]
    np.testing.assert_allclose(
        losses, [m["loss"] for m in metrics(tmp_path / "crnn")[0]], rtol=1e-6
    )
    steps = [step for step, value in found["train/readings"] if value.image.encoded_image_string]
    assert steps == [2, 4]


def test_tensorboard_has_its_own_interval(go, tmp_path):
    go(steps=7, log_every=2, summary_every=3)
    logged, found = metrics(tmp_path / "crnn")[0], {}
    for path in (tmp_path / "crnn").glob("events*"):
        for event in v1.train.summary_iterator(str(path)):
            found.update(
                (event.step, v.simple_value) for v in event.summary.value if v.tag == "train/loss"
            )
    assert [line["step"] for line in logged] == [1, 2, 4, 6, 7]
    assert sorted(found) == [1, 3, 6, 7]
    means = {line["step"]: line["loss"] for line in logged}
    steps = means[2] + 2 * means[4] + 2 * means[6]
    np.testing.assert_allclose(2 * found[3] + 3 * found[6], steps, rtol=1e-5)


def test_reports_come_with_figures(go):
    seen = []
    go(steps=5, log_every=2, on_step=seen.append)
    assert [report.step for report in seen] == [1, 2, 4, 5]
    assert all(r.steps == 5 and r.loss > 0 for r in seen)
    # The first step prepares the graph: it says nothing about the others.
    assert seen[0].examples_per_second is None and seen[0].seconds_left is None
    assert all(r.examples_per_second > 0 for r in seen[1:])
    assert seen[-1].seconds_left == 0


def test_the_first_step_of_a_session_is_not_timed(monkeypatch):
    clock = iter([100.0, 100.0, 103.0, 103.0, 104.0])  # step 1 ends, look, two steps and a look
    monkeypatch.setattr(hooks.time, "monotonic", lambda: next(clock))
    window = hooks._Window()
    window.add([4.0], 9.0)
    assert window.take() == ([4.0], None, 0.0)
    window.add([2.0], 0.5)
    window.add([4.0], 0.25)
    assert window.take() == ([3.0], 1.5, 0.25)  # of three seconds 0.75 were waiting
    late = hooks._Window()  # of a session that goes on in the middle of a window
    late.add([1.0], 9.0)
    late.add([3.0], 0.5)
    assert late.take() == ([2.0], 1.0, 0.5)


def test_validation_is_looked_at_in_training(go, tmp_path):
    summary = go(steps=4, eval_every=2, eval_samples=5)
    looked = metrics(tmp_path / "crnn")[1]
    assert [line["step"] for line in looked] == [2, 4]
    assert summary.validation["accuracy"] == looked[-1]["validation"]["accuracy"]


def test_validation_looks_at_as_many_lines_as_asked(numbers, plain, tmp_path):
    seen = []
    chosen = options(steps=2, eval_every=1, eval_samples=5)
    train_model("crnn", numbers, tmp_path, tiny(**QUICK), chosen, on_validation=seen.append)
    assert [(report.step, report.samples) for report in seen] == [(1, 5), (2, 5)]


def test_a_run_is_not_replaced_unasked(go, tmp_path):
    go(steps=1)
    with pytest.raises(OutputExistsError, match="--resume"):
        go(steps=1)
    with pytest.raises(OptionError):
        go(steps=1, resume=True, overwrite=True)


def test_overwriting_leaves_other_files_alone(go, tmp_path):
    go(steps=4, save_every=2)
    mine = tmp_path / "crnn" / "notes.txt"
    mine.write_text("mine")
    go(steps=1, overwrite=True)
    assert mine.read_text() == "mine"
    assert [p.name for p in (tmp_path / "crnn").glob("*.index")] == ["model.ckpt-1.index"]


def test_resuming_refuses_other_options(go):
    go(steps=2)
    with pytest.raises(OptionError, match="--batch-size 8"):
        go(steps=4, batch_size=4, resume=True)
    with pytest.raises(OptionError, match="--lstm-units 24"):
        go(steps=4, net={"lstm_units": 8}, resume=True)


def test_resuming_refuses_another_dictionary(go, tmp_path):
    go(steps=1)
    data = write_numbers(tmp_path / "other", 16, characters="1032456789")
    with pytest.raises(CheckpointError, match="class 0 is '0' there and '1' here"):
        train_model("crnn", data, tmp_path, tiny(**QUICK), options(steps=2), resume=True)


def test_resuming_refuses_other_records(go, tmp_path):
    go(steps=1)
    data = write_numbers(tmp_path / "other", 16)
    with pytest.raises(OptionError, match="other records"):
        train_model("crnn", data, tmp_path, tiny(**QUICK), options(steps=2), resume=True)


def test_a_finished_run_is_resumed_without_work(go, tmp_path):
    go(steps=3)
    before = weights(tmp_path / "crnn", 3)
    summary = go(steps=3, resume=True)
    assert summary.started_at == summary.step == 3
    assert metrics(tmp_path / "crnn")[0][-1]["step"] == 3
    assert set(before) == set(weights(tmp_path / "crnn", 3))


def test_resuming_with_more_steps_goes_on(go, tmp_path):
    go(steps=3, schedule="constant")
    go(steps=5, schedule="constant", resume=True)
    assert [line["step"] for line in metrics(tmp_path / "crnn")[0]] == [1, 2, 3, 4, 5]


KILLED = """
import os, signal
from train_support import options, tiny
from train_runs import train_model
def step(report):
    if report.step == {last}:
        os.kill(os.getpid(), signal.SIGKILL)
net = tiny(dropout=0.3, batch_norm="paper")
train_model("crnn", {data!r}, {output!r}, net, options(**{chosen!r}), resume=True, on_step=step)
"""


def script(data, output, last, chosen):
    """Returns Python that trains in a process, which kills itself at the step `last`."""
    return KILLED.format(data=str(data), output=str(output), last=last, chosen=chosen)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_killed_run_goes_on_as_if_it_had_not_been(numbers, nursery, tmp_path):
    """Kill -9 twice, once before the first checkpoint; weights and metrics end up bit for bit."""
    chosen = {"steps": 12, "save_every": 4, "eval_every": 6, "ema": 0.9}
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for output, last, code in (
        (killed, 3, -signal.SIGKILL),
        (killed, 10, -signal.SIGKILL),
        (killed, None, 0),
        (whole, None, 0),
    ):
        started = nursery.start(script(numbers, output, last, chosen), tmp_path / "log")
        assert started.wait() == code, (tmp_path / "log").read_text()
    for ours, theirs in zip(metrics(killed / "crnn"), metrics(whole / "crnn")):
        assert [(m["step"], m.get("loss"), m.get("validation")) for m in ours] == [
            (m["step"], m.get("loss"), m.get("validation")) for m in theirs
        ]
    ours, theirs = weights(killed / "crnn", 12), weights(whole / "crnn", 12)
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)


def test_the_same_seed_gives_the_same_run(crnn, tmp_path):
    for name in ("a", "b"):
        crnn(output=tmp_path / name, net={"dropout": 0.2})
    losses = [[m["loss"] for m in metrics(tmp_path / n / "crnn")[0]] for n in ("a", "b")]
    assert losses[0] == losses[1]


# Each option that shapes the course of training, with the value it is compared to.
COURSE = [
    ({}, {"batch_size": 4}),
    ({}, {"seed": 1}),
    ({}, {"optimizer": "momentum"}),
    ({}, {"optimizer": "adadelta"}),
    ({}, {"learning_rate": 0.01}),
    ({"optimizer": "momentum"}, {"optimizer": "momentum", "momentum": 0.1}),
    ({"optimizer": "momentum"}, {"optimizer": "momentum", "nesterov": True}),
    ({}, {"schedule": "constant"}),
    ({}, {"schedule": "exponential", "decay_steps": 2}),
    ({"schedule": "polynomial"}, {"schedule": "polynomial", "decay_power": 3.0}),
    ({}, {"end_learning_rate": 9e-4}),
    ({}, {"warmup_steps": 3}),
    ({}, {"clip_norm": 0.1}),
    ({}, {"l2": 0.1}),
    ({}, {"shuffle": 8}),
    ({}, {"align_steps": 3}),
]
FOUR = {"steps": 4, "warmup_steps": 0, "clip_norm": 0.0}


@pytest.fixture(scope="module")
def losses(numbers, tmp_path_factory):
    """Returns the losses of the first steps with these options; each course is run once."""
    known = {}

    def call(net=None, **chosen):
        key = repr((Crnn.build.__name__, net, sorted(chosen.items())))
        if key not in known:
            output = tmp_path_factory.mktemp("course")
            small = tiny(**{**QUICK, **(net or {})})
            train_model("crnn", numbers, output, small, options(**{**FOUR, **chosen}))
            known[key] = [line["loss"] for line in metrics(output / "crnn")[0]]
        return known[key]

    return call


@pytest.mark.newer
@pytest.mark.parametrize("first, second", COURSE, ids=str)
def test_an_option_changes_the_course(plain, losses, first, second):
    assert losses(**first) != losses(**second)


@pytest.mark.newer
@pytest.mark.parametrize(
    "net",
    [
        {"width_multiplier": 0.2},
        {"lstm_units": 8},
        {"image_width": 40},
        {"color": "rgb"},
        {"batch_norm": "all"},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_a_model_option_changes_the_course(losses, net):
    assert losses() != losses(net)


def test_lstm_forms_train_alike_and_resume_each_other(crnn, losses, tmp_path):
    net, constant = {"image_width": 32}, {**FOUR, "schedule": "constant"}
    for lstm, steps in (("loop", 2), ("unrolled", 3), ("block", 4)):
        crnn(net={**net, "lstm": lstm}, resume=True, **{**constant, "steps": steps})
    found = [line["loss"] for line in metrics(tmp_path / "crnn")[0]]
    np.testing.assert_allclose(found, losses({**net, "lstm": "auto"}, schedule="constant"), 1e-3)


def test_epochs_are_counted_in_samples(go, numbers):
    from ocrdata.train.data.line_shards import read_line_shards

    samples = read_line_shards(numbers).samples("train")
    assert go(steps=None, epochs=0.5).step == -(-samples // 16)


def test_checkpoints_are_saved_and_kept_as_asked(go, tmp_path):
    go(steps=7, save_every=2, keep=2)
    found = sorted(path.name for path in (tmp_path / "crnn").glob("*.index"))
    assert found == ["model.ckpt-6.index", "model.ckpt-7.index"]


def test_averaged_weights_are_saved_beside_the_others(crnn, tmp_path):
    crnn(steps=4, ema=0.5, warmup_steps=0)
    saved = weights(tmp_path / "crnn", 4)
    averages = [name for name in saved if name.endswith("/ExponentialMovingAverage")]
    assert "crnn/rnn1/fw/lstm_cell/kernel/ExponentialMovingAverage" in averages
    assert all((saved[name] != saved[name.rsplit("/", 1)[0]]).any() for name in averages)


def test_a_loss_that_is_no_number_stops_with_advice(crnn):
    with pytest.raises(TrainingError, match="NaN at step .*--learning-rate.*--clip-norm"):
        crnn(steps=60, learning_rate=1e6, clip_norm=0.0, warmup_steps=0, optimizer="momentum")


def test_long_labels_stop_training_or_are_left_out(crnn, tmp_path):
    with pytest.raises(RecordError, match="time steps.*--long-labels skip"):
        crnn(net={"image_width": 8})
    assert not (tmp_path / "crnn").exists()
    assert crnn(net={"image_width": 8}, steps=2, long_labels="skip").skipped["long labels"] > 10


def test_no_label_that_fits_is_an_error_at_once(crnn, tmp_path, monkeypatch):
    monkeypatch.setattr(Crnn, "time_steps", staticmethod(lambda width: 0 * width))
    with pytest.raises(RecordError, match="all [0-9]+ labels are too long"):
        crnn(long_labels="skip")
    assert not (tmp_path / "crnn").exists()


def test_an_unknown_target_is_an_error_with_the_known_ones(go):
    with pytest.raises(UnknownNameError, match="Did you mean cpu"):
        go(target="cpuu")


def test_a_target_that_is_not_there_is_named(go):
    if tf.config.experimental.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    with pytest.raises(Exception, match="sees no GPU.*--target cpu"):
        go(target="gpu")


def test_threads_reach_the_session():
    from ocrdata.train.devices.selection import make_device

    config = make_device("cpu", intra_threads=3, inter_threads=5).config
    assert (config.intra_op_parallelism_threads, config.inter_op_parallelism_threads) == (3, 5)


def test_undecodable_pictures_stop_training_with_a_hint(tmp_path):
    data = write_numbers(tmp_path / "data", 16)
    from ocrdata.records.format.schema import LineRecord, encode_line

    info = json.loads((data / "tfrecords/dataset_info.json").read_text(encoding="utf-8"))
    for entry in info["splits"]["train"]["shards"]:
        with tf.io.TFRecordWriter(str(data / "tfrecords" / entry["file"])) as writer:
            for _ in range(entry["samples"]):
                line = LineRecord("bad.png", b"no picture", "png", 32, 64, "12", (1, 2))
                writer.write(encode_line(line))
    with pytest.raises(TrainingError, match="cannot be used.*ocrdata check"):
        train_model("crnn", data, tmp_path, tiny(**QUICK), options())
