"""Which characters a face has is decided by what its glyphs draw, for every door."""

from __future__ import annotations

import json
import logging

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.base.sample_lists import read_lists
from ocrdata.errors import FontError
from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.text.glyphs import GlyphCache

BOX = [(50, 0), (50, 700), (950, 700), (950, 0)]
# The inside runs the other way, so that it is a hole.
INSIDE = [(100, 50), (900, 50), (900, 650), (100, 650)]
LINE = [(100, 0), (900, 700)]


def bars(number):
    """The outline of character `number`: as many bars, each of four points, as a box has none."""
    return [[(200 * n, 0), (200 * n, 800), (200 * n + 90, 800), (200 * n + 90, 0)] for n in number]


OUTLINES = {
    ".notdef": [BOX, INSIDE],
    "whole": bars(range(4)),
    "other": bars((0, 1, 3)),
    "blank": [],
    "copy": [BOX, INSIDE],
    "flat": [LINE],
    "space": [],
}
CHARACTERS = {"中": "whole", "国": "other", "凤": "blank", "龙": "copy", "一": "flat", " ": "space"}
CHARACTERS.update({"\u3000": "space", "\u200b": "whole", "\u3164": "other", "丁": ".notdef"})


def draw(pen, contours):
    for contour in contours:
        pen.moveTo(contour[0])
        for point in contour[1:]:
            pen.lineTo(point)
        pen.closePath()


def build(path, characters=None, outlines=None, cff=False):
    """Writes a font with some outlines, named by the characters that its table maps to them."""
    outlines, characters = outlines or OUTLINES, characters or CHARACTERS
    builder = FontBuilder(1000, isTTF=not cff)
    builder.setupGlyphOrder(list(outlines))
    builder.setupCharacterMap({ord(c): name for c, name in characters.items()})
    shapes = {}
    for name, contours in outlines.items():
        pen = T2CharStringPen(1000, None) if cff else TTGlyphPen(None)
        draw(pen, contours)
        shapes[name] = pen.getCharString() if cff else pen.glyph()
    if cff:
        builder.setupCFF("Bars", {}, shapes, {})
    else:
        builder.setupGlyf(shapes)
    builder.setupHorizontalMetrics(dict.fromkeys(outlines, (1000, 0)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Bars", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(str(path))
    return path


@pytest.mark.parametrize("cff", [False, True], ids=["glyf", "CFF"])
def test_only_ink_of_its_own_makes_a_character(tmp_path, cff):
    known = font_characters(FontFace(build(tmp_path / "bad.ttf", cff=cff)))
    assert set(known) == {"中", "国", " ", "\u3000"}
    assert len(known) == 4 and known.listed == 9
    assert "虎" not in known and "\U0001f600" not in known


def test_composites_of_nothing_are_nothing(tmp_path):
    """A glyph that only refers to the missing-glyph picture is that picture."""
    path = build(tmp_path / "parts.ttf")
    from fontTools.ttLib import TTFont

    font = TTFont(str(path))
    for name, part in (("blank", ".notdef"), ("flat", "whole")):
        pen = TTGlyphPen(font.getGlyphSet())
        pen.addComponent(part, (1, 0, 0, 1, 0, 0))
        font["glyf"][name] = pen.glyph()
    font.save(str(path))
    known = font_characters(FontFace(path))
    assert "一" in known and "凤" not in known and "龙" not in known


def test_a_placeholder_of_thousands_is_none_of_them(tmp_path):
    """What FreeType draws with one and the same glyph for all is known by drawing, not by size."""
    characters = {chr(0x4E00 + n): "copy" for n in range(500)}
    characters["中"] = "whole"
    known = font_characters(FontFace(build(tmp_path / "many.ttf", characters)))
    assert set(known) == {"中"}


def test_all_characters_of_the_bundled_fonts_are_drawn():
    """Their glyphs are not looked at when a run starts, so they are here: each third of them."""
    for number, face in enumerate(find_fonts(())):
        font = ImageFont.truetype(str(face.path), 20, layout_engine=ImageFont.Layout.BASIC)
        missing = font.getmask2("\uffff", mode="L")[0]
        nothing = Image.Image()._new(missing).tobytes()
        for character in sorted(font_characters(face))[number::3]:
            mask, _ = font.getmask2(character, mode="L")
            drawn = mask.getbbox() and Image.Image()._new(mask).tobytes() != nothing
            assert drawn or character.isspace(), (face, character)


def test_texts_of_undrawn_characters_are_left_out_and_counted(tmp_path, run):
    """As with a character that the font lacks: no picture, no label, one more by its reason."""
    font = build(tmp_path / "bad.ttf")
    (tmp_path / "corpus.txt").write_text("中国\n龙中\n凤凤\n虎中\n国中\n中 国\n", encoding="utf-8")
    base = ["gen-pics", "--font", font, "--corpus", tmp_path / "corpus.txt", "--style", "clean"]
    out = tmp_path / "out"
    summary = json.loads(run(*base, "--data-dir", out, "--boxes", "--json").stdout)
    assert summary["skipped"] == {f"no font has {c} (U+{ord(c):04X})": 1 for c in "龙凤虎"}
    labels = [entry.text for entry in read_lists(out)]
    assert sorted(set(labels)) == ["中 国", "中国", "国中"] and len(labels) == 15
    rows = [json.loads(row) for row in (out / "boxes/boxes.jsonl").read_text("utf-8").splitlines()]
    assert sorted({row["text"] for row in rows}) == ["中 国", "中国", "国中"]


def test_coverage_and_fallback_go_by_ink(tmp_path, run):
    bad = build(tmp_path / "bad.ttf")
    good = build(tmp_path / "good.ttf", {"龙": "whole", "凤": "other"})
    (tmp_path / "corpus.txt").write_text("龙\n凤\n中\n", encoding="utf-8")
    listed = run("list", "fonts", "--font", bad, "--coverage", tmp_path / "corpus.txt").stdout
    assert "4 characters (5 more are listed and draw nothing)" in listed
    assert "1 of the corpus' 3 lacks 凤龙" in listed
    faces = [FontFace(bad), FontFace(good)]
    assert GlyphCache(faces).missing("中龙") == "龙"
    cache = GlyphCache(faces, fallback=True)
    assert cache.missing("中龙凤") == "" and cache.pick("中龙凤", 0.1) == [0, 1, 1]


def test_characters_without_a_form_are_never_drawn(tmp_path, run):
    """The font draws bars for a zero-width space and a filler: their texts are left out."""
    font = build(tmp_path / "bad.ttf")
    assert GlyphCache([FontFace(font)]).missing("中\u200b国") == "\u200b"
    assert GlyphCache([FontFace(font)]).missing("中\u3164") == "\u3164"
    (tmp_path / "corpus.txt").write_text("中\u200b国\n国\u3164\n中\ufe0f\n中国\n", encoding="utf-8")
    made = run(
        "gen-pics", "--font", font, "--corpus", tmp_path / "corpus.txt", "--data-dir", tmp_path,
        "--json",
    )  # fmt: skip
    assert json.loads(made.stdout)["skipped"] == {"character without a visible form": 3}


def test_faces_of_bitmaps_are_named_as_such(tmp_path):
    from fontTools.ttLib import TTFont

    font = TTFont(str(build(tmp_path / "whole.ttf")))
    del font["glyf"], font["loca"]
    font.save(str(tmp_path / "bitmaps.ttf"))
    with pytest.raises(FontError, match="bitmaps of fixed sizes and no outlines"):
        find_fonts([str(tmp_path / "bitmaps.ttf")])


def test_what_freetype_refuses_is_no_matter_of_the_disk(tmp_path, run, monkeypatch):
    """The error names the font and the character, and exits as one of ours."""
    from ocrdata.render.text import glyphs

    def refuse(*_given):
        raise OSError("raster overflow")

    monkeypatch.setattr(glyphs, "draw_glyph", refuse)
    with pytest.raises(FontError) as error:
        GlyphCache(find_fonts(())).glyph(0, 32, "中")
    assert "cannot draw 中 (U+4E2D); FreeType says: raster overflow" in str(error.value)


def test_notes_of_fonttools_stay_with_it(tmp_path, capfd):
    """A slip in a font's table is no news to somebody who draws with it."""
    logging.getLogger("fontTools.ttLib").warning("'kern' subtable longer than defined")
    assert capfd.readouterr().err == ""
    assert asset_dir("fonts").is_dir()
