"""The same text through all doors: one normalization of labels, counted wherever it acts."""

from __future__ import annotations

import io
import json
import re
import unicodedata

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ocrdata.base.sample import join_sample_line, read_sample_list, split_sample_line
from ocrdata.cli import main
from ocrdata.errors import UnknownNameError
from ocrdata.importers.filters import TextFilter, make_filter
from ocrdata.records.format.schema import line_of
from ocrdata.records.format.tfrecord import example_of, scan_records
from ocrdata.text.charset import read_charset
from ocrdata.text.normalization import NORMALIZATIONS, normalize_label, unseen_in

# As the labels of a spreadsheet or a web page: what stands there, and what it is to be.
LABELS = [
    ("合同 ", "合同"),
    (" 编号", "编号"),
    ("甲方\u3000", "甲方"),
    ("乙方\xa0 ", "乙方"),
    ("发\u200b票", "发票"),
    ("\ufeff号码", "号码"),
    ("a \t b", "a b"),
    ("co\xadop", "coop"),
    ("e\u0301te", "e\u0301te"),
    ("ＡＢ１", "ＡＢ１"),
]


def run(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def as_json(*words):
    lines = run(*words, "--json").splitlines()
    return json.loads(next(line for line in lines if line.startswith("{")))


def picture(seed):
    pixels = np.random.RandomState(seed).randint(0, 255, (8, 24, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture()
def folder(tmp_path):
    root = tmp_path / "d"
    (root / "pic").mkdir(parents=True)
    rows = []
    for number, (given, _) in enumerate(LABELS):
        (root / f"pic/{number}.png").write_bytes(picture(number))
        rows.append(f"pic/{number}.png\t{given}\n")
    (root / "rec_gt.txt").write_bytes("".join(rows).encode("utf-8"))
    return root


def wanted(how):
    if how == "none":
        return [given for given, _ in LABELS]
    form = {"spaces": None, "nfc": "NFC", "nfkc": "NFKC"}[how]
    return [unicodedata.normalize(form, text) if form else text for _, text in LABELS]


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_a_label_is_what_the_rule_says(how):
    assert [normalize_label(given, how) for given, _ in LABELS] == wanted(how)
    for text in wanted(how):
        assert normalize_label(text, how) == text
    with pytest.raises(UnknownNameError, match="nfd"):
        normalize_label("a", "nfd")


def test_joiners_stay_where_they_shape_their_neighbours():
    assert normalize_label("می\u200cخواهم") == "می\u200cخواهم"
    assert normalize_label("a\u200cb") == "ab"
    assert normalize_label("a\nb") == "a\nb"  # told as a line break by whoever takes it


@pytest.mark.parametrize("how", NORMALIZATIONS)
def test_every_door_writes_the_same_labels(folder, tmp_path, how):
    words = ("--text-normalization", how)
    changed = sum(a != b for a, b in zip(wanted("none"), wanted(how)))
    first = as_json("gen-sample", "--data-dir", folder, "--labels", folder / "rec_gt.txt", *words)
    assert first["labels_normalized"] == changed
    where = (folder, "--task", "recognition", "--data-dir", tmp_path / "out", "--workers", 0)
    second = as_json("import", "paddleocr", *where, *words)
    assert second["labels_normalized"] == changed
    for data in (folder, tmp_path / "out"):
        listed = [
            sample.text
            for name in ("Train", "Test")
            for sample in read_sample_list(data / name / "sample.txt", data)
        ]
        run("build-dict", "--data-dir", data, *words)
        run("tfrecord", "--data-dir", data, "--workers", 0, *words)
        records = [
            line_of(example_of(path, record)).text
            for path in (data / "tfrecords").glob("*.tfrecord")
            for record in scan_records(path)
        ]
        assert sorted(listed) == sorted(records) == sorted(wanted(how))
        characters = set("".join(wanted(how)))
        assert set(read_charset(data / "char_dict").characters) == characters


def test_records_and_dictionaries_of_lists_as_they_are_come_out_normalized(folder):
    lines = [f"pic/{n}.png {given}\n" for n, (given, _) in enumerate(LABELS) if "\t" not in given]
    (folder / "Train").mkdir()
    (folder / "Train/sample.txt").write_bytes("".join(lines).encode("utf-8"))
    run("build-dict", "--data-dir", folder)
    kept = [text for given, text in LABELS if "\t" not in given]
    assert set(read_charset(folder / "char_dict").characters) == set("".join(kept))
    summary = as_json("tfrecord", "--data-dir", folder, "--workers", 0)
    assert summary["labels_normalized"] == 7


def test_check_reports_what_nobody_can_see(folder):
    run("gen-sample", "--data-dir", folder, "--labels", folder / "rec_gt.txt", *NONE)
    run("build-dict", "--data-dir", folder, *NONE)
    output = run("check", folder, code=1)
    (count,) = re.findall(r"invisible-character: (\d+)", output)
    # Eight labels; and tab, no-break space, soft hyphen, U+200B, U+3000 and U+FEFF in two files.
    assert int(count) == 8 + 2 * 6
    assert "U+200B" in output or "U+3000" in output


NONE = ("--text-normalization", "none")
SHORT = "shorter than 3 characters"


def test_what_is_unseen_is_named():
    assert unseen_in("合\u200b同\xa0") == "U+200B, U+00A0"
    assert unseen_in(" a") == "spaces at an end or in a run" and unseen_in("a b") == ""


# --- label files --------------------------------------------------------------------------------


def test_names_with_spaces_are_taken_from_lists_with_tabs(tmp_path):
    root = tmp_path / "d"
    (root / "my pics").mkdir(parents=True)
    for number in range(3):
        (root / f"my pics/scan ({number}).png").write_bytes(picture(number))
    names = [f"my pics/scan ({number}).png" for number in range(3)]
    (root / "one.txt").write_text(f"{names[0]}\t合同\n", encoding="utf-8")
    (root / "two.txt").write_text(f"{names[1]}\ta b\n./{names[2]}\t###\n", encoding="utf-8")
    lists = ("--labels", root / "one.txt", "--labels", root / "two.txt")
    summary = as_json("gen-sample", "--data-dir", root, *lists, "--test-fraction", 0)
    assert (summary["train"], summary["skipped"]) == (2, {"illegible (###)": 1})
    found = {s.key: s.text for s in read_sample_list(root / "Train/sample.txt", root)}
    assert found == {names[0]: "合同", names[1]: "a b"}
    run("build-dict", "--data-dir", root)
    run("tfrecord", "--data-dir", root, "--workers", 0)
    assert "unreferenced-picture" in run("check", root, code=1)  # the one to be ignored
    assert "samples: 2" in run("preview", root, "--output", tmp_path / "a.png")


@pytest.mark.parametrize("key, text", [("a.png", "b c"), ("a b.png", "c d"), ("a.png", "b\tc")])
def test_lines_split_as_they_were_joined(key, text):
    assert split_sample_line(join_sample_line(key, text).rstrip("\n")) == (key, text)


def test_one_picture_under_two_spellings_is_listed_twice(folder):
    (folder / "l.txt").write_text("pic/0.png a\n./pic/0.png b\n")
    output = run("gen-sample", "--data-dir", folder, "--labels", folder / "l.txt", code=1)
    assert "l.txt:2: picture" in output and "is listed twice" in output


# --- what a protocol counts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "rules, text, label, reason",
    [
        (make_filter("alphanumeric"), "it's", "it's", "not alphanumeric: '"),
        (make_filter("alphanumeric", strip_punctuation=True), "it's", "its", None),
        (
            make_filter("icdar2003", strip_punctuation=True),
            "a-b",
            "ab",
            "shorter than 3 characters",
        ),
        (make_filter("alphanumeric", strip_punctuation=True), "...", "", "nothing but punctuation"),
        (TextFilter(strip_punctuation=True), "“上海”, 100%", "上海 100", None),
        (TextFilter(strip_punctuation=True, lower_case=True), "No. 5", "no 5", None),
    ],
)
def test_punctuation_is_taken_out_where_asked(rules, text, label, reason):
    assert (rules.label(text), rules.reason(text)) == (label, reason)


def test_import_names_a_sensible_next_command(folder, tmp_path):
    words = ("import", "paddleocr", folder, "--task", "recognition", "--workers", 0, "--data-dir")
    assert "Next: ocrdata build-dict" in run(*words, tmp_path / "a")
    assert "Next: ocrdata preview" in run(*words, tmp_path / "b", "--split", "test")
    run("build-dict", "--data-dir", tmp_path / "a")
    chosen = ("--charset", tmp_path / "a/chinese.txt")
    assert "Next: ocrdata tfrecord" in run(*words, tmp_path / "c", *chosen)
