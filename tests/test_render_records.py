"""gen-pics --records: lines straight into shards, equal to what tfrecord makes of the files."""

from __future__ import annotations

import json

import pytest
from render_support import tree_digest

from ocrdata.base.sample import read_sample_list
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.schema import line_of
from ocrdata.records.format.tfrecord import example_of, scan_records

WORDS = ["gen-pics", "--corpus", "dates", "--limit", "700", "--records", "--shards", "3"]


def records(directory, split):
    for _, path, _ in read_shard_set(directory).shards(split):
        for record in scan_records(path):
            yield line_of(example_of(path, record))


def test_records_hold_what_the_files_hold(tmp_path, run):
    run(*WORDS, "--keep-pictures", "--data-dir", tmp_path, "--workers", "0")
    lists = {
        name: {s.key: s for s in read_sample_list(tmp_path / name / "sample.txt", tmp_path)}
        for name in ("Train", "Test")
    }
    charset = read_shard_set(tmp_path / "tfrecords").charset
    seen = {}
    for split, name in (("train", "Train"), ("validation", "Train"), ("test", "Test")):
        for line in records(tmp_path / "tfrecords", split):
            assert line.image == lists[name][line.key].image_bytes()
            assert line.text == lists[name][line.key].text == charset.decode(line.classes)
            seen.setdefault(split, {})[line.key] = line.text
    assert sum(map(len, seen.values())) == 700 == sum(map(len, lists.values()))
    texts = [set(part.values()) for part in seen.values()]
    assert not texts[0] & texts[1] and not texts[1] & texts[2] and not texts[0] & texts[2]


@pytest.mark.long
def test_records_do_not_depend_on_workers(tmp_path, run):
    for workers in (0, 2):
        run(*WORDS, "--data-dir", tmp_path / str(workers), "--workers", workers, "--style", "scene")
    assert tree_digest(tmp_path / "0") == tree_digest(tmp_path / "2")
    assert not (tmp_path / "0" / "pic").exists()


def test_a_dictionary_decides_the_classes_and_what_is_left_out(tmp_path, run):
    (tmp_path / "chars.txt").write_text("年\n月\n日\n一\n二\n三\n", encoding="utf-8")
    corpus = tmp_path / "c.txt"
    corpus.write_text("一月二日\n三年\n四年\n", encoding="utf-8")
    words = ["--corpus", corpus, "--dictionary", tmp_path / "chars.txt", "--workers", "0", "--json"]
    output = run("gen-pics", "--data-dir", tmp_path / "d", *words, "--records").stdout
    summary = json.loads(output)
    assert summary["classes"] == 7 and summary["pictures"] == 10
    assert summary["skipped"] == {"character not in the dictionary: 四": 1}
    info = json.loads((tmp_path / "d" / "tfrecords" / "dataset_info.json").read_text("utf-8"))
    assert info["dictionary"]["characters"] == "年月日一二三"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--format", "webp"], "TensorFlow does not read WebP"),
        (["--boxes"], "go with picture files"),
    ],
)
def test_what_records_cannot_hold_is_refused(tmp_path, run, more, message):
    assert message in run(*WORDS, *more, "--data-dir", tmp_path, code=2).output
    assert not list(tmp_path.iterdir())
