"""One face of a font file: how it is named, opened and read, and what is said of a bad one."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, List, Optional, Tuple

from fontTools.ttLib import TTFont
from PIL import ImageFont

from ocrdata.base.storage.digest import file_stamp
from ocrdata.errors import FontError

# Its notes on small slips in fonts concern nobody who only draws with them; an application that
# sets logging up still gets them.
logging.getLogger("fontTools").addHandler(logging.NullHandler())

Axes = Tuple[Tuple[str, float], ...]


@dataclass(frozen=True)
class FontFace:
    """One face of a font file, at one place on its axes; `share` weighs it among the faces.

    It is another face once its file is replaced: nothing kept of the old one is taken for it.
    """

    path: Path
    index: int = 0
    axes: Axes = ()
    share: float = 1.0
    stamp: Tuple[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stamp", file_stamp(self.path))

    def __str__(self) -> str:
        name = f"{self.path}:{self.index}" if self.index else str(self.path)
        if self.axes:
            name += "@" + ",".join(f"{tag}={value:g}" for tag, value in self.axes)
        return name if self.share == 1.0 else f"{name}*{self.share:g}"

    def open(self, size: int) -> ImageFont.FreeTypeFont:
        """Returns the Pillow font at `size` pixels an em."""
        # The basic layout: RAQM's results differ with the version of HarfBuzz.
        layout = ImageFont.Layout.BASIC
        try:
            font = ImageFont.truetype(str(self.path), size, self.index, layout_engine=layout)
        except OSError as error:
            raise freetype_error(self, error) from error
        if self.axes:
            font.set_variation_by_axes(self.axis_places())
        return font

    def axis_places(self) -> List[float]:
        """Returns the place on each axis of the font, in the font's order."""
        wanted, known = dict(self.axes), font_axes(self.path, self.index)
        return [wanted.get(axis.axisTag, axis.defaultValue) for axis in known]


def freetype_error(face: FontFace, error: OSError, character: str = "") -> FontError:
    """Returns what is said where FreeType cannot open a face, or cannot draw a character of it.

    Pillow raises OSError for both, as if a file could not be read or written.
    """
    what = f"cannot draw {character} (U+{ord(character):04X})" if character else "cannot be opened"
    hint = "Leave this font out, or use another one for this text."
    return FontError(str(face), f"{what}; FreeType says: {error}", hint=hint)


def font_axes(path: Path, index: int) -> "Tuple[Any, ...]":
    """Returns fontTools' axes of a variable font, none of another."""
    return _axes(path, index, file_stamp(path))


@lru_cache(maxsize=256)
def _axes(path: Path, index: int, _stamp: Tuple[int, int]) -> "Tuple[Any, ...]":
    font = _open_table(path, index)
    return tuple(font["fvar"].axes) if "fvar" in font else ()


def _open_table(path: Path, index: int) -> TTFont:
    try:
        # fontTools does not close a file it cannot read.
        with path.open("rb") as stream:
            font = TTFont(stream, fontNumber=index, lazy=False)
            # Read now, while the file is open.
            font.getBestCmap()
            _ = font["fvar"].axes if "fvar" in font else None
            return font
    except Exception as error:
        # fontTools lets whatever a damaged table causes through: struct, assertion, key errors.
        raise unreadable(FontFace(path, index), error) from error


def read_tables(stream: IO[bytes], index: int) -> TTFont:
    """Returns fontTools' view of a face whose glyphs are named by their numbers.

    Their own names, which nothing here needs, would have all outlines read: 8 MB and 90 ms for
    the bundled fonts.
    """
    font = TTFont(stream, fontNumber=index, lazy=True)
    font.setGlyphOrder(list(map(str, range(font["maxp"].numGlyphs))))
    return font


def unreadable(face: FontFace, error: Exception) -> FontError:
    """Returns the error for a font that `error` was raised for."""
    count = _face_count(face.path)
    if count is not None and face.index >= count:
        faces = f"{count} face{'' if count == 1 else 's'}"
        problem = f"has {faces}, so there is no face {face.index}"
        return FontError(face.path, problem, hint="Faces are counted from 0.")
    detail = str(error) or type(error).__name__
    return FontError(face.path, f"is not a font that can be read ({detail})")


def _face_count(path: Path) -> Optional[int]:
    """Returns how many faces a file has, None where it is not a font at all."""
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError:
        return None
    if head[:4] == b"ttcf":
        return int.from_bytes(head[8:12], "big")
    return 1 if head[:4] in (b"\0\1\0\0", b"OTTO", b"true") else None
