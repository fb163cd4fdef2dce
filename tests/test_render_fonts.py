"""Fonts: files, faces, axes, shares, coverage, fallback, and files that are none."""

from __future__ import annotations

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables.TupleVariation import TupleVariation

from ocrdata.base.assets import asset_dir
from ocrdata.errors import FontError, OptionError, UnknownNameError
from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.lines.line import LineRenderer
from ocrdata.render.style.line_style import NEUTRAL
from ocrdata.render.text import glyphs
from ocrdata.render.text.glyph_store import MemoryBudget
from ocrdata.render.text.glyphs import GlyphCache

FONTS = asset_dir("fonts")


def collection(tmp_path):
    from fontTools.ttLib import TTCollection, TTFont

    both = TTCollection()
    names = sorted(path for path in asset_dir("fonts").iterdir() if path.suffix == ".otf")
    both.fonts = [TTFont(str(path)) for path in names]
    both.save(str(tmp_path / "two.TTC"))
    return tmp_path / "two.TTC", names


def square(width):
    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (100 + width, 700), (100 + width, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def small_font(path, characters="中A", weights=False):
    """A font of bars; with an axis the bars grow from 100 to 500 units."""
    builder = FontBuilder(1000, isTTF=True)
    names = [".notdef"] + [f"g{ord(character):X}" for character in characters]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): name for c, name in zip(characters, names[1:])})
    builder.setupGlyf({name: square(100 if name != ".notdef" else 40) for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 100)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Bars", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    if weights:
        builder.setupFvar([("wght", 100, 100, 900, "Weight")], [])
        wider = [(0, 0), (0, 0), (400, 0), (400, 0), (0, 0), (0, 0), (0, 0), (0, 0)]
        change = TupleVariation({"wght": (0.0, 1.0, 1.0)}, wider)
        builder.setupGvar({name: [change] for name in names})
    builder.save(str(path))
    return path


def test_faces_of_a_collection(tmp_path):
    path, names = collection(tmp_path)
    assert find_fonts([str(path)]) == [FontFace(path, 0)]
    assert find_fonts([f"{path}:1"]) == [FontFace(path, 1)]
    assert find_fonts([str(path)], face=1) == [FontFace(path, 1)]
    assert find_fonts([str(tmp_path)]) == [FontFace(path, 0)]
    with pytest.raises(FontError, match="has 2 faces, so there is no face 2"):
        find_fonts([f"{path}:2"])
    one, other = (GlyphCache([FontFace(path, 1)]), GlyphCache([FontFace(names[1])]))
    assert (one.glyph(0, 40, "风").ink == other.glyph(0, 40, "风").ink).all()


def test_weights_of_a_variable_font(tmp_path):
    path = small_font(tmp_path / "bars.ttf", weights=True)
    faces = find_fonts([f"{path}@wght=100..900"])
    assert [dict(face.axes)["wght"] for face in faces] == [100, 300, 500, 700, 900]
    cache = GlyphCache(faces)
    widths = [cache.glyph(face, 100, "中").ink.shape[1] for face in range(5)]
    assert widths == [10, 20, 30, 40, 50]
    with pytest.raises(FontError, match="has no axis wdth; its axes: wght"):
        find_fonts([f"{path}@wdth=80"])
    with pytest.raises(FontError, match="wght from 100 to 900, not 950"):
        find_fonts([f"{path}@wght=950"])


def test_axes_are_drawn_by_the_style(tmp_path):
    """Of fonts that have them, up to their ends; what a font's own name says stays."""
    path, plain = small_font(tmp_path / "bars.ttf", weights=True), small_font(tmp_path / "a.ttf")
    cache = GlyphCache(find_fonts([str(path), f"{path}@wght=300", str(plain)]))
    heavy, fixed, without = (cache.pick("中", place, (500, 80, 0)) for place in (0.1, 0.5, 0.9))
    assert (fixed, without) == (1, 2) and heavy not in (0, 1, 2)
    widths = [cache.glyph(face, 100, "中").ink.shape[1] for face in (0, heavy, fixed, without)]
    assert widths == [10, 30, 20, 10]
    assert cache.pick("中", 0.1, (500, 0, 0)) == heavy and cache.has(heavy, "A")
    ends = [cache.pick("中", 0.1, (weight, 0, 0)) for weight in (900, 1000)]
    assert ends[0] == ends[1] and cache.glyph(ends[0], 100, "中").ink.shape[1] == 50
    renderer = LineRenderer(cache)
    style = NEUTRAL._replace(face=0.1)
    usual, wide = (renderer.ink("中A", style._replace(font_weight=w)).mask for w in (0, 900))
    assert (wide > 127).sum() > 4 * (usual > 127).sum()


def test_shares_decide_how_often_a_font_is_drawn(tmp_path):
    one, other = (small_font(tmp_path / name) for name in ("a.ttf", "b.ttf"))
    cache = GlyphCache(find_fonts([f"{one}*3", str(other)]))
    picks = [cache.pick("中", place / 100) for place in range(100)]
    assert picks.count(0) == 75 and picks.count(1) == 25
    with pytest.raises(OptionError, match="must be above 0"):
        find_fonts([f"{one}*0"])


def test_only_fonts_that_have_the_text_draw_it(tmp_path):
    few = small_font(tmp_path / "few.ttf", "中A")
    cache = GlyphCache([FontFace(few), *find_fonts(["OcrDataKai-Regular"])])
    assert {cache.pick("中国", place / 50) for place in range(50)} == {1}
    assert {cache.pick("中", place / 50) for place in range(50)} == {0, 1}
    assert GlyphCache([FontFace(few)]).missing("中国") == "国"


def test_fallback_takes_single_characters_from_another_font(tmp_path):
    one, other = small_font(tmp_path / "a.ttf", "中"), small_font(tmp_path / "b.ttf", "国")
    faces = [FontFace(one), FontFace(other)]
    assert GlyphCache(faces).missing("中国") in "中国"
    cache = GlyphCache(faces, fallback=True)
    assert cache.missing("中国") == "" and cache.missing("中国人") == "人"
    assert cache.pick("中国", 0.1) == [0, 1]


def test_latin_fonts_draw_ascii_inside_chinese(tmp_path):
    bars = small_font(tmp_path / "latin.ttf", "AB12")
    cache = GlyphCache(find_fonts(["NotoSansSC-Regular-GB2312"]), find_fonts([str(bars)]))
    assert cache.pick("中A国1", 0.5) == [0, 1, 0, 1]
    assert cache.pick("中Z", 0.5) == [0, 0], "a letter it lacks stays with the main font"


def test_fonts_that_cannot_be_used(tmp_path):
    whole = sorted(asset_dir("fonts").glob("*.ttf"))[0].read_bytes()
    cases = {"text.ttf": b"not a font", "empty.otf": b"", "cut.ttf": whole[: len(whole) // 3]}
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FontError, match=f"{name}: is not a font that can be read"):
            find_fonts([str(tmp_path / name)])
    with pytest.raises(FontError, match="does not exist"):
        find_fonts([str(tmp_path / "no.ttf")])
    with pytest.raises(
        UnknownNameError, match="no font is called OcrDataKay-Regular. Did you mean"
    ):
        find_fonts(["OcrDataKay-Regular"])
    (tmp_path / "none").mkdir()
    with pytest.raises(FontError, match="holds no font"):
        find_fonts([str(tmp_path / "none")])


def test_broken_fonts_of_a_folder_are_counted(tmp_path):
    small_font(tmp_path / "good.ttf")
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    skips = {}
    assert find_fonts([str(tmp_path)], skips=skips) == [FontFace(tmp_path / "good.ttf")]
    assert len(skips) == 1 and "bad.ttf: is not a font that can be read" in next(iter(skips))
    (tmp_path / "worse").mkdir()
    for name in ("one.ttf", "two.otf"):
        (tmp_path / "worse" / name).write_bytes(b"no font either")
    with pytest.raises(FontError, match="none can be used: one.ttf"):
        find_fonts([str(tmp_path / "worse")], skips={})


def test_bundled_fonts_are_used_by_name():
    for face in find_fonts(()):
        assert find_fonts([face.path.stem]) == [face]
        assert {"风", "A", "。"} <= font_characters(face)


def test_glyphs_are_kept_packed_and_forgotten_within_bounds(monkeypatch):
    """What was packed, and what was drawn again, is what was drawn first."""
    small, drawn = GlyphCache(find_fonts(()), room=MemoryBudget(40_000, 60_000)), []
    draw = glyphs.draw_glyph
    monkeypatch.setattr(glyphs, "draw_glyph", lambda *given: drawn.append(given[1]) or draw(*given))
    characters = [chr(point) for point in range(0x4E00, 0x4E00 + 500) if small.has(0, chr(point))]
    # "，" has a cell; what is larger than its cell, as "j" of the kai face, has none.
    characters = ["，", "j", *characters]
    assert len(characters) > 250
    for face in (0, 2):
        whole = GlyphCache(find_fonts(()))
        first = {c: draw(whole.font(face, 20), c, 20) for c in characters}
        for character in [*characters, *characters[::-1], *characters]:
            glyph, wanted = small.glyph(face, 20, character), first[character]
            assert glyph[:5] == wanted[:5] and glyph.row == wanted.row
            assert (glyph.cell is None) == (wanted.cell is None)
            assert (glyph.ink == wanted.ink).all()
    assert len(set(drawn)) == len(characters)
    assert 2 * len(characters) < len(drawn) < 5 * len(characters)
    store = small._store
    assert store._kept_bytes <= 40_000 and store._packed_bytes <= 60_000
    tables = [store.table(face, 20) for face in (0, 2)]
    assert sum(map(len, tables)) == sum(map(len, store._kept)) // 2 > 40
    assert sum(len(table.packed) for table in tables) == len(store._packed) // 2 > 60


# --- fonts that are installed, and lists of fonts


def test_installed_faces_come_once_and_families_alike(tmp_path, monkeypatch):
    from ocrdata.render.fonts import installed_fonts

    bundled = sorted((FONTS / "latin").glob("*.[to]tf"))
    twice = tmp_path / bundled[0].name
    twice.write_bytes(bundled[0].read_bytes())
    fc_list = tmp_path / "fc-list"
    rows = [f"{path}\\t0\\t{path.stem.split('-')[0]}" for path in (*bundled, twice)]
    rows += [f"{bundled[0]}\\t65536\\tAn instance", f"{tmp_path / 'gone.ttf'}\\t0\\tGone"]
    fc_list.write_text("#!/bin/sh\nprintf '" + "\\n".join(rows) + "\\n'\n")
    fc_list.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    ask = installed_fonts._ask_fontconfig.__wrapped__
    monkeypatch.setattr(installed_fonts, "_ask_fontconfig", ask)
    by_fontconfig = find_fonts(["system"])
    # The copy that comes first by its path stands for both.
    assert sorted(face.path.name for face in by_fontconfig) == [path.name for path in bundled]
    shares = {}
    for face in by_fontconfig:
        family = face.path.stem.split("-")[0]
        shares[family] = shares.get(family, 0.0) + face.share
    assert shares == dict.fromkeys(shares, pytest.approx(1.0)) and len(shares) == 5
    monkeypatch.setattr(installed_fonts, "_ask_fontconfig", lambda pattern: None)
    monkeypatch.setattr(installed_fonts, "_UNIX", (str(FONTS / "latin"), str(tmp_path / "none")))
    monkeypatch.setattr(installed_fonts, "_FOLDERS", {})
    from_folders = find_fonts(["system"])
    assert [face.path for face in from_folders] == bundled
    monkeypatch.setattr(installed_fonts, "_UNIX", (str(tmp_path / "none"),))
    with pytest.raises(FontError, match="system: has no font that is installed"):
        find_fonts(["system"])


def test_a_list_of_fonts(run, tmp_path):
    source = FONTS / "latin" / "NotoSans-Regular.ttf"
    (tmp_path / "own.ttf").write_bytes(source.read_bytes())
    listed = tmp_path / "faces.txt"
    listed.write_text("# what a company uses\nown.ttf*3\n\nNotoSerifSC-Regular-GB2312\n")
    faces = find_fonts([listed])
    assert [(face.path.name, face.share) for face in faces] == [
        ("own.ttf", 3.0),
        ("NotoSerifSC-Regular-GB2312.otf", 1.0),
    ]
    words = ["gen-pics", "--data-dir", tmp_path / "data", "--limit", "4", "--corpus", "english"]
    fonts = run(*words, "--font-list", listed, "--dry-run", "--json").output
    assert "own.ttf*3" in fonts and "NotoSerifSC" in fonts
    listed.write_text("# nothing\n")
    assert "names no font" in run(*words, "--font-list", listed, code=1).output
    listed.write_text("absent.ttf\n")
    assert "absent.ttf: does not exist" in run(*words, "--font-list", listed, code=1).output
