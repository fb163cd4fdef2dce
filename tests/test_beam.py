"""Apache Beam's DirectRunner gives what the local path gives, byte for byte."""

from __future__ import annotations

import filecmp
import io
import json
import os
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from ocrdata.cli import main
from ocrdata.errors import AnnotationError, OcrdataError, OptionError, UnknownNameError

pytest.importorskip("apache_beam", reason="apache-beam is not installed (Python 3.9 or newer)")

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[1]
DIRECT = ["--runner", "DirectRunner", "--workers", "1"]
LOCAL = ["--workers", "0"]


def files_of(root):
    return sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())


def assert_same(one, other):
    names = files_of(one)
    assert names and names == files_of(other)
    wrong = filecmp.cmpfiles(str(one), str(other), [str(name) for name in names], shallow=False)[1:]
    assert wrong == ([], [])


def both(run, tmp_path, *words):
    for name, how in (("local", LOCAL), ("beam", DIRECT)):
        run(*words, "--data-dir", tmp_path / name, *how)
    assert_same(tmp_path / "local", tmp_path / "beam")


@pytest.fixture
def road(tmp_path):
    """ICDAR 2015 in small, packed as it is downloaded: nine pictures, a box each."""
    folder = tmp_path / "icdar2015"
    folder.mkdir()
    random = np.random.RandomState(3)
    images = zipfile.ZipFile(str(folder / "ch4_training_images.zip"), "w")
    truth = folder / "ch4_training_localization_transcription_gt.zip"
    with images, zipfile.ZipFile(str(truth), "w") as texts:
        for number in range(1, 10):
            stream = io.BytesIO()
            pixels = random.randint(0, 256, (60, 90, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(stream, "JPEG")
            images.writestr(f"img_{number}.jpg", stream.getvalue())
            box = f"5,5,45,5,45,25,5,25,word{number}\n"
            texts.writestr(f"gt_img_{number}.txt", box)
    return folder


def test_pictures_then_shards_of_their_lists(run, tmp_path):
    both(run, tmp_path, "gen-pics", "--corpus", "dates", "--limit", "300", "--log-styles")
    for name in ("local", "beam"):
        run("build-dict", "--data-dir", tmp_path / name)
    both(run, tmp_path, "tfrecord", "--shards", "3")


def test_records_of_lines(run, tmp_path):
    words = ["gen-pics", "--corpus", "dates", "--limit", "300", "--records", "--shards", "2"]
    both(run, tmp_path, *words, "--keep-pictures")


def test_scenes_by_way_of_a_spool(run, tmp_path):
    both(
        run, tmp_path, "gen-scenes", "--count", "9", "--size", "64x64", "--texts", "1", "--records"
    )


def test_an_import_of_packed_scenes_and_its_shards(run, tmp_path, road):
    both(run, tmp_path, "import", "icdar2015", road)
    both(run, tmp_path, "tfrecord", "--shards", "2")


def test_crops_of_packed_scenes(run, tmp_path, road):
    both(run, tmp_path, "import", "icdar2015", road, "--crops")


def test_bad_input_is_one_line_and_nothing_is_left(run, tmp_path, road):
    with zipfile.ZipFile(str(road / "ch4_training_images.zip"), "a") as images:
        images.writestr("img_10.jpg", b"no picture")
    with zipfile.ZipFile(
        str(road / "ch4_training_localization_transcription_gt.zip"), "a"
    ) as texts:
        texts.writestr("gt_img_10.txt", "1,1,9,1,9,9,1,9,word\n")
    words = ["import", "icdar2015", road, "--data-dir", tmp_path / "data"]
    messages = [run(*words, *how, code=1).output for how in (LOCAL, DIRECT)]
    assert messages[0] == messages[1] and "img_10.jpg" in messages[0]
    assert not (tmp_path / "data").exists()
    skipping = run(*words, *DIRECT, "--skip-errors", "--json").output
    assert '"skipped": {"picture damaged": 1}' in skipping


def test_wrong_calls_are_refused(run, tmp_path):
    words = ["gen-pics", "--data-dir", tmp_path / "data", "--limit", "10"]
    output = run(*words, "--runner", "FlinkRuner", code=2).output
    assert "no runner is called FlinkRuner. Did you mean FlinkRunner?" in output
    output = run(*words, "--runner-option", "flink_master=a:1", code=2).output
    assert "--runner-option goes with --runner" in output
    output = run(*words, *DIRECT, "--runner-option", "=3", code=2).output
    assert "needs NAME=VALUE or NAME" in output
    assert not (tmp_path / "data").exists()


RECORDER = """#!{python}
import json, sys
with open({calls!r}, "a") as stream:
    stream.write(json.dumps(sys.argv[1:]) + "\\n")
"""


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("flink.sh", ["flink:8081", "/shared"]), ("dataflow.sh", ["me", "europe-west1", "gs://b"])],
)
def test_the_examples_for_clusters_are_calls_that_can_be_made(tmp_path, script, arguments):
    from apache_beam.options.pipeline_options import PipelineOptions

    (tmp_path / "ocrdata").write_text(
        RECORDER.format(python=sys.executable, calls=str(tmp_path / "calls"))
    )
    (tmp_path / "ocrdata").chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    command = ["bash", str(ROOT / "examples" / script), *arguments]
    subprocess.run(command, check=True, env={**os.environ, "PATH": path})
    runners = []
    for line in (tmp_path / "calls").read_text().splitlines():
        words, group = json.loads(line), main
        while isinstance(group, click.Group):
            group, words = group.commands[words[0]], words[1:]
        with main.make_context("ocrdata", ["info"]) as parent:
            values = group.make_context("ocrdata", words, parent=parent).params
        if values.get("runner"):
            runners.append(values["runner"])
            options = beam.pipeline_options(values["runner"], values["runner_option"])
            known = PipelineOptions(options._flags).get_all_options()
            names = {option.partition("=")[0] for option in values["runner_option"]}
            assert names <= set(known)
    assert set(runners) == {"FlinkRunner" if script == "flink.sh" else "DataflowRunner"}


# --- the engine

from ocrdata.scale import beam  # noqa: E402
from ocrdata.scale.tasks import TaskFolder  # noqa: E402


def doubled(folder, number):
    with (folder / "calls").open("a") as stream:
        stream.write(f"{number}\n")
    if (folder / "bad").exists() and number == 5:
        raise AnnotationError("list.txt", "is wrong", 5)
    return 2 * number


def stumbling(folder, number):
    if number == 5 and not (folder / "repaired").exists():
        raise ZeroDivisionError("out of luck")
    return doubled(folder, number)


def test_results_come_in_order_from_several_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
    engine = beam.BeamEngine(tmp_path / "tasks", workers=2)
    assert list(engine.map(partial(doubled, tmp_path), range(40))) == list(range(0, 80, 2))
    assert sorted(map(int, (tmp_path / "calls").read_text().split())) == list(range(40))


def test_an_interrupted_run_goes_on(tmp_path):
    for attempt in range(2):
        engine = beam.BeamEngine(tmp_path / "tasks")
        work = engine.map(partial(stumbling, tmp_path), range(20))
        if attempt == 0:
            with pytest.raises(OcrdataError, match="on DirectRunner failed.*out of luck"):
                list(work)
            (tmp_path / "repaired").touch()
    before = (tmp_path / "calls").read_text()
    assert "5" not in before.split() and len(before.split()) >= 5
    assert list(work) == list(range(0, 40, 2))
    calls = sorted(map(int, (tmp_path / "calls").read_text().split()))
    assert calls == list(range(20)), "finished tasks were done again, or others not at all"


def test_the_error_of_an_item_arrives_as_it_was(tmp_path):
    (tmp_path / "bad").touch()
    engine = beam.BeamEngine(tmp_path / "tasks")
    with pytest.raises(AnnotationError) as caught:
        list(engine.map(partial(doubled, tmp_path), range(10)))
    assert (caught.value.path, caught.value.line) == ("list.txt", 5)


def test_the_graph_does_not_grow_with_what_items_hold(tmp_path):
    sizes = []
    for size in (1, 100_000):
        tasks = TaskFolder(tmp_path / str(size))
        count = tasks.write((len, None, ()), [b"x" * size] * 50)
        pipeline = beam.beam.Pipeline()
        beam.add_tasks(pipeline, tasks, [0, count])
        sizes.append(pipeline.to_runner_api().ByteSize())
    assert abs(sizes[1] - sizes[0]) < 200


def test_options_reach_the_runner():
    from apache_beam.options.pipeline_options import FlinkRunnerOptions, SetupOptions

    chosen = ["flink_master=host:8081", "--save_main_session"]
    options = beam.pipeline_options("FlinkRunner", chosen)
    assert options.view_as(FlinkRunnerOptions).flink_master == "host:8081"
    assert options.view_as(SetupOptions).save_main_session
    assert options.get_all_options()["runner"] == "FlinkRunner"
    with pytest.raises(OptionError):
        beam.pipeline_options("FlinkRunner", ["runner=Other"])
    with pytest.raises(UnknownNameError):
        beam.BeamEngine("tasks", "Flink")
