"""How a data set was made, as its manifests say: commands, options, fonts, effects."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any, Dict, List, Sequence

from PIL import Image, ImageDraw, ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.base.storage.staging import MANIFEST, read_json
from ocrdata.errors import InputError
from ocrdata.pages.html import card, charts, number, table, text

_SIZE = 30


def manifests(root: Path) -> List[Dict[str, Any]]:
    """Returns the manifests in a data folder, one for each command that wrote there."""
    folders = (
        [root, *sorted(root.glob("*"))] if root.is_dir() else [root.parent, root.parent.parent]
    )
    found: Dict[str, Dict[str, Any]] = {}
    for folder in folders:
        if (folder / MANIFEST).is_file():
            try:
                content = read_json(folder / MANIFEST)
                found.setdefault(content["command"], content)
            except (InputError, KeyError, TypeError):
                continue  # `check` tells of it
    return list(found.values())


def how_made(made: List[Dict[str, Any]], sample: str) -> str:
    """Returns a card for each manifest, its fonts (with `sample` drawn in each) and effects."""
    cards = []
    for content in made:
        options = content.get("options", {})
        recipe = options.get("recipe")
        rows = [
            (name.replace("_", " "), _said(value))
            for name, value in sorted(options.items())
            if name not in ("recipe", "fonts") and value not in (None, [], {}, "", False)
        ]
        body = table(("option", "value"), rows, wrap=True)
        title = f"ocrdata {content['command']} ({content.get('version', '?')})"
        cards.append(card(title, body))
        if options.get("fonts"):
            cards.append(card("Fonts", _faces(options["fonts"], sample or "字体样张")))
        if recipe:
            cards.append(
                card("Effects", _effects(recipe), "Drawn for each line from these ranges.")
            )
    return charts(cards)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(one)}" for name, one in sorted(value.items()))
    return " ".join(map(_said, value)) if isinstance(value, list) else str(value)


def _effects(recipe: Dict[str, Any]) -> str:
    rows = [
        (name.replace("_", " "), number(low), number(high), f"{share:.0%}")
        for name, (low, high, share) in sorted(recipe.items())
    ]
    return table(("effect", "from", "to", "share of lines"), rows, 3)


def _faces(fonts: Sequence[Any], sample: str) -> str:
    faces = "".join(_face(font, sample) for font in fonts)
    return f'<div class="faces">{faces}</div>'


def _face(font: Any, sample: str) -> str:
    described = str(font)
    path = Path(described)
    if not path.is_file():  # another machine's place of a bundled font
        path = asset_dir("fonts") / path.name
    picture = ""
    if path.is_file():
        try:
            picture = _drawn(path, sample)
        except OSError:
            picture = ""  # no font Pillow can open: its name still says what it is
    return f"<div>{picture}<small>{text(Path(described).name)}</small></div>"


def _drawn(path: Path, sample: str) -> str:
    face = ImageFont.truetype(str(path), _SIZE, layout_engine=ImageFont.Layout.BASIC)
    image = Image.new("L", (int(face.getlength(sample)) + 16, int(_SIZE * 1.7)), 255)
    ImageDraw.Draw(image).text((8, image.height // 2), sample, 30, font=face, anchor="lm")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    return f'<img alt="" src="data:image/png;base64,{data}"><br>'
