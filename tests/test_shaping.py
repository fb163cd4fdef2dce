"""Texts that join, reorder, stack or run from right to left, against drawings made without us."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.ttLib import TTFont
from render_support import tree_digest
from test_face_characters import bars, build

from ocrdata.base.run_options import RunOptions
from ocrdata.base.sample_lists import read_lists
from ocrdata.errors import OptionError
from ocrdata.render.effects.warp import Frame
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.lines.batch import render_lines
from ocrdata.render.lines.blocks import RenderConfig
from ocrdata.render.lines.line import LineRenderer
from ocrdata.render.lines.text_sampling import TextOptions
from ocrdata.render.style.line_style import NEUTRAL
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import EM_TOP, Typesetting, set_column, set_line
from ocrdata.render.text.shaped_text import ShapedFaces
from ocrdata.render.text.type_settings import TypeSettings, find_settings, parse_features
from ocrdata.text.bidi_runs import direction_runs

# --- a font of bars that joins: alone, first, middle, last, and a ligature ------------------------

FORMS = {
    ".notdef": bars((0,)),
    "beh": bars((0, 1)),
    "beh.init": bars((0, 2)),
    "beh.medi": bars((1, 2)),
    "beh.fina": bars((1, 3)),
    "alef": bars((0, 3)),
    "lam": bars((0, 1, 2)),
    "lamalef": bars((0, 1, 2, 3)),
    "a": bars((1, 2, 3)),
    "space": [],
}
LETTERS = {"\u0628": "beh", "\u0627": "alef", "\u0644": "lam", "a": "a", " ": "space"}
FEATURES = """
languagesystem DFLT dflt;
languagesystem arab dflt;
feature init { sub beh by beh.init; } init;
feature medi { sub beh by beh.medi; } medi;
feature fina { sub beh by beh.fina; } fina;
feature liga { sub lam alef by lamalef; } liga;
"""
BEH, ALEF, LAM = "\u0628", "\u0627", "\u0644"


@pytest.fixture(scope="module")
def joining(tmp_path_factory):
    path = build(tmp_path_factory.mktemp("fonts") / "joining.ttf", LETTERS, FORMS)
    font = TTFont(str(path))
    addOpenTypeFeaturesFromString(font, FEATURES)
    font.save(str(path))
    return path


def shown(text, cache, size=100):
    return set_line(text, cache.pick(text, 0.5), size, Typesetting(), cache, True)


def test_letters_join_and_run_from_right_to_left(joining):
    cache = GlyphCache([FontFace(joining)])
    last, middle, first = (1, 3), (1, 2), (0, 2)
    line = shown(BEH * 3, cache)
    assert line.boxes[0][0] > line.boxes[1][0] > line.boxes[2][0], "boxes in the text's order"
    assert line.clusters == [(0, 1), (1, 2), (2, 3)]
    widths = [box[2] - box[0] for box in line.boxes]
    wanted = [(form[1] - form[0]) * 20 + 9 for form in (first, middle, last)]
    assert widths == pytest.approx(wanted, abs=1.5)


def test_a_ligature_is_one_cluster_of_two_characters(joining):
    cache = GlyphCache([FontFace(joining)])
    line = shown(BEH + LAM + ALEF, cache)
    assert line.clusters == [(0, 1), (1, 3)] and len(line.boxes) == 2
    plain = GlyphCache([FontFace(joining)], settings=TypeSettings(parse_features(["-liga"])))
    assert shown(BEH + LAM + ALEF, plain).clusters == [(0, 1), (1, 2), (2, 3)]
    with pytest.raises(OptionError, match="is not a font feature"):
        parse_features(["ligatures"])


def test_what_no_font_can_shape_is_left_out_and_counted(joining, tmp_path, run):
    """A letter the font lacks, a mark without a letter, a joiner that joins nothing."""
    texts = {BEH + ALEF: "", BEH + "\u062a": "\u062a", "a" + "\u200d": "\u200d", "aa": ""}
    cache = GlyphCache([FontFace(joining)])
    assert {text: cache.missing(text) for text in texts} == texts
    assert cache.missing("\u0301" + BEH)
    (tmp_path / "corpus.txt").write_text(
        "\n".join([*texts, "\u05d0\u05d1", "\u0301"]) + "\n", encoding="utf-8"
    )
    base = ["gen-pics", "--font", joining, "--corpus", tmp_path / "corpus.txt", "--variants", 1]
    made = run(*base, "--data-dir", tmp_path / "out", "--json", "--test-fraction", 0)
    assert [entry.text for entry in read_lists(tmp_path / "out")] == [BEH + ALEF, "aa"]
    assert json.loads(made.stdout)["skipped"] == {
        "no font has \u062a (U+062A)": 1,
        "character without a visible form": 1,
        "no font has \u05d0 (U+05D0)": 1,
        "no font can shape it (Inherited)": 1,
    }


@pytest.mark.long
def test_shaped_lines_are_the_same_for_any_number_of_workers(joining, tmp_path, run):
    """Also from their styles once more; and the boxes say which characters they are of."""
    texts = [BEH * n + " " + LAM + ALEF + "a" * (n % 3) for n in range(1, 40)]
    (tmp_path / "corpus.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    base = ["gen-pics", "--font", joining, "--corpus", tmp_path / "corpus.txt", "--style", "hard"]
    base += ["--boxes", "--log-styles", "--variants", 7, "--max-length", 60]
    for name, workers in (("one", 0), ("two", 2)):
        run(*base, "--workers", workers, "--data-dir", tmp_path / name)
    assert tree_digest(tmp_path / "one/pic") == tree_digest(tmp_path / "two/pic")
    assert tree_digest(tmp_path / "one/boxes") == tree_digest(tmp_path / "two/boxes")
    log = tmp_path / "one/styles/styles.jsonl"
    run(*base, "--replay", log, "--workers", 0, "--data-dir", tmp_path / "again")
    for path in sorted((tmp_path / "one/pic").rglob("*.jpg"))[::17]:
        again = tmp_path / "again" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == again.read_bytes()
    rows = [json.loads(row) for row in (tmp_path / "one/boxes/boxes.jsonl").open(encoding="utf-8")]
    for row in rows:
        assert len(row["quads"]) == len(row["clusters"])
        assert [start for start, _ in row["clusters"]] == [0, *(e for _, e in row["clusters"])][:-1]
        assert row["clusters"][-1][1] == len(row["text"])


def test_shaped_lines_are_the_same_after_an_interruption(joining, tmp_path):
    texts = [BEH * n + " " + LAM + ALEF for n in range(1, 21)]
    job = RenderConfig((FontFace(joining),), find_recipe("print"), boxes=True, log=True)
    options = TextOptions(variants=30)

    def stop(done, total):
        if 0 < done < total:
            raise KeyboardInterrupt

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    render_lines(whole, texts, job, options)
    with pytest.raises(KeyboardInterrupt):
        render_lines(cut, texts, job, options, RunOptions(resume=True, on_progress=stop))
    assert not (cut / "pic").exists()
    render_lines(cut, texts, job, options, RunOptions(resume=True))
    assert tree_digest(cut / "pic") == tree_digest(whole / "pic")
    assert tree_digest(cut / "boxes") == tree_digest(whole / "boxes")


def test_plain_texts_go_the_plain_way(joining):
    cache = GlyphCache([FontFace(joining)])
    assert cache.pick("aa", 0.1) == 0 and cache.pick(BEH, 0.1) == ShapedFaces((0,))


def test_latin_and_other_faces_take_their_parts(joining, tmp_path):
    latin = FontFace(build(tmp_path / "latin.ttf", {"b": "whole", "c": "other"}))
    assert GlyphCache([FontFace(joining)]).missing(BEH + "b") == "b"
    cache = GlyphCache([FontFace(joining)], [latin])
    assert cache.pick(BEH + "bc", 0.2) == ShapedFaces((0, 1, 1))
    other = GlyphCache([FontFace(joining), latin], fallback=True)
    assert other.missing(BEH + " bc") == ""
    assert other.pick(BEH + " bc", 0.2) == ShapedFaces((0, 0, 1, 1))


# --- features and languages of a font -------------------------------------------------------------

CAPITALS = """
languagesystem DFLT dflt;
languagesystem latn dflt;
languagesystem latn TRK;
feature smcp { sub a by b; } smcp;
feature liga { sub a c by d; } liga;
feature locl { script latn; language TRK; sub c by d; } locl;
"""


@pytest.fixture(scope="module")
def featured(tmp_path_factory):
    forms = {".notdef": bars((0,)), "space": [], "d": bars((0, 1, 2, 3))}
    forms.update((name, bars((place, 3))) for place, name in enumerate("abc"))
    letters = {**{name: name for name in "abcd"}, " ": "space"}
    path = build(tmp_path_factory.mktemp("fonts") / "featured.ttf", letters, forms)
    font = TTFont(str(path))
    addOpenTypeFeaturesFromString(font, CAPITALS)
    font.save(str(path))
    return path


@pytest.mark.parametrize(
    "words, language", [("", "tr"), ("smcp", ""), ("-liga", ""), ("liga=0", "tr")]
)
def test_features_and_languages_give_harfbuzz_glyphs(featured, words, language):
    import uharfbuzz

    face = FontFace(featured)
    cache = GlyphCache([face], settings=find_settings(words.split(), language, [face]))
    run = cache.shaper.layout("aca", cache.pick("aca", 0.5))[0].run
    buffer = uharfbuzz.Buffer()
    buffer.add_str("aca")
    buffer.guess_segment_properties()
    if language:
        buffer.language = language
    font = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(featured))))
    uharfbuzz.shape(font, buffer, {"": {}, "smcp": {"smcp": True}}.get(words, {"liga": False}))
    theirs = [info.codepoint for info in buffer.glyph_infos]
    assert [glyph.number for glyph in run.glyphs] == theirs
    ours, usual = shown("aca", cache).ink, shown("aca", GlyphCache([face])).ink
    assert ours.shape != usual.shape or (ours != usual).any()


def test_features_and_languages_by_option(featured, tmp_path, run):
    (tmp_path / "corpus.txt").write_text("aca\n", encoding="utf-8")
    base = ["--font", featured, "--corpus", tmp_path / "corpus.txt", "--overwrite", "--workers", 0]
    base += ["--data-dir", tmp_path / "out"]
    lines = ["gen-pics", *base, "--style", "clean", "--variants", 1, "--format", "png"]
    scenes = ["gen-scenes", *base, "--limit", 1, "--size", "96x96", "--texts", "1..1"]
    scenes += ["--text-height", "12..20"]
    for command, folder in ((lines, "pic"), (scenes, "images")):
        digests = set()
        for more in ([], ["--font-feature", "smcp"], ["--language", "tr"]):
            run(*command, *more)
            digests.add(tree_digest(tmp_path / "out" / folder))
        assert len(digests) == 3
        for more, words in (
            (
                ["--font-feature", "onum"],
                "has the feature onum. They have: liga, locl, smcp",
            ),
            (["--font-feature", "small-caps"], "'small-caps' is not a font feature"),
            (["--language", "Turkish language"], "'Turkish language' is not a language"),
        ):
            assert words in run(*command, *more, code=2).output


def test_features_leave_columns_upright(featured):
    face = FontFace(featured)
    cache = GlyphCache([face], settings=find_settings(["smcp"], "", [face]))
    column = set_column("aaa", cache.pick("aaa", 0.5), 40, Typesetting(), cache, True)
    assert column.ink.shape[0] > 2 * column.ink.shape[1] and len(column.boxes) == 3


# --- the order of a line against the whole algorithm ----------------------------------------------


def test_the_order_of_runs_is_that_of_the_bidirectional_algorithm():
    """python-bidi's own display order, of its other implementation, for random mixtures."""
    from bidi import get_display

    rng = random.Random(1)
    alphabet = "\u05d0\u05d1\u0639\u0633\u0645 abcZ 012 \u0663\u0664 .,:-+()[] %$!"
    for _ in range(3000):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 12)))
        order = [text[s:e][::-1] if back else text[s:e] for s, e, back in direction_runs(text)]
        assert "".join(order) == get_display(text), repr(text)


# --- twelve scripts against HarfBuzz and FreeType -------------------------------------------------

NOTO = "/usr/share/fonts/truetype/noto/"
CJK = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
SCRIPTS = {
    "Arabic": (NOTO + "NotoNaskhArabic-Regular.ttf", "السلام عليكم ورحمة الله"),
    "Hebrew": (NOTO + "NotoSerifHebrew-Regular.ttf", "שָׁלוֹם עולם"),
    "Devanagari": (NOTO + "NotoSansDevanagari-Regular.ttf", "हिन्दी में क्षत्रिय श्री"),
    "Bengali": (NOTO + "NotoSansBengali-Regular.ttf", "বাংলা ভাষা স্ক্রিপ্ট"),
    "Tamil": (NOTO + "NotoSansTamil-Regular.ttf", "தமிழ் மொழி கொடுக்க"),
    "Thai": (NOTO + "NotoSansThai-Regular.ttf", "ภาษาไทย น้ำใจ ที่นี่"),
    "Khmer": (NOTO + "NotoSansKhmer-Regular.ttf", "ភាសាខ្មែរ ស្រុក"),
    "Myanmar": (NOTO + "NotoSansMyanmar-Regular.ttf", "မြန်မာဘာသာ ကျွန်တော်"),
    "Tibetan": (NOTO + "NotoSerifTibetan-Regular.ttf", "བོད་སྐད་ བཀྲ་ཤིས་"),
    "Korean": (CJK, "\u1112\u1161\u11ab\u1100\u1173\u11af 한글"),
    "Vietnamese": (NOTO + "NotoSans-Regular.ttf", "Tie\u0302\u0301ng Vie\u0323\u0302t"),
    "Mongolian": (NOTO + "NotoSansMongolian-Regular.ttf", "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ"),
}


def drawn_by_others(path, text, size, shape, origin):
    """HarfBuzz's own guess of script and direction, FreeType at 1/64 of a pixel; [h, w] of ink."""
    import freetype
    import uharfbuzz

    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path))
    font = uharfbuzz.Font(face)
    font.scale = (64 * size, 64 * size)
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    uharfbuzz.shape(font, buffer)
    drawer, canvas, pen = freetype.Face(path), np.zeros(shape, np.uint8), origin[0] * 64
    drawer.set_pixel_sizes(0, size)
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions):
        x, y = pen + place.x_offset, origin[1] * 64 - place.y_offset
        shift = freetype.Vector(x % 64, -(y % 64))
        drawer.set_transform(freetype.Matrix(65536, 0, 0, 65536), shift)
        drawer.load_glyph(info.codepoint, freetype.FT_LOAD_RENDER | freetype.FT_LOAD_NO_BITMAP)
        slot = drawer.glyph
        rows, width = slot.bitmap.rows, slot.bitmap.width
        if rows and width:
            ink = np.array(slot.bitmap.buffer, np.uint8).reshape(rows, -1)[:, :width]
            left, top = x // 64 + slot.bitmap_left, y // 64 - slot.bitmap_top
            part = canvas[top : top + rows, left : left + width]
            np.maximum(part, ink, out=part)
        pen += place.x_advance
    return canvas


@pytest.mark.parametrize("size", [24, 48])
@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_lines_are_what_harfbuzz_and_freetype_draw(script, size):
    path, text = SCRIPTS[script]
    if not Path(path).is_file():
        pytest.skip(f"{Path(path).name} is not installed (Debian: fonts-noto-core, fonts-noto-cjk)")
    cache = GlyphCache([FontFace(Path(path))])
    assert cache.missing(text) == ""
    line = set_line(text, cache.pick(text, 0.5), size, Typesetting(), cache, True)
    edge = 2 * size
    shape = tuple(side + 2 * edge for side in line.ink.shape)
    ours = np.zeros(shape, np.uint8)
    ours[edge:-edge, edge:-edge] = line.ink
    origin = edge + round(line.em_left), edge + round(line.em_top + EM_TOP * size)
    theirs = drawn_by_others(path, text, size, shape, origin)
    assert theirs[edge:-edge, edge:-edge].max() > 200
    wrong = np.abs(ours.astype(int) - theirs)
    # Over the line's own rectangle, not over the empty ground around it.
    assert wrong.sum() / line.ink.size <= 4.0
    assert [end for _, end in line.clusters][-1] == len(text)
    if script == "Mongolian":
        column = set_column(text, cache.pick(text, 0.5), size, Typesetting(), cache, True)
        assert (column.ink == np.rot90(line.ink, -1)).all() and column.clusters == line.clusters


def test_a_shaped_line_fits_its_picture(joining):
    renderer = LineRenderer(GlyphCache([FontFace(joining)]), frame=Frame(32))
    drawn = renderer.draw(BEH * 3 + " " + LAM + ALEF, NEUTRAL, True)
    height, width = drawn.image.shape[:2]
    assert height == 32 and drawn.quads.shape == (5, 4, 2) and len(drawn.clusters) == 5
    assert (drawn.quads >= -0.01).all() and (drawn.quads <= (width + 0.01, 32.01)).all()


def test_shaped_lines_side_by_side_are_those_drawn_one_by_one(joining):
    """Plain lines are drawn in one go, with plain texts among them; some do not fit that way."""
    from ocrdata.render.lines.plain_lines import draw_plain_lines

    texts = [BEH * 3, "aa", LAM + ALEF + " " + BEH, "a" + BEH + "a", BEH]
    for size, length in ((0.78, None), (0.95, None), (0.78, 90)):
        renderer = LineRenderer(
            GlyphCache([FontFace(joining)]), (size, size), frame=Frame(32, length)
        )
        style = NEUTRAL._replace(size=size)
        together = draw_plain_lines(renderer, texts, [style] * len(texts))
        for text, line in zip(texts, together):
            assert (line.image == renderer.draw(text, style).image).all(), text
            again = renderer.draw(text, style, True)
            assert (line.image == again.image).all() and again.clusters or text == "aa"
