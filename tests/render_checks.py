"""What every style must keep, measured on the pictures; `python tests/render_checks.py 20000`.

contrast   text and ground are apart by the style's contrast, before light, noise and lens
inside     every character's quad lies in the picture, to a pixel
cover      no ink lies outside the quads
overlap    of a character's quad with the hull of its own ink (intersection over union)
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from ocrdata.render.effects.warp import Frame  # noqa: E402
from ocrdata.render.fonts.fonts import find_fonts  # noqa: E402
from ocrdata.render.lines.line import LineRenderer  # noqa: E402
from ocrdata.render.style.line_style import NEUTRAL  # noqa: E402
from ocrdata.render.style.presets import PRESETS  # noqa: E402
from ocrdata.render.style.recipes import find_recipe  # noqa: E402
from ocrdata.render.style.style_sampling import draw_styles  # noqa: E402
from ocrdata.render.text.glyphs import GlyphCache  # noqa: E402

# A square character: the hull of its ink is its box. Without the middle one nothing else moves.
WITH, WITHOUT = "国国国", "国\u3000国"
SHAPES = (Frame(32), Frame(48), Frame(64), Frame(32, 160), Frame(40, None, True))


def styles(count, seed=11):
    """Yields (renderer, style) of all presets and several shapes, in turn."""
    cache = GlyphCache(find_fonts(()))
    renderers = {}
    for block in range(-(-count // 256)):
        name = sorted(PRESETS)[block % len(PRESETS)]
        recipe = find_recipe(name)
        drawn = draw_styles(seed, "check-" + name, block, 256, recipe)
        for place, style in enumerate(drawn[: count - block * 256]):
            shape = SHAPES[(block // len(PRESETS) + place) % len(SHAPES)]
            key = name, shape
            if key not in renderers:
                renderers[key] = LineRenderer(cache, recipe.sizes, shape, recipe.color)
            yield renderers[key], style


def bare(style):
    """The style without what lies around the text and what happens after it is written."""
    values = {
        name: getattr(NEUTRAL, name)
        for name in (
            "shadow",
            "outline",
            "emboss",
            "underline",
            "frame",
            "rule",
            "above",
            "below",
            "light",
            "fold",
            "blur",
            "motion",
            "defocus",
            "resolution",
            "noise",
            "poisson",
            "specks",
            "artefacts",
            "wear",
            "jitter",
            "before",
            "after",
            "glow",
            "two_tone",
            "dots",
            "hollow",
        )
    }
    for name in ("margin_left", "margin_right", "margin_top", "margin_bottom"):
        values[name] = max(0.0, getattr(style, name))
    return style._replace(**values)


def contrast_of(renderer, style):
    """Returns the distance in grey levels over what the style asks for; None without full ink."""
    mask = renderer.ink(WITH, style).mask
    picture = renderer.draw(WITH, style).image
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    full, empty = mask >= 250, mask == 0
    if full.sum() < 5 or empty.sum() < 5:
        return None
    # Compared with the ground around each stroke, as an eye does.
    near = cv2.blur(np.where(empty, grey, 0).astype(np.float32), (15, 15))
    share = cv2.blur(empty.astype(np.float32), (15, 15))
    ground = near / np.maximum(share, 1e-6)
    gap = np.abs(grey.astype(np.float32) - ground)[full & (share > 0.02)]
    return float(np.median(gap)) / style.contrast if gap.size else None


def boxes_of(renderer, style):
    """Returns (pixels outside the picture, share of ink outside the quads, overlap)."""
    whole = renderer.ink(WITH, style, boxes=True)
    other = renderer.ink(WITHOUT, style).mask
    height, width = whole.mask.shape
    quads = whole.quads
    outside = max(-quads.min(), float((quads.max((0, 1)) - (width, height)).max()), 0.0)
    every = np.zeros_like(whole.mask)
    cv2.fillPoly(every, [np.rint(quad - 0.5).astype(np.int32) for quad in quads], 1)
    every = cv2.dilate(every, np.ones((3, 3), np.uint8))
    lost = whole.mask[every == 0].astype(np.int64).sum() / whole.mask.astype(np.int64).sum()
    own = cv2.absdiff(whole.mask, other) > 48
    points = np.argwhere(own)[:, ::-1].astype(np.float32)
    if len(points) < 8:
        return outside, float(lost), 0.0
    # Pixels reach half a pixel around their middle.
    around = [points + np.float32(shift) for shift in ((0, 0), (1, 0), (0, 1), (1, 1))]
    hull = cv2.convexHull(np.concatenate(around))
    common, _ = cv2.intersectConvexConvex(cv2.convexHull(quads[1]), hull)
    union = cv2.contourArea(hull) + cv2.contourArea(cv2.convexHull(quads[1])) - common
    return outside, float(lost), common / union


def measure(count):
    """Returns arrays of all four over `count` styles."""
    contrasts, boxes = [], []
    for renderer, style in styles(count):
        style = bare(style)
        found = contrast_of(renderer, style)
        if found is not None:
            contrasts.append(found)
        boxes.append(boxes_of(renderer, style))
    outside, lost, overlap = np.array(boxes).T
    return np.array(contrasts), outside, lost, overlap


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    contrasts, outside, lost, overlap = measure(count)
    rows = {
        "styles": count,
        "with full ink": len(contrasts),
        "contrast over wanted, least": contrasts.min(),
        "contrast over wanted, 1 in 1000": np.quantile(contrasts, 0.001),
        "pixels outside the picture, most": outside.max(),
        "ink outside quads, most": lost.max(),
        "ink outside quads, mean": lost.mean(),
        "overlap with own ink, least": overlap.min(),
        "overlap with own ink, 1 in 1000": np.quantile(overlap, 0.001),
        "overlap with own ink, mean": overlap.mean(),
    }
    for name, value in rows.items():
        sys.stdout.write(f"{name:36} {value:.4g}\n")


if __name__ == "__main__":
    main()
