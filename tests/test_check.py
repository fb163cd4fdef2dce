"""The check finds each kind of damage that is planted, and nothing in sound data."""

from __future__ import annotations

import json

import pytest
from PIL import Image
from test_shards import append_line, lines_of, make_data

from ocrdata.base.findings import FINDING_KINDS
from ocrdata.check.artefact import check_path
from ocrdata.errors import InputError, UnknownNameError
from ocrdata.records.format.decode import decode_example
from ocrdata.records.format.example import bytes_feature, encode_example, int64_feature
from ocrdata.records.format.tfrecord import read_records
from ocrdata.records.format.tfrecord_writer import open_writer
from ocrdata.records.write.shards import write_shards
from ocrdata.text.charset import read_charset, write_dictionary


@pytest.fixture
def data(tmp_path):
    """A sound data folder with a dictionary and two shards a split."""
    root = make_data(tmp_path / "data")
    (root / "char_dict").mkdir()
    write_dictionary(root / "char_dict", read_charset(root / "chinese.txt"))
    write_shards(root, shards=2)
    return root


def problems(path, **options):
    return check_path(path, **options).problems


def test_sound_data_has_no_problems(data):
    summary = check_path(data)
    assert summary.ok and not summary.problems
    assert summary.checked == {"manifests": 1, "dictionaries": 2, "samples": 30, "records": 30}


@pytest.mark.parametrize(
    ("part", "checked"),
    [
        ("tfrecords", {"records": 30}),
        ("tfrecords/dataset_info.json", {"records": 30}),
        ("tfrecords/test-00000-of-00002.tfrecord", {"records": 3}),
        ("Train", {"samples": 24}),
        ("Test/sample.txt", {"samples": 6}),
        ("char_dict", {"dictionaries": 1}),
        ("char_dict/ord_2_index_map.json", {"dictionaries": 1}),
        ("chinese.txt", {"dictionaries": 1}),
    ],
)
def test_each_part_can_be_checked_alone(data, part, checked):
    summary = check_path(data / part)
    assert (summary.ok, summary.checked) == (True, checked)


@pytest.fixture
def exported(tmp_path, data):
    """The folder of a SavedModel, as far as anything but TensorFlow reads it."""
    charset = read_charset(data / "chinese.txt")
    entry = {"characters": "".join(charset.characters), "sha256": charset.sha256}
    description = {"format": 1, "model": "crnn", "task": "recognition", "dictionary": entry}
    extra = tmp_path / "saved_model" / "assets.extra"
    extra.mkdir(parents=True)
    (extra / "run.json").write_text(json.dumps(description), encoding="utf-8")
    (extra.parent / "saved_model.pb").write_bytes(b"x")
    return extra.parent


def test_an_exported_model_is_checked_and_shown(exported, run, data):
    assert check_path(exported).checked == {"exported models": 1}
    shown = json.loads(run("info", exported, "--json").stdout)
    classes = read_charset(data / "chinese.txt").num_classes
    assert (shown["model"], shown["format"]) == ("crnn", "saved_model")
    assert shown["dictionary"]["classes"] == classes


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("{}", "does not say which model"),
        ('{"format": 1, "dictionary": {"characters": "ab", "sha256": "c"}}', "have the hash"),
        ('{"format": 1, "dictionary": {"sha256": "c"}}', "too little of its dictionary"),
    ],
)
def test_a_damaged_exported_model(exported, content, problem):
    (exported / "assets.extra" / "run.json").write_text(content)
    summary = check_path(exported)
    assert summary.problems == {"damaged-export": 1}
    assert problem in summary.examples["damaged-export"][0]


def test_a_model_is_not_repaired(exported, tmp_path, run):
    shown = run("check", exported, "--fix", tmp_path / "fixed", code=2).output
    assert "--fix repairs data, not models" in shown


def test_an_onnx_file_that_is_none(tmp_path, run):
    pytest.importorskip("onnxruntime", reason="ONNX needs the extra onnx")
    (tmp_path / "model.onnx").write_bytes(b"x")
    assert problems(tmp_path / "model.onnx") == {"damaged-export": 1}
    assert "onnxruntime can run" in run("info", tmp_path / "model.onnx", code=1).output
    assert "Error: a problem in" in run("check", tmp_path / "model.onnx", code=1).output


def test_workers_change_nothing(data):
    append_line(data, "pic/none.png 春")
    (data / "pic" / "1_0.jpg").write_bytes(b"")
    assert check_path(data, workers=2) == check_path(data, workers=0)


def copy(data, old, new):
    (data / new).write_bytes((data / old).read_bytes())


# --- sample trees


def test_lines_without_label_or_outside(data):
    append_line(data, "pic/0_0.jpg")
    append_line(data, "../x.jpg 春")
    found = check_path(data)
    assert found.problems == {"bad-line": 1, "empty-label": 1}
    assert "sample.txt:25:" in found.examples["empty-label"][0]


def test_missing_damaged_and_unlisted_pictures(data):
    (data / "pic" / "0_0.jpg").unlink()
    content = (data / "pic" / "1_1.png").read_bytes()
    (data / "pic" / "1_1.png").write_bytes(content[:60] + b"\0\0" + content[62:])
    copy(data, "pic/2_0.jpg", "pic/extra.jpg")
    found = check_path(data)
    assert found.problems == {
        "damaged-picture": 1,
        "missing-picture": 1,
        "unreferenced-picture": 1,
    }
    assert "Train/sample.txt:1: " in found.examples["missing-picture"][0].replace("\\", "/")
    assert "1_1.png cannot be decoded" in found.examples["damaged-picture"][0]


def test_without_decoding_only_headers_are_read(data):
    content = (data / "pic" / "1_1.png").read_bytes()
    (data / "pic" / "1_1.png").write_bytes(content[:60] + b"\0\0" + content[62:])
    assert problems(data, decode=False) == {}


def test_repeated_keys(data):
    append_line(data, "pic/0_0.jpg 春眠")
    append_line(data, "./pic/0_1.png 春眠")
    found = check_path(data / "Train")
    assert found.problems == {"repeated-key": 2}
    assert "sample.txt:26: './pic/0_1.png' is listed before" in found.examples["repeated-key"][1]


def test_the_same_text_and_picture_in_train_and_test(data):
    copy(data, "pic/0_1.png", "pic/again.png")
    append_line(data, "pic/again.png 春眠", "Test")
    found = check_path(data)
    assert found.problems == {"picture-in-two-splits": 1, "text-in-two-splits": 1}
    assert "sample.txt:7: '春眠' is in" in found.examples["text-in-two-splits"][0]
    write_shards(data, shards=2, overwrite=True)
    found = check_path(data / "tfrecords")
    assert found.problems == {"picture-in-two-splits": 1, "text-in-two-splits": 1}
    assert "('春眠') is in train too" in found.examples["text-in-two-splits"][0]


def test_allowed_kinds_do_not_count(data):
    copy(data, "pic/0_1.png", "pic/again.png")
    append_line(data, "pic/again.png 春眠", "Test")
    allow = ("picture-in-two-splits", "text-in-two-splits")
    summary = check_path(data, allow=allow)
    assert summary.ok and summary.allowed == dict.fromkeys(allow, 1)


def test_missing_characters_and_long_labels(data):
    Image.new("L", (9, 9), 77).save(data / "pic" / "new.png")
    append_line(data, "pic/new.png 处处处处龘")
    found = check_path(data, time_steps=7)
    assert found.problems == {"label-too-long": 1, "missing-character": 1}
    assert "'龘' (U+9F98)" in found.examples["missing-character"][0]
    assert "needs 8 time steps, not 7" in found.examples["label-too-long"][0]


def test_examples_are_few_but_counts_are_right(data):
    for _ in range(40):
        append_line(data, "nothing")
    found = check_path(data / "Train")
    assert found.problems == {"empty-label": 40}
    assert len(found.examples["empty-label"]) == 5


# --- dictionaries and leftovers


def test_dictionaries_that_disagree(data):
    path = data / "char_dict" / "index_2_ord_map.json"
    maps = json.loads(path.read_text(encoding="utf-8"))
    maps["0"], maps["1"] = maps["1"], maps["0"]
    path.write_text(json.dumps(maps), encoding="utf-8")
    assert problems(data) == {"damaged-dictionary": 1}
    assert problems(data / "char_dict") == {"damaged-dictionary": 1}


def test_another_dictionary_than_that_of_the_shards(data):
    lines = (data / "chinese.txt").read_text(encoding="utf-8").splitlines(True)
    (data / "chinese.txt").write_text("".join(reversed(lines)), encoding="utf-8")
    assert problems(data) == {"other-dictionary": 1}
    write_dictionary(data / "char_dict", read_charset(data / "chinese.txt"))
    found = check_path(data)
    assert found.problems == {"other-dictionary": 1}
    assert "dataset_info.json is another dictionary" in found.examples["other-dictionary"][0]


def test_what_an_interrupted_run_left(data):
    (data / ".gen-pics.partial").mkdir()
    (data / "pic" / "manifest.json").write_text("{", encoding="utf-8")
    assert problems(data) == {"damaged-info": 1, "unfinished-output": 1}


# --- shards


def shard(data, split="train", number=0):
    return data / "tfrecords" / f"{split}-{number:05d}-of-00002.tfrecord"


def test_a_flipped_bit_is_found_twice(data):
    content = bytearray(shard(data).read_bytes())
    content[len(content) // 2] ^= 4
    shard(data).write_bytes(bytes(content))
    found = check_path(data)
    assert found.problems == {"changed-shard": 1, "damaged-record": 1, "wrong-count": 1}
    assert "train-00000-of-00002.tfrecord: record " in found.examples["damaged-record"][0]


def test_cut_missing_and_extra_shards(data):
    shard(data).write_bytes(shard(data).read_bytes()[:-3])
    shard(data, "test").unlink()
    copy(data, "tfrecords/test-00001-of-00002.tfrecord", "tfrecords/more.tfrecord")
    assert problems(data) == {
        "changed-shard": 1,
        "damaged-record": 1,
        "missing-shard": 1,
        "unreferenced-shard": 1,
        "wrong-count": 1,
    }


def rewrite(path, change):
    """Writes a shard again with the features of its first record changed."""
    records = list(read_records(path))
    features = decode_example(records[0])
    change(features)
    records[0] = encode_example(features)
    with open_writer(path) as writer:
        for record in records:
            writer.write(record)


@pytest.mark.parametrize(
    ("name", "feature", "kind"),
    [
        ("image/class", int64_feature([0]), "wrong-record"),
        ("image/width", int64_feature([1]), "wrong-record"),
        ("image/format", int64_feature([1]), "wrong-record"),
        ("image/height", int64_feature([]), "wrong-record"),
        ("image/text", bytes_feature(b"\xff"), "wrong-record"),
        ("image/text", bytes_feature("龘".encode()), "missing-character"),
        ("image/encoded", bytes_feature(b"no picture"), "damaged-picture"),
        ("image/text", bytes_feature(b""), "empty-label"),
    ],
)
def test_records_that_contradict_themselves(data, name, feature, kind):
    rewrite(shard(data), lambda features: features.update({name: feature}))
    found = problems(data / "tfrecords")
    assert found.pop("changed-shard") == 1
    assert found.pop(kind) == 1
    assert set(found) <= {"wrong-record"}


def test_a_record_without_a_feature_and_one_that_is_no_example(data):
    rewrite(shard(data), lambda features: features.pop("image/encoded"))
    with open_writer(shard(data, "test")) as writer:
        writer.write(b"something else")
    found = check_path(data / "tfrecords")
    assert found.problems == {"changed-shard": 2, "wrong-count": 1, "wrong-record": 2}
    assert "has no feature image/encoded" in found.examples["wrong-record"][0]


@pytest.mark.parametrize("keep", [0, 10, 400])
def test_a_damaged_description(data, keep):
    path = data / "tfrecords" / "dataset_info.json"
    path.write_bytes(path.read_bytes()[:keep])
    assert problems(data / "tfrecords") == {"damaged-info": 1}


def change_info(data, change):
    path = data / "tfrecords" / "dataset_info.json"
    info = json.loads(path.read_text(encoding="utf-8"))
    change(info)
    path.write_text(json.dumps(info), encoding="utf-8")


def test_numbers_that_do_not_add_up(data):
    change_info(data, lambda info: info["splits"]["train"].update(samples=7))
    assert problems(data / "tfrecords") == {"wrong-count": 1}


def test_a_description_that_names_files_elsewhere(data):
    change_info(data, lambda i: i["splits"]["train"]["shards"][0].update(file="../../etc/passwd"))
    found = check_path(data / "tfrecords")
    assert "outside its folder" in found.examples["damaged-info"][0]


def test_gzip_shards_are_checked_too(data):
    write_shards(data, shards=2, compression="gzip", overwrite=True)
    assert check_path(data).ok
    shard(data).write_bytes(shard(data).read_bytes()[:-20])
    assert set(problems(data)) == {"changed-shard", "damaged-record", "wrong-count"}


# --- calls that make no sense


def test_paths_with_nothing_to_check(data, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        check_path(tmp_path / "none")
    with pytest.raises(InputError, match="is not anything that can be checked"):
        check_path(data / "pic" / "0_0.jpg")
    with pytest.raises(UnknownNameError, match="Did you mean text-in-two-splits"):
        check_path(data, allow=("text-in-two-split",))


def test_an_empty_folder_is_a_problem(tmp_path):
    assert problems(tmp_path) == {"damaged-info": 1}


def test_kinds_are_sorted_and_explained():
    assert list(FINDING_KINDS) == sorted(FINDING_KINDS)
    assert all(len(text) > 20 for text in FINDING_KINDS.values())


def test_poems_in_ten_variants_share_nothing(run, shared, tmp_path):
    """Neither a text nor a picture is in two splits, by the check and by comparing them here."""
    poems = (shared / "uai_crnn_chinese" / "THUOCL_poem.txt").read_text("utf-8").splitlines(True)
    (tmp_path / "poems.txt").write_text("".join(poems[::200]), encoding="utf-8")
    data, tail = tmp_path / "data", ["--data-dir", tmp_path / "data"]
    tail += ["--workers", 0]
    run("gen-pics", "--corpus", tmp_path / "poems.txt", "--variants", 10, *tail)
    run("build-dict", *tail[:2])
    run("tfrecord", "--shards", 2, *tail)
    run("check", data, *tail[2:])
    splits = {name: lines_of(data, name) for name in ("train", "validation", "test")}
    assert len(splits["train"]) > 300 and splits["test"] and splits["validation"]
    for what in ("text", "image", "key"):
        values = {name: {getattr(line, what) for line in lines} for name, lines in splits.items()}
        assert sum(map(len, values.values())) == len(set().union(*values.values()))
