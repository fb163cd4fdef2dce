"""Data sets of lines: the same bytes for any workers and after any accident; what is left out."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import numpy as np
import pytest
from render_support import TEXTS, job, tree_digest

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample import read_sample_list
from ocrdata.errors import CorpusError, FontError, OcrdataError, OptionError
from ocrdata.render.effects.backgrounds import BackgroundBank, find_pictures, invent_image
from ocrdata.render.effects.warp import Frame
from ocrdata.render.lines.batch import render_lines
from ocrdata.render.lines.blocks import render_block, styles_of
from ocrdata.render.lines.planning import plan_lines
from ocrdata.render.lines.shared_glyphs import draw_shared_glyphs
from ocrdata.render.lines.text_sampling import TextBlockTask, TextOptions, near_key, plan_texts
from ocrdata.render.text.rasters import draw_glyph


def sides(root):
    return [
        [sample.text for sample in read_sample_list(root / name / "sample.txt", root)]
        for name in ("Train", "Test")
    ]


def test_plan_covers_each_text_before_it_repeats():
    plan = plan_texts(["a", "b", "c"], [1, 1, 1], TextOptions(variants=200), 0)
    tasks = list(plan.tasks())
    assert [task.number for task in tasks] == [0, 1, 2]
    assert [text for task in tasks for text in task.texts] == ["a", "b", "c"] * 200
    cut = plan_texts(["a", "b"], [1, 1], TextOptions(variants=300, limit=257), 0)
    assert [len(task.texts) for task in cut.tasks()] == [256, 1]


@pytest.mark.long
def test_same_bytes_for_any_workers(tmp_path):
    order = job("hard", boxes=True, log=True)
    # Workers that are forked behind the first have what was drawn there.
    for workers in (0, 1, 3):
        render_lines(
            tmp_path / str(workers), TEXTS, order, TextOptions(variants=100), RunOptions(workers)
        )
    digests = {tree_digest(tmp_path / str(workers)) for workers in (0, 1, 3)}
    assert len(digests) == 1
    render_lines(tmp_path / "other", TEXTS, order._replace(seed=1), TextOptions(variants=100))
    assert tree_digest(tmp_path / "other") not in digests


@pytest.mark.long
@pytest.mark.parametrize("more", [(), ("--records", "--shards", "4")], ids=["files", "records"])
def test_killed_and_resumed_gives_the_same_bytes(tmp_path, more):
    words = ["gen-pics", "--corpus", "dates", "--limit", "3000", "--resume", *more, "--workers"]
    command = [sys.executable, "-m", "ocrdata", *words]
    whole = [*command, "0", "--data-dir", str(tmp_path / "whole")]
    command += ["2" if more else "0", "--data-dir", str(tmp_path / "cut")]
    subprocess.run(whole, check=True, stdout=subprocess.DEVNULL)
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    work = tmp_path / "cut" / ".gen-pics.partial"
    deadline = time.monotonic() + 60
    while not (
        len(list(work.glob("finished/*.json"))) >= 2
        or any(path.read_text().count("\n") >= 2 for path in work.glob("blocks.jsonl"))
    ):
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "cut" / "pic").exists() and not (tmp_path / "cut" / "tfrecords").exists()
    # At once: the workers have not left yet.
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert tree_digest(tmp_path / "cut") == tree_digest(tmp_path / "whole")


def test_train_and_test_share_no_text(tmp_path):
    texts = [f"{number}年" for number in range(400)]
    summary = render_lines(tmp_path, texts, job("clean"), TextOptions(variants=2))
    train, test = map(set, sides(tmp_path))
    assert not train & test and len(train | test) == 400
    assert 20 < len(test) < 60
    assert (summary.train, summary.test) == (2 * len(train), 2 * len(test))


def test_near_duplicates_share_a_side(tmp_path):
    pairs = [(f"第{n}回", f"第 {n} 回！") for n in range(200)]
    texts = [text for pair in pairs for text in pair]
    render_lines(tmp_path / "kept", texts, job("clean"), TextOptions(variants=1))
    test = set(sides(tmp_path / "kept")[1])
    assert 20 < len(test) and all((one in test) == (other in test) for one, other in pairs)
    once = TextOptions(variants=1, near_duplicates="drop")
    summary = render_lines(tmp_path / "dropped", texts, job("clean"), once)
    assert summary.pictures == 200 and summary.skipped == {"near duplicate": 200}
    assert near_key("ＡＢc，1") == near_key("abC 1") != near_key("abd1")


def drawn_texts(plan):
    return [text for task in plan.tasks() for text in task.texts]


def test_sampling_by_frequency_follows_the_counts():
    many = TextOptions(variants=1, limit=20_000, sampling="frequency")
    plan = plan_texts(["常", "少", "罕"], [90, 9, 1], many, 3)
    counts = Counter(drawn_texts(plan))
    for text, share in (("常", 0.9), ("少", 0.09), ("罕", 0.01)):
        assert counts[text] / 20_000 == pytest.approx(share, rel=0.25)
    again = plan_texts(["常", "少", "罕"], [90, 9, 1], many._replace(limit=300), 3)
    assert drawn_texts(again) == drawn_texts(plan)[:300], "a limit only stops earlier"


def test_random_texts_use_every_character_and_length():
    options = TextOptions(
        limit=4000, sampling="random", lengths=(3, 6), characters=tuple("天地玄黄宇宙洪荒")
    )
    plan = plan_texts([], [], options, 0)
    texts = drawn_texts(plan)
    assert Counter(map(len, texts)).keys() == {3, 4, 5, 6}
    shares = Counter("".join(texts))
    assert len(shares) == 8 and max(shares.values()) < 1.15 * min(shares.values())
    assert len(set(texts)) > 2500


def test_balanced_sampling_brings_rare_characters_up(tmp_path):
    texts = ["一二三四"] * 5 + ["一二三五", "罕见"]
    letters = tuple("一二三四五罕见孤")
    options = TextOptions(
        variants=1, sampling="balanced", min_count=12, characters=letters, lengths=(2, 4)
    )
    summary = render_lines(tmp_path, texts, job("clean"), options)
    train, test = sides(tmp_path)
    counts = Counter("".join(train))
    assert all(counts[letter] >= 12 for letter in letters), counts
    assert summary.pictures == len(train) + len(test) < 60
    assert not set(train) & set(test)


def test_pictures_decode_and_have_the_height():
    for form in ("jpg", "png", "webp"):
        order = job("scene", frame=Frame(48), form=form)
        for item in render_block(order, TextBlockTask(0, tuple(TEXTS))):
            data = np.frombuffer(item.sample.image, np.uint8)
            picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            assert picture.shape[0] == 48 < picture.shape[1] and item.sample.key.endswith(form)


@pytest.mark.long
def test_styles_are_replayed_and_overridden(tmp_path, run):
    words = ["--corpus", "dates", "--limit", "300", "--style", "hard", "--workers", "0"]
    run("gen-pics", "--data-dir", tmp_path / "a", "--log-styles", *words)
    log = tmp_path / "a" / "styles" / "styles.jsonl"
    again = ["--replay", log, "--style", "hard", "--workers", "0", "--set", "quality=90"]
    run("gen-pics", "--data-dir", tmp_path / "b", *again[:-2])
    run("gen-pics", "--data-dir", tmp_path / "c", *again)
    names = sorted(path.name for path in (tmp_path / "a").rglob("*.jpg"))
    first, second, third = (
        [path.read_bytes() for path in sorted((tmp_path / name).rglob("*.jpg"))] for name in "abc"
    )
    assert len(names) == 300 and first == second
    assert sum(one == other for one, other in zip(first, third)) < 60


def test_box_files_name_every_character(tmp_path):
    render_lines(tmp_path, TEXTS, job("scene", boxes=True), TextOptions(variants=60))
    rows = [json.loads(line) for line in (tmp_path / "boxes" / "boxes.jsonl").open("rb")]
    assert [row["key"] for row in rows] == [f"pic/0000/{n:08d}.jpg" for n in range(360)]
    assert all(len(row["quads"]) == len(row["text"]) for row in rows)
    assert sorted(path.name for path in (tmp_path / "boxes").iterdir()) == [
        "boxes.jsonl",
        "manifest.json",
    ]


def test_overwriting_leaves_no_boxes_of_other_pictures(tmp_path):
    render_lines(tmp_path, TEXTS, job("clean", boxes=True), TextOptions(variants=1))
    render_lines(tmp_path, TEXTS, job("clean"), TextOptions(variants=1), RunOptions(overwrite=True))
    assert not (tmp_path / "boxes").exists() and (tmp_path / "pic").exists()


def test_texts_no_font_can_draw_are_counted(tmp_path):
    summary = render_lines(tmp_path / "a", ["中", "中\U0001f600", "\U0001f600"], job())
    assert summary.skipped == {"no font has \U0001f600 (U+1F600)": 2}
    with pytest.raises(FontError, match="can draw none of the texts"):
        render_lines(tmp_path / "b", ["\U0001f600"], job())
    with pytest.raises(CorpusError, match="holds no text"):
        render_lines(tmp_path / "c", [], job())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_texts_too_long_for_a_picture_are_counted():
    long = job("clean", frame=Frame(256))
    plan, skips = plan_lines(["风" * 500, "风"], long, TextOptions(variants=1))
    assert skips == {"too long for a picture (181 characters)": 1}
    assert drawn_texts(plan) == ["风"]


def test_options_out_of_range_are_refused(tmp_path):
    for options, order in (
        (TextOptions(variants=0), job()),
        (TextOptions(test_fraction=1.0), job()),
        (TextOptions(min_count=3), job()),
        (TextOptions(), job(frame=Frame(5))),
    ):
        with pytest.raises(OptionError):
            render_lines(tmp_path, TEXTS, order, options)
    assert not list(tmp_path.iterdir())


def test_rendering_leaves_no_folder_when_the_target_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OcrdataError, match="cannot write to"):
        render_lines(tmp_path / "file" / "data", TEXTS, job())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_is_named_and_what_was_done_is_kept(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ocrdata.render.lines.batch.write_block", full)
    with pytest.raises(OcrdataError, match="No space left on device.*--resume"):
        render_lines(tmp_path, TEXTS, job())
    monkeypatch.undo()
    summary = render_lines(tmp_path, TEXTS, job(), run=RunOptions(resume=True))
    assert summary.pictures == 30 and len(list(tmp_path.rglob("*.jpg"))) == 30


def test_a_preview_shows_the_first_pictures_and_writes_no_data(tmp_path, run):
    words = ["gen-pics", "--corpus", "dates", "--style", "scene", "--data-dir", tmp_path / "d"]
    sheet = tmp_path / "sheet.png"
    result = run(*words, "--preview", sheet, "--limit", "9", "--json")
    assert json.loads(result.stdout)["shown"] == 9
    plain = cv2.imread(str(sheet))
    assert plain.shape[1] >= 1000 and plain.std() > 10
    assert "already exists" in run(*words, "--preview", sheet, code=1).output
    run(*words, "--preview", sheet, "--limit", "9", "--boxes", "--overwrite")
    marked = cv2.imread(str(sheet))
    assert marked.shape == plain.shape and (marked != plain).any(axis=2).mean() > 0.002
    assert "not x.gif" in run(*words, "--preview", tmp_path / "x.gif", code=2).output
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("床前明月光\n".encode("gb18030"), "c.txt:1: is not UTF-8 .*iconv -f GB18030"),
        (b"", "holds no usable text"),
        (("风" * 500 + "\n").encode(), "holds no usable text .1 too long"),
        ("\U0001f600\n".encode(), "can draw none of the texts: no font has"),
    ],
    ids=["gbk", "empty", "long", "undrawable"],
)
def test_corpora_that_cannot_be_drawn(tmp_path, run, content, message):
    (tmp_path / "c.txt").write_bytes(content)
    words = ["gen-pics", "--corpus", tmp_path / "c.txt", "--data-dir", tmp_path / "d"]
    output = run(*words, code=1).output
    assert re.search(message, output) and output.startswith("Error: ") and "\n" not in output[:-1]
    assert not (tmp_path / "d").exists()


def test_long_lines_are_drawn_whole_where_they_are_wanted(tmp_path, run):
    (tmp_path / "c.txt").write_text("风" * 500 + "\n", encoding="utf-8")
    words = ["--corpus", tmp_path / "c.txt", "--max-length", "600", "--variants", "1"]
    run("gen-pics", "--data-dir", tmp_path / "d", "--workers", "0", *words)
    picture = cv2.imread(str(next((tmp_path / "d").rglob("*.jpg"))))
    assert picture.shape[0] == 32 and picture.shape[1] > 500 * 15


@pytest.mark.parametrize("command", ["gen-pics", "gen-scenes"])
def test_rare_and_undrawable_phrases_are_left_out_and_counted(tmp_path, run, command):
    (tmp_path / "c.txt").write_text("春眠\t9\n夜来\t2\n花落\t5\n\U0001f600\t7\n", encoding="utf-8")
    words = [command, "--data-dir", tmp_path / "d", "--corpus", tmp_path / "c.txt", "--json"]
    words += ["--min-frequency", "5", "--limit", "3", "--workers", "0"]
    for more in (["--dry-run"], [], ["--records", "--overwrite"]):
        summary = json.loads(run(*words, *more).stdout.splitlines()[0])
        assert any("U+1F600" in reason for reason in summary["skipped"]), summary
        assert any("rare" in reason for reason in summary["skipped"]), summary


def test_blocks_share_out_the_user_s_pictures(tmp_path):
    for number in range(40):
        cv2.imwrite(str(tmp_path / f"{number:02d}.jpg"), np.full((60, 90, 3), number * 6))
    paths = find_pictures([tmp_path])
    order = job("scene", pictures=paths)
    seen = []
    for block in range(40):
        styles = styles_of(order, block, range(256))
        places = [style.picture_at for style in styles if style.background == "picture"]
        assert all(0 <= place < 1 for place in places)
        seen.append({int(place * 40) for place in places})
        few = styles_of(order, block, range(3, 200, 7))
        assert few == styles[3:200:7], "a block that is drawn in parts is the same block"
    assert max(map(len, seen)) <= 8 and len(set().union(*seen)) == 40


def test_large_photographs_are_read_smaller(tmp_path):
    large = cv2.resize(invent_image(1), (4000, 2500))
    cv2.imwrite(str(tmp_path / "a.jpg"), large)
    cv2.imwrite(str(tmp_path / "b.png"), large)
    photo, exact = (
        BackgroundBank([tmp_path / name]).cut(0.0, (300, 500)) for name in ("a.jpg", "b.png")
    )
    assert np.abs(photo.astype(int) - exact).mean() < 4


def test_what_workers_share_is_drawn_before_they_are_forked(monkeypatch):
    config = job("scene", seed=11)
    plan = plan_texts(TEXTS, [1] * len(TEXTS), TextOptions(variants=50), 11)
    drawn = []
    monkeypatch.setattr(
        "ocrdata.render.text.glyphs.draw_glyph", lambda *a: drawn.append(a) or draw_glyph(*a)
    )
    draw_shared_glyphs(config, plan, 2)
    assert len(drawn) > 50
    drawn.clear()
    list(render_block(config, plan.task(0)))
    assert not drawn
