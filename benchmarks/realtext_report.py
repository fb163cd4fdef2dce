"""The tables and the page of `realtext.py`: scores over steps, and by what a word looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
from realtext_statistics import Word, measures_of, table

from ocrdata.pages import charts, html


class Trained(NamedTuple):
    """One training: (step, accuracy) of its checkpoints, and which words the last one read."""

    curve: List[Tuple[int, float]]
    correct: Dict[str, bool]


def _groups(words: Sequence[Word]) -> Dict[str, Dict[str, List[str]]]:
    """Returns keys of words by group, for each way of grouping."""
    ways: Dict[str, Dict[str, List[str]]] = {}
    measured = [measures_of(word) for word in words]
    bins = {
        "length": (3, 5, 7),
        "height in pixels": (20, 32, 48),
        "contrast": (30, 60, 100),
        "angle": (2, 5, 10),
        "pixels a character": (7, 10, 13, 17),
    }
    for way, edges in bins.items():
        groups = ways.setdefault(way, {})
        for word, row in zip(words, measured):
            value = {
                "length": len(word.text),
                "height in pixels": word.image.shape[0],
                "contrast": row.get("contrast"),
                "angle": row.get("angle"),
                "pixels a character": row.get("pixels a character"),
            }[way]
            if value is None:
                continue
            place = int(np.searchsorted(edges, value, side="right"))
            low = f"{edges[place - 1]} to " if place else "below "
            high = f"{edges[place]}" if place < len(edges) else "more"
            groups.setdefault(low + high, []).append(word.key)
        order = [f"below {edges[0]}"]
        order += [f"{a} to {b}" for a, b in zip(edges, (*edges[1:], "more"))]
        ways[way] = {name: groups[name] for name in order if name in groups}
    return ways


def _share(runs: Sequence[Trained], keys: Sequence[str]) -> float:
    return float(np.mean([[run.correct.get(key, False) for key in keys] for run in runs]))


def write_report(
    folder: Path,
    trained: Dict[str, List[Trained]],
    counts: Dict[str, Dict[str, np.ndarray]],
    real: Sequence[Word],
) -> List[str]:
    """Writes realtext.md and realtext.html and returns the lines of the former."""
    lines = ["| trained on | mean accuracy | seeds |", "|---|---|---|"]
    for style, runs in trained.items():
        last = [run.curve[-1][1] for run in runs]
        seeds = ", ".join(f"{score:.3f}" for score in last)
        lines.append(f"| `{style}` | {np.mean(last):.3f} | {seeds} |")
    ways = _groups(real)
    cards = [charts_over_steps(trained)]
    for way, groups in ways.items():
        lines += [
            "",
            f"| {way} | words | {' | '.join(trained)} |",
            "|---" * (2 + len(trained)) + "|",
        ]
        for name, keys in groups.items():
            cells = " | ".join(f"{_share(runs, keys):.3f}" for runs in trained.values())
            lines.append(f"| {name} | {len(keys)} | {cells} |")
        for style, runs in trained.items():
            shares = [(name, _share(runs, keys), len(keys)) for name, keys in groups.items()]
            rows = [(name, share, f"{share:.3f} of {count}") for name, share, count in shares]
            cards.append(html.card(f"{style}: by {way}", charts.bars(rows, f"accuracy by {way}")))
    lines += ["", *table(counts)]
    (folder / "realtext.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    body = html.charts(cards)
    section = html.Section("scores", "Real words read after training on rendered ones", body)
    page = html.page("Real text", "benchmarks/realtext.py", [section])
    (folder / "realtext.html").write_bytes(page)
    return lines


def charts_over_steps(trained: Dict[str, List[Trained]]) -> str:
    """Returns a card with the mean accuracy over steps, a curve a style."""
    series = {}
    for style, runs in trained.items():
        steps = [step for step, _ in runs[0].curve]
        series[style] = [
            (float(s), float(np.mean([dict(r.curve)[s] for r in runs]))) for s in steps
        ]
    return html.card("Accuracy over steps", charts.curves(series, "step", "accuracy"))
