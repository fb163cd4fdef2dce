"""How documents, receipts and tables are laid out: paragraphs, rows of two, tables, separators.

Each layout writes at most so many rows into a page; a row has one line, or one in each cell.
"""

from __future__ import annotations

import random
from typing import Callable, Dict, NamedTuple, Optional, Tuple

from ocrdata.render.scenes.page_text import LEADING, Page, PageLine, PageTexts


class PageFrame(NamedTuple):
    """A page to be filled: what writes on it, how large, and within which edges (in pixels)."""

    page: Page
    texts: PageTexts
    rng: random.Random
    em: float
    left: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels between the edges."""
        return self.right - self.left


# From the frame, the height reached and the rows that are left to what is reached and left then.
_Step = Callable[[PageFrame, float, int], Tuple[float, int]]


def _heading(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Writes a line of larger letters, at the left or in the middle."""
    em = frame.em * frame.rng.uniform(1.25, 1.8)
    middle = frame.rng.random() < 0.5
    line = frame.texts.line(frame.width, em, True, frame.rng.randint(1, 3))
    y += LEADING * em
    if line is None or y > frame.bottom:
        return y, rows
    x = frame.left + (0.5 * (frame.width - line.width) if middle else 0.0)
    rows -= frame.page.put(line, x, y - 0.35 * em)
    if frame.rng.random() < 0.3:
        thick = max(1, int(0.06 * em))
        frame.page.rule((frame.left, y + 0.1 * em), (frame.right, y + 0.1 * em), thick)
    return y + 0.4 * em, rows


def _paragraph(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Writes lines that fill the width, the first one indented, the last one shorter."""
    em, indent = frame.em, frame.rng.choice((0.0, 0.0, 2.0)) * frame.em
    leading = frame.rng.uniform(1.25, 1.7) * em
    count = min(rows, frame.rng.randint(2, 6))
    for place in range(count):
        y += leading
        last = place == count - 1
        shift = indent if place == 0 else 0.0
        width = (frame.width - shift) * (frame.rng.uniform(0.3, 0.9) if last else 1.0)
        line = frame.texts.line(width, em)
        if y > frame.bottom:
            break
        if line is not None:
            rows -= frame.page.put(line, frame.left + shift, y - 0.35 * em)
    return y + 0.8 * em, rows


def _pairs(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Writes rows of a key and a value, as forms have them."""
    em, share = frame.em, frame.rng.uniform(0.25, 0.45)
    ruled = frame.rng.random() < 0.5
    for _ in range(min(rows, frame.rng.randint(2, 6))):
        y += LEADING * em
        if y > frame.bottom:
            break
        written = False
        for start, width, heavy in ((0.0, share - 0.03, True), (share, 1.0 - share, False)):
            line = frame.texts.line(width * frame.width, em, heavy, frame.rng.randint(1, 3))
            if line is not None:
                x = frame.left + start * frame.width
                written = frame.page.put(line, x, y - 0.35 * em) or written
        if ruled:
            frame.page.rule((frame.left + share * frame.width, y), (frame.right, y), 1)
        rows -= written
    return y + 0.8 * em, rows


def _items(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Writes rows of a receipt: a text at the left, an amount at the right."""
    em, heavy = frame.em, False
    for _ in range(min(rows, frame.rng.randint(3, 10))):
        y += 1.35 * em
        if y > frame.bottom:
            break
        price = _amount(frame.rng)
        written, end = False, frame.right
        if frame.texts.draws(price):
            line = frame.texts.set(price, em, heavy)
            end = frame.right - line.width
            written = frame.page.put(line, end, y - 0.35 * em)
        name = frame.texts.line(end - frame.left - em, em, heavy, frame.rng.randint(1, 2))
        if name is not None:
            written = frame.page.put(name, frame.left, y - 0.35 * em) or written
        rows -= written
    return y + 0.4 * em, rows


def _amount(rng: random.Random) -> str:
    """Returns an amount of money, or a number of pieces."""
    value = rng.choice((9, 99, 999, 9999)) * rng.random()
    return rng.choice((f"{value:.2f}", f"{value:,.2f}", f"{value:.0f}", f"${value:.2f}"))


def _separator(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Draws a rule across, whole or dashed."""
    dash = frame.rng.choice((0.0, 0.25, 0.5)) * frame.em
    middle = y + 0.3 * frame.em
    frame.page.rule((frame.left, middle), (frame.right, middle), max(1, int(frame.em / 16)), dash)
    return y + 0.6 * frame.em, rows


def _centred(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Writes one to three lines in the middle, as the head and foot of a receipt."""
    for _ in range(min(rows, frame.rng.randint(1, 3))):
        y += 1.35 * frame.em
        line = frame.texts.line(frame.width, frame.em, False, frame.rng.randint(1, 2))
        if y > frame.bottom:
            break
        if line is not None:
            x = frame.left + 0.5 * (frame.width - line.width)
            rows -= frame.page.put(line, x, y - 0.35 * frame.em)
    return y + 0.2 * frame.em, rows


def _ruled_table(frame: PageFrame, y: float, rows: int) -> Tuple[float, int]:
    """Writes a table with rules: a text or a number in each cell."""
    em, rng = frame.em, frame.rng
    columns = rng.randint(2, max(2, min(6, int(frame.width / (5 * em)))))
    weights = [rng.uniform(0.7, 1.5) for _ in range(columns)]
    edges = [sum(weights[:n]) / sum(weights) for n in range(columns + 1)]
    xs = [frame.left + edge * frame.width for edge in edges]
    numbers = [rng.random() < 0.3 and n > 0 for n in range(columns)]
    high = rng.uniform(1.5, 2.2) * em
    count = min(rows, rng.randint(3, 12), int((frame.bottom - y) / high))
    for row in range(count):
        written = False
        for column in range(columns):
            room = xs[column + 1] - xs[column] - 0.8 * em
            text = _amount(rng) if numbers[column] and row else ""
            if text and frame.texts.draws(text):
                line: Optional[PageLine] = frame.texts.set(text, em)
            else:
                line = frame.texts.line(room, em, row == 0, rng.randint(1, 2))
            if line is None or line.width > room:
                continue
            x = xs[column] + 0.4 * em
            if text:
                x = xs[column + 1] - 0.4 * em - line.width
            written = frame.page.put(line, x, y + 0.5 * high + 0.35 * em) or written
        rows -= written
        y += high
    if count > 0:
        _draw_grid(frame, xs, (y - count * high, y), count, rng.random() < 0.6)
    return y + 0.8 * em, rows


def _draw_grid(
    frame: PageFrame, xs: "list[float]", span: Tuple[float, float], count: int, upright: bool
) -> None:
    top, bottom = span
    for row in range(count + 1):
        at = top + (bottom - top) * row / count
        thick = 2 if row in (0, 1, count) and frame.em > 16 else 1
        frame.page.rule((xs[0], at), (xs[-1], at), thick)
    for x in xs if upright else ():
        frame.page.rule((x, top), (x, bottom), 1)


# The parts of each layout: those at its head, those that follow by turns, drawn at random, and
# those at its foot.
_HEADS: Dict[str, Tuple[_Step, ...]] = {
    "document": (_heading,),
    "receipt": (_heading, _centred, _separator),
    "table": (_heading, _ruled_table),
}
_BODIES: Dict[str, Tuple[_Step, ...]] = {
    "document": (_paragraph, _paragraph, _paragraph, _pairs, _heading, _ruled_table),
    "receipt": (_items, _separator, _items, _pairs),
    "table": (_ruled_table, _paragraph, _pairs),
}
_FEET: Dict[str, Tuple[_Step, ...]] = {"receipt": (_separator, _centred)}


def fill_page(kind: str, frame: PageFrame, top: float, rows: int) -> float:
    """Writes a layout from `top` on until its rows are used or the page is full; returns where."""
    y = top
    for step in _HEADS[kind]:
        y, rows = step(frame, y, rows)
    for _ in range(4 * rows):
        if rows <= 0 or y + 2 * frame.em > frame.bottom:
            break
        y, rows = frame.rng.choice(_BODIES[kind])(frame, y, rows)
    for step in _FEET.get(kind, ()):
        if rows > 0 and y + 2 * frame.em <= frame.bottom:
            y, rows = step(frame, y, rows)
    return y
