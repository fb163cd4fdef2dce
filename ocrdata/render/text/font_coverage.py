"""Which texts can be drawn, and what is said of the others."""

from __future__ import annotations

from typing import Dict, List, Optional, Sequence

from ocrdata.errors import CorpusError, FontError, OcrdataError
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.text.properties import is_invisible, needs_shaping, script_of, script_title


def drawable(
    texts: Sequence[str],
    cache: GlyphCache,
    skipped: Dict[str, int],
    longest: Optional[int] = None,
) -> List[int]:
    """Returns the places of the texts that the fonts can draw, of `longest` characters at most.

    Counts the others by the character that is missing, or as too long.
    """
    kept = []
    for place, text in enumerate(texts):
        gap = cache.missing(text)
        if gap:
            reason = _why_missing(gap, cache)
        elif longest is not None and len(text) > longest:
            reason = f"too long for a picture ({longest} characters)"
        else:
            kept.append(place)
            continue
        skipped[reason] = skipped.get(reason, 0) + 1
    return kept


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
