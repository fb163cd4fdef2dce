"""tfrecord, check, info and preview on the command line."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from test_shards import append_line, make_data, tree

from ocrdata.records.format.tfrecord import read_examples

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def run():
    """Runs a command line in this process with standard error kept apart."""
    from ocrdata.cli import main

    # click 8.2 keeps it apart always and has no such argument any more.
    apart = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}

    def call(*words, code=0):
        result = CliRunner(**apart).invoke(main, [str(word) for word in words])
        assert result.exit_code == code, result.output + result.stderr
        return result

    return call


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path / "data")


def output(result):
    return json.loads(result.stdout)


def test_tfrecord_writes_and_names_the_next_command(run, data):
    result = run("tfrecord", "--data-dir", data, "--shards", 2, "--workers", 0)
    assert "samples: 30" in result.stdout
    assert "Next: ocrdata train crnn --data-dir" in result.stderr
    assert len(list((data / "tfrecords").glob("*-of-00002.tfrecord"))) == 6


def test_tfrecord_json_is_one_object(run, data):
    summary = output(run("tfrecord", "--data-dir", data, "--json", "--workers", 0))
    assert summary["samples"] == 30
    assert set(summary["splits"]) == {"train", "validation", "test"}


def test_tfrecord_refuses_then_overwrites(run, data):
    run("tfrecord", "--data-dir", data, "--workers", 0)
    again = run("tfrecord", "--data-dir", data, "--workers", 0, code=1)
    assert "already exists. Pass --overwrite" in again.stderr
    assert "Traceback" not in again.output
    run("tfrecord", "--data-dir", data, "--workers", 0, "--overwrite", "--shards", 1)
    assert len(list((data / "tfrecords").glob("*.tfrecord"))) == 3


def test_tfrecord_dry_run_writes_nothing(run, data):
    before = sorted(data.rglob("*"))
    summary = output(run("tfrecord", "--data-dir", data, "--dry-run", "--json"))
    assert sorted(data.rglob("*")) == before
    assert "train-00000-of-00010.tfrecord" in summary["planned"]


def test_a_dry_run_of_a_source_plans_what_is_written(run, data, tmp_path):
    words = "tfrecord", "--source", data, "--output", tmp_path / "out", "--shards", 3, "--json"
    planned = output(run(*words, "--dry-run"))
    assert not list(tmp_path.glob("*out*"))
    written = output(run(*words))
    assert set(planned["planned"]) == {path.name for path in (tmp_path / "out").glob("*.tfrecord")}
    for split, counts in written["splits"].items():
        assert planned["splits"][split] == {**counts, "bytes": 0}


def test_tfrecord_options_reach_the_records(run, data, tmp_path):
    append_line(data, "pic/0_0.jpg 春眠")
    append_line(data, "pic/none.png 龘")
    characters = tmp_path / "other.txt"
    lines = (data / "chinese.txt").read_text(encoding="utf-8").splitlines(True)
    characters.write_text("".join(reversed(lines)), encoding="utf-8")
    summary = output(
        run(
            "tfrecord",
            "--data-dir",
            data,
            "--output",
            tmp_path / "out",
            "--unknown",
            "skip",
            "--skip-errors",
            "--compression",
            "gzip",
            "--limit",
            7,
            "--seed",
            3,
            "--workers",
            0,
            "--validation-fraction",
            0,
            "--dictionary",
            characters,
            "--json",
            "--shards",
            1,
        )
    )
    assert summary["skipped"] == {"character not in the dictionary: 龘": 1, "listed twice": 1}
    assert summary["samples"] == 7 + 6
    first = next(read_examples(tmp_path / "out" / "train-00000-of-00001.tfrecord"))
    text = first["image/text"].values[0].decode("utf-8")
    assert first["image/class"].values == tuple(lines[::-1].index(c + "\n") for c in text)
    assert (tmp_path / "out" / "train-00000-of-00001.tfrecord").read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--shards", 0], 2, "--shards"),
        (["--validation-fraction", 1], 2, "--validation-fraction"),
        (["--overwrite", "--resume"], 2, "exclude each other"),
        (["--data-dir", "nowhere"], 1, "ocrdata gen-pics"),
    ],
)
def test_tfrecord_bad_calls(run, data, words, code, message):
    result = run("tfrecord", "--data-dir", data, "--workers", 0, *words, code=code)
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_runs_resume_to_the_same_bytes(run, tmp_path):
    data = make_data(tmp_path / "data", variants=300)
    run("tfrecord", "--data-dir", data, "--output", data / "whole", "--workers", 0, "--shards", 40)
    call = [sys.executable, "-m", "ocrdata", "tfrecord", "--data-dir", str(data)]
    call += ["--workers", "0", "--shards", "40", "--resume"]
    rng, kills = random.Random(1), 0
    for attempt in range(200):
        process = subprocess.Popen(
            call, cwd=str(ROOT), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            process.wait(rng.uniform(0.05, 0.6 + attempt / 20))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        shards = list((data / ".tfrecord.partial" / "tfrecords").glob("*.tfrecord"))
        for shard in shards:
            assert shard.read_bytes() == (data / "whole" / shard.name).read_bytes()
    assert kills
    assert tree(data / "tfrecords") == tree(data / "whole")


def test_check_says_what_is_wrong_and_fails(run, data):
    run("tfrecord", "--data-dir", data, "--workers", 0)
    assert output(run("check", "--data-dir", data, "--workers", 0, "--json"))["ok"]
    append_line(data, "pic/none.png 春")
    result = run("check", data, "--workers", 0, "--json", code=1)
    assert output(result)["problems"] == {"missing-picture": 1}
    assert "a problem in" in result.stderr
    run("check", data, "--workers", 0, "--allow", "missing-picture")


def test_check_options(run, data):
    run("tfrecord", "--data-dir", data, "--workers", 0)
    found = output(run("check", data, "--time-steps", 3, "--json", "--workers", 0, code=1))
    assert found["problems"] == {"label-too-long": 6}
    (data / "pic" / "0_1.png").write_bytes(
        (data / "pic" / "0_1.png").read_bytes()[:45] + b"IEND\xaeB`\x82"
    )
    run("check", data / "Train", "--no-decode", "--workers", 0)
    run("check", data / "Train", "--workers", 0, code=1)


def test_check_of_nothing(run, tmp_path):
    result = run("check", tmp_path / "none", code=1)
    assert "does not exist. Make a data set: ocrdata gen-pics" in result.stderr
    assert (
        "no kind of problem is called typo"
        in run("check", tmp_path, "--allow", "typo", code=2).stderr
    )


def test_info_of_everything(run, data):
    run("tfrecord", "--data-dir", data, "--workers", 0, "--shards", 2)
    whole = output(run("info", "--data-dir", data, "--json"))
    assert whole["Train/sample.txt"] == {"samples": 24}
    assert whole["chinese.txt"]["classes"] == whole["chinese.txt"]["characters"] + 1
    shards = output(run("info", data / "tfrecords", "--json"))
    assert shards["manifest"]["command"] == "tfrecord"
    assert shards["splits"]["test"]["samples"] == 6
    record = output(run("info", data / "tfrecords" / "test-00000-of-00002.tfrecord", "--json"))
    assert record["first_record"]["image/height"].startswith("int64 [1] 3")
    assert output(run("info", data / "Test" / "sample.txt", "--json"))["samples"] == 6
    assert "classes: {}".format(whole["chinese.txt"]["classes"]) in run("info", data).stdout


def test_info_of_nothing(run, tmp_path):
    assert "holds nothing to describe" in run("info", tmp_path, code=1).stderr
    assert "does not exist" in run("info", tmp_path / "none", code=1).stderr


def test_preview(run, data, tmp_path):
    summary = output(run("preview", "--data-dir", data, "--count", 8, "--columns", 2, "--json"))
    assert summary["samples"] == 8
    with Image.open(data / "preview.png") as image:
        assert image.format == "PNG"
    assert "already exists" in run("preview", "--data-dir", data, code=1).stderr
    page = tmp_path / "page.html"
    run("preview", data, "--split", "test", "--seed", 4, "--html", page, "--workers", 0)
    assert page.read_text(encoding="utf-8").count('class="card sample"') == 6
