"""Captions are drawn with the fonts of the data set, or with any that has their characters."""

from __future__ import annotations

import numpy as np
import pytest
from test_face_characters import bars, build

from ocrdata.gallery import captions
from ocrdata.gallery.captions import CaptionFonts, fonts_of
from ocrdata.gallery.preview import write_preview
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.fonts.installed_fonts import fonts_for

# Two private characters, that no other font has.
OWN, OTHER = "\ue123", "\ue124"


@pytest.fixture(scope="module")
def font(tmp_path_factory):
    glyphs = {".notdef": bars((0,)), "one": bars((0, 1, 3)), "other": bars((0, 2, 3))}
    folder = tmp_path_factory.mktemp("fonts")
    return build(folder / "own.ttf", {OWN: "one", OTHER: "other"}, glyphs)


def test_the_manifest_names_the_fonts_of_captions(run, font, tmp_path, monkeypatch):
    monkeypatch.setattr(captions, "fonts_for", lambda _characters: [])
    (tmp_path / "corpus.txt").write_text(OWN + OTHER + "\n", encoding="utf-8")
    base = ["gen-pics", "--font", font, "--corpus", tmp_path / "corpus.txt", "--style", "clean"]
    data = tmp_path / "data"
    run(*base, "--data-dir", data, "--variants", 1, "--test-fraction", 0)
    assert fonts_of(data) == fonts_of(data / "pic") == fonts_of(data / "Train")
    assert fonts_of(data) == [FontFace(font)]
    fonts = CaptionFonts(own=fonts_of(data), texts=[OWN + OTHER])
    line = fonts.line(OWN + OTHER, 100)
    alone = fonts.cache.faces.index(FontFace(font))
    assert fonts.cache.pick(OWN + OTHER, 0.0) == alone
    # Three bars a character, as the outlines say; a box would be one.
    ink = line.ink[line.ink.shape[0] // 2] > 128
    assert (np.diff(ink.astype(int)) == 1).sum() + ink[0] == 6
    first = write_preview(data, tmp_path / "one.png")
    for name in ("pic", "Train", "Test"):
        (data / name / "manifest.json").unlink()
    assert fonts_of(data) == []
    second = write_preview(data, tmp_path / "two.png")
    assert first.samples == second.samples == 1
    assert (tmp_path / "one.png").read_bytes() != (tmp_path / "two.png").read_bytes()


def test_any_installed_font_will_do(font, monkeypatch):
    asked = []
    monkeypatch.setattr(
        captions, "fonts_for", lambda wanted: asked.append(set(wanted)) or [FontFace(font)]
    )
    fonts = CaptionFonts(texts=["中" + OWN, OTHER])
    assert asked and OWN in asked[0]
    assert fonts.cache.missing("中" + OWN + OTHER) == ""


def test_what_no_font_has_is_replaced_and_long_captions_are_cut(monkeypatch):
    monkeypatch.setattr(captions, "fonts_for", lambda _characters: [])
    fonts = CaptionFonts(texts=[OWN])
    assert fonts.line("中" + OWN, 20).ink.any()
    text, size = fonts.fit("床前明月光" * 20, (20, 12), 200)
    assert size == 12 and text.endswith("…") and fonts.width(text, 12) <= 200
    longer = text[:-1] + "床…"
    assert fonts.width(longer, 12) > 200, "as much is shown as there is room for"


def test_installed_fonts_list_what_they_are_asked_for():
    faces = fonts_for("a")
    if not faces:
        pytest.skip("there is no fontconfig here, or no font")
    from ocrdata.render.fonts.face_characters import font_characters

    assert all("a" in font_characters(face) for face in faces)
