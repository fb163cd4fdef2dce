"""The skeleton of a page, and its small parts: everything is escaped here."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, Iterable, List, NamedTuple, Sequence

from ocrdata import __version__

# Nothing may be fetched, whatever a label contains.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><title>{title}</title><style>{css}</style></head><body>
<a class="skip" href="#{first}">Skip to the content</a>
<header><h1>{title}</h1><p class="sub">{subtitle}</p></header>
<nav aria-label="Sections"><ul>{links}</ul></nav>
<main>{sections}</main>
<footer>Written by ocrdata {version}. This page needs no other file and no network.</footer>
<dialog aria-label="Sample"><div class="view"></div><form method="dialog">
<button type="button" class="plain back">Back</button>
<button type="button" class="plain next">Next</button>
<button class="plain">Close</button></form></dialog>
<script>{script}</script></body></html>
"""


class Section(NamedTuple):
    """A part of a page: its anchor, its heading and its HTML."""

    anchor: str
    title: str
    body: str


def text(value: Any) -> str:
    """Returns any value as HTML text."""
    return html.escape(str(value))


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def page(title: str, subtitle: str, sections: Sequence[Section]) -> bytes:
    """Returns a whole page in UTF-8; sections without content are left out."""
    kept = [section for section in sections if section.body]
    links = "".join(f'<li><a href="#{one.anchor}">{text(one.title)}</a></li>' for one in kept)
    bodies = "".join(
        f'<section id="{one.anchor}" aria-labelledby="{one.anchor}-t"><h2 '
        f'id="{one.anchor}-t">{text(one.title)}</h2>{one.body}</section>'
        for one in kept
    )
    content = _PAGE.format(
        policy=_POLICY,
        title=text(title),
        subtitle=text(subtitle),
        css=_file("page.css"),
        script=_file("page.js"),
        links=links,
        sections=bodies,
        version=__version__,
        first=kept[0].anchor if kept else "",
    )
    return content.encode("utf-8", "replace")


def tiles(values: Iterable[Sequence[str]]) -> str:
    """Returns large figures: (figure, what it is) or (figure, what it is, "good" or "bad")."""
    parts = []
    for figure, what, *mark in values:
        kind = f' class="{mark[0]}"' if mark else ""
        parts.append(
            f'<div class="tile"><b{kind}>{text(figure)}</b><span>{text(what)}</span></div>'
        )
    body = "".join(parts)
    return f'<div class="tiles">{body}</div>'


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], numbers: int = 0, wrap: bool = False
) -> str:
    """Returns a table whose last `numbers` columns are figures; `wrap` breaks long values."""
    first = len(head) - numbers

    def row(cells: Sequence[Any], kind: str) -> str:
        marks = [' class="n"' if place >= first else "" for place in range(len(cells))]
        scope = ' scope="col"' if kind == "th" else ""
        inside = "".join(
            f"<{kind}{scope}{mark}>{text(cell)}</{kind}>" for mark, cell in zip(marks, cells)
        )
        return f"<tr>{inside}</tr>"

    body = "".join(row(cells, "td") for cells in rows)
    kind = ' class="wrap"' if wrap else ""
    top = f"<thead>{row(head, 'th')}</thead>"
    return f'<div class="scroll"><table{kind}>{top}<tbody>{body}</tbody></table></div>'


def card(title: str, body: str, note: str = "") -> str:
    """Returns a box with a heading."""
    below = f'<p class="note">{text(note)}</p>' if note else ""
    return f'<div class="card"><h3>{text(title)}</h3>{body}{below}</div>'


def charts(cards: Iterable[str]) -> str:
    """Returns boxes side by side, as many as there is room for."""
    kept: List[str] = [one for one in cards if one]
    body = "".join(kept)
    return f'<div class="charts">{body}</div>' if kept else ""


def number(value: float) -> str:
    """Returns a figure for people: thousands marked, four digits at the most behind a point."""
    if isinstance(value, int) or float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.4g}"
