"""PSENet from end to end on curved text: training, official score, prediction, export."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scene_support import scene_options, small_psenet

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import (
    evaluate_scenes,  # noqa: E402
    export_run,  # noqa: E402
    train_model,  # noqa: E402
)

from ocrdata.geometry.expansion import detect_kernels  # noqa: E402
from ocrdata.metrics.detection import evaluate_detection  # noqa: E402
from ocrdata.render.fonts.fonts import find_fonts  # noqa: E402
from ocrdata.render.scenes.batch import render_scenes  # noqa: E402
from ocrdata.render.scenes.scene_config import SceneConfig  # noqa: E402
from ocrdata.render.style.recipes import find_recipe  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.detection import PsenetReadingOptions  # noqa: E402
from ocrdata.train.config.training import TrainOptions  # noqa: E402

pytestmark = pytest.mark.tf
TEXTS = ["国家图书馆", "2024年10月", "人民币壹万元"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A data folder with three pictures of curved text, and a PSENet that knows them."""
    folder = tmp_path_factory.mktemp("psenet")
    config = SceneConfig(
        tuple(find_fonts(())),
        find_recipe("clean"),
        (128, 128),
        (1, 2),
        (18.0, 24.0),
        curved=1.0,
        dont_care=0.0,
        vertical=0.0,
    )
    render_scenes(folder / "data", TEXTS, config, count=3, test_fraction=0.0)
    lists = [folder / "data" / name / "sample.txt" for name in ("Train", "Test")]
    shutil.copy(*map(str, lists))  # scored on what was learned
    options = TrainOptions(
        batch_size=3, steps=60, learning_rate=0.01, ema=0.9, image_every=30, eval_every=0
    )
    small = small_psenet(kernels=3, smallest_kernel=0.6)
    crops = scene_options(input_size=128, min_crop_side=0.9, background=0.0)
    train_model("psenet", folder / "data", folder / "output", small, options, data_options=crops)
    return folder


def corners_in(predictions):
    """Returns how many corners each text of a predictions file has."""
    rows = map(json.loads, Path(predictions).read_text(encoding="utf-8").splitlines())
    return [len(region["polygon"]) for row in rows for region in row["regions"]]


def test_curved_texts_are_found_as_polygons_and_the_zip_scores_the_same(trained):
    reading = PsenetReadingOptions(polygons=True)
    found = evaluate_scenes("psenet", trained / "data", trained / "output", reading=reading)
    assert found.hmean >= 0.75 and found.images == 3
    truth = trained / "data/images/0000"
    for results in (found.results, found.predictions):
        score, _ = evaluate_detection(truth, results)
        assert (score.hmean, score.matched) == (found.hmean, found.matched)
    assert max(corners_in(found.predictions)) > 6
    boxes = evaluate_scenes("psenet", trained / "data", trained / "output")
    assert set(corners_in(boxes.predictions)) == {4}


def test_commands_and_the_export_agree(trained, run, tmp_path):
    picture = trained / "data/images/0000/scene_00000000.jpg"
    words = ["--output-dir", trained / "output"]
    drawn = ["--draw", tmp_path / "drawn", "--json-file", tmp_path / "found.jsonl"]
    assert "\t" in run("predict", "psenet", picture, "--polygons", *drawn, *words).output
    assert (tmp_path / "drawn/scene_00000000.png").is_file()
    regions = json.loads((tmp_path / "found.jsonl").read_text(encoding="utf-8"))["regions"]
    summary = export_run("psenet", trained / "output", tmp_path / "model")
    assert summary.signature == "images -> kernels"
    with tf.Graph().as_default(), v1.Session() as session:
        graph = v1.saved_model.load(session, ["serve"], summary.exported)
        signature = graph.signature_def["serving_default"]
        image = np.asarray(Image.open(str(picture)).convert("RGB"))[None]
        kernels = session.run(
            signature.outputs["kernels"].name, {signature.inputs["images"].name: image}
        )
    outlines, _ = detect_kernels(kernels[0], polygons=True)
    assert len(outlines) == len(regions) > 0
    for outline, region in zip(outlines, regions):
        np.testing.assert_allclose(np.round(outline), region["polygon"], atol=2)
