"""Lines drawn many at a time: the pictures are those of lines drawn one by one."""

from __future__ import annotations

import pytest

from ocrdata.render.effects.image_effects import encode_image
from ocrdata.render.effects.warp import Frame
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.lines.blocks import RenderConfig, line_renderer, render_block, styles_of
from ocrdata.render.lines.plain_lines import is_plain_recipe
from ocrdata.render.lines.text_sampling import TextBlockTask
from ocrdata.render.style.recipes import find_recipe


@pytest.mark.parametrize(
    ("frame", "fixed"),
    [
        (Frame(32), {}),
        (Frame(48), {"ink": 40.0, "paper": 200.0, "margin_left": 0.0, "margin_right": 0.0}),
        (Frame(32, 160), {"spacing": 0.1, "align": 0.2}),
        (Frame(24), {"size": 1.0, "shift": 1.0}),
        (Frame(32, vertical=True), {}),
    ],
)
def test_lines_drawn_together_are_those_drawn_alone(frame, fixed):
    recipe = find_recipe("clean").with_fixed(fixed)
    config = RenderConfig(tuple(find_fonts(())), recipe, frame)
    assert is_plain_recipe(recipe)
    texts = (
        "一",
        "二月 三日",
        "Ag, 25%",
        "……",
        "——",
        "（例）",
        "、。",
        "霆",
        "abc" * 9,
        "春眠不觉晓",
    )
    task = TextBlockTask(3, texts * 8)
    styles, renderer = styles_of(config, 3, range(80)), line_renderer(config)
    for item, text, style in zip(render_block(config, task), task.texts, styles):
        alone = renderer.draw(text, style).image
        assert item.size == alone.shape[:2]
        assert item.sample.image == encode_image(alone, "jpg", int(round(style.quality))), text


@pytest.mark.parametrize("name", ["print", "scan", "scene", "screen", "hard"])
def test_only_clean_lines_are_drawn_together(name):
    assert not is_plain_recipe(find_recipe(name))
    assert not is_plain_recipe(find_recipe("clean").with_fixed({"rotation": 1.0}))
    assert not is_plain_recipe(find_recipe("clean").with_fixed({"background": "paper"}))
