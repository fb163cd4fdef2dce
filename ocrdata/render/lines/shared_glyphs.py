"""Glyphs that are drawn before workers are forked: drawn in each of them, they cost as often."""

from __future__ import annotations

from ocrdata.render.lines.blocks import RenderConfig, line_renderer, styles_of
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextPlan
from ocrdata.render.text.shaped_text import ShapedFaces
from ocrdata.text.letter_case import in_case

# Of so many blocks at the most: the workers wait meanwhile. Half of the glyphs of a long run are
# among them, and those that are needed most.
_BLOCKS = 8


def draw_shared_glyphs(config: RenderConfig, plan: TextPlan, workers: int) -> None:
    """Draws and keeps the glyphs of a run's first lines, for so many workers.

    They are those of as many lines as each worker gets, which it would take as long to draw.
    """
    renderer = line_renderer(config._replace(replay=()))
    for number in range(min(_BLOCKS, -(-plan.total // (workers * BLOCK_SIZE)))):
        texts = plan.task(number).texts
        for text, style in zip(texts, styles_of(config, number, range(len(texts)))):
            shown = in_case(text, style.letter_case)
            face = renderer.cache.pick(shown, style.face, style.axes)
            # Shaped texts differ more than their characters do.
            if not isinstance(face, ShapedFaces):
                renderer.cache.glyphs(face, renderer.master(style)[0], shown)
