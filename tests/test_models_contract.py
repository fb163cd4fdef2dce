"""What every model in the registry keeps to."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from scene_support import SMALL as SMALL_EAST  # noqa: E402
from scene_support import SMALL_DEEPTEXT, SMALL_PSENET, scene_options, write_scenes  # noqa: E402
from train_runs import (
    evaluate_lines,  # noqa: E402
    evaluate_scenes,  # noqa: E402
    export_run,  # noqa: E402
    predict_scenes,  # noqa: E402
    train_model,  # noqa: E402
)
from train_support import metrics, options  # noqa: E402

from ocrdata.errors import OptionError  # noqa: E402
from ocrdata.reading.exported import open_network  # noqa: E402
from ocrdata.reading.lines import batch_of, ready_line  # noqa: E402
from ocrdata.train.config.training import settings_from  # noqa: E402
from ocrdata.train.models import MODELS  # noqa: E402
from ocrdata.train.models.base import Model  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
# What makes a model small enough for a test, and the steps in which it learns something.
SMALL = {
    "crnn": {"width_multiplier": 0.125, "lstm_units": 16, "batch_norm": "all"},
    # 96 pixels have no ONNX form; see docs/export.md.
    "deeptext": dict(SMALL_DEEPTEXT, input_width=80),
    "east": SMALL_EAST,
    "psenet": SMALL_PSENET,
}
SOURCES = dict.fromkeys(["east", "psenet"], scene_options())
ROOT = Path(__file__).resolve().parents[1]
WITHOUT = """
import sys
sys.modules["tensorflow"] = None
from ocrdata.cli import main
for words in {}:
    main(words, standalone_mode=False)
"""
STEPS = {"crnn": 20, "deeptext": 40, "east": 60, "psenet": 40}


@pytest.fixture(params=MODELS.names())
def model(request):
    """The name of each model in turn."""
    return request.param


def small(name):
    return settings_from(MODELS.load(name).card.options, SMALL[name])


def test_a_model_says_what_it_is(model):
    kind = MODELS.load(model)
    assert issubclass(kind, Model) and kind.card.task in ("recognition", "detection")
    assert kind.__doc__ and kind.card.options() == settings_from(kind.card.options, {})


def score(model, data, output):
    """Scores and exports a run; returns how many samples were scored, and the checkpoint."""
    if MODELS.load(model).card.task == "detection":
        return evaluate_scenes(model, data, output).images, export_run(model, output).checkpoint
    return evaluate_lines(model, data, output).lines, export_run(model, output).checkpoint


def real_inputs(model, data):
    """Returns two pictures of the data as a network takes them."""
    pictures = [cv2.imread(str(path)) for path in sorted(data.rglob("*.png"))[:2]]
    if MODELS.load(model).card.task == "recognition":
        return batch_of([ready_line(picture, 32, 1) for picture in pictures])
    return {"images": np.stack([picture[:, :, ::-1] for picture in pictures])}


def in_one_order(found, expected):
    """Boxes of nearly the same score may change places: each goes beside the one most like it."""
    found = {name: np.array(values) for name, values in found.items()}
    for picture, boxes in enumerate(expected["boxes"]):
        apart = np.abs(found["boxes"][picture][None] - boxes[:, None]).max(axis=2)
        order = apart.argmin(axis=1)
        real = boxes.any(axis=1)
        assert len(set(order[real])) == real.sum()
        for name in ("boxes", "scores"):
            found[name][picture] = found[name][picture][order]
    return found, expected


def same_in_onnx(model, data, output):
    """Exports a run both ways and runs both on real pictures."""
    for package in ("tf2onnx", "onnxruntime"):
        pytest.importorskip(package, reason="ONNX needs the extra onnx")
    summary = export_run(model, output, form="onnx")
    assert summary.largest_difference < 1e-4
    networks = [
        open_network(output / model / name, MODELS.load(model).card.task)
        for name in ("model.onnx", "saved_model")
    ]
    assert networks[0].description == networks[1].description
    feeds = real_inputs(model, data)
    found, expected = (network.run(feeds) for network in networks)
    networks[1].close()
    assert sorted(found) == sorted(expected)
    if "boxes" in expected:
        found, expected = in_one_order(found, expected)
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-4)


def scenes_of_sizes(folder, data):
    """Writes a picture of the data as it is, smaller than a crop, and larger; returns the paths."""
    folder.mkdir()
    picture = cv2.imread(str(data / "images/img_1.png"))
    sizes = {"whole": (160, 120), "small": (57, 43), "large": (331, 250)}
    for name, size in sizes.items():
        cv2.imwrite(str(folder / (name + ".png")), cv2.resize(picture, size))
    return [folder / (name + ".png") for name in sizes]


def same_by_both_engines(model, data, output):
    """Predicts pictures of several sizes by both engines; TensorFlow alone follows all options."""
    reading = MODELS.load(model).card.reading
    low = {"threshold": 0.3, "min_score": 0.3, "min_kernel_area": 2, "min_side": 1.0}
    names = {field.name for field in fields(reading)}
    how = settings_from(reading, {name: low[name] for name in names & set(low)})
    paths = scenes_of_sizes(output / "sizes", data)
    same = {"model": model, "output_dir": output}
    fast, slow = (
        predict_scenes(paths, reading=how, engine=engine, **same)
        for engine in ("auto", "tensorflow")
    )
    assert (fast.engine, slow.engine) == ("onnx", "tensorflow") and not fast.advice
    assert fast.texts == slow.texts > 3
    for one, other in zip(fast.detections, slow.detections):
        assert one.path == other.path and len(one.regions) == len(other.regions)
        for found, expected in zip(one.regions, other.regions):
            np.testing.assert_allclose(found["polygon"], expected["polygon"], atol=1)
            assert found["score"] == pytest.approx(expected["score"], abs=1e-3)
    if model == "deeptext":
        with pytest.raises(OptionError, match="--engine onnx cannot be used with --rounds 2"):
            predict_scenes(paths, reading=replace(how, rounds=2), engine="onnx", **same)
    if model == "east":
        shown = without_tensorflow(paths[0], output)
        first = fast.detections[0]
        for line, region in zip(shown, first.regions):
            corners = " ".join(f"{x},{y}" for x, y in region["polygon"])
            assert line == f"{first.path}\t{region['score']:.4f}\t{corners}"
        # `read` asks of a text the score that the export has, so it may find fewer.
        assert len(first.regions) < len(shown) <= 2 * len(first.regions)


def without_tensorflow(picture, output):
    """Returns what `predict` and `read` print where TensorFlow cannot be imported."""
    from onnx_models import write_reader

    write_reader(output / "crnn/model.onnx")
    words = [str(picture), "--output-dir", str(output), "--threshold", "0.3"]
    calls = [["predict", "east", *words, "--min-score", "0.3"], ["read", *words]]
    script = WITHOUT.format(calls)
    return (
        subprocess.check_output([sys.executable, "-c", script], cwd=str(ROOT))
        .decode()
        .split("\n")[:-1]
    )


def test_a_model_learns_is_saved_resumed_scored_and_exported(model, numbers, tmp_path):
    data, more, held = numbers, None, 20
    if MODELS.load(model).card.task == "detection":
        data, more, held = write_scenes(tmp_path / "data", 8, test=2), SOURCES.get(model), 2
    chosen = {"learning_rate": 0.003, "warmup_steps": 5, "schedule": "constant"}
    steps = STEPS[model]
    first = options(steps=steps, **chosen)
    train_model(model, data, tmp_path, small(model), first, data_options=more)
    losses = [line["loss"] for line in metrics(tmp_path / model)[0]]
    assert np.isfinite(losses).all() and np.mean(losses[-4:]) < 0.5 * np.mean(losses[:4])
    further = options(steps=steps + 2, **chosen)
    again = train_model(
        model, data, tmp_path, small(model), further, resume=True, data_options=more
    )
    assert again.started_at == steps
    assert score(model, data, tmp_path) == (held, f"model.ckpt-{steps + 2}")
    same_in_onnx(model, data, tmp_path)
    if MODELS.load(model).card.task == "detection":
        same_by_both_engines(model, data, tmp_path)
