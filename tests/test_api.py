"""`import ocrdata` as a program uses it: the page's examples, and each function against files."""

from __future__ import annotations

import ast
import io
import itertools
import pickle
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import ocrdata
from ocrdata.errors import AnnotationError, CheckpointError, OptionError, UnknownNameError
from ocrdata.metrics.detection import evaluate_detection

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)
TEXTS = ["春眠不觉晓", "处处闻啼鸟", "OCR 2024"]
QUADS = [[[16, 32], [80, 32], [80, 48], [16, 48]]]

WITHOUT_TENSORFLOW = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tensorflow", "keras"):
            raise ImportError("blocked: " + name)

sys.meta_path.insert(0, Block())
"""


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_the_page_runs_without_tensorflow(tmp_path):
    pytest.importorskip("onnxruntime")
    from onnx_models import write_finder, write_reader

    write_reader(tmp_path / "output/crnn/model.onnx")
    write_finder(tmp_path / "output/east/model.onnx", QUADS, (128, 160))
    script = WITHOUT_TENSORFLOW + "\n".join(BLOCKS)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=str(tmp_path),
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8")
    said = done.stdout.decode("utf-8")
    assert "60 {'train'" in said and "60 {}" in said
    assert "b 1.0 [[16.0, 32.0], [80.0, 32.0], [80.0, 48.0], [16.0, 48.0]]" in said


def test_a_file_that_was_replaced_is_read_again(tmp_path):
    """By a process that goes on: a notebook, or a worker of a cluster."""
    font, photo = tmp_path / "font.ttf", tmp_path / "photo.png"
    look = {"background": "picture", "fade": 0.0, "size": 0.8}
    drawn = []
    for name, value in (("NotoSans-Regular", 30), ("NotoSerif-BoldItalic", 220)):
        face = ROOT / "fonts" / "latin" / (name + ".ttf")
        font.write_bytes(face.read_bytes())
        Image.new("RGB", (90, 60), (value, value, value)).save(str(photo))
        for one in (font, face):
            settings = ocrdata.LineSettings(
                fonts=(one,), backgrounds=(photo,), overrides=look, style="scene"
            )
            drawn.append(next(iter(ocrdata.generate_lines(["Word"], settings, seed=3))).image)
    assert np.array_equal(*drawn[:2]) and np.array_equal(*drawn[2:])
    assert abs(float(np.median(drawn[0])) - float(np.median(drawn[2]))) > 60


def test_the_page_names_all_that_is_public():
    table = PAGE.partition("| name | is |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(ocrdata.__all__) - {"__version__"}


def test_type_checkers_see_the_same_names():
    tree = ast.parse((ROOT / "ocrdata/__init__.py").read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    homes = {alias.name: node.module for node in block.body for alias in node.names}
    assert homes == ocrdata._HOMES and sorted(homes) == sorted(ocrdata.__all__[1:])
    for name, home in homes.items():
        assert getattr(ocrdata, name).__doc__, name
        assert getattr(ocrdata, name).__module__ == home
    assert set(homes) <= set(dir(ocrdata))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        ocrdata.nonsense  # noqa: B018


def test_importing_loads_nothing():
    script = "import sys, ocrdata; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", script], cwd=str(ROOT)).decode().split()
    ours = {name for name in loaded if name.startswith("ocrdata")}
    assert ours == {"ocrdata"} and not {"numpy", "cv2", "click", "typing_extensions"} & set(loaded)


# --- rendering


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("style", ["print", "scene"])
def test_lines_are_those_that_gen_pics_writes(run, tmp_path, listed, style):
    run(
        *("gen-pics", "--corpus", listed, "--style", style, "--format", "png", "--seed", 5),
        *("--limit", 12, "--boxes", "--workers", 0, "--data-dir", tmp_path, "--test-fraction", 0),
    )
    settings = ocrdata.LineSettings(style=style, boxes=True)
    lines = list(ocrdata.generate_lines(TEXTS, settings, count=12, seed=5))
    assert [line.text for line in lines] == TEXTS * 4
    for line in lines:
        stored = np.asarray(Image.open(str(tmp_path / line.key)))
        assert (stored == line.image).all() and line.image.ndim == (2 if style == "print" else 3)
        assert (pixels(line.sample().image) == line.image).all()
        assert line.boxes.shape == (len(line.text), 4, 2) and line.boxes.dtype == np.float32


def test_scenes_are_those_that_gen_scenes_writes(run, tmp_path, listed):
    run(
        *("gen-scenes", "--corpus", listed, "--format", "png", "--seed", 5, "--limit", 2),
        *("--size", "320x240", "--texts", "2..4", "--workers", 0, "--data-dir", tmp_path),
    )
    settings = ocrdata.SceneSettings(size=(320, 240), texts=(2, 4))
    scenes = list(ocrdata.generate_scenes(TEXTS, settings, count=2, seed=5))
    assert len(scenes) == 2
    by_key = {sample.key: sample for sample in ocrdata.read_samples(tmp_path)}
    for scene in scenes:
        stored = by_key[scene.key]
        assert (ocrdata.load_image(stored) == scene.image).all()
        assert [r.text for r in stored.regions] == [r.text for r in scene.regions] != []
        for ours, theirs in zip(scene.regions, stored.regions):
            assert np.abs(ours.polygon - theirs.polygon).max() <= 0.51  # stored as whole pixels


def test_lines_have_no_end_and_begin_anew():
    lines = ocrdata.generate_lines(TEXTS, seed=1)
    first = list(itertools.islice(lines, 300))
    assert lines.count is None and len({line.key for line in first}) == 300
    again = pickle.loads(pickle.dumps(lines))
    assert all((a.image == b.image).all() for a, b in itertools.islice(zip(again, first), 5))
    # The first lines are the same however many there are, and whoever draws them.
    spread = list(ocrdata.generate_lines(TEXTS, seed=1, count=300, workers=2))
    assert [line.key for line in spread] == [line.key for line in first]
    assert all((a.image == b.image).all() for a, b in zip(spread, first))


def test_what_cannot_be_drawn_is_counted_or_refused():
    lines = ocrdata.generate_lines(["春", "\U0001f600"], count=2)
    assert [line.text for line in lines] == ["春", "春"] and sum(lines.skipped.values()) == 1
    with pytest.raises(ocrdata.OcrdataError, match="U\\+1F600|cannot|no text"):
        ocrdata.generate_lines(["\U0001f600"])
    with pytest.raises(UnknownNameError, match="field of a style"):
        ocrdata.generate_lines(TEXTS, ocrdata.LineSettings(overrides={"blurr": 1}))
    with pytest.raises(OptionError, match="count"):
        ocrdata.generate_lines(TEXTS, ocrdata.LineSettings(sampling="balanced"))
    with pytest.raises(OptionError, match="size"):
        ocrdata.generate_scenes(TEXTS, ocrdata.SceneSettings(size=(1, 1)))


# --- samples and records


def split_samples():
    lines = ocrdata.generate_lines(TEXTS, count=9)
    for number, line in enumerate(lines):
        yield ("test" if number % 3 else "train"), line.sample()


def test_records_hold_what_was_given(tmp_path):
    given = {sample.key: (split, sample) for split, sample in split_samples()}
    summary = ocrdata.write_records(split_samples(), tmp_path / "records")
    assert summary.splits["train"]["samples"] == 3 and summary.samples == 9
    for split in ("train", "test"):
        for sample in ocrdata.read_samples(tmp_path / "records", split):
            assert given[sample.key][0] == split
            assert (sample.text, sample.image) == (
                given[sample.key][1].text,
                given[sample.key][1].image,
            )
    shard = next((tmp_path / "records").glob("train-*.tfrecord"))
    assert len(list(ocrdata.read_samples(shard))) == 1
    assert ocrdata.check_path(tmp_path / "records").problems.keys() <= {"text-in-two-splits"}
    with pytest.raises(ocrdata.OcrdataError, match="already exists"):
        ocrdata.write_records(split_samples(), tmp_path / "records")
    ocrdata.write_records(split_samples(), tmp_path / "records", overwrite=True)
    # A data folder with shards only.
    (tmp_path / "records").replace(tmp_path / "tfrecords")
    assert {one.key for one in ocrdata.read_samples(tmp_path)} == set(given)


def test_samples_come_with_a_split_or_without(tmp_path):
    split, sample = next(split_samples())
    with pytest.raises(OptionError, match="some without"):
        ocrdata.write_records([sample, (split, sample)], tmp_path / "records")
    with pytest.raises(UnknownNameError, match="split is called dev"):
        ocrdata.write_records([("dev", sample)], tmp_path / "records")
    assert list(tmp_path.glob("records*")) == []


def test_a_scene_goes_through_records_and_an_archive(tmp_path):
    outline = np.array([[1, 2], [30, 2], [30, 20], [1, 20]], np.float32)
    picture = np.random.Generator(np.random.Philox(1)).integers(0, 255, (40, 50, 3), np.uint8)
    region = ocrdata.Region(outline, "出口")
    made = ocrdata.make_sample("a/1.png", picture, regions=[region])
    options = ocrdata.WriteOptions(test_fraction=0.0, validation_fraction=0.0)
    ocrdata.write_records([made], tmp_path / "records", options=options)
    with tarfile.open(str(tmp_path / "set.tar"), "w") as archive:
        for name, data in (("a/1.png", made.image), ("a/1.txt", "1,2,30,2,30,20,1,20,出口\n")):
            content = data if isinstance(data, bytes) else data.encode("utf-8")
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    for path in ("records", "set.tar"):
        (found,) = ocrdata.read_samples(tmp_path / path)
        assert (ocrdata.load_image(found) == picture).all()
        assert found.text is None and found.regions[0].text == "出口"
        assert (found.regions[0].polygon == outline).all()


def test_a_list_with_a_bad_line_stops_or_is_counted(rendered, tmp_path):
    everything = list(ocrdata.read_samples(rendered))
    train = list(ocrdata.read_samples(rendered, "train"))
    assert len(everything) == 120 and 0 < len(train) < 120
    alone = list(ocrdata.read_samples(rendered / "Train/sample.txt"))
    assert [one.key for one in alone] == [one.key for one in train]
    assert ocrdata.load_image(train[0]).shape[0] == 32
    folder = tmp_path / "Train"
    folder.mkdir()
    (folder / "sample.txt").write_text("a.png 一\nb.png\nc.png 二\n", encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"sample\.txt:2: has no label"):
        list(ocrdata.read_samples(tmp_path))
    skipped = {"earlier": 1}
    assert [s.text for s in ocrdata.read_samples(tmp_path, skipped=skipped)] == ["一", "二"]
    assert sum(skipped.values()) == 2
    with pytest.raises(ocrdata.OcrdataError, match="does not exist|holds no"):
        list(ocrdata.read_samples(tmp_path / "nowhere"))
    with pytest.raises(UnknownNameError):
        list(ocrdata.read_samples(tmp_path, "dev"))


def test_arrays_of_other_kinds_are_refused():
    for wrong in (np.zeros((3, 3)), np.zeros((3, 3, 4), np.uint8), np.zeros((0, 3), np.uint8)):
        with pytest.raises(OptionError, match=r"a/1\.png"):
            ocrdata.make_sample("a/1.png", wrong, "一")
    with pytest.raises(ocrdata.OcrdataError, match="key"):
        ocrdata.load_image(ocrdata.Sample("key", b"no picture"))


# --- scores and reading


def test_scores_are_those_of_the_files(tmp_path):
    truth = {"1": ["0,0,40,0,40,10,0,10,a", "50,0,90,0,90,10,50,10,###"], "2": []}
    found = {"1": ["1,0,40,0,40,10,1,10", "60,0,70,0,70,10,60,10"], "2": ["0,0,9,0,9,9,0,9"]}
    outlines = {}
    for name, rows in (("gt", truth), ("res", found)):
        (tmp_path / name).mkdir()
        for key, lines in rows.items():
            path = tmp_path / name / f"{name}_img_{key}.txt"
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
            numbers = [np.array(line.split(",")[:8], float).reshape(4, 2) for line in lines]
            outlines[name, key] = numbers
    files, _ = evaluate_detection(tmp_path / "gt", tmp_path / "res")
    regions = [
        [
            ocrdata.Region(outline, line.split(",")[8], line.endswith("###"))
            for outline, line in zip(outlines["gt", key], truth[key])
        ]
        for key in "12"
    ]
    score = ocrdata.score_detection(regions, [outlines["res", key] for key in "12"])
    assert vars(score) == vars(files)
    # One of one text is found; of two outlines that count one is right.
    assert (score.recall, score.precision, score.hmean) == (1.0, 0.5, pytest.approx(2 / 3))
    assert score.ignored_detections == 1 and score.average_precision is None
    sure = [[0.2, 0.9], [0.5]]
    ranked = ocrdata.score_detection(regions, [outlines["res", key] for key in "12"], sure)
    assert ranked.average_precision == pytest.approx(0.5)
    with pytest.raises(OptionError, match="2 pictures"):
        ocrdata.score_detection(regions, [[]])
    with pytest.raises(OptionError, match=r"shape \[8\]"):
        ocrdata.score_detection(regions, [[np.zeros(8)], []])
    with pytest.raises(UnknownNameError):
        ocrdata.score_detection(regions, [[], []], protocol="icdar")


def test_recognition_is_scored():
    score = ocrdata.score_recognition(["abc", "一二"], ["abd", "一二"])
    assert (score.accuracy, score.character_error_rate) == (0.5, 0.2)
    with pytest.raises(OptionError, match="2 labels and 1 texts"):
        ocrdata.score_recognition(["a", "b"], ["a"])


def test_models_read_arrays(tmp_path):
    pytest.importorskip("onnxruntime")
    from onnx_models import write_finder, write_reader

    write_reader(tmp_path / "reader.onnx")
    write_finder(tmp_path / "finder.onnx", QUADS, (128, 160))
    image = np.full((128, 160, 3), 250, np.uint8)
    image[32:48, 16:80] = 3
    with ocrdata.TextReader(tmp_path / "reader.onnx", tmp_path / "finder.onnx") as reader:
        (word,) = reader.read(image)
        assert word.text == "a" and np.abs(word.polygon - QUADS[0]).max() < 1.0
        lines = reader.read_lines([image[:32], image[:32] // 200, image[:20, :, 0]])
        assert [text for text, _ in lines] == ["b", "a", "b"]
        assert reader.read_lines([]) == []
        with pytest.raises(OptionError, match="float64"):
            reader.read(image / 255.0)
    with ocrdata.TextReader(tmp_path / "reader.onnx") as reader, pytest.raises(OptionError):
        reader.read(image)
    with pytest.raises(CheckpointError, match="not for recognition"):
        ocrdata.TextReader(tmp_path / "finder.onnx")
