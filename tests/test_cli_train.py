"""The commands that train, score, predict and export."""

from __future__ import annotations

import dataclasses
import json
import re

import click
import pytest

from ocrdata.cli.train import duration, train_group
from ocrdata.errors import OptionError
from ocrdata.train.config.cards import CARDS
from ocrdata.train.config.crnn import CrnnOptions
from ocrdata.train.config.detection import EastOptions
from ocrdata.train.config.sources import SceneOptions
from ocrdata.train.config.training import FREE, TrainOptions

pytest_plugins = ["train_fixtures"]
SMALL = ["--width-multiplier", 0.125, "--lstm-units", 16, "--lstm", "block"]
SHORT = ["--steps", 3, "--batch-size", 8, "--eval-every", 0, "--log-every", 1]


def test_every_setting_has_a_flag_with_its_default():
    flags = {p.name: p for p in train_group.commands["crnn"].params}
    for defaults in (CrnnOptions(), CARDS["crnn"].training):
        for field in dataclasses.fields(defaults):
            assert flags[field.name].default == getattr(defaults, field.name)
            assert flags[field.name].help == field.metadata["help"]


def test_what_a_resumed_run_may_change_are_settings():
    kinds = (CrnnOptions, EastOptions, SceneOptions, TrainOptions)
    known = {f.name for kind in kinds for f in dataclasses.fields(kind)}
    assert set(FREE) < known


@pytest.mark.parametrize(
    "values, problem",
    [
        ({"batch_size": 0}, "--batch-size must be at least 1"),
        ({"momentum": 1.5}, "--momentum must be at most 0.9999"),
        ({"optimizer": "sgd"}, "--optimizer must be one of adadelta, adam, momentum"),
        ({"steps": 5, "epochs": 1.0}, "exclude each other"),
        ({"nesterov": True}, "needs --optimizer momentum"),
    ],
)
def test_settings_are_checked_without_the_command_line_too(values, problem):
    with pytest.raises(OptionError, match=problem):
        TrainOptions(**values)


def test_steps_come_from_epochs_or_the_default():
    assert TrainOptions(epochs=2.5, batch_size=10).total_steps(101) == 26
    assert TrainOptions(steps=7).total_steps(5) == 7
    assert TrainOptions().total_steps(5) == 10000


@pytest.mark.parametrize(
    "seconds, text", [(0, "0s"), (59.6, "1m 00s"), (125, "2m 05s"), (3720, "1h 02m")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_targets_on_the_command_line_are_those_of_the_registry():
    from ocrdata.train import TARGETS

    (target,) = (p for p in train_group.commands["crnn"].params if p.name == "target")
    assert isinstance(target.type, click.Choice) and list(target.type.choices) == TARGETS.names()


@pytest.mark.tf
def test_train_prints_progress_and_the_next_command(run, numbers, tmp_path):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    result = run("train", "crnn", "--data-dir", numbers, "--output-dir", tmp_path, *SMALL, *SHORT)
    shown = r"step 3/3  loss \d+\.\d+  accuracy \d.*examples/s  waiting \d+%  0s left"
    assert re.search(shown, result.output)
    assert f"ocrdata evaluate crnn --data-dir {numbers}" in result.output
    assert (tmp_path / "crnn" / "model.ckpt-3.index").is_file()


@pytest.mark.tf
def test_flags_reach_the_run(run, numbers, tmp_path):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    flags = ["--optimizer", "momentum", "--nesterov", "--no-staircase", "--color", "rgb"]
    flags += ["--l2", 0.1]
    run("train", "crnn", "--data-dir", numbers, "--output-dir", tmp_path, *SMALL, *SHORT, *flags)
    saved = json.loads((tmp_path / "crnn/run.json").read_text(encoding="utf-8"))
    assert saved["options"]["nesterov"] and saved["options"]["optimizer"] == "momentum"
    assert not saved["options"]["staircase"] and saved["options"]["l2"] == 0.1
    assert saved["model_options"]["color"] == "rgb"
    assert saved["options"]["learning_rate"] == 5e-3  # of a narrow network


@pytest.mark.tf
def test_a_second_run_is_refused_and_resumed(run, numbers, request, tmp_path):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    request.getfixturevalue("plain")
    words = ["train", "crnn", "--data-dir", numbers, "--output-dir", tmp_path, *SMALL, *SHORT]
    run(*words)
    assert "--resume" in run(*words, code=1).output
    assert "started at: 3" in run(*words, "--resume").output
    assert "--batch-size 8" in run(*words, "--batch-size", 4, "--resume", code=2).output
    assert json.loads(run(*words, "--overwrite", "--json").output.splitlines()[-1])["step"] == 3


@pytest.mark.tf
def test_missing_records_name_the_command(run, tmp_path):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    result = run("train", "crnn", "--data-dir", tmp_path, "--output-dir", tmp_path, code=1)
    assert "ocrdata tfrecord" in result.output and not (tmp_path / "crnn").exists()


@pytest.mark.tf
def test_evaluate_predict_and_export(run, numbers, trained, tmp_path):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    import shutil

    shutil.copytree(str(trained / "crnn"), str(tmp_path / "crnn"))
    folders = ["--output-dir", tmp_path]
    result = run("evaluate", "crnn", "--data-dir", numbers, *folders, "--split", "train", "--json")
    where, summary = result.output.splitlines()[:2]
    assert where == "Runs on: cpu" and json.loads(summary)["lines"] > 100
    assert "accuracy: " in run("evaluate", "crnn", "--data-dir", numbers, *folders).output
    picture = sorted((numbers / "pic").glob("*.png"))[0]
    line = run("predict", "crnn", picture, *folders).output.splitlines()[1]
    assert re.match(rf"{re.escape(str(picture))}\t\d+\t[01]\.\d+$", line)
    assert "exported: " in run("export", "crnn", *folders).output
    assert "--overwrite" in run("export", "crnn", *folders, code=1).output


@pytest.mark.tf
def test_unreadable_pictures_are_reported_with_exit_code_1(run, trained, numbers, tmp_path):
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    good = sorted((numbers / "pic").glob("*.png"))[0]
    words = ["predict", "crnn", good, tmp_path / "bad.png", "--output-dir", trained]
    result = run(*words, "--draw", tmp_path / "seen.png", code=1)
    assert "1 of 2 could not be read" in result.output
    assert result.output.splitlines()[1].startswith(str(good) + "\t")
    assert (tmp_path / "seen.png").is_file()
