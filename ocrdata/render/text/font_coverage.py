"""Which texts can be drawn, and what is said of the others."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence

from ocrdata.errors import CorpusError, FontError, OcrdataError
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.text.letter_case import all_cases
from ocrdata.text.properties import is_invisible, needs_shaping, script_of, script_title
from ocrdata.text.visual_order import tells_order

# What stands from left to right and from right to left beside each other, in no certain order.
UNTOLD_ORDER = "no picture tells in which order its two directions are read"


def drawable(
    texts: Sequence[str],
    cache: GlyphCache,
    skipped: Dict[str, int],
    longest: Optional[int] = None,
    cases: Sequence[str] = ("keep",),
) -> List[int]:
    """Returns the places of the texts that the fonts can draw in each of some letter cases.

    They are of `longest` characters at most, and read as they are in a picture. Counts the others
    by the character that is missing, or by what else is wrong.
    """
    kept = []
    for place, text in enumerate(texts):
        faults = (_fault(one, cache, longest) for one in all_cases(text, cases))
        reason = next(filter(None, faults), "")
        if reason:
            skipped[reason] = skipped.get(reason, 0) + 1
        else:
            kept.append(place)
    return kept


def _fault(text: str, cache: GlyphCache, longest: Optional[int]) -> str:
    """Returns why a text cannot be drawn, "" where it can."""
    gap = cache.missing(text)
    if gap:
        return _why_missing(gap, cache)
    if not tells_order(text):
        return UNTOLD_ORDER
    if longest is not None and len(text) > longest:
        return f"too long for a picture ({longest} characters)"
    return ""


def _why_missing(character: str, cache: GlyphCache) -> str:
    if is_invisible(character):
        return f"has no visible form (U+{ord(character):04X})"
    if needs_shaping(character) and cache.is_listed(character):
        return f"no font can shape it ({script_title(script_of(character))})"
    return f"no font has {character} (U+{ord(character):04X})"


def nothing_to_draw(faces: Sequence[FontFace], skipped: Dict[str, int]) -> OcrdataError:
    """Returns the error that says why no text is left, by the most frequent reason."""
    reason = max(skipped, key=lambda name: skipped[name]) if skipped else ""
    if reason.startswith("no font has"):
        fonts = ", ".join(str(face) for face in faces)
        hint = "Choose other fonts with --font, or leave it out to use the bundled ones."
        return FontError(fonts, f"can draw none of the texts: {reason}", hint=hint)
    return CorpusError("corpus", f"holds no text to draw ({reason or 'it is empty'})")
