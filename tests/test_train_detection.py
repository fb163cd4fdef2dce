"""Detectors from end to end: training, going on after kill -9, scoring, prediction, export."""

from __future__ import annotations

import json
import shutil
import signal
import zipfile

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from render_support import tree_digest  # noqa: E402
from scene_support import pack, scene_options, small_east, write_scenes  # noqa: E402
from train_runs import (
    evaluate_scenes,  # noqa: E402
    export_run,  # noqa: E402
    predict_scenes,  # noqa: E402
    train_model,  # noqa: E402
)
from train_support import metrics, weights  # noqa: E402

from ocrdata.base.sample import DETECTION  # noqa: E402
from ocrdata.errors import CheckpointError, InputError, OutputExistsError  # noqa: E402
from ocrdata.geometry import rbox  # noqa: E402
from ocrdata.images.decode import decode_image  # noqa: E402
from ocrdata.metrics.detection import evaluate_detection  # noqa: E402
from ocrdata.reading.exported import open_network  # noqa: E402
from ocrdata.reading.scenes import scene_reader  # noqa: E402
from ocrdata.records.write.options import WriteOptions  # noqa: E402
from ocrdata.records.write.shards import write_shards  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.config.detection import EastReadingOptions  # noqa: E402
from ocrdata.train.config.training import TrainOptions  # noqa: E402

pytestmark = pytest.mark.tf
pytest_plugins = ["train_fixtures"]
SHORT = {"batch_size": 3, "image_every": 0, "log_every": 1, "eval_every": 0, "steps": 4}


def short(**changed):
    return TrainOptions(**{**SHORT, **changed})


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return write_scenes(tmp_path_factory.mktemp("scenes") / "data", 10, test=3)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An output folder with an EAST that knows its two training pictures, and the pictures."""
    folder = tmp_path_factory.mktemp("trained")
    data = write_scenes(folder / "data", 2, size=(96, 64), words=2)
    shutil.copytree(str(data / "Train"), str(data / "Test"))  # scored on what was learned
    options = short(steps=100, batch_size=4, learning_rate=0.01, log_every=50, ema=0.9)
    crops = scene_options(input_size=96, min_crop_side=0.9, background=0.0)
    train_model("east", data, folder / "output", small_east(), options, data_options=crops)
    return folder


def losses(output):
    return [line["loss"] for line in metrics(output / "east")[0]]


def test_folder_pack_and_records_are_learned_from_alike(scenes, plain_east, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(str(scenes), str(data))
    write_shards(data, options=WriteOptions(validation_fraction=0.0), workers=0)
    pack(scenes, tmp_path / "scenes.tar.gz", "inner")
    packed = {"tarfile": "scenes.tar.gz", "tarpath": "inner"}
    forms = {"folder": (scenes, {}), "records": (data, {}), "pack": (tmp_path, packed)}
    for name, (place, more) in forms.items():
        crops = scene_options(num_readers=2, **more)
        train_model("east", place, tmp_path / name, small_east(), short(), data_options=crops)
    assert losses(tmp_path / "folder") == losses(tmp_path / "pack") == losses(tmp_path / "records")


def test_a_run_leaves_its_files_and_figures(scenes, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(str(scenes), str(data))
    shutil.copytree(str(data / "Test"), str(data / "Validation"))
    (data / "images/img_1.png").write_bytes(b"no picture")
    seen = []
    summary = train_model(
        "east",
        data,
        tmp_path,
        small_east(),
        short(eval_every=4, image_every=2),
        data_options=scene_options(),
        on_validation=seen.append,
    )
    assert summary.samples == 9 and summary.skipped == {"picture": 1}
    assert set(summary.validation) == {"hmean", "precision", "recall"} and seen[0].samples == 3
    described = json.loads((tmp_path / "east/run.json").read_text(encoding="utf-8"))
    assert described["dictionary"] is None and described["options"]["input_size"] == 64
    assert described["records"]["skipped"] == {"picture": 1}
    assert described["records"]["text_sizes"]["side"] == 64
    best = {"output_dir": tmp_path, "checkpoint": "best"}
    found = predict_scenes([data / "images/img_2.png"], **best)
    assert found.checkpoint == export_run("east", **best).checkpoint == "best.ckpt-4"
    assert set(metrics(tmp_path / "east")[0][0]) >= {"loss", "score_loss", "geometry_loss"}
    tags = set()
    for path in (tmp_path / "east").glob("events*"):
        for event in v1.train.summary_iterator(str(path)):
            tags |= {value.tag for value in event.summary.value}
    assert {"train/score_loss", "train/readings", "validation/hmean"} <= tags


def test_a_picture_that_breaks_later_is_skipped_and_none_left_is_an_error(
    scenes, plain_east, tmp_path
):
    data = tmp_path / "data"
    shutil.copytree(str(scenes), str(data))
    broken = data / "images/img_1.png"
    content = broken.read_bytes()
    # The header and the end are whole; what lies between is not.
    broken.write_bytes(content[:60] + bytes(len(content) - 80) + content[-20:])
    run = train_model("east", data, tmp_path, small_east(), short(), data_options=scene_options())
    assert run.skipped == {"picture": 1} and run.samples == 10
    for path in (data / "images").glob("*.png"):
        path.write_bytes(content[:60] + bytes(len(content) - 80) + content[-20:])
    with pytest.raises(InputError, match="no picture that can be decoded"):
        train_model(
            "east", data, tmp_path / "b", small_east(), short(), data_options=scene_options()
        )


KILLED = """
import os, signal
from scene_support import scene_options, small_east
from ocrdata.train.config.training import TrainOptions
from train_runs import train_model
def step(report):
    if report.step == {last}:
        os.kill(os.getpid(), signal.SIGKILL)
train_model("east", {data!r}, {output!r}, small_east(), TrainOptions(**{chosen!r}), resume=True,
      on_step=step, data_options=scene_options(rotate=5.0, jitter=0.1))
"""


def script(data, output, last):
    """Returns Python that trains in a process, which kills itself at the step `last`."""
    chosen = {**SHORT, "steps": 6, "save_every": 3, "ema": 0.9}
    return KILLED.format(data=str(data), output=str(output), last=last, chosen=chosen)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_a_killed_run_goes_on_as_if_it_had_not_been(scenes, nursery, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    for output, last, code in ((killed, 5, -signal.SIGKILL), (killed, None, 0), (whole, None, 0)):
        started = nursery.start(script(scenes, output, last), tmp_path / "log")
        assert started.wait() == code, (tmp_path / "log").read_text()
    assert [m["step"] for m in metrics(killed / "east")[0]] == list(range(1, 7))
    np.testing.assert_allclose(losses(killed), losses(whole), rtol=1e-4)
    ours, theirs = weights(killed / "east", 6), weights(whole / "east", 6)
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_what_was_learned_is_found_and_the_zip_scores_the_same(trained):
    data, output = trained / "data", trained / "output"
    summary = evaluate_scenes("east", data, output, reading=EastReadingOptions(threshold=0.5))
    assert summary.hmean > 0.7 and summary.images == 2 and summary.unreadable == 0
    names = zipfile.ZipFile(summary.results).namelist()
    assert names == ["res_img_1.txt", "res_img_2.txt"]
    truth = trained / "gt"
    truth.mkdir()
    for number in (1, 2):
        name = f"img_{number}.txt"
        shutil.copy(str(data / "images" / name), str(truth / ("gt_" + name)))
    score, _ = evaluate_detection(truth, summary.results)
    assert (score.hmean, score.matched) == (summary.hmean, summary.matched)
    again, _ = evaluate_detection(truth, summary.predictions)
    assert again.hmean == score.hmean


def test_predictions_are_drawn_and_written(trained, tmp_path):
    picture = trained / "data/images/img_1.png"
    (tmp_path / "bad.png").write_bytes(b"no picture")
    summary = predict_scenes(
        [picture, tmp_path / "bad.png"],
        output_dir=trained / "output",
        reading=EastReadingOptions(threshold=0.5),
        draw=tmp_path / "drawn",
        json_file=tmp_path / "found.jsonl",
    )
    assert summary.texts >= 1 and list(summary.unreadable) == [str(tmp_path / "bad.png")]
    assert (tmp_path / "drawn/img_1.png").is_file()
    row = json.loads((tmp_path / "found.jsonl").read_text(encoding="utf-8"))
    assert np.array(row["regions"][0]["polygon"]).shape == (4, 2) and row["key"] == str(picture)
    with pytest.raises(OutputExistsError):
        predict_scenes([picture], output_dir=trained / "output", draw=tmp_path / "drawn")


def _regions(output, picture):
    reading = EastReadingOptions(threshold=0.5)
    return predict_scenes([picture], output_dir=output, reading=reading).detections[0].regions


def test_large_text_is_found_at_the_size_it_was_learned_at(trained, tmp_path):
    """A picture four times as large: by default it is looked at at several sizes, if it is known.

    What was found there, the export finds, too.
    """
    from PIL import Image

    with Image.open(str(trained / "data/images/img_1.png")) as small:
        small.resize((384, 256), Image.BICUBIC).save(str(tmp_path / "img_1.png"))
    text = (trained / "data/images/img_1.txt").read_text(encoding="utf-8")
    rows = [line.split(",") for line in text.splitlines()]
    large = [",".join([str(4 * int(value)) for value in row[:8]] + row[8:]) for row in rows]
    (tmp_path / "img_1.txt").write_text("\n".join(large) + "\n", encoding="utf-8")
    runs = {name: tmp_path / name for name in ("known", "unknown")}
    for folder in runs.values():
        shutil.copytree(str(trained / "output"), str(folder))
    described = json.loads((runs["unknown"] / "east/run.json").read_text(encoding="utf-8"))
    sizes = described["records"].pop("text_sizes")
    (runs["unknown"] / "east/run.json").write_text(json.dumps(described), encoding="utf-8")
    scores = {}
    for name, side in (("known", 0), ("unknown", 0), ("known", 96), ("known", 384)):
        reading = EastReadingOptions(threshold=0.5, max_side=side)
        found = evaluate_scenes("east", tmp_path, runs[name], reading=reading)
        scores[name, side] = found.recall
        trained_with = {"side": 96, "texts": [sizes["percentiles"][p] for p in ("5", "95")]}
        wanted = {"max_side": side or 2400}
        if (name, side) == ("known", 0):
            wanted["trained"] = trained_with
        assert found.fitting == wanted
    assert scores["known", 0] == scores["known", 96] > 0.4
    assert scores["unknown", 0] == scores["known", 384] < scores["known", 0]
    network = open_network(
        export_run("east", runs["known"], tmp_path / "model").exported, DETECTION
    )
    image = decode_image((tmp_path / "img_1.png").read_bytes())
    outlines, _ = scene_reader(network, threshold=0.5).find(image)
    network.close()
    expected = [region["polygon"] for region in _regions(runs["known"], tmp_path / "img_1.png")]
    np.testing.assert_allclose(np.round(outlines), expected, atol=1)


def test_photographs_are_turned_upright(trained, tmp_path):
    from PIL import Image

    with Image.open(str(trained / "data/images/img_1.png")) as image:
        stored = image.convert("RGB").transpose(Image.Transpose.ROTATE_90)
    mark = Image.Exif()
    mark[0x0112] = 6  # to be turned by a quarter to the right
    stored.save(str(tmp_path / "photo.png"), exif=mark.tobytes())
    same = {"output_dir": trained / "output", "reading": EastReadingOptions(threshold=0.5)}
    upright, turned = (
        predict_scenes([path], **same).detections[0].regions
        for path in (trained / "data/images/img_1.png", tmp_path / "photo.png")
    )
    assert turned == upright
    left = predict_scenes([tmp_path / "photo.png"], exif="ignore", **same).detections[0].regions
    assert left != upright


def test_the_export_finds_what_prediction_finds(trained, tmp_path):
    from PIL import Image

    picture = trained / "data/images/img_1.png"
    summary = export_run("east", trained / "output", tmp_path / "model")
    assert summary.signature == "images -> geometry, score"
    with tf.Graph().as_default(), v1.Session() as session:
        graph = v1.saved_model.load(session, ["serve"], summary.exported)
        signature = graph.signature_def["serving_default"]
        outputs = {name: tensor.name for name, tensor in signature.outputs.items()}
        image = np.asarray(Image.open(str(picture)).convert("RGB"))[None]
        maps = session.run(outputs, {signature.inputs["images"].name: image})
    quads, _ = rbox.detect_rboxes(
        maps["score"][0], maps["geometry"][0], threshold=0.5, min_core_score=0.5
    )
    found = predict_scenes(
        [picture], output_dir=trained / "output", reading=EastReadingOptions(threshold=0.5)
    ).detections[0]
    expected = [region["polygon"] for region in found.regions]
    np.testing.assert_allclose(np.round(quads), expected, atol=1)


def test_a_run_of_another_model_is_refused(trained):
    from train_runs import predict_lines

    with pytest.raises(CheckpointError, match="reads no characters"):
        predict_lines([trained / "data/images"], "east", trained / "output")


def test_commands(run, scenes, tmp_path):
    folders = ["--data-dir", scenes, "--output-dir", tmp_path]
    small = ["--depth", "14", "--width-multiplier", 0.1, "--input-size", 64, "--steps", 2]
    small += ["--batch-size", 2, "--log-every", 1]
    result = run("train", "east", *folders, *small)
    assert "geometry loss" in result.output and "ocrdata evaluate east" in result.output
    assert "--resume" in run("train", "east", *folders, *small, code=1).output
    result = run("evaluate", "east", *folders, "--json")
    assert json.loads(result.output.splitlines()[1])["images"] == 3
    picture = scenes / "images/img_1.png"
    words = ["predict", "east", picture, "--output-dir", tmp_path, "--threshold", 0.01]
    assert "\t" in run(*words).output.splitlines()[1]
    assert "images -> geometry, score" in run("export", "east", "--output-dir", tmp_path).output


def test_gen_scenes_leaves_alone_what_a_run_finds(run, trained, tmp_path):
    photos, found = trained / "data", tmp_path / "found.jsonl"
    run_folder = ("--output-dir", trained / "output")
    run("predict", "east", photos, *run_folder, "--json-file", found)
    common = ("gen-scenes", "--size", "96x64", "--texts", 1, "--text-height", "8..12", "--limit", 4)
    common += ("--workers", 0, "--distractors", 0, "--background", photos, "--avoid-text")
    digests = []
    for name, source in (("run", trained / "output" / "east"), ("file", found)):
        run(*common, source, "--data-dir", tmp_path / name)
        digests.append(tree_digest(tmp_path / name / "images"))
        for truth in (tmp_path / name).rglob("gt_*.txt"):
            assert ",###" in truth.read_text(encoding="utf-8")
    assert digests[0] == digests[1]
    failed = run(*common, tmp_path / "nothing", "--data-dir", tmp_path / "d", code=2)
    assert "nothing" in failed.output
