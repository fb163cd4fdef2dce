"""Tight scene words: framing, letters, contrast, ornaments, neighbours, mixtures, labels."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from render_support import job, renderer
from test_render_fonts import small_font

import ocrdata
from ocrdata.base.sample import read_sample_list
from ocrdata.errors import InputError, OptionError, UnknownNameError
from ocrdata.render.lines.blocks import styles_of
from ocrdata.render.lines.text_sampling import TextPlan
from ocrdata.render.style.line_style import NEUTRAL, parse_overrides
from ocrdata.render.style.mixtures import find_recipes
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.style.style_sampling import draw_styles
from ocrdata.text.visual_order import tells_order

WORD = "Signs"


@pytest.fixture(scope="module")
def line():
    return renderer("word")


def extent(mask, axis):
    """First and last row (axis 1) or column (axis 0) with ink."""
    found = np.flatnonzero(mask.max(axis=axis) > 96)
    return int(found[0]), int(found[-1])


def test_a_large_size_fills_the_height_between_its_margins(line):
    style = NEUTRAL._replace(size=1.5, rotation=1.0)
    top, foot = extent(line.ink(WORD, style).mask, 1)
    assert top <= 1 and foot >= 30
    style = style._replace(margin_top=0.25, margin_bottom=0.125)
    top, foot = extent(line.ink(WORD, style).mask, 1)
    assert 7 <= top <= 9 and 26 <= foot <= 28


def test_a_margin_below_zero_cuts(line):
    whole = NEUTRAL._replace(size=0.7, margin_left=0.0, rotation=0.5)
    cut = whole._replace(margin_left=-0.1)
    widths = [line.ink(WORD, style).mask.shape[1] for style in (whole, cut)]
    assert widths[0] - widths[1] in (3, 4)
    assert line.ink(WORD, whole).mask[:, 0].sum() < line.ink(WORD, cut).mask[:, 0].sum()


@pytest.mark.parametrize("stretch", [0.5, 1.8])
def test_letters_are_condensed_or_extended(line, stretch):
    style = NEUTRAL._replace(size=0.7)
    usual = extent(line.ink(WORD, style).mask, 0)
    found = extent(line.ink(WORD, style._replace(stretch=stretch)).mask, 0)
    assert (found[1] - found[0]) / (usual[1] - usual[0]) == pytest.approx(stretch, abs=0.05)


def test_ideographs_are_condensed_no_further_than_they_bear(line):
    narrow, most = (NEUTRAL._replace(size=0.7, stretch=stretch) for stretch in (0.4, 0.7))
    for text, same in (("花间一壶", True), ("abcd", False)):
        widths = [line.ink(text, style).mask.shape[1] for style in (narrow, most)]
        assert (widths[0] == widths[1]) is same


def test_a_condensed_line_keeps_a_time_step_for_each_character(line):
    # By CTC's rule: one for each character and between equal neighbours, four columns wide.
    tight = NEUTRAL._replace(stretch=0.4, margin_left=-0.03, margin_right=-0.03)
    styles = [tight._replace(size=size, rotation=turn) for size in (0.9, 1.5) for turn in (0, 12)]
    for text, steps in (("iii", 5), ("Illi", 5), ("fill", 5), ("i1l", 3)):
        widths = [line.ink(text, style).mask.shape[1] for style in styles]
        assert min(-(-width // 4) for width in widths) >= steps


def test_latin_has_a_spacing_of_its_own(line):
    wide = NEUTRAL._replace(spacing=0.4)
    near = wide._replace(latin_spacing=0.0)
    for text, same in (("花间一壶", True), ("abcd", False)):
        widths = [line.ink(text, style).mask.shape[1] for style in (wide, near)]
        assert (widths[0] == widths[1]) is same
    none = NEUTRAL._replace(spacing=0.0)
    assert (line.ink("abcd", near).mask == line.ink("abcd", none).mask).all()


@pytest.mark.parametrize("arc", [-100.0, 100.0])
def test_an_arc_turns_letters_and_their_boxes(line, arc):
    style = NEUTRAL._replace(size=0.5, arc=arc)
    ink = line.ink("HHHHHHHHH", style, boxes=True)
    middles = ink.quads.mean(axis=1)
    assert np.sign(middles[0, 1] - middles[4, 1]) == np.sign(arc)
    assert middles[0, 1] == pytest.approx(middles[-1, 1], abs=1.0)
    top = ink.quads[0, 1] - ink.quads[0, 0]
    assert np.sign(-top[1]) == np.sign(arc)
    inside = np.zeros_like(ink.mask)
    cv2.fillPoly(inside, [np.rint(quad - 0.5).astype(np.int32) for quad in ink.quads], 1)
    inside = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    assert ink.mask[inside == 0].sum() <= 0.02 * ink.mask.sum()


def test_strength_goes_to_black_and_white_or_to_the_least_contrast(line):
    style = NEUTRAL._replace(ink=90.0, paper=150.0, contrast=10.0)
    strong = line.draw(WORD, style._replace(strength=1.0)).image
    faint = line.draw(WORD, style._replace(strength=-1.0)).image
    assert strong.min() <= 3 and strong.max() >= 252
    assert int(faint.max()) - int(faint.min()) == pytest.approx(10, abs=4)


def test_contrast_below_twenty_may_be_asked_for():
    assert parse_overrides(("contrast=8",)) == {"contrast": 8.0}
    with pytest.raises(OptionError, match="contrast must lie between 8 and 125, not 7"):
        parse_overrides(("contrast=7",))


@pytest.mark.parametrize("ink", [20.0, 235.0])
def test_two_tones_keep_the_contrast(line, ink):
    style = NEUTRAL._replace(size=0.9, ink=ink, paper=128.0, two_tone=100.0, weight=0.8)
    mask, image = line.ink("HIH", style).mask, line.draw("HIH", style).image.astype(int)
    image = cv2.cvtColor(image.astype(np.uint8), cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    levels = image.astype(int)[mask >= 250]
    assert np.ptp(levels) > 20 and np.abs(levels - 128).min() >= 0.9 * style.contrast


def test_hollow_letters_are_edges_and_dotted_ones_dots(line):
    plain = NEUTRAL._replace(size=0.9, weight=1.0)
    share = {
        name: line.ink("HH", plain._replace(**{name: value})).mask.mean()
        for name, value in (("weight", 1.0), ("hollow", 1.0), ("dots", 0.15))
    }
    assert share["hollow"] < 0.75 * share["weight"] and share["dots"] < 0.75 * share["weight"]


def test_a_glow_lights_the_ground_near_the_text(line):
    style = NEUTRAL._replace(size=0.6, ink=255.0, paper=0.0, margin_left=0.5, glow=1.0)
    mask = line.ink(WORD, style).mask
    image = line.draw(WORD, style).image
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    near = (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0) & (mask == 0)
    assert grey[near].mean() > 20 and grey[:, :4].max() < 8


def test_of_a_word_beside_the_text_only_an_edge_is_seen(line):
    style = NEUTRAL._replace(size=0.9, margin_left=2.0, margin_right=2.0, before=0.2, after=0.2)
    mask = line.ink("MMM", style).mask
    columns = np.flatnonzero(mask.max(axis=0) > 0)
    gaps = np.flatnonzero(np.diff(columns) > 3)
    assert len(gaps) == 4  # two between the letters
    assert columns[gaps[0]] <= 4 and mask.shape[1] - columns[gaps[-1] + 1] <= 4
    alone = line.ink("M", style).mask
    assert not alone[:, :20].max()  # M beside I would read MI


def test_mixed_recipes_draw_each_line_as_one_of_them():
    mixed = find_recipes(("word=3", "print=1"))
    styles = draw_styles(4, "test", 0, 800, mixed)
    parts = [draw_styles(4, "test", 0, 800, recipe) for recipe in mixed.recipes]
    kinds = [[style == part[n] for part in parts] for n, style in enumerate(styles)]
    assert all(sum(kind) == 1 for kind in kinds)
    assert np.mean([kind[0] for kind in kinds]) == pytest.approx(0.75, abs=0.05)
    assert mixed.color and mixed.is_drawn("arc") and mixed.name == "word=3, print=1"
    some = draw_styles(4, "test", 0, 800, mixed, [5, 3, 700])
    assert some == [styles[5], styles[3], styles[700]]
    config = job("print")._replace(recipe=mixed)
    assert styles_of(config, 2, [9]) == [styles_of(config, 2, range(256))[9]]


def test_mixtures_that_are_wrong():
    for word in ("word=0", "word=-1", "word=x", "word=nan", "word=inf"):
        with pytest.raises(OptionError, match=f"--style {word}: the weight must be"):
            find_recipes((word, "print"))
    with pytest.raises(UnknownNameError, match="Did you mean word"):
        find_recipes(("wrod=2",))


def test_severity_brings_effects_together(tmp_path):
    path = tmp_path / "r.toml"
    fields = "\n".join(f"{name} = {{range = 0.5, chance = 0.3}}" for name in ("fold", "specks"))
    fields = fields.replace("range = 0.5", "range = 0.2")
    counts = {}
    for severity in ("1", "[0, 2]"):
        path.write_text(f"light = {{range = 20, chance = 0.3}}\n{fields}\nseverity = {severity}\n")
        styles = draw_styles(1, "test", 0, 4000, find_recipe(path))
        drawn = np.array([(s.light > 0, s.fold > 0, s.specks > 0) for s in styles])
        assert drawn.mean() == pytest.approx(0.3, abs=0.03)
        counts[severity] = np.bincount(drawn.sum(axis=1), minlength=4) / len(styles)
    assert counts["[0, 2]"][3] > 1.5 * counts["1"][3] and counts["[0, 2]"][0] > counts["1"][0]


@pytest.mark.parametrize("value", ["[2, 1]", '"much"', "[0, 9]", "[1]", "true"])
def test_a_severity_that_is_none_is_refused(tmp_path, value):
    path = tmp_path / "r.toml"
    path.write_text(f"severity = {value}\n")
    with pytest.raises(InputError, match="severity must be a number or"):
        find_recipe(path)


def test_labels_in_lower_case_belong_to_the_same_pictures(tmp_path, run):
    corpus = tmp_path / "c.txt"
    corpus.write_text("EXIT\nİzmir\nCafe 24\n", encoding="utf-8")
    words = ["--corpus", corpus, "--variants", "2", "--workers", "0", "--test-fraction", "0"]
    words += ["--style", "word=2", "--style", "print", "--font", "NotoSans-Regular", "--log-styles"]
    for name, more in (("kept", []), ("lower", ["--lower-case"])):
        run("gen-pics", "--data-dir", tmp_path / name, *words, *more)
    kept, lower = (
        list(read_sample_list(tmp_path / name / "Train" / "sample.txt", tmp_path / name))
        for name in ("kept", "lower")
    )
    assert [sample.image_bytes() for sample in kept] == [sample.image_bytes() for sample in lower]
    assert {sample.text for sample in lower} <= {"exit", "izmir", "cafe 24"}
    logs = [(tmp_path / name / "styles" / "styles.jsonl").read_text() for name in ("kept", "lower")]
    assert logs[0] == logs[1]  # what was drawn, to be drawn again


def test_records_in_lower_case_have_no_other_classes(tmp_path, run):
    corpus = tmp_path / "c.txt"
    corpus.write_text("EXIT\nExit\nGate?\n", encoding="utf-8")
    chars = tmp_path / "chars.txt"
    chars.write_text("".join(c + "\n" for c in "exitga"), encoding="utf-8")
    words = ["--corpus", corpus, "--records", "--lower-case", "--dictionary", chars, "--json"]
    words += ["--data-dir", tmp_path / "d", "--workers", "0"]
    summary = json.loads(run("gen-pics", *words).stdout)
    assert summary["skipped"] == {"character not in the dictionary: ?": 1}
    assert summary["classes"] == 7 and summary["pictures"] == 10


CASES_TOML = 'base = "print"\nletter_case = {keep = 1, lower = 1, title = 1, upper = 1}\n'


def samples_of(root):
    lists = [root / side / "sample.txt" for side in ("Train", "Test")]
    found = [sample for one in lists for sample in read_sample_list(one, root)]
    return sorted(found, key=lambda sample: sample.key)


def test_labels_follow_the_case_that_is_drawn(tmp_path, run):
    """Files, their boxes, a replay and records; each picture is that of its label, kept."""
    corpus, recipe = tmp_path / "c.txt", tmp_path / "cases.toml"
    texts = ["don't Stop", "5th AVENUE", "straße", "出口 Exit", "ON"]
    corpus.write_text("\n".join(texts), encoding="utf-8")
    recipe.write_text(CASES_TOML)
    fonts = ["--font", "OcrDataKai-Regular", "--fallback", "--font", "NotoSans-Regular"]
    words = [*fonts, "--corpus", corpus, "--variants", "60", "--style", recipe, "--workers", "0"]
    run("gen-pics", "--data-dir", tmp_path / "a", *words, "--log-styles", "--boxes")
    samples = samples_of(tmp_path / "a")
    texts_of = {sample.text for sample in samples}
    assert {"Don't Stop", "DON'T STOP", "5th Avenue", "STRASSE", "出口 exit"} <= texts_of
    assert "5Th Avenue" not in texts_of
    rows = [json.loads(line) for line in (tmp_path / "a/boxes/boxes.jsonl").open(encoding="utf-8")]
    assert [row["text"] for row in rows] == [sample.text for sample in samples]
    logged = [
        json.loads(line) for line in (tmp_path / "a/styles/styles.jsonl").open(encoding="utf-8")
    ]
    assert {row["text"] for row in logged} == set(texts)
    log = tmp_path / "a" / "styles" / "styles.jsonl"
    run("gen-pics", "--data-dir", tmp_path / "b", *fonts, "--workers", "2", "--replay", log)
    # Drawn as they are labelled, the pictures are the same.
    for row, sample in zip(logged, samples):
        row["text"] = sample.text
        row["style"].pop("letter_case", None)
    log = tmp_path / "labels.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in logged), encoding="utf-8")
    run("gen-pics", "--data-dir", tmp_path / "c", *fonts, "--workers", "0", "--replay", log)
    for name in "bc":
        other = samples_of(tmp_path / name)
        assert [s.image_bytes() for s in other] == [s.image_bytes() for s in samples]
        assert [s.text for s in other] == [s.text for s in samples]
    run("gen-pics", "--data-dir", tmp_path / "d", *words, "--lower-case", "--records")
    found = list(ocrdata.read_samples(tmp_path / "d"))
    assert len(found) == len(samples)
    assert {s.text for s in found} <= {s.text.lower() for s in samples}


def test_texts_need_all_their_cases_and_the_dictionary_too(tmp_path, run):
    corpus, recipe, chars = (tmp_path / name for name in ("c.txt", "cases.toml", "chars.txt"))
    corpus.write_text("on\nÿ\noff\n", encoding="utf-8")
    recipe.write_text("letter_case = {upper = 1, keep = 1}")
    chars.write_text("".join(c + "\n" for c in "onONÿ"), encoding="utf-8")
    words = ["--corpus", corpus, "--style", recipe, "--records", "--workers", "0", "--json"]
    more = ["--dictionary", chars, "--font", "NotoSans-Regular"]
    summary = run("gen-pics", *words, *more, "--data-dir", tmp_path / "a").stdout
    assert json.loads(summary)["skipped"] == {
        "character not in the dictionary: f": 1,
        "character not in the dictionary: Ÿ": 1,
    }
    chars.write_text("".join(c + "\n" for c in "oO1f"), encoding="utf-8")
    more += ["--sampling", "random", "--limit", "50", "--max-length", "3"]
    run("gen-pics", *words, *more, "--data-dir", tmp_path / "b")
    labels = "".join(sample.text for sample in ocrdata.read_samples(tmp_path / "b"))
    assert set(labels) == set("oO1")


def test_lines_whose_order_no_picture_tells_are_left_out(tmp_path, run):
    corpus = tmp_path / "c.txt"
    corpus.write_text("שלום abc\nabc שלום\nשלום\n", encoding="utf-8")
    fonts = ["--font", small_font(tmp_path / "bars.ttf", " abcשלום")]
    words = ["--corpus", corpus, "--workers", "0", "--json", *fonts, "--dry-run"]
    summary = json.loads(run("gen-pics", *words).stdout)
    assert summary["skipped"] == {"no picture tells in which order its two directions are read": 1}
    assert summary["texts"] == 2
    found = json.loads(run("gen-scenes", *words, "--limit", "2").stdout)
    assert sum(found["skipped"].values()) == 1
    plan = TextPlan("random", 500, 1, list("שלוםabc12"), lengths=(1, 6))
    assert all(tells_order(text) for task in plan.tasks() for text in task.texts)
