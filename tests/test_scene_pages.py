"""Scenes of paper: documents, receipts and tables, whose texts are where the boxes say."""

from __future__ import annotations

import random
import re

import cv2
import numpy as np
import pytest
from render_support import tree_digest

from ocrdata.base.random_streams import stream
from ocrdata.errors import OptionError, UnknownNameError
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.scenes.batch import check_scene_config, texts_of
from ocrdata.render.scenes.page_layouts import PageFrame, fill_page
from ocrdata.render.scenes.page_text import Page, PageTexts
from ocrdata.render.scenes.scene import draw_scene
from ocrdata.render.scenes.scene_config import PAGE_LAYOUTS, SceneConfig
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.text.glyphs import GlyphCache

TEXTS = ["春眠不觉晓", "total", "处处闻啼鸟", "Order 12", "水", "invoice", "yes", "夜来风雨声"]
AMOUNT = re.compile(r"\$?[0-9,]+(\.[0-9][0-9])?$")


@pytest.fixture(scope="module")
def faces():
    return tuple(find_fonts(()))[:1]


def config(faces, **settings):
    return SceneConfig(faces, find_recipe("scene"), size=(480, 360), **settings)


@pytest.mark.parametrize("kind", PAGE_LAYOUTS)
@pytest.mark.parametrize("boxes", ["word", "line"])
def test_all_ink_of_a_page_lies_in_the_outlines_of_its_texts(faces, kind, boxes):
    cache = GlyphCache(faces)
    for number in range(3):
        rng = stream(1, "page-test", kind, number)
        page = Page((600, 800), 0.0, rng)
        texts = PageTexts(texts_of(TEXTS, 0, number), cache, boxes, rng)
        rows = rng.randint(6, 20)
        end = fill_page(kind, PageFrame(page, texts, rng, 18.0, 40.0, 560.0, 780.0), 30.0, rows)
        assert 30 < end and 3 <= len(page.texts) == len(page.outlines) == len(page.unread)
        covered = np.zeros(page.ink.shape, int)
        for outline in page.outlines:
            assert (outline >= -0.01).all() and (outline <= (600.01, 800.01)).all()
            (left, top), (right, bottom) = np.floor(outline.min(0)), np.ceil(outline.max(0))
            covered[int(top) : int(bottom), int(left) : int(right)] += 1
        assert page.ink[covered == 0].sum() < 0.002 * page.ink.sum()
        # Edges of neighbouring words may share a column of pixels.
        assert (covered > 1).mean() < 0.001 and page.ink[covered > 0].max() > 200
        if boxes == "line":
            tops = {round(float(outline[0, 1])) // 9 for outline in page.outlines}
            assert len(tops) <= 2 * rows


def test_pages_in_scenes_keep_their_texts_inside_and_apart(faces):
    words = {word for text in TEXTS for word in text.split()}
    for layout in (*PAGE_LAYOUTS, "mixed"):
        settings = config(faces, layout=layout, texts=(8, 16), boxes="word", dont_care=0.2)
        for number in range(2):
            scene = draw_scene(settings, number, texts_of(TEXTS, 0, number))
            assert scene.image.shape == (360, 480, 3) and len(scene.regions) >= 6
            for region in scene.regions:
                corners = region.polygon
                assert (corners >= 0).all() and (corners <= (480, 360)).all()
                assert region.ignore == (region.text == "###")
                known = "".join(sorted(words)) if not region.ignore else "#"
                assert AMOUNT.match(region.text) or set(region.text) <= set(known)
            pairs = [(a, b) for a in scene.regions for b in scene.regions if a is not b]
            for a, b in random.Random(1).sample(pairs, min(300, len(pairs))):
                shared = cv2.intersectConvexConvex(a.polygon, b.polygon)[0]
                assert shared < 0.1 * cv2.contourArea(a.polygon)
    smeared = [
        r.ignore for n in range(3) for r in draw_scene(settings, n, texts_of(TEXTS, 0, n))[1]
    ]
    assert 0 < sum(smeared) < len(smeared)


def test_pages_are_the_same_for_any_number_of_workers(tmp_path, run):
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    base = ["gen-scenes", "--layout", "mixed", "--limit", 9, "--size", "200x160"]
    base += ["--corpus", tmp_path / "corpus.txt", "--text-height", "8..12"]
    for name, workers in (("one", 0), ("two", 2)):
        run(*base, "--workers", workers, "--data-dir", tmp_path / name)
    assert tree_digest(tmp_path / "one/images") == tree_digest(tmp_path / "two/images")


def test_layouts_that_cannot_be_are_refused(faces, run, tmp_path):
    with pytest.raises(UnknownNameError, match="letter"):
        check_scene_config(config(faces, layout="letter"), 1)
    with pytest.raises(OptionError, match="--curved is for signs"):
        check_scene_config(config(faces, layout="table", curved=0.5), 1)
    words = run("gen-scenes", "--layout", "poster", "--data-dir", tmp_path / "d", code=2).output
    assert "poster" in words and not (tmp_path / "d").exists()
