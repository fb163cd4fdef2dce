"""Scoring, predicting and exporting a trained run."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("tensorflow", reason="training needs TensorFlow")
from train_runs import (
    evaluate_lines,  # noqa: E402
    export_run,  # noqa: E402
    predict_lines,  # noqa: E402
    train_model,  # noqa: E402
)
from train_support import draw_number, options, tiny, write_numbers  # noqa: E402

from ocrdata.base.sample import read_sample_list  # noqa: E402
from ocrdata.errors import (  # noqa: E402
    CheckpointError,
    InputError,
    OptionError,
    OutputExistsError,
    UnknownNameError,
)
from ocrdata.metrics.recognition import RecognitionScore  # noqa: E402
from ocrdata.records.write.shards import write_shards  # noqa: E402
from ocrdata.train.compat import tf, v1  # noqa: E402
from ocrdata.train.export.signatures import join_characters  # noqa: E402
from ocrdata.train.inference.engines import choose_engine  # noqa: E402
from ocrdata.train.inference.line_files import read_window, windows  # noqa: E402
from ocrdata.train.run_dir import newest_checkpoint, read_run  # noqa: E402

pytestmark = pytest.mark.tf
ROOT = Path(__file__).resolve().parents[1]
pytest_plugins = ["train_fixtures"]


@pytest.fixture
def output(trained, tmp_path):
    """A copy of the trained run that may be written to."""
    shutil.copytree(str(trained / "crnn"), str(tmp_path / "crnn"))
    return tmp_path


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        fields = list(csv.reader(stream, "excel-tab"))
    assert fields[0] == ["key", "truth", "text", "confidence", "correct"]
    return [(*f[:3], float(f[3]), f[4] == "1") for f in fields[1:]]


def test_labels_whose_order_no_picture_tells_are_counted(plain, tmp_path):
    data = write_numbers(tmp_path / "data", 32, characters="0123456789 abcملاس")
    texts = ("abc سلام", "سلام", "12", "abc سلام 12")
    lines = [f"pic/{8 * place + 7:04d}.png {text}\n" for place, text in enumerate(texts)]
    (data / "Test/sample.txt").write_text("".join(lines), encoding="utf-8")
    write_shards(data, shards=1, workers=0, overwrite=True)
    train_model("crnn", data, tmp_path, tiny(), options(steps=1, batch_size=2))
    summary = evaluate_lines("crnn", data, tmp_path)
    # Arabic after Latin: a picture of the other way about looks the same.
    assert (summary.lines, summary.untold_order) == (4, 2)
    written = Path(summary.predictions).with_name("evaluation-test.json").read_text("utf-8")
    assert json.loads(written)["untold_order"] == 2


def test_the_fixture_has_learned_to_read(numbers, output):
    """Else the tests below would compare empty texts."""
    assert evaluate_lines("crnn", numbers, output, "train").accuracy > 0.8


def test_evaluation_writes_every_line_and_the_figures(numbers, output):
    summary = evaluate_lines("crnn", numbers, output, batch_size=7)
    found = rows(output / "crnn/predictions-test.tsv")
    labels = {s.key: s.text for s in read_sample_list(numbers / "Test/sample.txt", numbers)}
    assert {key: truth for key, truth, _, _, _ in found} == labels
    assert all(right == (truth == text) for _, truth, text, _, right in found)
    score = RecognitionScore().add_all((truth, text) for _, truth, text, _, _ in found)
    assert summary.accuracy == score.accuracy and summary.lines == len(labels) == 20
    written = json.loads((output / "crnn/evaluation-test.json").read_text(encoding="utf-8"))
    assert written["character_error_rate"] == score.character_error_rate


def test_evaluation_does_not_depend_on_the_batch(numbers, output):
    texts = []
    for batch_size in (1, 20):
        evaluate_lines("crnn", numbers, output, batch_size=batch_size)
        texts.append([row[:3] for row in rows(output / "crnn/predictions-test.tsv")])
    assert texts[0] == texts[1]


def test_beam_search_finds_texts_at_least_as_probable(numbers, output):
    evaluate_lines("crnn", numbers, output, "train", limit=40)
    greedy = rows(output / "crnn/predictions-train.tsv")
    evaluate_lines("crnn", numbers, output, "train", decoder="beam", beam_width=20, limit=40)
    beam = rows(output / "crnn/predictions-train.tsv")
    assert len(beam) == 40
    assert all(b[3] >= g[3] - 1e-4 for b, g in zip(beam, greedy))


def test_an_unknown_decoder_or_protocol_is_refused(numbers, output):
    with pytest.raises(UnknownNameError, match="greedy"):
        evaluate_lines("crnn", numbers, output, decoder="greed")
    with pytest.raises(UnknownNameError, match="exact"):
        evaluate_lines("crnn", numbers, output, protocol="none")


def test_averaged_weights_are_those_that_read(numbers, output):
    run = output / "crnn" / "run.json"
    averaged = evaluate_lines("crnn", numbers, output, "train", checkpoint="120")
    content = json.loads(run.read_text(encoding="utf-8"))
    content["options"]["ema"] = 0.0
    run.write_text(json.dumps(content), encoding="utf-8")
    assert evaluate_lines("crnn", numbers, output, "train", checkpoint="120") != averaged


def test_validation_in_training_equals_evaluation(numbers, output):
    lines = (output / "crnn/metrics.jsonl").read_text().splitlines()
    seen = [json.loads(line) for line in lines if "validation" in line]
    for line in seen:
        summary = evaluate_lines(
            "crnn", numbers, output, "validation", checkpoint=str(line["step"])
        )
        assert summary.character_error_rate == line["validation"]["character_error_rate"]


def test_a_checkpoint_that_is_not_there_names_those_that_are(numbers, output):
    with pytest.raises(CheckpointError, match="There are: 120, 240"):
        evaluate_lines("crnn", numbers, output, checkpoint="7")


def test_a_run_that_is_not_there_names_the_command(numbers, tmp_path):
    with pytest.raises(CheckpointError, match="ocrdata train crnn"):
        evaluate_lines("crnn", numbers, tmp_path / "none")


def test_records_with_another_dictionary_are_refused(output, tmp_path):
    data = write_numbers(tmp_path / "other", 16, characters="1032456789")
    with pytest.raises(CheckpointError, match="class 0 is '0' there and '1' here"):
        evaluate_lines("crnn", data, output)


def test_a_damaged_dictionary_in_a_run_is_refused(numbers, output):
    path = output / "crnn" / "run.json"
    path.write_text(path.read_text(encoding="utf-8").replace("0123456789", "0123456798"))
    for call in (
        lambda: evaluate_lines("crnn", numbers, output),
        lambda: export_run("crnn", output),
    ):
        with pytest.raises(InputError, match="hash"):
            call()


def test_weights_of_another_network_are_refused(numbers, output):
    path = output / "crnn" / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["model_options"]["lstm_units"] = 12
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(CheckpointError, match="does not fit the network"):
        evaluate_lines("crnn", numbers, output)


def test_prediction_reads_what_evaluation_read(numbers, output):
    evaluate_lines("crnn", numbers, output)
    expected = {key: (text, p) for key, _, text, p, _ in rows(output / "crnn/predictions-test.tsv")}
    summary = predict_lines([numbers / key for key in expected], "crnn", output, batch_size=6)
    for reading, (text, confidence) in zip(summary.readings, expected.values()):
        assert reading.text == text and reading.confidence == pytest.approx(confidence, abs=1e-4)


def test_prediction_takes_folders_and_counts_what_is_unreadable(numbers, output, tmp_path):
    folder = tmp_path / "scans"
    for name in ("b/1.png", "a.JPG", "c.tif", "d.gif", "e.bmp", "f.webp"):
        draw_number("12", folder / name)
    Image.open(str(folder / "b/1.png")).convert("RGBA").save(str(folder / "alpha.png"))
    (folder / "bad.png").write_bytes(b"no picture")
    (folder / "cut.png").write_bytes((folder / "b/1.png").read_bytes()[:90])
    (folder / "notes.txt").write_text("no picture either")
    summary = predict_lines([folder], "crnn", output)
    assert summary.images == 7 == len({reading.path for reading in summary.readings})
    assert sorted(summary.unreadable) == [str(folder / "bad.png"), str(folder / "cut.png")]
    assert len({reading.text for reading in summary.readings}) == 1


WITHOUT = """
import sys
sys.modules["tensorflow"] = None
from ocrdata.cli import main
main()
"""


def test_prediction_takes_the_exported_model_of_the_same_weights(numbers, output):
    pytest.importorskip("tf2onnx", reason="exporting to ONNX needs it")
    pytest.importorskip("onnxruntime", reason="running ONNX models needs it")
    paths = sorted((numbers / "pic").glob("*.png"))[:41]
    slow = predict_lines(paths, "crnn", output, batch_size=3)
    assert slow.engine == "tensorflow" and "ocrdata export crnn --format onnx" in slow.advice
    place = Path(export_run("crnn", output, form="onnx").exported)
    fast = predict_lines(paths, "crnn", output, batch_size=3)
    assert fast.engine == "onnx" and not fast.advice
    assert [one.path for one in fast.readings] == [str(path) for path in paths]
    assert any(one.text for one in slow.readings)
    for one, other in zip(fast.readings, slow.readings):
        assert one.text == other.text
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
    words = ["predict", "crnn", str(paths[0]), "--output-dir", str(output)]
    call = [sys.executable, "-c", WITHOUT, *words]
    shown = subprocess.check_output(call, cwd=str(ROOT), stderr=subprocess.DEVNULL).decode()
    first = fast.readings[0]
    assert shown.split("\t")[:2] == [first.path, first.text]
    for more in ({"decoder": "beam"}, {"target": "gpu"}):
        with pytest.raises(OptionError, match="--engine onnx cannot"):
            predict_lines(paths, "crnn", output, engine="onnx", **more)
    index = Path(newest_checkpoint(output / "crnn") + ".index")
    index.write_bytes(index.read_bytes() + b" ")  # as if trained anew: other weights, same names
    chosen = choose_engine("auto", read_run(output / "crnn", "crnn"), str(index)[:-6], "")
    assert chosen.name == "tensorflow"
    assert "is not of" in chosen.advice and "--overwrite" in chosen.advice
    with pytest.raises(CheckpointError, match="is not of model.ckpt"):
        predict_lines(paths, "crnn", output, engine="onnx")
    place.unlink()
    with pytest.raises(CheckpointError, match="does not exist"):
        predict_lines(paths, "crnn", output, engine="onnx")


def test_prediction_sorts_within_growing_windows_and_keeps_the_order(tmp_path):
    paths = []
    for number in range(23):
        paths.append(tmp_path / f"{number:02}.png")
        draw_number(str(10 ** (number * 7 % 9)), paths[-1])

    class Reader:
        batches = []

        def read(self, files):
            self.batches.append([Image.open(io.BytesIO(one)).size for one in files])
            return [(str(Image.open(io.BytesIO(one)).size), 1.0) for one in files]

    found = list(windows(paths, 3, {}))
    assert [len(window) for window in found] == [3, 6, 12, 2]
    texts = [text for window in found for text, _ in read_window(Reader(), window, 3)]
    assert texts == [str(Image.open(str(path)).size) for path in paths]
    shapes = [width / height for batch in Reader.batches[3:7] for width, height in batch]
    assert shapes == sorted(shapes) and len(set(shapes)) > 3


def test_the_newest_checkpoint_is_found_without_tensorflow(output, tmp_path):
    run = output / "crnn"
    assert newest_checkpoint(run) == v1.train.latest_checkpoint(str(run)) != ""
    assert newest_checkpoint(tmp_path) == "" == (v1.train.latest_checkpoint(str(tmp_path)) or "")


def test_prediction_of_nothing_is_an_error(output, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no picture"):
        predict_lines([tmp_path / "empty"], "crnn", output)
    with pytest.raises(InputError, match="does not exist"):
        predict_lines([tmp_path / "nothing.png"], "crnn", output)


def test_drawing_shows_the_pictures(numbers, output, tmp_path):
    paths = sorted((numbers / "pic").glob("*.png"))[:3]
    target = tmp_path / "out" / "readings.png"
    assert predict_lines(paths, "crnn", output, draw=target).drawing == str(target)
    sheet = np.asarray(Image.open(str(target)).convert("L"))
    line = np.asarray(Image.open(str(paths[0])))
    if line.shape[0] == 32:
        assert (sheet[8:40, 8 : 8 + line.shape[1]] == line).all()
    assert sheet.shape[0] > 3 * 52
    with pytest.raises(OutputExistsError):
        predict_lines(paths, "crnn", output, draw=target)


LOADED = """
import json, sys
import tensorflow as tf
files = [open(path, "rb").read() for path in sys.argv[2:]]
if tf.__version__.startswith("1."):
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], sys.argv[1])
        signature = loaded.signature_def["serving_default"]
        names = [signature.outputs[n].name for n in ("texts", "confidences")]
        texts, confidences = session.run(names, {signature.inputs["images"].name: files})
else:
    served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
    result = served(images=tf.constant(files))
    texts, confidences = result["texts"].numpy(), result["confidences"].numpy()
print(json.dumps([[t.decode() for t in texts], [float(c) for c in confidences]]))
"""


@pytest.mark.parametrize("decoder", ["greedy", "beam"])
def test_an_exported_model_reads_the_same_without_our_code(numbers, output, decoder):
    paths = sorted((numbers / "pic").glob("*.png"))[:9]
    expected = predict_lines(paths, "crnn", output, decoder=decoder, beam_width=8)
    summary = export_run("crnn", output, decoder=decoder, beam_width=8)
    words = [sys.executable, "-W", "ignore", "-c", LOADED, summary.exported, *map(str, paths)]
    texts, confidences = json.loads(subprocess.check_output(words, cwd=str(output)).decode())
    assert texts == [reading.text for reading in expected.readings]
    assert any(texts)
    assert confidences == pytest.approx([r.confidence for r in expected.readings], abs=1e-4)


def test_an_export_carries_its_dictionary(output, tmp_path):
    place = tmp_path / "served" / "reader"
    summary = export_run("crnn", output, place)
    assert (place / "assets/chinese.txt").read_bytes() == b"0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"
    extra = json.loads((place / "assets.extra/run.json").read_text(encoding="utf-8"))
    assert extra["dictionary"]["sha256"] == summary.dictionary_sha256
    with pytest.raises(OutputExistsError):
        export_run("crnn", output, place)
    export_run("crnn", output, place, overwrite=True)
    assert [path.name for path in place.parent.iterdir()] == ["reader"]


def test_an_export_never_replaces_other_folders(output, tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    with pytest.raises(OutputExistsError, match="not an exported model"):
        export_run("crnn", output, place, overwrite=True)
    assert (place / "notes.txt").read_text() == "mine"


def test_texts_are_joined_from_characters():
    from ocrdata.text.charset import Charset

    with tf.Graph().as_default(), v1.Session() as session:
        classes = tf.constant([[1, 0, -1], [2, 2, 2], [-1, -1, -1]])
        texts = session.run(join_characters(classes, Charset(("a", "中", "𠀀"))))
    assert [text.decode("utf-8") for text in texts] == ["中a", "𠀀𠀀𠀀", ""]


def test_a_run_leaves_a_page_with_what_it_read_worst(trained, numbers):
    from ocrdata.pages.run import marked
    from ocrdata.train.data.line_shards import read_line_shards
    from ocrdata.train.devices.selection import make_device
    from ocrdata.train.inference.evaluate import LineEvaluator
    from ocrdata.train.run_dir import read_run

    run = read_run(trained / "crnn", "crnn")
    page = (trained / "crnn/report.html").read_text(encoding="utf-8")
    evaluator = LineEvaluator(
        run,
        read_line_shards(numbers),
        split="validation",
        device=make_device("cpu"),
        batch_size=8,
    )
    wrong = [one for one in evaluator.predictions(run.checkpoint()) if one.truth != one.text]
    found = evaluator.validate(run.checkpoint())
    evaluator.close()
    assert {(miss.truth, miss.text) for miss in found.worst} == {(w.truth, w.text) for w in wrong}
    for miss in found.worst:
        key = miss.note.split(" · ")[1]
        assert miss.image == (numbers / key).read_bytes() and key in page
        assert marked(miss.truth, miss.text)[0] in page
    assert page.count('class="card sample"') == len(wrong) and "Validation" in page


def test_an_onnx_file_that_reads_otherwise_is_not_written(output, monkeypatch):
    from ocrdata.errors import TrainingError

    pytest.importorskip("tf2onnx", reason="ONNX needs the extra onnx")
    monkeypatch.setattr("ocrdata.train.export.onnx.TOLERANCE", -1.0)
    with pytest.raises(TrainingError, match="differ from TensorFlow's.*saved_model"):
        export_run("crnn", output, form="onnx")
    assert not (output / "crnn/model.onnx").exists()
