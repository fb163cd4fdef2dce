"""The whole data path gives the same result for any workers, and on every Python and NumPy.

The digests below are of keys, texts, splits and shards, not of pixels: FreeType and the JPEG
encoder may differ between machines, these may not. They change only with a version that lists an
output change in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import json

import pytest
from click.testing import CliRunner

from ocrdata.cli import main
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.schema import line_of
from ocrdata.records.format.tfrecord import read_records

LISTS = "d9edbf5ae1f74034abc134fb54ef1b1da996a2724e41a0502737d5835690d2e9"
SHARDS = "25542d377947110ff45b02d6febafc716c6c800c11798ad6455951f3db1b44ad"


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def tree_digest(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    names = [path.relative_to(root).as_posix() for path in files]
    return digest([n + hashlib.sha256(p.read_bytes()).hexdigest() for n, p in zip(names, files)])


def make(folder, workers):
    data = folder / "data"
    tail = ["--workers", str(workers), "--data-dir", str(data)]
    for words in (
        ["gen-pics", "--corpus", "dates", "--corpus", "poems", "--limit", "700", *tail],
        ["build-dict", "--data-dir", str(data)],
        ["tfrecord", "--shards", "3", *tail],
    ):
        result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output
    return data


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made"), 0)


def test_lists_are_the_same_everywhere(made):
    names = ("Train/sample.txt", "Test/sample.txt", "chinese.txt", "char_dict/char_dict.json")
    assert digest([(made / name).read_text(encoding="utf-8") for name in names]) == LISTS


def test_shards_hold_the_same_lines_everywhere(made):
    rows = []
    for path in sorted((made / "tfrecords").glob("*.tfrecord")):
        for record in read_records(path):
            line = line_of(decode_example(record))
            rows.append(json.dumps([path.name, line.key, line.text, list(line.classes)]))
    assert digest(rows) == SHARDS


@pytest.mark.long
def test_bytes_do_not_depend_on_workers_or_place(made, tmp_path):
    other = make(tmp_path / "another folder", 3)
    assert tree_digest(other) == tree_digest(made)
