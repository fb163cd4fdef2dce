"""Adding a model is one file and one line: every command takes a model that a test registers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_support import metrics  # noqa: E402

from ocrdata.cli import main  # noqa: E402
from ocrdata.train.models import MODELS  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
QUIET = ["--eval-every", 0, "--image-every", 0, "--log-every", 10]


@pytest.fixture
def call(monkeypatch, tmp_path):
    """Runs a command in an output folder; returns its lines, the first of which says where."""
    monkeypatch.setitem(MODELS.entries, "tiny", "tiny_models:Tiny")
    monkeypatch.setitem(MODELS.entries, "cells", "tiny_models:Cells")

    def run(*words):
        command = [str(word) for word in (*words, "--output-dir", tmp_path)]
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        lines = result.output.splitlines()
        assert lines[0] == "Runs on: cpu"
        return lines[1:]

    return run


def test_a_recognizer_trains_evaluates_predicts_and_exports(call, numbers, tmp_path):
    call("train", "tiny", "--data-dir", numbers, "--units", 32, *QUIET)
    losses = [line["loss"] for line in metrics(tmp_path / "tiny")[0]]
    assert losses[-1] < 0.7 * losses[0]
    saved = json.loads((tmp_path / "tiny/run.json").read_text(encoding="utf-8"))
    assert saved["model_options"]["units"] == 32 and saved["options"]["target"] == "cpu"
    scored = call("evaluate", "tiny", "--data-dir", numbers, "--split", "train", "--json")
    assert json.loads(scored[-1])["lines"] > 0
    lines = call("predict", "tiny", numbers / "pic/0000.png", numbers / "pic/0001.png")
    assert [line.split("\t")[0] for line in lines[:2]] == [
        str(numbers / f"pic/000{k}.png") for k in (0, 1)
    ]
    call("export", "tiny")
    read_with_the_export(tmp_path / "tiny/saved_model", numbers / "pic/0000.png", lines[0])


def read_with_the_export(folder, picture, line):
    """The exported network and the run read the same."""
    from ocrdata.train.compat import tf, v1

    with tf.Graph().as_default(), v1.Session() as session:
        loaded = v1.saved_model.load(session, ["serve"], str(folder))
        signature = loaded.signature_def["serving_default"]
        texts = session.run(
            signature.outputs["texts"].name,
            {signature.inputs["images"].name: [picture.read_bytes()]},
        )
    assert texts[0].decode("utf-8") == line.split("\t")[1]


def test_a_detector_trains_evaluates_predicts_and_exports(call, scenes, tmp_path):
    small = ["--input-size", 64, "--scales", "1", "--batch-size", 2, "--steps", 2]
    call("train", "cells", "--data-dir", scenes, *small, *QUIET)
    scored = json.loads(
        call("evaluate", "cells", "--data-dir", scenes, "--split", "train", "--json")[-1]
    )
    assert scored["images"] > 0 and np.isfinite(scored["hmean"])
    picture = next(iter(sorted((scenes / "images").glob("*.png"))))
    found = json.loads(call("predict", "cells", picture, "--json")[-1])
    assert found["images"] == 1
    call("export", "cells", "--output", tmp_path / "network")
    assert (tmp_path / "network/saved_model.pb").is_file()


def test_it_is_listed_and_has_help(call):
    runner = CliRunner()
    assert "tiny" in runner.invoke(main, ["list", "models"]).output
    for command in ("train", "evaluate", "predict", "export"):
        assert "Tiny" in runner.invoke(main, [command, "tiny", "--help"]).output
        assert " tiny " in runner.invoke(main, [command, "--help"]).output
    assert "--units" in runner.invoke(main, ["train", "tiny", "--help"]).output


def test_the_cards_are_those_of_the_classes():
    from ocrdata.train.config.cards import CARDS

    assert all(MODELS.load(name).card is card for name, card in CARDS.items())
