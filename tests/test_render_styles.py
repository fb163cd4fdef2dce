"""Styles: drawn inside their recipe, logged, overridden; recipes as files."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_support import styles_of

from ocrdata.errors import InputError, OptionError, UnknownNameError
from ocrdata.render.style.line_style import (
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


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_styles_stay_in_their_recipe_and_differ(name):
    recipe, styles = find_recipe(name), styles_of(name, 400)
    for field in FIELDS:
        if field == "background":
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
        ("blur = [", "is not TOML"),
    ],
)
def test_recipe_files_that_are_wrong(tmp_path, content, message):
    path = tmp_path / "r.toml"
    path.write_text(content)
    with pytest.raises(InputError, match="r.toml: .*" + message.replace("[", ".")):
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
