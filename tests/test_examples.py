"""The scripts in examples/ run as they stand, on little data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocrdata.cli import main
from ocrdata.cli.config import read_config

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]


@pytest.fixture
def shell(nursery, tmp_path):
    """Runs an example with an `ocrdata` command on its PATH that is this checkout's."""
    pytest.importorskip("tensorflow", reason="training needs TensorFlow")
    commands = tmp_path / "bin"
    commands.mkdir()
    nursery.command(commands / "ocrdata", "from ocrdata.cli import main; main()")
    (commands / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (commands / "python").chmod(0o755)

    def run(script, *arguments, **variables):
        path = os.pathsep.join([str(commands), os.environ["PATH"]])
        paths = [str(EXAMPLES.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(paths)}
        environment["OCRDATA_TRAIN_CRNN_LSTM"] = "block"  # whose graph is made soonest
        environment.update({name: str(value) for name, value in variables.items()})
        return subprocess.run(
            ["bash", str(EXAMPLES / script), *map(str, arguments)],
            env=environment,
            cwd=str(tmp_path),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    return run


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_settings_file_fits_the_commands(path):
    assert read_config(path, main)


def test_the_demo_runs_from_fonts_to_export(shell, tmp_path):
    settings = tmp_path / "short.toml"
    settings.write_text(
        '[gen-pics]\ncorpus = ["dates"]\nlimit = 160\nvariants = 1\n'
        "[train.crnn]\nsteps = 3\nbatch-size = 8\nwidth-multiplier = 0.1\nlstm-units = 16\n"
    )
    printed = shell("demo.sh", tmp_path / "demo", settings)
    assert "full-sequence accuracy on" in printed
    for name in ("lines.png", "predictions.png"):
        assert (tmp_path / "demo" / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "demo" / "output" / "crnn" / "saved_model" / "saved_model.pb").is_file()


@pytest.mark.newer
def test_crops_of_scenes_train_a_word_recogniser(shell, tmp_path):
    shell("crops.sh", tmp_path / "crops", SCENES=30, STEPS=3)
    run = tmp_path / "crops" / "output" / "crnn"
    assert json.loads((run / "evaluation-test.json").read_text())["lines"] > 10


@pytest.mark.newer
def test_deeptext_learns_from_four_sets_mixed(shell, tmp_path):
    sets = {"icdar2013": "", "borndigital": "=2", "scutforu": "=0.5", "cocotext": ""}
    fixtures = Path(__file__).parent / "data" / "importers"
    small = (
        "--width-multiplier 0.05 --input-width 96 --input-height 64 --train-proposals 40 "
        "--test-proposals 20 --rois 20 --steps 3 --eval-every 0"
    )
    arguments = [f"{name}={fixtures / name}{w}" for name, w in sets.items()]
    shell("deeptext_mix.sh", tmp_path / "mix", *arguments, TRAIN=small)
    run = tmp_path / "mix" / "output" / "deeptext"
    trained = json.loads((run / "run.json").read_text())
    assert all(f"/{name}=" in trained["options"]["sources"] for name in sets)
    assert json.loads((run / "evaluation-test.json").read_text())["protocol"] == "deteval"


def test_pictures_are_read_end_to_end(shell, tmp_path):
    try:
        import onnxruntime  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError:
        form = "saved_model"
    else:
        form = "onnx"
    place = tmp_path / "reading"
    printed = shell("read.sh", place, SCENES=40, DETECT=10, READ=5, FORMAT=form)
    assert "ground truth: " in printed
    keys = [json.loads(line)["key"] for line in (place / "readings.jsonl").open()]
    rows = (place / "scenes/Test/sample.txt").read_text().splitlines()
    assert sorted(keys) == sorted(row.split(" ")[0] for row in rows)
    assert len(list((place / "drawn").glob("*.png"))) == -(-len(rows) // 40)
