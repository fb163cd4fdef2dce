"""ocrdata list: what can be chosen by name."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple

import click

from ocrdata.cli import options

LIST_KINDS = ("corpora", "exporters", "fonts", "importers", "models", "styles", "targets")
# Where a name goes, for kinds whose names alone do not say so.
NEXT = {
    "models": "ocrdata train NAME --help",
    "styles": "ocrdata gen-pics --style NAME --preview NAME.png",
    "targets": "ocrdata train MODEL --target NAME",
}


@click.command("list")
@click.argument("kind", type=click.Choice(LIST_KINDS), required=False, metavar="[KIND]")
@options.option(
    "--coverage", metavar="CORPUS", help="With fonts: how much of a corpus each one can draw."
)
@options.option(
    "--font",
    multiple=True,
    show_default=False,
    help="With fonts: look at these instead of the bundled ones; may be repeated.",
)
@options.json_option
def list_names(
    kind: Optional[str], coverage: Optional[str], font: Tuple[str, ...], as_json: bool
) -> None:
    """List what can be chosen by name: corpora, exporters, fonts, importers, models and more.

    \b
    Example:
      ocrdata list fonts
      ocrdata list fonts --font MSYHL.TTC --coverage THUOCL_poem.txt
    """
    from ocrdata.cli.report import report

    if (coverage or font) and kind != "fonts":
        raise click.UsageError("--coverage and --font go with: ocrdata list fonts.")
    kinds = [kind] if kind else list(LIST_KINDS)
    report({name: _rows(name, font, coverage) for name in kinds}, as_json, NEXT.get(kind or "", ""))


def _rows(kind: str, fonts: Tuple[str, ...], coverage: Optional[str]) -> Dict[str, Any]:
    builders: Dict[str, Callable[[], Dict[str, Any]]] = {
        "corpora": _corpora,
        "exporters": _exporters,
        "fonts": lambda: _fonts(fonts, coverage),
        "importers": _importers,
        "models": _models,
        "styles": _styles,
        "targets": _targets,
    }
    return builders[kind]()


def _corpora() -> Dict[str, str]:
    from ocrdata.text.corpus import CORPORA

    return dict(CORPORA)


def _fonts(names: Tuple[str, ...], coverage: Optional[str]) -> Dict[str, str]:
    from ocrdata.render.fonts.face_characters import font_characters
    from ocrdata.render.fonts.fonts import find_fonts

    needed = _characters(coverage) if coverage else set()
    rows = {}
    for face in find_fonts(names):
        known = font_characters(face)
        label = str(face) if names else face.path.stem
        rows[label] = f"{len(known):,} characters"
        if len(known) < known.listed:
            rows[label] += f" ({known.listed - len(known):,} more are listed and draw nothing)"
        if coverage:
            gaps = sorted(needed - known)
            shown = f" lacks {''.join(gaps[:20])}{'...' if len(gaps) > 20 else ''}"
            counted = f"{len(needed) - len(gaps)} of the corpus' {len(needed)}"
            rows[label] += f", {counted}{shown if gaps else ''}"
    return rows


def _characters(corpus: str) -> "set[str]":
    from ocrdata.text.corpus import read_corpus

    found = set()  # type: set[str]
    for phrase in read_corpus(corpus):
        found.update(phrase.text)
    return found


def _exporters() -> Dict[str, Any]:
    from ocrdata.exporters import EXPORTERS

    rows = {}
    for name in EXPORTERS.names():
        info = EXPORTERS.load(name).info
        rows[name] = {
            "title": info.title,
            "tasks": list(info.tasks),
            "readers": info.readers,
            "install": f'pip install "ocrdata[{info.extra}]"' if info.extra else "",
            "homepage": info.homepage,
        }
    return rows


def _importers() -> Dict[str, Any]:
    from ocrdata.importers import IMPORTERS

    rows = {}
    for name in IMPORTERS.names():
        info = IMPORTERS.load(name).info
        rows[name] = {
            "title": info.title,
            "licence": info.licence,
            "tasks": list(info.tasks),
            "splits": list(info.splits),
            "homepage": info.homepage,
        }
    return rows


def _models() -> Dict[str, str]:
    from ocrdata.train.models import MODELS, model_card

    cards = ((name, model_card(name)) for name in MODELS.names())
    return {name: f"{card.title}, {card.what}" for name, card in cards}


def _styles() -> Dict[str, str]:
    from ocrdata.render.style.recipes import PRESET_TITLES

    return dict(PRESET_TITLES)


def _targets() -> Dict[str, str]:
    from ocrdata.train import TARGET_TITLES

    return dict(TARGET_TITLES)
