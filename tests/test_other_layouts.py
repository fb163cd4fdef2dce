"""Lines of other sets and readers are recognised over a whole file, and named or refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from ocrdata.base.other_layouts import CTW, MLT, OUTLINES, RCTW, TOTAL_TEXT, YOLO, other_layouts
from ocrdata.cli import main
from ocrdata.importers import IMPORTERS

BOX = "20,20,200,20,200,68,20,68,"
CURVE = ",".join(str(n) for n in range(28))
FOREIGN = {
    RCTW: [BOX + '0,"上海,100"', BOX + '1,"###"'],
    MLT: [BOX + "Chinese,上海,100", BOX + "Latin,###"],
    CTW: [CURVE + ",####text", CURVE + ",####"],
    TOTAL_TEXT: ["x: [[1 2 3]], y: [[1 2 3]], ornt: [u'm'], transcriptions: [u'A']"],
    YOLO: ["0 0.5 0.5 0.1 0.25", "0 0.25 0.5 0.1 0.1"],
    OUTLINES: [CURVE + ",text", CURVE + ",12,more"],
}


def run(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output


def folder(path, lines):
    path.mkdir()
    Image.new("RGB", (240, 90), "white").save(str(path / "a.png"))
    (path / "a.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list(FOREIGN))
def test_every_door_names_the_set(name, tmp_path):
    root = folder(tmp_path / "d", FOREIGN[name])
    assert other_layouts(FOREIGN[name])[0] == name
    said = "more than eight numbers" if name == OUTLINES else f"has the form of {name}"
    output = run("import", "icdar", root, "--data-dir", tmp_path / "out", code=1)
    assert said in output
    if name != OUTLINES:
        assert output.split("ocrdata import ")[1].split()[0] in IMPORTERS.names()
    assert said in run("tfrecord", "--source", root, "--output", tmp_path / "t", code=1)
    assert said in run("check", root, code=1)


@pytest.mark.parametrize(
    "lines",
    [
        [BOX + '0,"5"', BOX + "Genaxis Theatre"],
        [BOX + "Latin, not Greek", BOX + "Greek"],
        [BOX + '"Latin,hello"'],
        [BOX + "1,200"],
        [BOX + "1,2,3"],
        [BOX + "###"],
        [BOX.rstrip(",")],
        [CURVE + ',"text"'],
        ['38, 43, 120, 65, "Tiredness"'],
    ],
)
def test_a_text_that_only_looks_so_is_a_text(lines, tmp_path):
    assert other_layouts(lines) == []
    root = folder(tmp_path / "d", lines)
    run("tfrecord", "--source", root, "--output", tmp_path / "t", "--workers", 0)


def test_an_importer_reads_its_own_form(tmp_path):
    root = folder(tmp_path / "d", FOREIGN[OUTLINES][:1])
    words = ("--coordinates", "polygon", "--dry-run", "--json")
    output = run("import", "icdar", root, "--data-dir", tmp_path / "out", *words)
    assert json.loads(output.splitlines()[0])["regions"] == 1


# --- readings -----------------------------------------------------------------------------------

LABELS = "pic/1.png 合同\npic/2.png 编号\npic/3.png 甲方\n"


def score(tmp_path, rows, *words, code=0):
    (tmp_path / "labels.txt").write_text(LABELS, encoding="utf-8")
    text = "".join("\t".join(row) + "\n" for row in rows)
    (tmp_path / "read.txt").write_text(text, encoding="utf-8")
    chosen = words or ("--labels", tmp_path / "labels.txt")
    where = ("--predictions", tmp_path / "read.txt", *chosen)
    return run("evaluate", "recognition", *where, *(["--json"] if code == 0 else []), code=code)


@pytest.mark.parametrize("last", [(), ("0.98",), ("1",), ("9.5e-1",)])
def test_scores_behind_readings_are_not_read_as_text(tmp_path, last):
    rows = [("pic/1.png", "合同", *last), ("pic/2.png", "编号", *last), ("pic/3.png", "甲", *last)]
    assert json.loads(score(tmp_path, rows))["correct"] == 2


def test_the_truth_between_key_and_reading_is_passed_over(tmp_path):
    rows = [("pic/1.png", "x", "合同"), ("pic/2.png", "x", "编号"), ("pic/3.png", "x", "0.5")]
    assert json.loads(score(tmp_path, rows))["correct"] == 2


def test_what_fits_two_readings_is_refused(tmp_path):
    rows = [("pic/1.png", "1", "0.5"), ("pic/2.png", "0", "1")]
    assert "could be key, text and score" in score(tmp_path, rows, code=1)
    header = ("key", "truth", "text")
    assert json.loads(score(tmp_path, [header, *rows]))["correct"] == 0


def test_scores_without_any_truth_are_refused(tmp_path):
    rows = [("pic/1.png", "合同", "0.98"), ("pic/2.png", "编号", "0.5")]
    output = score(tmp_path, rows, "--protocol", "exact", code=1)
    assert "has scores, but no truth" in output and "--labels" in output
