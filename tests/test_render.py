"""Rendering: glyphs, lines, styles, and data sets that do not depend on workers or accidents."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ocrdata.base import seeds
from ocrdata.base.assets import asset_dir
from ocrdata.errors import CorpusError, FontError, UnknownNameError
from ocrdata.render import effects
from ocrdata.render.batch import LineRenderer, Task, plan_tasks, render_lines
from ocrdata.render.fonts import FontFace, GlyphCache, find_fonts, font_characters
from ocrdata.render.line import draw_ink, draw_line
from ocrdata.render.style import DRAWS, RECIPES, draw_style, find_recipe

TEXTS = ["床前明月光", "2024年3月5日", "gjpqy,.;A!", "一二三", "¥1,234.50", "疑是地上霜"]


@pytest.fixture(scope="module")
def cache():
    return GlyphCache(find_fonts(()))


def tree_digest(root):
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def style_of(number, recipe):
    row = seeds.uniform_block(5, "test", number, 1, DRAWS)[0].tolist()
    return draw_style(row, RECIPES[recipe])


@pytest.mark.parametrize("face", [0, 1, 2])
@pytest.mark.parametrize("text", TEXTS)
def test_clean_lines_look_like_pillow_s_own(cache, face, text):
    style = style_of(0, "clean")
    ink = draw_ink(text, style, 32, face, cache)
    font = cache.font(face, round(style.size * 32))
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    direct = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(direct).text((-left, -top), text, fill=255, font=font, anchor="ls")
    direct = np.asarray(direct)
    rows, columns = np.nonzero(direct.max(1))[0], np.nonzero(direct.max(0))[0]
    direct = direct[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    rows, columns = np.nonzero(ink.max(1))[0], np.nonzero(ink.max(0))[0]
    ours = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert abs(ours.shape[1] - direct.shape[1]) <= 2
    width = min(ours.shape[1], direct.shape[1])
    assert ours.shape[0] == direct.shape[0]
    assert np.abs(ours[:, :width].astype(int) - direct[:, :width]).mean() < 4


@given(st.sampled_from(sorted(RECIPES)), st.sampled_from(TEXTS), st.integers(0, 10_000))
@settings(deadline=None)
def test_no_ink_is_lost_or_invented(cache, recipe, text, number):
    style = style_of(number, recipe)
    able = cache.faces_for(text)
    ink = draw_ink(text, style, 32, able[int(style.face * len(able))], cache)
    slanted = effects.slant(ink, style.rotation, style.shear)
    assert ink.shape[0] == slanted.shape[0] == 32
    # A warp spreads ink but keeps its amount: a clipped glyph would lose some.
    assert int(slanted.sum()) == pytest.approx(int(ink.sum()), rel=0.03)
    picture = draw_line(text, style, 32, cache)
    assert picture.dtype == np.uint8 and picture.shape == slanted.shape
    corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]].astype(int)
    if not style.specks:
        assert np.abs(corners - style.paper).max() < 60, "no dark corners"


def test_styles_stay_in_their_recipe_and_differ():
    recipe = RECIPES["scan"]
    styles = [style_of(number, "scan") for number in range(300)]
    for name in ("size", "ink", "paper", "rotation", "shear", "spacing", "shift"):
        low, high = getattr(recipe, name)
        values = [getattr(style, name) for style in styles]
        assert low <= min(values) < max(values) <= high
        assert max(values) - min(values) > 0.9 * (high - low)
    share = sum(style.blur > 0 for style in styles) / len(styles)
    assert abs(share - recipe.blur_chance) < 0.1
    with pytest.raises(UnknownNameError, match="Did you mean scan"):
        find_recipe("scann")


def test_effects_do_what_they_say():
    grey = np.full((40, 4000), 128, np.uint8)
    noisy = effects.add_noise(grey, 10.0, 0.3).astype(int)
    assert noisy.std() == pytest.approx(10.0, rel=0.05) and abs(noisy.mean() - 128) < 0.2
    specks = effects.add_specks(grey, 0.02, 0.7)
    assert (specks == 0).mean() == pytest.approx(0.01, rel=0.2)
    assert (specks == 255).mean() == pytest.approx(0.01, rel=0.2)
    step = np.repeat(np.array([[0, 255]], np.uint8), 20, axis=1).repeat(9, axis=0)
    assert np.abs(np.diff(effects.blur(step, 1.0)[4].astype(int))).max() < 120
    assert effects.tone(np.array([[0, 255]], np.uint8), 10, 240).tolist() == [[240, 10]]


def test_rotation_turns_the_line(cache):
    ink = draw_ink("一一一一一", style_of(0, "clean"), 64, 0, cache)
    turned = effects.slant(ink, 2.0, 0.0)
    left, right = turned[:, :60].sum(1).argmax(), turned[:, -60:].sum(1).argmax()
    assert right < left, "anticlockwise: the right end goes up"


def test_plan_covers_each_text_before_it_repeats():
    tasks = list(plan_tasks(["a", "b", "c"], 200, None))
    assert [task.number for task in tasks] == [0, 1, 2]
    texts = [text for task in tasks for text in task.texts]
    assert texts == ["a", "b", "c"] * 200
    assert [len(task.texts) for task in plan_tasks(["a", "b"], 300, 257)] == [256, 1]


def test_same_bytes_for_any_workers(tmp_path):
    faces = find_fonts(())
    for workers in (0, 3):
        render_lines(tmp_path / str(workers), TEXTS, faces, "scan", variants=100, workers=workers)
    assert tree_digest(tmp_path / "0") == tree_digest(tmp_path / "3")
    render_lines(tmp_path / "other", TEXTS, faces, "scan", variants=100, seed=1)
    assert tree_digest(tmp_path / "0") != tree_digest(tmp_path / "other")


def test_killed_and_resumed_gives_the_same_bytes(tmp_path):
    words = ["gen-pics", "--corpus", "dates", "--limit", "3000", "--workers", "0", "--resume"]
    command = [sys.executable, "-m", "ocrdata", *words, "--data-dir"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, stdout=subprocess.DEVNULL)
    running = subprocess.Popen([*command, str(tmp_path / "cut")], stdout=subprocess.DEVNULL)
    journal = tmp_path / "cut" / ".gen-pics.partial" / "blocks.jsonl"
    deadline = time.monotonic() + 60
    while not (journal.is_file() and journal.read_text().count("\n") >= 2):
        assert running.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert not (tmp_path / "cut" / "pic").exists()
    subprocess.run([*command, str(tmp_path / "cut")], check=True, stdout=subprocess.DEVNULL)
    assert tree_digest(tmp_path / "cut") == tree_digest(tmp_path / "whole")


def test_train_and_test_share_no_text(tmp_path):
    texts = ["{}年".format(number) for number in range(400)]
    summary = render_lines(tmp_path, texts, find_fonts(()), "clean", variants=2)
    sides = [
        {line.split(" ", 1)[1] for line in (tmp_path / name / "sample.txt").open(encoding="utf-8")}
        for name in ("Train", "Test")
    ]
    assert not sides[0] & sides[1] and len(sides[0] | sides[1]) == 400
    assert 20 < len(sides[1]) < 60
    assert (summary.train, summary.test) == (2 * len(sides[0]), 2 * len(sides[1]))


def test_pictures_decode_and_have_the_height():
    renderer = LineRenderer(find_fonts(()), RECIPES["print"], 48, 0)
    for sample in renderer.render(Task(0, tuple(TEXTS))):
        picture = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_UNCHANGED)
        assert picture.shape[0] == 48 and picture.ndim == 2 and picture.shape[1] > 48


def test_texts_no_font_can_draw_are_counted(tmp_path):
    summary = render_lines(tmp_path / "a", ["中", "中\U0001f600", "\U0001f600"], find_fonts(()))
    assert summary.skipped == {"no font has \U0001f600 (U+1F600)": 2}
    with pytest.raises(FontError, match="can draw none of the texts"):
        render_lines(tmp_path / "b", ["\U0001f600"], find_fonts(()))
    with pytest.raises(CorpusError, match="holds no text"):
        render_lines(tmp_path / "c", [], find_fonts(()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_long_lines_keep_all_their_characters(cache):
    text = "风" * 500
    ink = draw_ink(text, style_of(0, "clean"), 32, 0, cache)
    single = draw_ink("风", style_of(0, "clean"), 32, 0, cache)
    assert int(ink.sum(dtype=np.int64)) == 500 * int(single.sum(dtype=np.int64))


def collection(tmp_path):
    from fontTools.ttLib import TTCollection, TTFont

    both = TTCollection()
    names = sorted(path for path in asset_dir("fonts").iterdir() if path.suffix == ".otf")
    both.fonts = [TTFont(str(path)) for path in names]
    both.save(str(tmp_path / "two.TTC"))
    return tmp_path / "two.TTC", names


def test_faces_of_a_collection(tmp_path):
    path, names = collection(tmp_path)
    assert find_fonts([str(path)]) == [FontFace(path, 0)]
    assert find_fonts(["{}:1".format(path)]) == [FontFace(path, 1)]
    assert find_fonts([str(path)], face=1) == [FontFace(path, 1)]
    assert find_fonts([str(tmp_path)]) == [FontFace(path, 0)]
    with pytest.raises(FontError, match="has 2 faces, so there is no face 2"):
        find_fonts(["{}:2".format(path)])
    one, other = (GlyphCache([FontFace(path, 1)]), GlyphCache([FontFace(names[1])]))
    assert (one.glyph(0, 40, "风").ink == other.glyph(0, 40, "风").ink).all()


def test_fonts_that_cannot_be_used(tmp_path):
    whole = sorted(asset_dir("fonts").glob("*.ttf"))[0].read_bytes()
    cases = {"text.ttf": b"not a font", "empty.otf": b"", "cut.ttf": whole[: len(whole) // 3]}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FontError, match="{}: is not a font that can be read".format(name)):
            find_fonts([str(tmp_path / name)])
    with pytest.raises(FontError, match="does not exist"):
        find_fonts([str(tmp_path / "no.ttf")])
    with pytest.raises(UnknownNameError, match="is called OcrDataKay-Regular. Did you mean"):
        find_fonts(["OcrDataKay-Regular"])
    (tmp_path / "none").mkdir()
    with pytest.raises(FontError, match="holds no font"):
        find_fonts([str(tmp_path / "none")])


def test_bundled_fonts_are_used_by_name():
    for face in find_fonts(()):
        assert find_fonts([face.path.stem]) == [face]
        assert {"风", "A", "。"} <= font_characters(face)


def test_the_process_cache_is_bounded(monkeypatch):
    monkeypatch.setattr("ocrdata.render.fonts.GLYPHS_KEPT", 10)
    small = GlyphCache(find_fonts(()))
    first = small.glyph(0, 20, "甲").ink.copy()
    for character in "一二三四五六七八九十百千":
        small.glyph(0, 20, character)
    assert len(small._glyphs) <= 10
    assert (small.glyph(0, 20, "甲").ink == first).all()


def test_rendering_leaves_no_folder_when_the_target_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    from ocrdata.errors import OcrdataError

    with pytest.raises(OcrdataError, match="cannot write to"):
        render_lines(tmp_path / "file" / "data", TEXTS, find_fonts(()))
    assert shutil.disk_usage(str(tmp_path)).free > 0
