"""Scenes like photographs: lines of several words, signs, surroundings, texts that are there."""

from __future__ import annotations

import json
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image
from test_scene import TEXTS, config, invoke

from ocrdata.base import random_streams
from ocrdata.errors import InputError, OptionError
from ocrdata.images.decode import decode_image
from ocrdata.pipelines.found_texts import outlines_of, read_found_texts
from ocrdata.render.effects.quads import grow_quad
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.scenes.batch import iterate_scenes, render_scenes
from ocrdata.render.scenes.boards import Board, outline_of, paint_board
from ocrdata.render.scenes.scene_layout import Arrangement, set_block
from ocrdata.render.scenes.surfaces import invent_surroundings, pattern
from ocrdata.render.style.line_style import NEUTRAL
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.style.style_sampling import draw_styles
from ocrdata.render.text.glyphs import GlyphCache

WORDS = ["over", "hill", "twelve", "quay"]


def texts_of(chosen, texts, count=8):
    return [r.text for s in iterate_scenes(chosen, texts, count) for r in s.regions]


def test_lines_of_several_words_have_a_box_for_each():
    chosen = {"dont_care": 0.0, "heights": (14.0, 20.0), "vertical": 0.0, "texts": (3, 3)}
    one = texts_of(config(**chosen), WORDS)
    several = texts_of(config(words=(3, 3), **chosen), WORDS)
    assert set(one) | set(several) <= {*WORDS, "###"}
    assert len(several) > 2 * len(one)
    lines = texts_of(config(words=(2, 2), boxes="line", **chosen), WORDS)
    assert all(len(line.split()) == 2 for line in lines if line != "###")
    assert set(texts_of(config(words=(4, 4), **chosen), TEXTS[4:])) <= {*TEXTS[4:], "###"}


def test_columns_are_one_word_where_words_have_boxes():
    chosen = {"words": (2, 3), "vertical": 1.0, "dont_care": 0.0, "heights": (14.0, 20.0)}
    assert set(texts_of(config(**chosen), WORDS, 4)) <= {*WORDS, "###"}
    assert any(" " in text for text in texts_of(config(boxes="line", **chosen), WORDS, 4))


def test_letters_are_as_on_signs_and_labels_say_so():
    cased = set(texts_of(config(letter_case="signs", dont_care=0.0), WORDS, 12))
    for case in (str.upper, str.title):
        assert cased & {case(word) for word in WORDS}
    assert cased <= {case(word) for word in WORDS for case in (str, str.upper, str.title)} | {"###"}
    assert set(texts_of(config(letter_case="signs"), ["straße"], 6)) <= {"straße", "###"}


def test_wrong_words_and_letter_case_are_refused(tmp_path):
    with pytest.raises(OptionError, match="--words needs 1 <= LOW <= HIGH <= 8"):
        render_scenes(tmp_path / "d", WORDS, config(words=(0, 2)))
    with pytest.raises(OptionError, match="no letter case is called lower"):
        render_scenes(tmp_path / "d", WORDS, config(letter_case="lower"))
    invoke("--letter-case", "lower", "--data-dir", tmp_path / "d", code=2)
    assert not (tmp_path / "d").exists()


def test_lines_of_a_sign_stand_as_arranged():
    cache = GlyphCache(find_fonts(()))
    stand = Arrangement(gap=0.5, align=0.5, smaller=(0, 2))
    block = set_block(["国家图书馆", "国家"], NEUTRAL, 24.0, False, cache, (), stand)
    (low, high), (first, last) = [(o.min(axis=0), o.max(axis=0)) for o in block.outlines]
    assert abs((low + high - first - last)[0]) <= 2, "both about one middle"
    ratio = (last - first)[1] / (high - low)[1]
    assert abs(ratio - 1.25**-2) < 0.08
    assert abs((first[1] - high[1]) * block.scale - 12.0) < 1.5


def test_a_quad_grows_along_and_across_its_line():
    quad = np.array([[10.0, 20], [50, 20], [50, 30], [10, 30]])
    grown = grow_quad(quad, 6.0, 2.0)
    assert np.allclose(grown, [[4, 18], [56, 18], [56, 32], [4, 32]])
    assert np.allclose(grow_quad(quad, 3.0), [[7, 17], [53, 17], [53, 33], [7, 33]])


def test_boards_cover_their_quad_and_nothing_else():
    quad = np.array([[20.0, 20], [80, 20], [80, 60], [20, 60]])
    for radius, share in ((0.0, 1.0), (0.5, 1 - (4 - np.pi) * 20**2 / 2400)):
        image = np.full((80, 100, 3), 255, np.uint8)
        board = Board((0, 0, 0), (0, 0), radius, 0.0, 0.0, (0, 0, 0), 0.0, 1.0)
        paint_board(image, quad, board)
        assert abs((255.0 - image[..., 0]).sum() / 255 - 2400 * share) < 200
        assert abs(cv2.contourArea(outline_of(quad, radius).astype(np.float32)) - 2400 * share) < 40
        assert (image[:19] == 255).all() and (image[:, :19] == 255).all()


def test_surroundings_differ_and_are_the_same_for_a_stream():
    def drawn(number):
        return invent_surroundings(random_streams.stream(0, "s", number), 320, 200)

    pictures = [drawn(number) for number in range(6)]
    assert all(one.shape == (200, 320, 3) and one.dtype == np.uint8 for one in pictures)
    assert min(np.abs(a - b.astype(float)).mean() for a, b in zip(pictures, pictures[1:])) > 8
    before = pattern(3).copy()
    pattern.cache_clear()
    assert (pattern(3) == before).all() and (drawn(2) == pictures[2]).all()


# --- texts that photographs have already


@pytest.fixture
def photos(tmp_path):
    """Two photographs with a white board in the left half, and what was found in them."""
    (tmp_path / "photos").mkdir()
    rows = []
    for name in "ab":
        image = np.full((240, 320, 3), 60, np.uint8)
        image[20:220, 20:150] = 255
        path = tmp_path / "photos" / f"{name}.png"
        cv2.imwrite(str(path), image)
        polygon = [[20, 20], [150, 20], [150, 220], [20, 220]]
        rows.append({"key": str(path), "regions": [{"polygon": polygon, "score": 0.9}]})
    found = tmp_path / "found.jsonl"
    found.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return found


def test_texts_that_are_there_are_left_alone_and_marked(photos):
    pictures = sorted((photos.parent / "photos").iterdir())
    avoid = outlines_of(pictures, read_found_texts(photos))
    chosen = {"pictures": tuple(pictures), "size": (320, 240), "distractors": (0, 0)}
    clean = {"dont_care": 0.0, "heights": (14.0, 24.0), "vertical": 0.0}
    flipped = set()
    for sample in iterate_scenes(config(avoid=avoid, **chosen, **clean), TEXTS, 10):
        there, *ours = sample.regions
        assert there.ignore and there.text == "###"
        left = there.polygon[:, 0].min()
        flipped.add(round(float(left)))
        image = cv2.imdecode(np.frombuffer(sample.image, np.uint8), cv2.IMREAD_GRAYSCALE)
        board = image[40:200, int(left) + 20 : int(left) + 110]
        assert np.median(board) > np.median(image[:, 152:168]), "the outline lies on the board"
        for region in ours:
            other = region.polygon
            apart = other[:, 0].min() >= left + 130 or other[:, 0].max() <= left
            assert apart or other[:, 1].max() <= 20 or other[:, 1].min() >= 220
    assert flipped == {20, 170}


def test_outlines_are_those_of_the_upright_photograph(tmp_path):
    path, marks = tmp_path / "turned.png", Image.Exif()
    for mark in range(1, 9):
        marks[0x0112] = mark
        Image.new("RGB", (200, 100)).save(path, exif=marks.tobytes())
        seen = decode_image(path.read_bytes(), "apply").shape[1::-1]
        polygon = [[0, 0], [seen[0], 0], [seen[0], seen[1]]]
        assert outlines_of([path], {str(path.resolve()): [polygon]})[0] == (
            ((0, 0), (1, 0), (1, 1)),
        )


def test_avoid_text_by_command_and_what_it_refuses(photos, tmp_path):
    sizes = ("--size", "320x240", "--limit", 3, "--workers", 0)
    common = (*sizes, "--background", tmp_path / "photos", "--avoid-text", photos)
    invoke(*common, "--data-dir", tmp_path / "d")
    for truth in (tmp_path / "d").rglob("gt_*.txt"):
        assert truth.read_text(encoding="utf-8").splitlines()[0].endswith(",###")
    result = invoke(*sizes, "--avoid-text", photos, "--data-dir", tmp_path / "e", code=2)
    assert "--avoid-text is about the pictures of --background" in result.output
    lines = photos.read_text(encoding="utf-8").splitlines(keepends=True)
    photos.write_text(lines[0], encoding="utf-8")
    with pytest.raises(InputError, match=r"b.png: is not among the pictures of --avoid-text"):
        outlines_of([tmp_path / "photos" / "b.png"], read_found_texts(photos))
    photos.write_text(lines[0] + '{"key": "b.png"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"found.jsonl:2: is not a prediction"):
        read_found_texts(photos)


def test_avoid_text_from_python(photos):
    import ocrdata

    settings = ocrdata.SceneSettings(
        backgrounds=(photos.parent / "photos",), avoid_text=photos, size=(320, 240)
    )
    (scene,) = ocrdata.generate_scenes(TEXTS, settings, count=1)
    assert scene.regions[0].ignore and len(scene.regions) > 1


def test_usual_text_heights_fit_small_pictures():
    from ocrdata.render.scenes.scene_config import text_heights

    assert text_heights(None, (640, 480)) == (12.0, 120.0)
    assert text_heights(None, (96, 200)) == (12.0, 96.0)
    assert text_heights((20, 40), (96, 200)) == (20.0, 40.0)


@pytest.mark.parametrize("vertical", [False, True])
def test_a_block_is_as_large_as_it_was_measured(vertical):
    """The room that is kept for it holds it, and is hardly larger."""
    cache, texts = GlyphCache(find_fonts(())), ["国家图书馆 Oyj", "12.5%", "一"]
    for number, style in enumerate(draw_styles(3, "test", 0, 30, find_recipe("scene"))):
        style, stand = style._replace(underline=0.0, frame=0.0), Arrangement(0.3, 0.5, (0, 1, 2))
        em = 12.0 + 6.0 * number
        make = partial(set_block, texts, style, em, vertical, cache, ())
        room, block = make(stand._replace(blank=True)), make(stand)
        assert not room.ink.any() and block.ink.any()
        kept = [a * room.scale for a in room.ink.shape]
        whole = block.within(room)
        for have, own, raw in zip(kept, whole.ink.shape, block.ink.shape):
            assert own * whole.scale <= have + 1e-6
            assert 0.97 * have - 6.0 <= raw * block.scale <= 1.02 * have + 2.0
