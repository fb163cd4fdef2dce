"""Lines of text: true to the font, nothing clipped, boxes on the ink, readable colors."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from render_checks import measure
from render_support import TEXTS, renderer, styles_of

from ocrdata.render.effects import colors, image_effects
from ocrdata.render.effects.compositing import composite
from ocrdata.render.effects.text_effects import thicken
from ocrdata.render.effects.warp import warp_ink
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.style.line_style import NEUTRAL
from ocrdata.render.style.presets import PRESETS
from ocrdata.render.text.glyphs import GlyphCache


@pytest.fixture(scope="module")
def cache():
    return GlyphCache(find_fonts(()))


@pytest.fixture(scope="module")
def renderers(cache):
    return {name: renderer(name, cache) for name in PRESETS}


def grey(picture):
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def trimmed(ink, level=0):
    rows, columns = np.nonzero(ink.max(1) > level)[0], np.nonzero(ink.max(0) > level)[0]
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def drawn_by_pillow(font, text):
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    direct = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(direct).text((-left, -top), text, fill=255, font=font, anchor="ls")
    return np.asarray(direct)


@pytest.mark.parametrize("face", [0, 1, 2])
@pytest.mark.parametrize("text", ["床前明月光", "2024年3月5日", "一二三", "疑是地上霜"])
def test_clean_lines_look_like_pillow_s_own(cache, renderers, face, text):
    style = NEUTRAL._replace(face=(face + 0.5) / 3)
    ours = trimmed(renderers["clean"].ink(text, style).mask)
    direct = trimmed(drawn_by_pillow(cache.font(face, 25), text))
    assert ours.shape[0] == direct.shape[0] and abs(ours.shape[1] - direct.shape[1]) <= 2
    width = min(ours.shape[1], direct.shape[1])
    assert np.abs(ours[:, :width].astype(int) - direct[:, :width]).mean() < 4


@pytest.mark.parametrize("face", [0, 1, 2])
@pytest.mark.parametrize("size", [0.66, 0.71, 0.84])
def test_scaled_lines_keep_the_strokes_of_the_font(cache, renderers, face, size):
    style = NEUTRAL._replace(face=(face + 0.5) / 3, size=size)
    ours = renderers["print"].ink("床前明月光", style).mask.astype(float)
    large = trimmed(drawn_by_pillow(cache.font(face, 400), "床前明月光"))
    left, top = (np.nonzero(ours.max(axis) > 8)[0][0] for axis in (0, 1))
    scale = size * 32 / 400

    def difference(x, y):
        # An area average four times as fine is the truth, wherever the line stands.
        place = np.array([[4 * scale, 0, 4 * x + 1.5], [0, 4 * scale, 4 * y + 1.5]])
        fine = cv2.warpAffine(large, place, (4 * ours.shape[1], 4 * ours.shape[0]))
        truth = cv2.resize(fine, ours.shape[::-1], interpolation=cv2.INTER_AREA)
        return np.abs(truth - ours).mean(), x, y

    found = 255.0, left, top
    for step in (0.4, 0.1, 0.03):
        _, x, y = found
        found = min(
            difference(x + i * step, y + j * step) for i in range(-4, 5) for j in range(-4, 5)
        )
    assert found[0] < 5


def uncut(style):
    """A style without what is cut off on purpose."""
    names = ("margin_left", "margin_right", "margin_top", "margin_bottom")
    kept = {name: max(0.0, getattr(style, name)) for name in names}
    return style._replace(before=0.0, after=0.0, **kept)


def with_one_character(text, place):
    """The text with spaces as wide as its characters; of a square script nothing else moves."""
    return "".join(c if i == place else "\u3000" for i, c in enumerate(text))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(PRESETS)), st.integers(0, 299), st.integers(0, 4))
def test_boxes_hold_their_characters(renderers, recipe, number, place):
    text = "霜国丽明量"
    style = uncut(styles_of(recipe, 300)[number])._replace(
        underline=0, frame=0, above=0, below=0, rule=0, wear=0, word_spacing=1, dots=0
    )
    whole = renderers[recipe].ink(text, style, boxes=True)
    quads, mask = whole.quads, whole.mask
    assert quads.shape == (5, 4, 2)
    assert quads.min() > -2.0 and (quads.max((0, 1)) < np.array(mask.shape[::-1]) + 2.0).all()
    inside = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(inside, [np.rint(quad - 0.5).astype(np.int32) for quad in quads], 255)
    inside = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    assert mask[inside == 0].astype(int).sum() <= 0.02 * mask.astype(int).sum() + 255
    one = inside * 0
    cv2.fillConvexPoly(one, np.rint(quads[place] - 0.5).astype(np.int32), 255)
    # A square character of many strokes fills its box.
    assert (mask[one > 0] > 64).mean() > 0.12


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(PRESETS)), st.sampled_from(TEXTS), st.integers(0, 299))
def test_no_ink_is_lost_at_the_edges(renderers, recipe, text, number):
    style = uncut(styles_of(recipe, 300)[number])._replace(above=0, below=0, elastic=0)
    who = renderers[recipe]
    size, fine = who.master(style)
    pose = who._set(text, who.cache.pick(text, style.face), size, fine, style, False)
    place, ink = pose.place, pose.ink
    mask = warp_ink(ink, place, fine)
    assert mask.shape[0] == 32
    # The same on a canvas with 40 pixels more on every side, where nothing can be cut.
    shift = np.array([[1.0, 0, 40], [0, 1.0, 40], [0, 0, 1.0]])
    wave = place.wave and place.wave._replace(phase=place.wave.phase - 40 / place.wave.period)
    wide = place._replace(
        matrix=shift @ place.matrix,
        wave=wave,
        width=place.width + 80,
        height=112,
        exact=place.exact and tuple(edge + 40 for edge in place.exact),
    )
    whole = warp_ink(ink, wide, fine)
    assert int(mask.sum()) == pytest.approx(int(whole.sum()), rel=0.01)


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(sorted(PRESETS)), st.integers(0, 299))
def test_text_and_ground_keep_their_distance(renderers, recipe, number):
    style = styles_of(recipe, 300)[number]._replace(
        shadow=0, outline=0, emboss=0, above=0, below=0, invert=0, glow=0, hollow=0, dots=0
    )
    plain = NEUTRAL._asdict()
    for name in ("light", "fold", "blur", "motion", "defocus", "noise", "poisson", "specks"):
        style = style._replace(**{name: plain[name]})
    style = style._replace(resolution=1.0, artefacts=0.0)
    ink = renderers[recipe].ink("国", style)
    picture = grey(renderers[recipe].draw("国", style).image).astype(int)
    full, empty = ink.mask >= 250, ink.mask == 0
    if full.sum() < 3 or not empty.any():
        return
    gap = abs(np.median(picture[full]) - np.median(picture[empty]))
    assert gap >= 0.9 * style.contrast


@pytest.mark.parametrize("recipe", sorted(PRESETS))
def test_corners_are_never_black_by_accident(renderers, recipe):
    for style in styles_of(recipe, 60):
        style = style._replace(
            paper=220,
            ink=20,
            background="plain",
            light=0,
            fold=0,
            specks=0,
            noise=0,
            poisson=0,
            shadow=0,
            outline=0,
            rule=0,
            frame=0,
            above=0,
            below=0,
            glow=0,
            strength=0,
            before=0,
            after=0,
            arc=0,
            margin_left=0.5,
            margin_right=0.5,
            paper_tint=0,
            artefacts=0,
            invert=0,
        )
        picture = grey(renderers[recipe].draw("风华正茂", style).image).astype(int)
        corners = picture[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert np.abs(corners - 220).max() < 12


def test_effects_do_what_they_say():
    flat = np.full((40, 4000), 128, np.uint8)
    noisy = image_effects.add_noise(flat, 10.0, 0.3).astype(int)
    assert noisy.std() == pytest.approx(10.0, rel=0.05) and abs(noisy.mean() - 128) < 0.2
    dark, light = (
        image_effects.add_shot_noise(flat // 128 * level, 10.0, 0.3).astype(int).std()
        for level in (40, 160)
    )
    assert light / dark == pytest.approx(2.0, rel=0.1)
    specks = image_effects.add_specks(flat, 0.02, 0.7)
    assert (specks == 0).mean() == pytest.approx(0.01, rel=0.2)
    assert (specks == 255).mean() == pytest.approx(0.01, rel=0.2)


def test_blurs_keep_the_light_and_take_the_edges():
    step = np.repeat(np.array([[0, 255]], np.uint8), 30, axis=1).repeat(40, axis=0)
    ways = [
        image_effects.blur(step, 1.0),
        image_effects.motion(step, 4.0, 0.0),
        image_effects.defocus(step, 1.5),
        image_effects.lower_resolution(step, 0.4),
    ]
    for soft in ways:
        assert soft.shape == step.shape and abs(soft.mean() - step.mean()) < 3
        assert np.abs(np.diff(soft[20].astype(int))).max() < 200
    upright = image_effects.motion(step, 4.0, 90.0)
    assert np.abs(np.diff(upright[20].astype(int))).max() > 200, "along the edge nothing blurs"


def test_light_and_folds_change_what_they_should():
    flat = np.full((32, 300), 200, np.uint8)
    lit = image_effects.shade(flat, 80.0, 0.0).astype(int)
    assert lit[:, 0].mean() - lit[:, -1].mean() == pytest.approx(200 * 80 / 255, abs=3)
    creased = image_effects.fold(flat, 60.0, 0.5).astype(int)
    assert 190 < np.median(creased) < 210 and 125 < creased.min() < 160


@pytest.mark.parametrize("form", image_effects.IMAGE_FILE_FORMATS)
@pytest.mark.parametrize("shape", [(32, 90), (32, 90, 3)])
def test_files_decode_to_what_was_drawn(form, shape):
    picture = np.full(shape, 180, np.uint8)
    picture[10:20, 30:60] = 20
    back = cv2.imdecode(
        np.frombuffer(image_effects.encode_image(picture, form, 95), np.uint8), cv2.IMREAD_UNCHANGED
    )
    assert back.shape[:2] == shape[:2]
    assert np.abs(grey(back).astype(int) - grey(picture)).mean() < 4


@settings(deadline=None)
@given(st.floats(0, 255), st.floats(0, 360), st.floats(0, 1))
def test_a_tint_keeps_the_grey_level(level, hue, tint):
    blue, green, red = colors.tinted(level, hue, tint)
    assert min(blue, green, red) > -0.01 and max(blue, green, red) < 255.01
    assert 0.114 * blue + 0.587 * green + 0.299 * red == pytest.approx(level, abs=0.01)


@settings(deadline=None)
@given(st.floats(0, 255), st.floats(0, 255), st.floats(0, 255), st.floats(20, 127))
def test_separated_levels_are_far_enough(ink, one, other, contrast):
    low, high = sorted((one, other))
    level, shrink = colors.separate(ink, low, high, contrast)
    middle, half = (low + high) / 2, (high - low) / 2 * shrink
    assert 0 <= level <= 255 and 0 <= shrink <= 1
    assert min(abs(level - middle + half), abs(level - middle - half)) >= contrast - 1e-6


def test_weight_moves_stems_by_what_it_says():
    ink = np.zeros((60, 60), np.uint8)
    ink[:, 25:35] = 255
    for radius in (-1.0, -0.5, 0.0, 0.7, 2.0):
        width = thicken(ink, radius)[30].astype(float).sum() / 255
        assert width == pytest.approx(10 + 2 * radius, abs=0.05)


def test_rotation_turns_the_line(renderers):
    style = NEUTRAL._replace(rotation=2.0, size=0.5)
    turned = renderers["print"].ink("一一一一一", style).mask
    left, right = turned[:, :25].sum(1).argmax(), turned[:, -25:].sum(1).argmax()
    assert right < left, "anticlockwise: the right end goes up"


def test_a_fixed_width_is_kept(cache):
    fixed = renderer("print", cache, length=200)
    for text in ("一", "床前明月光", "床前明月光疑是地上霜举头望明月低头思故乡"):
        for align in (0.0, 1.0):
            mask = fixed.ink(text, NEUTRAL._replace(align=align)).mask
            assert mask.shape == (32, 200)
            columns = np.flatnonzero(mask.max(0))
            assert columns[0] >= 1 and columns[-1] <= 198
            if text == "一":
                assert (columns.mean() < 60) == (align == 0.0)


def test_columns_read_from_the_top(cache):
    upright = renderer("clean", cache, vertical=True)
    ink = upright.ink("风，AB12年", NEUTRAL, boxes=True)
    assert ink.mask.shape[1] == 32 < ink.mask.shape[0]
    middles = ink.quads.mean(1)
    assert (np.diff(middles[:, 1]) > 0).all(), "one below the other"
    assert middles[1][0] > 16, "a comma stands at the right"
    sides = ink.quads[2].max(0) - ink.quads[2].min(0)
    assert sides[1] < sides[0] * 1.1, "a turned A is as wide as it was high"


@pytest.mark.parametrize("changed", [{"underline": 0.06}, {"above": 0.1}, {"below": 0.1}])
def test_what_stands_beside_a_column_is_no_character_of_it(cache, changed):
    """Below the last character a bar would be read as 一, and a neighbour as more of the text."""
    upright = renderer("clean", cache, vertical=True)
    ink = upright.ink("春眠不觉", NEUTRAL._replace(size=0.6, **changed), boxes=True)
    rows, columns = np.nonzero(ink.mask > 60)
    top, bottom = ink.quads[..., 1].min(), ink.quads[..., 1].max()
    assert rows.min() >= top - 1 and rows.max() <= bottom + 1
    left, right = ink.quads[..., 0].min(), ink.quads[..., 0].max()
    if "above" in changed:
        assert columns.max() > right + 1, "the column before it is at its right"
    else:
        assert columns.min() < left - 1, "what is below a line is at the left of a column"


@pytest.mark.parametrize(("written", "shown"), [("“", "『"), ("’", "」")])
def test_quotation_marks_of_columns_are_corner_brackets(cache, written, shown):
    upright = renderer("clean", cache, vertical=True)
    marks = [upright.ink("风" + mark, NEUTRAL).mask for mark in (written, shown)]
    assert np.array_equal(*marks)
    line = renderer("clean", cache)
    assert not np.array_equal(*(line.ink(mark, NEUTRAL).mask for mark in (written, shown)))


def test_small_kana_stand_higher_and_further_right_in_columns(cache):
    upright, line = renderer("clean", cache, vertical=True), renderer("clean", cache)
    for small in "っょ":
        column, row = upright.ink("一" + small, NEUTRAL).mask[25:], line.ink(small, NEUTRAL).mask
        assert np.nonzero(column)[1].mean() - 16 > np.nonzero(row)[1].mean() - row.shape[1] / 2


def test_long_lines_keep_all_their_characters(renderers):
    ink = renderers["clean"].ink("风" * 500, NEUTRAL).mask
    single = renderers["clean"].ink("风", NEUTRAL).mask
    assert int(ink.sum(dtype=np.int64)) == 500 * int(single.sum(dtype=np.int64))


def test_latin_pairs_are_kerned(cache, renderers):
    style = NEUTRAL._replace(face=0.01)
    widths = [
        trimmed(renderers["clean"].ink(text, style).mask).shape[1] for text in ("AV", "A", "V")
    ]
    assert cache.kerning(0).between("A", "V") < -0.01
    assert widths[0] < widths[1] + widths[2]
    assert cache.kerning(0).between("风", "V") == 0


def test_transparent_text_shows_its_ground():
    mask = np.zeros((32, 64), np.uint8)
    mask[8:24, 8:56] = 255
    ground = np.tile(np.linspace(150, 250, 64).astype(np.uint8), (32, 1))
    style = NEUTRAL._replace(background="gradient", opacity=0.6)
    inside = composite(mask, ground, style, 25.0, False)[16, 10:54].astype(int)
    assert inside[-1] - inside[0] > 20, "the slope shows through"
    assert (ground[16, 10:54] - inside).min() > 60


@pytest.mark.long
def test_styles_of_all_presets_keep_contrast_boxes_and_edges():
    contrasts, outside, lost, overlap = measure(900)
    assert len(contrasts) > 700 and contrasts.min() > 0.85
    assert outside.max() < 1.0 and lost.max() < 0.02
    assert overlap.min() > 0.75 and overlap.mean() > 0.9


def test_a_single_character_is_not_underlined_into_another(renderers):
    bare = renderers["scan"].ink("一", NEUTRAL._replace(size=0.7, underline=0.06, frame=0.05)).mask
    line = renderers["scan"].ink("一一", NEUTRAL._replace(size=0.7, underline=0.06)).mask
    assert (np.diff((bare.max(1) > 128).astype(int)) == 1).sum() == 1, "one stroke"
    assert (np.diff((line.max(1) > 128).astype(int)) == 1).sum() == 2, "strokes and their line"
