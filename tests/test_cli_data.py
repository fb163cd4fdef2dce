"""gen-pics, gen-sample, gen-chars, build-dict and list, as a user types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ocrdata.base.assets import asset_dir
from ocrdata.base.sample import read_sample_list
from ocrdata.text.charset import read_charset

ROOT = Path(__file__).resolve().parents[1]


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def test_gen_pics_says_what_it_made(tmp_path, run):
    result = run(
        "gen-pics",
        "--data-dir",
        tmp_path / "d",
        "--corpus",
        "dates",
        "--limit",
        "30",
        "--workers",
        "0",
        "--json",
    )
    summary = json.loads(result.stdout)
    assert summary["pictures"] == 30 == summary["train"] + summary["test"]
    samples = list(read_sample_list(tmp_path / "d" / "Train" / "sample.txt", tmp_path / "d"))
    assert len(samples) == summary["train"]
    assert all(sample.image_bytes()[:2] == b"\xff\xd8" for sample in samples)
    manifest = json.loads((tmp_path / "d" / "pic" / "manifest.json").read_text())
    assert manifest["summary"] == summary and manifest["options"]["seed"] == 0


def test_gen_pics_refuses_and_replaces(tmp_path, run):
    words = [
        "gen-pics",
        "--data-dir",
        tmp_path,
        "--corpus",
        "dates",
        "--limit",
        "5",
        "--workers",
        "0",
    ]
    run(*words)
    assert "already exists. Pass --overwrite" in run(*words, code=1).output
    before = lines(tmp_path / "Train" / "sample.txt")
    run(*words, "--overwrite", "--corpus", "places", "--seed", "1")
    assert lines(tmp_path / "Train" / "sample.txt") != before
    assert "exclude each other" in run(*words, "--overwrite", "--resume", code=2).output


def test_gen_pics_dry_run_writes_nothing(tmp_path, run):
    result = run("gen-pics", "--data-dir", tmp_path / "d", "--corpus", "poems", "--dry-run")
    assert "pictures:" in result.output and not (tmp_path / "d").exists()


def test_gen_pics_counts_what_it_leaves_out(tmp_path, run):
    corpus = tmp_path / "c.txt"
    corpus.write_text("短\n这一行太长了\n短\n中\U0001f600\n\n", encoding="utf-8")
    words = ["--corpus", corpus, "--max-length", "4", "--workers", "0", "--json"]
    result = run("gen-pics", "--data-dir", tmp_path / "d", *words)
    assert json.loads(result.stdout)["skipped"] == {
        "too long": 1,
        "repeated": 1,
        "empty line": 1,
        "no font has \U0001f600 (U+1F600)": 1,
    }


def test_thousands_of_reasons_are_summed_up_for_readers(tmp_path, run):
    corpus = tmp_path / "c.txt"
    rare = [chr(0x3400 + number) for number in range(40)]
    corpus.write_text("\n".join(["一二", rare[0] + "二", *rare]), encoding="utf-8")
    words = ["gen-pics", "--data-dir", tmp_path / "d", "--corpus", corpus, "--dry-run"]
    shown = run(*words).stdout.splitlines()
    skipped = shown[shown.index("skipped:") + 1 :]
    assert skipped[0] == "  no font has \u3400 (U+3400): 2" and len(skipped) == 11
    assert skipped[10] == "  30 other reasons (--json names them): 30"
    assert len(json.loads(run(*words, "--json").stdout)["skipped"]) == 40


def test_gen_pics_cuts_running_text(tmp_path, run):
    corpus = tmp_path / "c.txt"
    corpus.write_text("我们在北京大学学习计算机科学与技术，每天都很高兴。", encoding="utf-8")
    words = ["--corpus", corpus, "--cut-length", "6", "--workers", "0", "--variants", "1"]
    run("gen-pics", "--data-dir", tmp_path / "d", *words)
    rows = lines(tmp_path / "d" / "Train" / "sample.txt") + lines(
        tmp_path / "d" / "Test" / "sample.txt"
    )
    texts = [row.split(" ", 1)[1] for row in sorted(rows)]
    assert "".join(texts) == "我们在北京大学学习计算机科学与技术每天都很高兴"
    assert all(len(text) <= 6 for text in texts)


def test_gen_pics_with_nothing_to_replay(tmp_path, run):
    (tmp_path / "styles.jsonl").write_bytes(b"")
    words = ["--data-dir", tmp_path / "d", "--replay", tmp_path / "styles.jsonl"]
    assert "styles.jsonl: holds no style. gen-pics" in run("gen-pics", *words, code=1).output


def test_gen_pics_with_a_bad_font(tmp_path, run):
    (tmp_path / "x.ttf").write_bytes(b"no font")
    output = run(
        "gen-pics", "--data-dir", tmp_path / "d", "--font", tmp_path / "x.ttf", code=1
    ).output
    assert "x.ttf: is not a font that can be read" in output and not (tmp_path / "d").exists()


def test_gen_sample_splits_the_lists_anew(tmp_path, run, rendered):
    shutil.copytree(str(rendered), str(tmp_path / "d"))
    names = ("Train", "Test")
    before = {row for name in names for row in lines(tmp_path / "d" / name / "sample.txt")}
    run("gen-sample", "--data-dir", tmp_path / "d", "--test-fraction", "0.5", "--overwrite")
    train, test = (lines(tmp_path / "d" / name / "sample.txt") for name in names)
    assert set(train) | set(test) == before and min(len(train), len(test)) > 30
    assert not {row.split(" ", 1)[1] for row in train} & {row.split(" ", 1)[1] for row in test}


def test_gen_sample_from_a_label_file(tmp_path, run):
    (tmp_path / "img").mkdir()
    for name in "abc":
        (tmp_path / "img" / (name + ".png")).write_bytes(b"x")
    (tmp_path / "labels").write_text(
        "img/a.png\t一 二\nimg/b.png 三\nimg/z.png 四\n", encoding="utf-8"
    )
    words = [
        "gen-sample",
        "--data-dir",
        tmp_path,
        "--labels",
        tmp_path / "labels",
        "--test-fraction",
        "0",
    ]
    shown = run(*words, code=1).output
    assert "labels:3: picture" in shown and "z.png does not exist. Pass --skip-missing" in shown
    assert not (tmp_path / "Train").exists()
    summary = json.loads(run(*words, "--skip-missing", "--json").stdout)
    assert summary["skipped"] == {"picture missing": 1}
    assert lines(tmp_path / "Train" / "sample.txt") == ["img/a.png 一 二", "img/b.png 三"]


def test_gen_sample_says_where_pictures_were_looked_for(tmp_path, run):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.png").write_bytes(b"x")
    labels = tmp_path / "mine" / "labels.txt"
    labels.write_text("a.png one\na.png two\n", encoding="utf-8")
    words = ["gen-sample", "--data-dir", tmp_path / "data" / "new", "--labels", labels]
    shown = run(*words, code=1).output
    assert "labels.txt:1: picture" in shown
    assert f"lies beside the list: pass --data-dir {labels.parent}." in shown
    assert "no picture to list (2 picture missing)" in run(*words, "--skip-missing", code=1).output
    assert not (tmp_path / "data").exists()
    words[2] = labels.parent
    assert "labels.txt:2: picture" in run(*words, code=1).output


def test_gen_sample_of_the_original_tree(tmp_path, run):
    phrases = tmp_path / "poem.txt"
    phrases.write_text("之乎\t9\n者也\t8\n", encoding="utf-8")
    for number in (0, 1):
        (tmp_path / "pic" / str(number)).mkdir(parents=True)
        (tmp_path / "pic" / str(number) / "0_1.jpg").write_bytes(b"x")
    words = ["gen-sample", "--data-dir", tmp_path, "--phrases", phrases, "--test-fraction", "0"]
    run(*words)
    assert lines(tmp_path / "Train" / "sample.txt") == ["pic/0/0_1.jpg 之乎", "pic/1/0_1.jpg 者也"]
    (tmp_path / "pic" / "2").mkdir()
    assert "is not the number of one of the 2 phrases" in run(*words, "--overwrite", code=1).output


def test_gen_chars_and_build_dict(tmp_path, run, rendered):
    shutil.copytree(str(rendered), str(tmp_path / "d"))
    shutil.rmtree(str(tmp_path / "d" / "char_dict"))
    (tmp_path / "d" / "chinese.txt").unlink()
    run("gen-chars", "--data-dir", tmp_path / "d")
    listed = lines(tmp_path / "d" / "chinese.txt")
    rows = lines(rendered / "Train" / "sample.txt") + lines(rendered / "Test" / "sample.txt")
    assert listed == sorted(set("".join(row.split(" ", 1)[1] for row in rows)))
    summary = json.loads(run("build-dict", "--data-dir", tmp_path / "d", "--json").stdout)
    assert summary["classes"] == len(listed) + 1
    assert "already exists" in run("gen-chars", "--data-dir", tmp_path / "d", code=1).output


def test_a_dictionary_converts_between_generations(tmp_path, run):
    (tmp_path / "chinese.txt").write_text("乙\n甲\na\n", encoding="utf-8")
    source = tmp_path / "chinese.txt"
    for generation in ("english2017", "suffixed", "plain"):
        run(
            "build-dict",
            "--characters",
            source,
            "--generation",
            generation,
            "--output",
            tmp_path / generation,
        )
        source = tmp_path / generation
        assert read_charset(source).characters == ("乙", "甲", "a")


def test_the_real_poem_file(tmp_path, run, shared):
    poem = shared / "uai_crnn_chinese" / "THUOCL_poem.txt"
    summary = run("gen-chars", "--data-dir", tmp_path, "--corpus", poem, "--json").stdout
    assert json.loads(summary)["characters"] == 3789
    summary = json.loads(run("build-dict", "--data-dir", tmp_path, "--json").stdout)
    assert summary["classes"] == 3790
    for name in summary["files"]:
        ours = json.loads((tmp_path / "char_dict" / name).read_text())
        real = json.loads((shared / "uai_crnn_chinese" / name).read_text())
        assert {type(v) for v in ours.values()} == {type(v) for v in real.values()} == {str}
        assert len(ours) == len(real) == 3789
        assert set(list(ours)[:5]) <= set(real) or name.startswith(("index", "ord"))


@pytest.mark.parametrize("kind", ["corpora", "fonts", "importers", "models", "styles", "targets"])
def test_list(run, kind):
    rows = json.loads(run("list", kind, "--json").stdout)[kind]
    assert rows


@pytest.mark.parametrize("kind", ["models", "styles", "targets"])
def test_list_says_what_each_is(kind, run):
    """A name that is added to a table and told nothing of is a name without a row here."""
    from ocrdata.render.style.presets import PRESETS
    from ocrdata.train import TARGETS
    from ocrdata.train.models import MODELS

    names = {"models": MODELS.names(), "styles": list(PRESETS), "targets": TARGETS.names()}[kind]
    rows = json.loads(run("list", kind, "--json").stdout)[kind]
    assert sorted(rows) == sorted(names)
    assert len(set(rows.values())) == len(names)  # a sentence of its own for each
    assert all(" " in row and "\n" not in row for row in rows.values())


def test_list_fonts_tells_coverage(tmp_path, run):
    (tmp_path / "c.txt").write_text("中文龘", encoding="utf-8")
    output = run("list", "fonts", "--coverage", tmp_path / "c.txt").output
    assert output.count("2 of the corpus' 3 lacks 龘") == 3
    assert "go with" in run("list", "models", "--coverage", "poems", code=2).output
    one = sorted((ROOT / "fonts").glob("*.ttf"))[0]
    rows = json.loads(run("list", "fonts", "--font", one, "--json").stdout)["fonts"]
    assert list(rows) == [str(one)]


def test_a_list_of_scenes_is_no_list_of_texts(tmp_path, run):
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train" / "sample.txt").write_text("images/a.jpg images/gt_a.txt\n")
    manifest = {"command": "import", "summary": {"kind": "scenes"}}
    (tmp_path / "Train" / "manifest.json").write_text(json.dumps(manifest))
    output = run("build-dict", "--data-dir", tmp_path, code=1).output
    assert "lists scenes, which have no single text" in output and "--crops" in output


def test_names_keep_their_underscores(run, tmp_path):
    """What is named below a heading may be a file or a font; only our own headings are words."""
    font = tmp_path / "my_own_font.otf"
    font.write_bytes(next(asset_dir("fonts").glob("NotoSans*.otf")).read_bytes())
    made = ["gen-pics", "--font", font, "--corpus", "dates", "--limit", 2, "--data-dir", tmp_path]
    run(*made)
    shown = run("info", tmp_path / "pic").stdout
    assert "my_own_font.otf" in shown and "test_fraction: 0.1" in shown
    listed = run("list", "fonts", "--font", font).stdout
    assert f"{font}: 7,6" in listed
