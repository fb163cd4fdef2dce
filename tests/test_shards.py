"""Sharded writing: what goes where, the same bytes every time, and what happens to bad input."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest
from PIL import Image

from ocrdata.base.storage.staging import read_json, read_manifest
from ocrdata.errors import AnnotationError, CharsetError, OptionError, OutputExistsError
from ocrdata.images.decode import decode_rgb
from ocrdata.images.header import read_header
from ocrdata.images.plain_header import is_plain_file
from ocrdata.records.format import shard_lists
from ocrdata.records.format.dataset_info import read_shard_set
from ocrdata.records.format.schema import ctc_length, line_of
from ocrdata.records.format.tfrecord import read_examples
from ocrdata.records.write import shard_files as module
from ocrdata.records.write.shards import write_shards

TEXTS = [
    "春眠",
    "不觉晓",
    "处处闻啼鸟",
    "夜来",
    "风雨声",
    "花落",
    "知多少",
    "白日",
    "依山尽",
    "黄河",
]
FORMATS = ("jpg", "png", "gif", "bmp")


def make_data(root, variants=3, train=8):
    """A data folder of small pictures in four formats; the last two texts are for Test."""
    for name in ("pic", "Train", "Test"):
        (root / name).mkdir(parents=True)
    rows = {"Train": [], "Test": []}
    for number, text in enumerate(TEXTS):
        for variant in range(variants):
            key = f"pic/{number}_{variant}.{FORMATS[variant % 4]}"
            size = (20 * len(text), 30 + number)
            Image.new("L", size, 20 * number + variant).save(root / key)
            rows["Train" if number < train else "Test"].append(f"{key} {text}\n")
    for name, lines in rows.items():
        (root / name / "sample.txt").write_bytes("".join(lines).encode("utf-8"))
    characters = sorted(set("".join(TEXTS)))
    (root / "chinese.txt").write_bytes("".join(c + "\n" for c in characters).encode("utf-8"))
    return root


@pytest.fixture
def data(tmp_path):
    return make_data(tmp_path / "data")


def lines_of(root, split=None):
    found = read_shard_set(root / "tfrecords").shards(split)
    return [line_of(features) for _, path, _ in found for features in read_examples(path)]


def tree(folder):
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.name != "manifest.json"
    }


def test_every_sample_is_written_once_as_it_is(data):
    write_shards(data, shards=3)
    listed = [
        line.split(" ")
        for name in ("Train", "Test")
        for line in (data / name / "sample.txt").read_text(encoding="utf-8").splitlines()
    ]
    lines = lines_of(data)
    assert sorted([line.key, line.text] for line in lines) == sorted(listed)
    characters = (data / "chinese.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        stored = (data / line.key).read_bytes()
        assert line.image == stored if is_plain_file(stored) else line.format == "png"
        assert (decode_rgb(line.image) == decode_rgb(stored)).all()
        assert [characters[c] for c in line.classes] == list(line.text)
        with Image.open(data / line.key) as image:
            form = "jpeg" if image.format == "JPEG" else "png"
            assert (form, image.height, image.width) == line[2:5]


def test_splits_share_no_text_and_test_is_test(data):
    write_shards(data, shards=2, validation_fraction=0.3)
    texts = {
        split: {line.text for line in lines_of(data, split)}
        for split in ("train", "validation", "test")
    }
    assert texts["test"] == set(TEXTS[8:])
    assert texts["train"] and texts["validation"]
    assert not texts["train"] & texts["validation"]


def test_sizes_are_equal_within_one_and_noted(data):
    summary = write_shards(data, shards=4)
    for split, path, entry in read_shard_set(data / "tfrecords").shards():
        content = path.read_bytes()
        assert entry["samples"] == len(list(read_examples(path)))
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["bytes"] == len(content)
        count = summary.splits[split]
        assert abs(entry["samples"] - count["samples"] / count["shards"]) < 1


def test_order_is_shuffled_but_does_not_depend_on_the_list(data):
    write_shards(data, shards=2)
    first = tree(data / "tfrecords")
    keys = [line.key for line in lines_of(data, "train")]
    assert keys != sorted(keys)
    path = data / "Train" / "sample.txt"
    path.write_bytes(b"".join(reversed(path.read_bytes().splitlines(True))))
    write_shards(data, shards=2, overwrite=True)
    assert tree(data / "tfrecords") == first
    write_shards(data, shards=2, seed=1, overwrite=True)
    assert tree(data / "tfrecords") != first


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_workers_do_not_change_a_byte(data, compression):
    write_shards(data, data / "a", shards=3, compression=compression)
    write_shards(data, data / "b", shards=3, compression=compression, workers=2)
    assert tree(data / "a") == tree(data / "b")
    assert len(tree(data / "a")) == 10


def test_samples_added_later_do_not_move_old_ones_to_another_split(data):
    write_shards(data, validation_fraction=0.3)
    before = {line.key for line in lines_of(data, "validation")}
    Image.new("L", (9, 9)).save(data / "pic" / "new.png")
    with (data / "Train" / "sample.txt").open("ab") as stream:
        stream.write("pic/new.png 春夜\n".encode())
    write_shards(data, validation_fraction=0.3, overwrite=True)
    assert {line.key for line in lines_of(data, "validation")} - {"pic/new.png"} == before


def test_fewer_samples_than_shards_give_fewer_shards(data):
    summary = write_shards(data, shards=1000)
    assert summary.splits["test"] == {
        "samples": 6,
        "shards": 6,
        "bytes": summary.splits["test"]["bytes"],
    }
    assert (data / "tfrecords" / "test-00005-of-00006.tfrecord").is_file()


def test_validation_is_not_empty_by_chance(data):
    summary = write_shards(data, validation_fraction=1e-9)
    assert summary.splits["validation"]["samples"] == 3
    assert len({line.text for line in lines_of(data, "validation")}) == 1


def test_no_validation_and_no_test_list(data):
    (data / "Test" / "sample.txt").unlink()
    summary = write_shards(data, validation_fraction=0)
    assert list(summary.splits) == ["train"]
    assert summary.samples == 24


def test_limit_counts_for_each_list_and_is_nested(data):
    write_shards(data, limit=4, validation_fraction=0)
    few = {line.key for line in lines_of(data)}
    assert len(few) == 8
    write_shards(data, limit=5, validation_fraction=0, overwrite=True)
    assert few < {line.key for line in lines_of(data)}


def test_info_describes_what_is_there(data):
    write_shards(data, shards=2)
    info = read_shard_set(data / "tfrecords").info
    lines = lines_of(data)
    counts = Counter("".join(line.text for line in lines))
    assert info["statistics"]["character_counts"] == counts
    assert info["statistics"]["formats"] == {"jpeg": 10, "png": 20}
    assert info["dictionary"]["num_classes"] == len(counts) + 1
    train = lines_of(data, "train")
    assert info["splits"]["train"]["max_label_length"] == max(len(x.text) for x in train)
    assert info["splits"]["train"]["max_ctc_length"] == max(ctc_length(x.classes) for x in train)
    steepest = max(ctc_length(x.classes) * x.height / x.width for x in train)
    assert info["splits"]["train"]["max_ctc_per_aspect"] == steepest


def test_many_shards_are_listed_beside_the_description(run, data, monkeypatch):
    write_shards(data, data / "whole", shards=4)
    whole = read_shard_set(data / "whole")
    monkeypatch.setattr(shard_lists, "MOST_LISTED", 3)
    write_shards(data, shards=4)
    folder = data / "tfrecords"
    info = read_json(folder / "dataset_info.json")
    assert info["splits"]["train"]["shard_list"]["shards"] == 4
    assert "shards" not in info["splits"]["train"]
    assert len((folder / "train-shards.jsonl").read_text().splitlines()) == 4
    assert read_shard_set(folder).info == whole.info
    assert "samples: 30" in run("info", folder).output
    run("check", folder, "--workers", "0")
    (folder / "train-shards.jsonl").write_text("{}\n")
    assert "train-shards.jsonl: does not have the bytes" in run("check", folder, code=1).output
    (folder / "train-shards.jsonl").unlink()
    assert "train-shards.jsonl: is missing" in run("check", folder, code=1).output
    for noted, problem in (({"file": "../x"}, "is missing"), ({}, "is incomplete or damaged")):
        info["splits"]["train"]["shard_list"] = noted
        (folder / "dataset_info.json").write_text(json.dumps(info))
        assert problem in run("info", folder, code=1).output


def test_ctc_needs_a_step_between_equal_neighbours():
    assert [ctc_length(text) for text in ("", "a", "ab", "aab", "aaa", "处处")] == [
        0,
        1,
        2,
        4,
        5,
        3,
    ]


def test_dry_run_tells_all_and_writes_nothing(data):
    before = sorted(data.rglob("*"))
    plan = write_shards(data, shards=2, dry_run=True)
    assert sorted(data.rglob("*")) == before
    done = write_shards(data, shards=2)
    assert plan.samples == done.samples == 30
    assert plan.planned == [path.name for _, path, _ in read_shard_set(data / "tfrecords").shards()]


def test_existing_output_is_refused(data):
    write_shards(data)
    with pytest.raises(OutputExistsError, match="--overwrite"):
        write_shards(data)
    assert read_manifest(data / "tfrecords")["command"] == "tfrecord"


# --- interruption


class Killed(BaseException):
    pass


def interrupt(data, monkeypatch, after, **options):
    """Runs until some shards are finished, then ends as a killed process does."""
    original = module.Journal.append
    count = []

    def append(self, entry):
        if len(count) == after:
            raise Killed
        count.append(entry)
        original(self, entry)

    with monkeypatch.context() as patch:
        patch.setattr(module.Journal, "append", append)
        with pytest.raises(Killed):
            write_shards(data, shards=4, **options)


@pytest.mark.parametrize("after", [0, 1, 5])
def test_resume_ends_with_the_same_bytes(data, monkeypatch, after):
    write_shards(data, data / "whole", shards=4)
    interrupt(data, monkeypatch, after)
    assert not (data / "tfrecords").exists()
    summary = write_shards(data, shards=4, resume=True)
    assert summary.resumed_shards == after
    assert tree(data / "tfrecords") == tree(data / "whole")


def test_resume_writes_a_changed_shard_again(data, monkeypatch):
    write_shards(data, data / "whole", shards=4)
    interrupt(data, monkeypatch, 3)
    folder = data / ".tfrecord.partial"
    shard = sorted((folder / "tfrecords").glob("*.tfrecord"))[0]
    shard.write_bytes(shard.read_bytes()[:-1])
    (folder / "tfrecords" / ".train-00003-of-00004.tfrecord.99.tmp").write_bytes(b"torn")
    noted = sorted((folder / "finished").iterdir())
    (folder / "finished" / "train-00003-of-00004.tfrecord.json").write_bytes(b'{"file": "train-0')
    assert len(noted) == 3
    assert write_shards(data, shards=4, resume=True).resumed_shards == 2
    assert tree(data / "tfrecords") == tree(data / "whole")


def test_resume_with_other_input_is_refused(data, monkeypatch):
    interrupt(data, monkeypatch, 1)
    with (data / "Train" / "sample.txt").open("ab") as stream:
        stream.write("pic/0_0.jpg 春\n".encode())
    with pytest.raises(OptionError, match="lists_sha256"):
        write_shards(data, shards=4, resume=True)


# --- bad input


def append_line(data, line, name="Train"):
    with (data / name / "sample.txt").open("ab") as stream:
        stream.write(line.encode("utf-8") + b"\n")


BAD_LINES = {
    "pic/0_9.png 春": r"sample.txt:25: picture .*0_9.png cannot be read: No such file",
    "pic/0_0.jpg": r"sample.txt:25: has no label behind the path 'pic/0_0.jpg'",
    "../secret.png 春": r"sample.txt:25: '../secret.png' is not a path inside the folder",
    "/etc/passwd 春": r"sample.txt:25: '/etc/passwd' is not a path inside the folder",
    "pic/0_0.jpg 春眠": r"sample.txt:25: 'pic/0_0.jpg' is listed already in .*sample.txt:1\.",
    "pic/8_0.jpg 白日": r"Test.sample.txt:1: 'pic/8_0.jpg' is listed already in .*sample.txt:25",
}


@pytest.mark.parametrize("line", BAD_LINES)
@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_line_is_named_and_nothing_is_left(data, line, workers):
    append_line(data, line)
    with pytest.raises(AnnotationError, match=BAD_LINES[line]):
        write_shards(data, workers=workers)
    assert {path.name for path in data.iterdir()} == {"pic", "Train", "Test", "chinese.txt"}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_can_be_left_out(data, line):
    append_line(data, line)
    summary = write_shards(data, skip_errors=True)
    assert summary.samples == 30
    assert sum(summary.skipped.values()) == len(summary.skipped_examples) == 1


def test_a_character_outside_the_dictionary(data):
    append_line(data, "pic/new.png 春㐀龘")
    Image.new("L", (9, 9)).save(data / "pic" / "new.png")
    message = (
        r"sample.txt:25: '㐀' \(U\+3400\) of '春㐀龘' is not in the dictionary of 26 .*--unknown"
    )
    with pytest.raises(CharsetError, match=message):
        write_shards(data, skip_errors=True)
    summary = write_shards(data, unknown="skip")
    assert summary.skipped == {"character not in the dictionary: 㐀": 1}
    assert summary.samples == 30


def damaged(data, how):
    path = data / "pic" / "0_0.jpg"
    content = path.read_bytes()
    path.write_bytes(how(content))


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        (lambda content: b"", "is an empty file"),
        (lambda content: b"hello", "is not a picture"),
        (lambda content: content[:-2], "is a JPEG that was cut off"),
        (lambda content: content[:30], "is a JPEG cut off in its header"),
        (lambda content: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a PNG cut off in its header"),
    ],
)
def test_a_damaged_picture_is_named(data, how, problem):
    damaged(data, how)
    with pytest.raises(AnnotationError, match="sample.txt:1: picture .*0_0.jpg " + problem):
        write_shards(data)
    assert write_shards(data, skip_errors=True).skipped == {"picture missing or damaged": 1}


def test_a_picture_that_tensorflow_does_not_read_becomes_png(data):
    Image.new("L", (9, 9)).save(data / "pic" / "new.webp")
    append_line(data, "pic/new.webp 春")
    assert write_shards(data).converted == {"gif to png": 10, "webp to png": 1}
    assert {line.format for line in lines_of(data)} == {"jpeg", "png"}


def test_a_label_may_hold_spaces_and_the_list_a_bom(data):
    path = data / "Train" / "sample.txt"
    content = path.read_bytes().replace("春眠".encode(), "春 眠".encode())
    path.write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    with (data / "chinese.txt").open("ab") as stream:
        stream.write(b" \n")
    write_shards(data)
    assert "春 眠" in {line.text for line in lines_of(data)}
    assert "pic/0_0.jpg" in {line.key for line in lines_of(data)}


def test_a_list_that_is_not_utf8(data):
    path = data / "Train" / "sample.txt"
    path.write_bytes(path.read_bytes() + "pic/0_0.jpg 春\n".encode("gb18030"))
    with pytest.raises(AnnotationError, match="sample.txt:25: is not UTF-8"):
        write_shards(data)


def test_nothing_to_write(tmp_path, data):
    with pytest.raises(AnnotationError, match="ocrdata gen-pics"):
        write_shards(tmp_path, dictionary=data / "chinese.txt")
    (data / "chinese.txt").unlink()
    with pytest.raises(CharsetError, match="ocrdata build-dict"):
        write_shards(data)


@pytest.mark.parametrize(
    "options",
    [
        {"shards": 0},
        {"validation_fraction": 1.0},
        {"unknown": "x"},
        {"compression": "lz4"},
        {"overwrite": True, "resume": True},
    ],
)
def test_impossible_options(data, options):
    with pytest.raises(OptionError):
        write_shards(data, **options)


def test_headers_of_real_pictures_agree_with_pillow(shared):
    paths = [p for p in sorted(shared.rglob("*")) if p.suffix in (".jpg", ".png", ".gif")]
    assert len(paths) > 1000
    wrong = []
    for path in paths[::7]:
        with Image.open(path) as image:
            expected = (image.format.lower().replace("mpo", "jpeg"), image.height, image.width)
        if tuple(read_header(path.read_bytes())) != expected:
            wrong.append(path)
    assert not wrong


# Of dataset_info.json, which holds the hash of every shard.
GOLDEN = "7ad42eb49c2e6a189cf470b946c3c162abbdc69608dcbc698ff3d6e8d714ad97"
PIXEL = (
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a4944415478da63f80f0001010100b5e5be9c0000000049454e44ae426082"
)


def test_the_bytes_are_the_same_on_every_python(tmp_path):
    for name in ("pic", "Train"):
        (tmp_path / name).mkdir()
    with (tmp_path / "Train" / "sample.txt").open("w", encoding="utf-8", newline="\n") as stream:
        for number in range(50):
            (tmp_path / "pic" / f"{number}.png").write_bytes(bytes.fromhex(PIXEL))
            stream.write(f"pic/{number}.png {TEXTS[number * 7 % 10]}\n")
    (tmp_path / "chinese.txt").write_bytes(
        "".join(c + "\n" for c in sorted(set("".join(TEXTS)))).encode("utf-8")
    )
    write_shards(tmp_path, shards=3, seed=5)
    info = (tmp_path / "tfrecords" / "dataset_info.json").read_bytes()
    assert hashlib.sha256(info).hexdigest() == GOLDEN
