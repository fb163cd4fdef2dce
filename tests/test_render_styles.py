"""Styles: drawn inside their recipe, logged, overridden; recipes as files."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_support import styles_of

from ocrdata.errors import InputError, OptionError, UnknownNameError
from ocrdata.render.style.line_style import (
    CHOICES,
    FIELDS,
    NEUTRAL,
    limits_of,
    parse_overrides,
    read_styles,
    style_from_dict,
    style_line,
    style_to_dict,
)
from ocrdata.render.style.presets import PRESETS
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.style.style_sampling import draw_styles


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_styles_stay_in_their_recipe_and_differ(name):
    recipe, styles = find_recipe(name), styles_of(name, 400)
    for field in FIELDS:
        if field in CHOICES:
            continue
        low, high, chance = recipe.spread(field)
        values = [getattr(style, field) for style in styles]
        drawn = [value for value in values if value != getattr(NEUTRAL, field)]
        limit = limits_of(field)
        assert all(limit[0] <= value <= limit[1] for value in values), field
        # Blurs and noise are cut down to what can be read; they never exceed their range.
        assert all(value <= high for value in drawn), field
        assert len(drawn) <= 400 * chance + 60
    widest = recipe.spread("size")
    sizes = [style.size for style in styles]
    assert max(sizes) - min(sizes) >= 0.95 * (widest.high - widest.low)


def test_print_is_what_it_was_meant_to_be():
    styles = styles_of("print", 400)
    assert {style.background for style in styles} == {"plain"}
    assert all(0 <= style.ink <= 70 and 215 <= style.paper <= 255 for style in styles)
    assert sum(style.blur > 0 for style in styles) / 400 == pytest.approx(0.3, abs=0.1)
    assert not find_recipe("print").color and find_recipe("scene").color


@settings(deadline=None)
@given(st.sampled_from(sorted(PRESETS)), st.integers(0, 99))
def test_a_logged_style_is_the_style(name, number):
    style = styles_of(name, 100)[number]
    row = json.loads(style_line("k", "文", style))
    assert style_from_dict(row["style"]) == style
    assert style_to_dict(NEUTRAL) == {}


def test_logs_that_are_wrong_are_named_by_line(tmp_path):
    path = tmp_path / "s.jsonl"
    good = style_line("k", "文", NEUTRAL._replace(blur=0.5))
    for bad in ('{"text": "文"}', "no json", '{"text": "文", "style": {"blr": 1}}', "[]"):
        path.write_text(good + bad + "\n", encoding="utf-8")
        with pytest.raises(InputError, match="s.jsonl:2: is not a logged style"):
            list(read_styles(path))
    path.write_text(good, encoding="utf-8")
    assert list(read_styles(path)) == [("文", NEUTRAL._replace(blur=0.5))]


def test_a_recipe_file_changes_what_it_names(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'base = "scan"\nblur = [0.3, 0.5]\nnoise = {range = [2, 3], chance = 0.5}\n'
        "quality = 80\nmargin = 0.2\nbackground = {paper = 1, gradient = 3}\n"
    )
    recipe = find_recipe(path)
    assert recipe.spread("blur") == (0.3, 0.5, 1.0) and recipe.spread("noise") == (2, 3, 0.5)
    assert recipe.spread("margin_left") == recipe.spread("margin_right") == (0.2, 0.2, 1.0)
    assert recipe.spread("rotation") == find_recipe("scan").spread("rotation")
    assert recipe.backgrounds == (0.0, 3.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("blr = 1", "no field of a style is called blr. Did you mean blur"),
        ("blur = 99", "blur must lie between 0 and 6"),
        ("blur = [2, 1]", "low <= high"),
        ('blur = "much"', "must be a number or"),
        ("noise = {chance = 2, range = 3}", "chance in"),
        ('base = "scam"', "no style is called scam. Did you mean scan"),
        ("background = {paper = 0}", "one background needs a weight"),
        ("background = {papr = 1}", "no background is called papr"),
        ("[background]\npapr = 1", "no background is called papr"),
        ("letter_case = {uper = 1}", "no letter case is called uper. Did you mean upper"),
        ("letter_case = {upper = -1}", "the weight of letter case upper must be 0 or more"),
        ("letter_case = 3", "letter_case must be a name or a table"),
        ("font_weight = [300, 1200]", "font_weight must lie between 0 and 1000, not 1200"),
        ("blur = [", "is not TOML"),
    ],
)
def test_recipe_files_that_are_wrong(tmp_path, content, message):
    path = tmp_path / "r.toml"
    path.write_text("# mine\nquality = 80\n" + content)
    line = ":3" if "TOML" not in message else ""
    with pytest.raises(InputError, match=f"r.toml{line}: .*" + message.replace("[", ".")):
        find_recipe(path)
    with pytest.raises(UnknownNameError, match="Did you mean scan"):
        find_recipe("scann")


def test_overrides():
    assert parse_overrides(("blur=0.8", "background=paper")) == {
        "blur": 0.8,
        "background": "paper",
    }
    for word, message in (("blur", "FIELD=VALUE"), ("blur=x", "a number"), ("size=9", "between")):
        with pytest.raises(OptionError, match=message):
            parse_overrides((word,))
    fixed = find_recipe("scan").with_fixed({"blur": 0.8, "background": "plain"})
    assert fixed.spread("blur") == (0.8, 0.8, 1.0) and fixed.backgrounds == (1, 0, 0, 0)


def test_letter_cases_and_axes_are_drawn_by_their_weights_and_ranges(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'base = "scene"\nletter_case = {keep = 1, title = 1, upper = 2}\n'
        "font_weight = [300, 700]\nfont_slant = {range = [-12, 0], chance = 0.5}\n"
    )
    recipe = find_recipe(path)
    styles = draw_styles(5, "test", 0, 2000, recipe)
    assert styles == draw_styles(5, "test", 0, 2000, recipe)
    shares = Counter(style.letter_case for style in styles)
    assert shares["upper"] / 2000 == pytest.approx(0.5, abs=0.05) and not shares["lower"]
    weights = Counter(style.font_weight for style in styles)
    assert sorted(weights) == [300 + 50 * step for step in range(9)] and min(weights.values()) > 150
    upright = sum(style.font_slant == 0 for style in styles) / 2000
    assert upright == pytest.approx(0.5 + 0.5 / 9, abs=0.05) and styles[0].font_width == 0
    # Nothing else is drawn differently.
    plain = dict.fromkeys(("letter_case", "font_weight", "font_slant"))
    usual = {name: getattr(NEUTRAL, name) for name in plain}
    before = draw_styles(5, "test", 0, 2000, find_recipe("scene"))
    assert [style._replace(**usual) for style in styles] == before
    logged = json.loads(style_line("k", "a", styles[0]))["style"]
    assert style_from_dict(logged) == styles[0]
    fixed = recipe.with_fixed(parse_overrides(("letter_case=lower", "font_weight=450")))
    assert {(s.letter_case, s.font_weight) for s in draw_styles(5, "test", 0, 50, fixed)} == {
        ("lower", 450.0)
    }
