"""What the tests of the renderer share: renderers, styles and digests."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from ocrdata.render.effects.warp import Frame
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.lines.blocks import RenderConfig
from ocrdata.render.lines.line import LineRenderer
from ocrdata.render.style.recipes import find_recipe
from ocrdata.render.style.style_sampling import draw_styles
from ocrdata.render.text.glyphs import GlyphCache

TEXTS = ["床前明月光", "2024年3月5日", "gjpqy,.;A!", "一二三", "¥1,234.50", "疑是地上霜"]


def renderer(recipe="clean", cache=None, **frame):
    found = find_recipe(recipe)
    cache = cache or GlyphCache(find_fonts(()))
    shape = Frame(**{"height": 32, **frame})
    return LineRenderer(cache, found.sizes, shape, found.color)


@lru_cache(maxsize=None)
def styles_of(recipe, count, seed=5):
    return draw_styles(seed, "test", 0, count, find_recipe(recipe))


def job(recipe="print", **more):
    return RenderConfig(tuple(find_fonts(())), find_recipe(recipe), **more)


def tree_digest(root):
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
