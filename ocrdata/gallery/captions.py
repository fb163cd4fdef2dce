"""Lines of text below pictures, drawn with whatever font has their characters."""

from __future__ import annotations

from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
from PIL import Image

from ocrdata.base.assets import asset_dir
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import MANIFEST, read_json
from ocrdata.errors import FontError, OcrdataError, PathLike
from ocrdata.render.fonts.face_characters import font_characters
from ocrdata.render.fonts.font_face import FontFace
from ocrdata.render.fonts.fonts import find_fonts
from ocrdata.render.fonts.installed_fonts import fonts_for
from ocrdata.render.text.glyphs import GlyphCache
from ocrdata.render.text.layout import EM_TOP, Typesetting, set_line
from ocrdata.render.text.text_bitmap import TextBitmap

FONT = "NotoSansSC-Regular-GB2312.otf"
_UNKNOWN = "\ufffd"
_SETTING = Typesetting()


class CaptionFonts:
    """The faces of captions: a given one or the bundled ones, a data set's own, installed ones.

    The first that has all of a caption draws it; where none has, each part is drawn by one that
    has it. What none has is shown as the replacement character.
    """

    def __init__(
        self,
        font: Optional[PathLike] = None,
        own: Sequence[FontFace] = (),
        texts: Sequence[str] = (),
    ) -> None:
        first = FontFace(Path(font) if font else asset_dir("fonts") / FONT)
        try:
            font_characters(first)
        except FontError as error:
            raise FontError(first.path, f"cannot be used: {error.problem}") from error
        faces = list(dict.fromkeys([first, *own, *find_fonts(())]))
        cache = GlyphCache(faces, fallback=True)
        lacking = {cache.missing(text) for text in texts} - {""}
        while lacking:
            more = [face for face in fonts_for(lacking) if face not in faces and _is_usable(face)]
            if not more:
                break
            faces += more
            cache = GlyphCache(faces, fallback=True)
            lacking = {cache.missing(text) for text in texts} - {""}
        self.cache = cache

    def line(self, text: str, size: int) -> TextBitmap:
        """Returns the ink of a caption at `size` pixels an em."""
        text = self._drawable(text)
        return set_line(text, self.cache.pick(text, 0.0), size, _SETTING, self.cache)

    def _drawable(self, text: str) -> str:
        for _ in range(len(text)):
            gap = self.cache.missing(text)
            if not gap:
                break
            text = text.replace(gap, _UNKNOWN if self.cache.is_listed(_UNKNOWN) else "?")
        return text

    def width(self, text: str, size: int) -> int:
        """Returns how wide a caption's ink is, in pixels."""
        return self.line(text, size).ink.shape[1] if text else 0

    def fit(self, text: str, sizes: Sequence[int], width: int) -> Tuple[str, int]:
        """Returns the text and the largest of the sizes at which it is at most `width` pixels wide.

        Where none is small enough, its end is cut.
        """
        for size in sizes:
            if self.width(text, size) <= width:
                return text, size
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle] + "…", sizes[-1]) <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low] + "…", sizes[-1]

    def put(
        self,
        sheet: Image.Image,
        text: str,
        place: Tuple[int, int],
        width: int,
        sizes: Sequence[int],
        color: Tuple[int, int, int],
    ) -> None:
        """Draws one line with its middle at the height of `place`, which is its left end."""
        shown, size = self.fit(" ".join(text.split()), sizes, width)
        if not shown:
            return
        line = self.line(shown, size)
        baseline = place[1] + 0.36 * size
        top = int(round(baseline - line.em_top - EM_TOP * size))
        mask: Any = Image.fromarray(np.ascontiguousarray(line.ink))
        sheet.paste(color, (place[0], top), mask)


def _is_usable(face: FontFace) -> bool:
    try:
        font_characters(face)
    except FontError:
        return False
    return True


def fonts_of(path: PathLike) -> List[FontFace]:
    """Returns the faces that a data set was drawn with, by its manifests, if they are still there.

    `path` may be the data folder or a part of it.
    """
    folder = as_path(path)
    names: List[str] = []
    for place in (folder, folder / "pic", folder / "images", folder.parent, folder.parent / "pic"):
        try:
            options = read_json(place / MANIFEST)["options"]
            names += [*options.get("fonts", ()), *options.get("latin_fonts", ())]
        except (OcrdataError, OSError, KeyError, TypeError, AttributeError):
            continue
    found: List[FontFace] = []
    for name in dict.fromkeys(names):
        try:
            found += find_fonts([name])
        except OcrdataError:
            # Another machine's font, or one that was removed since.
            continue
    return list(dict.fromkeys(found))
