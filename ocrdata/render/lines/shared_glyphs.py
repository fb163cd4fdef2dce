"""Glyphs that are drawn before workers are forked: drawn in each of them, they cost as often."""

from __future__ import annotations

from ocrdata.base.parallel import Workers, can_fork
from ocrdata.render.lines.blocks import RenderConfig, line_renderer, styles_of
from ocrdata.render.lines.text_sampling import BLOCK_SIZE, TextPlan
from ocrdata.render.text.shaped_text import ShapedFaces
from ocrdata.text.letter_case import in_case

# Of so many blocks. The workers wait meanwhile; most characters of a corpus are among them.
_BLOCKS = 8


def draw_shared_glyphs(config: RenderConfig, plan: TextPlan, workers: Workers) -> None:
    """Draws and keeps the glyphs of a run's first lines, where several workers will be forked."""
    if not isinstance(workers, int) or workers < 2 or not can_fork():
        return
    renderer = line_renderer(config._replace(replay=()))
    for number in range(min(_BLOCKS, -(-plan.total // BLOCK_SIZE))):
        texts = plan.task(number).texts
        for text, style in zip(texts, styles_of(config, number, range(len(texts)))):
            shown = in_case(text, style.letter_case)
            face = renderer.cache.pick(shown, style.face, style.axes)
            # Shaped texts differ more than their characters do.
            if not isinstance(face, ShapedFaces):
                renderer.cache.glyphs(face, renderer.master(style)[0], shown)
