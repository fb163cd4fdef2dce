"""ocrdata convert: any source to any format, the same bytes for any workers and interruptions."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import test_importers_contract as importers
from export_readers import READERS

import ocrdata
from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import read_sample_list
from ocrdata.exporters import EXPORTERS, base
from ocrdata.pipelines.convert import ConvertOptions, convert
from ocrdata.pipelines.convert_sources import ImportedLayout

LIBRARIES = {"lmdb": "lmdb", "webdataset": "webdataset", "parquet": "pyarrow"}
EVERY = [(name, task) for name in EXPORTERS.names() for task in EXPORTERS.load(name).info.tasks]
SMALL = ConvertOptions(samples_per_shard=40, validation_fraction=0.2)


def need(name):
    if name in LIBRARIES:
        reason = f"the extra {name} is not installed"
        pytest.importorskip(LIBRARIES[name], reason=reason)


def digests(folder):
    """The SHA-256 of each file, but of the manifest, which names the command's version."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """A data folder with 24 small scenes."""
    from click.testing import CliRunner

    from ocrdata.cli import main

    data = tmp_path_factory.mktemp("scenes") / "data"
    words = ["gen-scenes", "--limit", "24", "--size", "96x64", "--texts", "1..2", "--corpus"]
    words += ["dates", "--text-height", "12..16", "--workers", "0", "--data-dir", str(data)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    return data


@pytest.fixture
def source_of(rendered, scenes):
    return {"recognition": rendered, "detection": scenes}


class Interruption(BaseException):
    """Comes like Ctrl-C: neither an error of ours nor one of the system's."""


@pytest.mark.parametrize(("name", "task"), EVERY)
def test_an_interruption_changes_no_byte(name, task, source_of, tmp_path, monkeypatch):
    need(name)
    monkeypatch.setitem(base.BLOCK, task, 7)
    source = source_of[task]
    summary = convert(source, tmp_path / "whole", name, SMALL)
    assert summary.task == task and summary.samples == sum(summary.splits.values()) > 20
    wanted = digests(tmp_path / "whole")

    for stop in (2, 4):
        calls = []

        def interrupt(done, total, calls=calls, stop=stop):
            calls.append(done)
            if len(calls) == stop:
                raise Interruption

        target = tmp_path / f"cut-{stop}"
        with pytest.raises(Interruption):
            convert(source, target, name, SMALL, run=RunOptions(on_progress=interrupt))
        assert not target.exists()
        again = convert(source, target, name, SMALL, run=RunOptions(resume=True))
        assert again == dataclasses.replace(summary, output=str(target))
        assert digests(target) == wanted


@pytest.mark.parametrize("name", ["lmdb", "webdataset"])
def test_workers_change_no_byte(name, rendered, tmp_path):
    need(name)
    for workers in (0, 2):
        convert(rendered, tmp_path / str(workers), name, SMALL, run=RunOptions(workers=workers))
    assert digests(tmp_path / "0") == digests(tmp_path / "2")


@pytest.mark.parametrize("name", ["lmdb", "parquet"])
def test_a_killed_process_is_resumed(name, rendered, tmp_path, monkeypatch):
    need(name)
    monkeypatch.setitem(base.BLOCK, "recognition", 7)
    convert(rendered, tmp_path / "whole", name, SMALL)
    code = (
        "import sys, time\n"
        "from ocrdata.exporters import base\n"
        "base.BLOCK['recognition'] = 7\n"
        "from ocrdata.base.run_options import RunOptions\n"
        "from ocrdata.pipelines.convert import ConvertOptions, convert\n"
        "options = ConvertOptions(samples_per_shard=40, validation_fraction=0.2)\n"
        "def wait(done, total):\n"
        "    if done > 50:\n"
        "        print(done, flush=True)\n"
        "        time.sleep(60)\n"
        "run = RunOptions(on_progress=wait)\n"
        "convert(sys.argv[1], sys.argv[2], sys.argv[3], options, run=run)\n"
    )
    target = tmp_path / "cut"
    words = [sys.executable, "-c", code, str(rendered), str(target), name]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert int(process.stdout.readline()) > 0
        os.kill(process.pid, signal.SIGKILL)
    assert not target.exists()
    convert(rendered, target, name, SMALL, run=RunOptions(resume=True))
    assert digests(target) == digests(tmp_path / "whole")


def truth_of(data, side):
    return [
        (sample.text, sample.image_bytes())
        for sample in read_sample_list(data / side / "sample.txt", data)
    ]


def test_every_kind_of_source_gives_the_same_samples(rendered, tmp_path, run):
    run("tfrecord", "--data-dir", rendered, "--output", tmp_path / "shards", "--workers", "0")
    run("pack", rendered, "--output", tmp_path / "data.tar.gz")
    wanted = sorted(truth_of(rendered, "Train") + truth_of(rendered, "Test"))
    sources = [rendered, tmp_path / "shards", tmp_path / "data.tar.gz"]
    for number, source in enumerate([*sources, rendered / "Train" / "sample.txt"]):
        target = tmp_path / str(number)
        words = ["convert", source, target, "--to", "trdg", "--workers", "0", "--json"]
        summary = json.loads(run(*words).output)
        found = sorted(
            row for split in summary["splits"] for row in READERS["trdg"](target, split, "")
        )
        if number < len(sources):
            assert found == wanted and summary["splits"]["test"] == len(truth_of(rendered, "Test"))
        else:
            assert found == sorted(truth_of(rendered, "Train")) and list(summary["splits"]) == [
                "train"
            ]


def test_splits_share_no_text(rendered, tmp_path):
    summary = convert(rendered, tmp_path / "out", "doctr", SMALL)
    texts = {
        split: {text for text, _ in READERS["doctr"](tmp_path / "out", split, "recognition")}
        for split in summary.splits
    }
    assert set(texts) == {"train", "validation", "test"}
    assert sum(map(len, texts.values())) == len(set().union(*texts.values()))


def copy_of(data, tmp_path):
    import shutil

    shutil.copytree(str(data), str(tmp_path / "data"))
    return tmp_path / "data"


def test_what_is_damaged_is_named_or_counted(rendered, tmp_path, run):
    data = copy_of(rendered, tmp_path)
    listed = (data / "Train" / "sample.txt").read_text(encoding="utf-8").splitlines()
    (data / listed[2].split(" ")[0]).write_bytes(b"not a picture")
    (data / listed[4].split(" ")[0]).unlink()
    words = ["convert", data, tmp_path / "out", "--to", "mmocr", "--workers", "0"]
    output = run(*words, code=1).output
    assert "sample.txt:3: picture " in output and "--skip-errors" in output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    with (data / "Train" / "sample.txt").open("a", encoding="utf-8") as stream:
        stream.write("pic/no-label.jpg\n")
    assert "has no label" in run(*words, code=1).output
    summary = json.loads(run(*words, "--skip-errors", "--json").output)
    lists = (data / "Train" / "sample.txt", data / "Test" / "sample.txt")
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in lists)
    assert summary["skipped"] == {
        "line without a label or with a wrong path": 1,
        "picture missing or damaged": 2,
    }
    assert summary["samples"] + 3 == lines
    found = list(READERS["mmocr"](tmp_path / "out", "train", "recognition"))
    assert len(found) == summary["splits"]["train"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--to", "yolo"], "yolo takes pictures with regions"),
        (
            ["--to", "lmdb", "--task", "detection"],
            "not for detection. Formats for it: coco",
        ),
        (["--to", "nothing"], "Invalid value for '--to'"),
        (["--to", "trdg", "--samples-per-shard", "0"], "Invalid value for '--samples-per-shard'"),
    ],
)
def test_a_wrong_call_is_refused(words, problem, rendered, tmp_path, run):
    output = run("convert", rendered, tmp_path / "out", "--workers", "0", *words, code=2).output
    assert problem in " ".join(output.split())
    assert not list(tmp_path.iterdir())


def test_scenes_are_no_lines(scenes, tmp_path, run):
    output = run("convert", scenes, tmp_path / "out", "--to", "lmdb", code=2).output
    assert "import NAME SOURCE --crops" in output and not list(tmp_path.iterdir())


def test_an_output_is_replaced_only_if_it_is_ours(rendered, tmp_path, run):
    words = ["convert", rendered, tmp_path / "out", "--to", "trdg", "--workers", "0"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert "already exists" in run(*words, code=1).output
    assert "not written by ocrdata" in run(*words, "--overwrite", code=1).output
    (tmp_path / "out" / "mine.txt").unlink()
    run(*words, "--overwrite", "--limit", "5")
    assert "already exists" in run(*words, code=1).output


def test_a_dry_run_counts_and_writes_nothing(rendered, tmp_path, run):
    words = ["convert", rendered, tmp_path / "out", "--to", "lmdb", "--json", "--limit", "7"]
    planned = json.loads(run(*words, "--dry-run").output)
    assert planned["splits"] == {"train": 7, "test": 7} and not list(tmp_path.iterdir())


def test_list_exporters_names_them_all(run):
    rows = json.loads(run("list", "exporters", "--json").output)["exporters"]
    assert list(rows) == EXPORTERS.names()
    assert rows["lmdb"]["install"] == 'pip install "ocrdata[lmdb]"'


# --- rendered straight into a format


def test_gen_pics_writes_any_format(tmp_path, run, monkeypatch):
    need("webdataset")
    words = ["gen-pics", "--corpus", "dates", "--limit", "300", "--workers", "0", "--seed", "3"]
    run(*words, "--records", "--data-dir", tmp_path / "records")
    words += ["--to", "webdataset", "--shards", "4", "--json"]
    summary = json.loads(run(*words, "--data-dir", tmp_path / "one").output)
    found = {
        split: list(READERS["webdataset"](tmp_path / "one" / "webdataset", split, "recognition"))
        for split in summary["splits"]
    }
    assert {split: len(rows) for split, rows in found.items()} == summary["splits"]
    assert sum(summary["splits"].values()) == 300
    for split, rows in found.items():
        samples = ocrdata.read_samples(tmp_path / "records" / "tfrecords", split)
        assert sorted(rows) == sorted((one.text, one.image_bytes()) for one in samples)

    # Interrupted, it goes on where it was, and only draws what is left.
    from ocrdata.pipelines import lines_to_export

    monkeypatch.setitem(base.BLOCK, "recognition", 20)
    drawn, cut = [], tmp_path / "cut"
    plain = lines_to_export._render

    def render(config, part):
        if len(drawn) == 1:
            raise Interruption
        drawn.append(part)
        return plain(config, part)

    monkeypatch.setattr(lines_to_export, "_render", render)
    with pytest.raises(Interruption):
        run(*words, "--data-dir", cut)
    monkeypatch.setattr(lines_to_export, "_render", plain)
    run(*words, "--data-dir", cut, "--resume")
    assert digests(cut) == digests(tmp_path / "one")
    for more, problem in ((["--records"], "exclude each other"), (["--boxes"], "--boxes and")):
        assert problem in run(*words, *more, "--data-dir", tmp_path / "x", code=2).output


def test_gen_scenes_writes_any_format(tmp_path, run, monkeypatch):
    words = ["gen-scenes", "--limit", "24", "--size", "96x64", "--texts", "1..2", "--corpus"]
    words += ["dates", "--text-height", "12..16", "--workers", "0", "--curved", "0.5"]
    run(*words, "--records", "--data-dir", tmp_path / "records")
    words += ["--to", "mmocr", "--json"]
    summary = json.loads(run(*words, "--data-dir", tmp_path / "one").output)
    assert sum(summary["splits"].values()) == 24 and set(summary["splits"]) == {"train", "test"}
    records = tmp_path / "records" / "tfrecords"
    # Records have a validation split, which is of the training scenes.
    for split, parts in (("train", ("train", "validation")), ("test", ("test",))):
        found = READERS["mmocr"](tmp_path / "one" / "mmocr", split, "detection")
        samples = [one for part in parts for one in ocrdata.read_samples(records, part)]
        assert sorted(data for _, data in found) == sorted(one.image_bytes() for one in samples)

    # Interrupted, it goes on where it was.
    from ocrdata.exporters import engine

    monkeypatch.setitem(base.BLOCK, "detection", 4)
    stored, plain = [], engine.ExportRun._store

    def store(export, packed, journal):
        if len(stored) == 3:
            raise Interruption
        stored.append(packed)
        plain(export, packed, journal)

    monkeypatch.setattr(engine.ExportRun, "_store", store)
    with pytest.raises(Interruption):
        run(*words, "--data-dir", tmp_path / "cut")
    monkeypatch.setattr(engine.ExportRun, "_store", plain)
    run(*words, "--data-dir", tmp_path / "cut", "--resume")
    assert digests(tmp_path / "cut") == digests(tmp_path / "one")
    for more, problem in ((["--records"], "exclude each other"), (["--to", "lmdb"], "not for pic")):
        assert problem in run(*words, *more, "--data-dir", tmp_path / "x", code=2).output


# --- the layouts that importers read


def regions_in(rows):
    """Regions as tuples, from a fixture or from what a reader yields."""
    return [
        [
            (*np.round(np.array(points, float).ravel(), 2).tolist(), text, bool(no))
            for points, text, no in row
        ]
        for row in rows
    ]


@pytest.mark.parametrize("name", importers.NAMES)
def test_what_an_importer_reads_becomes_what_another_tool_reads(name, tmp_path):
    importer = importers.load(name)
    layout = ImportedLayout(importer, text_normalization="none")
    summary = convert(importers.raw(name), tmp_path / "out", "mmocr", layout=layout)
    wanted = {split: rows for (split, how), rows in importers.expected(name).items() if how == "{}"}
    assert summary.task == importer.task and set(summary.splits) <= set(wanted)
    left = 0
    for split, rows in wanted.items():
        found = (
            list(READERS["mmocr"](tmp_path / "out", split, importer.task))
            if split in summary.splits
            else []
        )
        if importer.task == "recognition":
            texts, given = [text for text, _ in found], [row["text"] for row in rows]
            assert texts == [text for text in given if text in texts]
        else:
            given = [
                [(one["polygon"], one["text"], one["ignore"]) for one in row["regions"]]
                for row in rows
            ]
            assert regions_in(row for row, _ in found) == regions_in(given)
        left += len(given) - len(found)
    assert left == sum(
        count
        for reason, count in summary.skipped.items()
        if reason.startswith(("illegible", "empty"))
    )


def test_layouts_from_the_command_line(run, tmp_path):
    source = importers.raw("icdar2015")
    words = ["convert", source, tmp_path / "out", "--to", "coco"]
    told = json.loads(run(*words, "--from", "icdar2015", "--json").stdout)
    assert set(told["splits"]) == set(importers.load("icdar2015").splits(source))
    # A format for lines takes the words of a set that has both.
    lines = ["convert", source, tmp_path / "lines", "--to", "trdg", "--from", "icdar2015"]
    assert "task: recognition" in run(*lines, "--dry-run").output
    for code, more, message in (
        (2, ["--coordinates", "quad"], "--coordinates belongs to --from NAME"),
        (2, ["--exif", "apply"], "--exif belongs to --from NAME"),
        (2, ["--from", "labelme", "--level", "word"], "labelme has no --level"),
        (1, ["--from", "labelme", "--overwrite"], "holds no"),
    ):
        assert message in run(*words, *more, code=code).output
