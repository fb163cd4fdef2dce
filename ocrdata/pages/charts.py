"""Charts as inline SVG that follow the page's colors; each says in words what it shows."""

from __future__ import annotations

import math
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ocrdata.pages.html import number, text

_WIDTH, _HEIGHT = 400, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 10, 36
_PLOT = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_MOST = 300  # points of a curve that can be told apart
ChartPoints = Sequence[Tuple[float, float]]


class Axis(NamedTuple):
    """Maps values to pixels along one side; `log` by their logarithm."""

    low: float
    high: float
    start: float
    length: float
    log: bool = False
    whole: bool = False
    unit: float = 1.0

    def __call__(self, value: float) -> float:
        low, high, at = (self._scaled(v) for v in (self.low, self.high, value))
        return self.start + self.length * (at - low) / ((high - low) or 1.0)

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, 1e-12)) if self.log else value

    def ticks(self) -> List[float]:
        """Returns four to six round values."""
        if self.log:
            first, last = math.floor(self._scaled(self.low)), math.ceil(self._scaled(self.high))
            for parts in ((1,), (1, 3), (1, 2, 5), range(1, 10)):
                hop = max(1, (last - first) // 5)
                every = [m * 10.0**p for p in range(first, last + 1, hop) for m in parts]
                inside = [v for v in every if self.low * 0.999 <= v <= self.high * 1.001]
                if len(inside) > 2:
                    break
            return inside or [self.low]
        span = (self.high - self.low) or 1.0
        power = 10.0 ** math.floor(math.log10(span / 4.0))
        step = power * next(m for m in (1, 2, 2.5, 5, 10) if span / (power * m) <= 5)
        if self.whole:
            step = float(max(1, round(step)))
        start = math.ceil(self.low / step - 1e-9)
        return [n * step for n in range(start, int(self.high / step + 1e-9) + 1)]


def _axes(x: Axis, y: Axis, label: str, ticks: bool = True) -> str:
    parts = []
    for value in y.ticks():
        at = y(value)
        parts.append(f'<path class="axis" d="M{_LEFT} {at:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(_words(_LEFT - 5, at + 4, short(value), "end"))
    for value in x.ticks() if ticks else ():
        parts.append(_words(x(value), _HEIGHT - _BOTTOM + 15, short(value * x.unit), "middle"))
    parts.append(_words(_LEFT + _PLOT[0] / 2.0, _HEIGHT - 5, label, "middle"))
    return "".join(parts)


def _words(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(words)}</text>'


def short(value: float) -> str:
    """Returns a tick's value: 1.2k, 3M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _svg(title: str, body: str, height: int = _HEIGHT) -> str:
    said = text(title)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{said}">'
        f"<title>{said}</title>{body}</svg>"
    )


def _keys(names: Sequence[str]) -> str:
    if len(names) < 2:
        return ""
    keys = "".join(
        f'<span><i class="k{place % 4}"></i>{text(name)}</span>' for place, name in enumerate(names)
    )
    return f'<div class="keys">{keys}</div>'


def _upright(high: float, log: bool = False, low: float = 0.0) -> Axis:
    return Axis(low, high, _HEIGHT - _BOTTOM, -float(_PLOT[1]), log)


def histogram(
    counts: Mapping[str, Mapping[int, int]],
    label: str,
    what: str,
    unit: float = 1.0,
    most: int = 60,
) -> str:
    """Returns stacked bars of whole numbers of `unit`: counts of each value, by series.

    Above `most` different values, neighbours share a bar.
    """
    values = [value for series in counts.values() for value in series]
    if not values:
        return ""
    low, high = min(values), max(values)
    size = max(1, -(-(high - low + 1) // most))
    bins: List[List[int]] = [[0] * len(counts) for _ in range((high - low) // size + 1)]
    for place, series in enumerate(counts.values()):
        for value, count in series.items():
            bins[(value - low) // size][place] += count
    x = Axis(
        low, low + size * len(bins), start=_LEFT, length=_PLOT[0], log=False, whole=True, unit=unit
    )
    y = _upright(max(sum(bars) for bars in bins))._replace(whole=True)
    # A bar that stands for one value has its tick in the middle.
    shift = 0.5 if size == 1 else 0.0
    middle = x._replace(low=x.low - shift, high=x.high - shift)
    body = _axes(middle, y, label)
    names = list(counts)
    for place, bars in enumerate(bins):
        start, end = low + place * size, low + (place + 1) * size
        said = short(start * unit)
        if size > 1:
            said += " to " + short((end - 1) * unit)
        body += _stack(x(start), x(end), y, bars, names, said)
    title = (
        f"{what}: from {short(low * unit)} to {short(high * unit)}, "
        f"{number(sum(sum(bars) for bars in bins))} in all"
    )
    return _svg(title, body) + _keys(names)


def _stack(
    left: float, right: float, y: Axis, bars: Sequence[int], names: Sequence[str], said: str
) -> str:
    parts, below = [], 0
    gap = min(1.0, (right - left) * 0.1)
    for place, count in enumerate(bars):
        if count:
            top, bottom = y(below + count), y(below)
            where = f" in {names[place]}" if len(names) > 1 else ""
            shown = f"{said}: {number(count)}{where}"
            parts.append(
                f'<rect class="f{place % 4}" x="{left + gap / 2:.2f}" y="{top:.2f}" '
                f'width="{right - left - gap:.2f}" height="{bottom - top:.2f}">'
                f"<title>{text(shown)}</title></rect>"
            )
        below += count
    return "".join(parts)


def curves(
    series: Mapping[str, ChartPoints],
    label: str,
    what: str,
    log_x: bool = False,
    log_y: bool = False,
) -> str:
    """Returns lines through points, at most a few hundred each (means of neighbours)."""
    thinned = {name: _thinned(points) for name, points in series.items() if points}
    every = [point for points in thinned.values() for point in points]
    if not every:
        return ""
    xs, ys = [p[0] for p in every], [p[1] for p in every]
    x = Axis(min(xs), max(xs), _LEFT, _PLOT[0], log_x)
    bottom = min(ys) if log_y else min(0.0, min(ys))
    y = _upright(max(ys), log_y, bottom)
    body = _axes(x, y, label)
    for place, (name, points) in enumerate(thinned.items()):
        path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
        body += f'<polyline class="line l{place % 4}" points="{path}"/>'
        if len(points) <= 40:
            body += "".join(_dot(x(a), y(b), place, name, a, b) for a, b in points)
    said = ", ".join(f"{n} ends at {number(p[-1][1])}" for n, p in series.items() if p)
    return _svg(f"{what}: {said}", body) + _keys(list(thinned))


def _dot(x: float, y: float, place: int, name: str, a: float, b: float) -> str:
    said = f"{name} {number(a)}: {number(b)}"
    return (
        f'<circle class="f{place % 4}" cx="{x:.1f}" cy="{y:.1f}" '
        f'r="3"><title>{text(said)}</title></circle>'
    )


def _thinned(points: ChartPoints) -> List[Tuple[float, float]]:
    good = [(float(a), float(b)) for a, b in points if math.isfinite(b)]
    size = -(-len(good) // _MOST) or 1
    parts = [good[at : at + size] for at in range(0, len(good), size)]
    return [(part[-1][0], sum(b for _, b in part) / len(part)) for part in parts]


def scatter(series: Mapping[str, ChartPoints], label: str, what: str, log: bool = False) -> str:
    """Returns points as dots; the second value goes up."""
    every = [point for points in series.values() for point in points]
    if not every:
        return ""
    low = [min(p[axis] for p in every) * 0.8 if log else 0.0 for axis in (0, 1)]
    high = [max(p[axis] for p in every) * 1.1 for axis in (0, 1)]
    x, y = Axis(low[0], high[0], _LEFT, _PLOT[0], log), _upright(high[1], log, low[1])
    counted: Dict[Any, int] = {}
    for place, points in enumerate(series.values()):
        for point in points:
            counted[place, point] = counted.get((place, point), 0) + 1
    dots = "".join(
        f'<circle class="f{place % 4}" cx="{x(a):.1f}" cy="{y(b):.1f}" '
        f'r="{min(9.0, 2.0 + math.log2(count)):.1f}" opacity=".6"><title>{short(a)} '
        f"x {short(b)}, {count}"
        "</title></circle>"
        for (place, (a, b)), count in counted.items()
    )
    across, upward = (
        f"{number(min(p[axis] for p in every))} to {number(max(p[axis] for p in every))}"
        for axis in (0, 1)
    )
    title = f"{what}: {across} wide, {upward} high"
    return _svg(title, _axes(x, y, label) + dots) + _keys(list(series))


def bars(rows: Iterable[Tuple[str, float, str]], what: str) -> str:
    """Returns bars lying one below the other: (name, length, what is said behind it)."""
    shown = list(rows)
    if not shown:
        return ""
    line, longest = 18, max(length for _, length, _ in shown) or 1.0
    name_width = 14 + 8 * min(14, max(len(name) for name, _, _ in shown))
    room = _WIDTH - name_width - 90
    body = ""
    for place, (name, length, said) in enumerate(shown):
        top = place * line
        body += _words(name_width - 6, top + 13, name[:22], "end")
        body += (
            f'<rect class="f0" x="{name_width}" y="{top + 3}" '
            f'width="{max(1.0, room * length / longest):.1f}" height="{line - 6}"/>'
        )
        body += _words(name_width + room * length / longest + 6, top + 13, said, "start")
    return _svg(what, body, line * len(shown) + 4)
