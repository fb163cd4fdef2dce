"""A page about a training run: curves, figures, options, and what it read worst."""

from __future__ import annotations

import json
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.storage.staging import read_json, write_atomic
from ocrdata.pages import charts as c
from ocrdata.pages.html import Section, card, charts, number, page, table, text, tiles
from ocrdata.pages.samples import DrawnOutline, SampleCard, sample_grid

REPORT, RUN, METRICS = "report.html", "run.json", "metrics.jsonl"
_LOWER = ("character_error_rate", "loss")  # figures of which less is better
_RATES = ("learning_rate", "examples_per_second", "waiting", "gradient_norm")
_NAMES = {"one_minus_ned": "1-NED", "hmean": "harmonic mean"}


Looks = List[Tuple[int, Dict[str, float]]]  # step and figures of each validation of a set


class Miss(NamedTuple):
    """A sample that went wrong: what it says and what was read, or outlines true and found."""

    image: bytes
    truth: str
    text: str
    note: str
    outlines: Optional[Sequence[DrawnOutline]] = None


def write_run_page(directory: Path, worst: Sequence[Miss] = (), what: str = "") -> Path:
    """Writes report.html into the folder of a run; `what` says where `worst` comes from."""
    content = read_json(directory / RUN)
    lines = read_metrics(directory / METRICS)
    steps = [line for line in lines if "loss" in line]
    looks: Dict[str, Looks] = {}
    for line in lines:
        if "validation" in line:
            name = line.get("set", "")
            looks.setdefault(name, []).append((line["step"], line["validation"]))
    options = {**content.get("model_options", {}), **content.get("options", {})}
    sections = [
        Section("overview", "Overview", _overview(content, steps, looks)),
        Section("curves", "Curves", _curves(steps, looks)),
        Section("worst", "Worst predictions", _worst(worst, what)),
        Section("options", "Options", _options(content, options)),
    ]
    subtitle = f"training run, {directory}"
    write_atomic(directory / REPORT, page(content["model"], subtitle, sections))
    return directory / REPORT


def read_metrics(path: Path) -> List[Dict[str, Any]]:
    """Returns the lines of metrics.jsonl; the last may be cut off by a kill."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def _named(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def _overview(content: Dict[str, Any], steps: List[Dict[str, Any]], looks: Dict[str, Looks]) -> str:
    rows: List[Tuple[str, ...]] = []
    if steps:
        rows += [(number(steps[-1]["step"]), "steps"), (number(steps[-1]["loss"]), "last loss")]
    if "samples" in content.get("records", {}):
        rows.append((number(content["records"]["samples"]), "samples trained on"))
    for data_set, found in looks.items():
        of_set = f" of {data_set}" if data_set else ""
        for name in found[-1][1]:
            choose = min if name in _LOWER else max
            step, figures = choose(found, key=lambda look: look[1].get(name, 0.0))
            rows.append((number(figures[name]), f"best {_named(name)}{of_set}, at step {step}"))
    return tiles(rows) if rows else ""


def _curves(steps: List[Dict[str, Any]], looks: Dict[str, Looks]) -> str:
    names = sorted({name for line in steps for name in line} - {"step", *_RATES})
    losses = [name for name in names if name.endswith("loss")]
    figures = [name for name in names if name not in losses]
    log = all(line[name] > 0 for line in steps for name in losses if name in line)
    cards = [_curve("Loss", _series(steps, losses), log)] if losses else []
    if figures:
        cards.append(_curve("Figures of the batches", _series(steps, figures)))
    for data_set, found in looks.items():
        flat = [dict(figures, step=step) for step, figures in found]
        title = f"Validation, {data_set}" if data_set else "Validation"
        cards.append(_curve(title, _series(flat, sorted(found[0][1]))))
    for name in _RATES:
        chart = _series(steps, [name])
        cards.append(_curve(_named(name).capitalize(), chart, name == "gradient_norm"))
    return charts(cards)


def _series(lines: Sequence[Dict[str, Any]], names: Sequence[str]) -> Dict[str, Any]:
    found = {_named(n): [(one["step"], one[n]) for one in lines if n in one] for n in names}
    return {name: points for name, points in found.items() if points}


def _curve(title: str, series: Dict[str, Any], log: bool = False) -> str:
    if not series:
        return ""
    log = log and all(value > 0 for points in series.values() for _, value in points)
    last = table(
        ("", "first", "last", "least", "most"),
        (
            (name, *(number(v) for v in (p[0][1], p[-1][1], *_ends(p))))
            for name, p in series.items()
        ),
        4,
    )
    chart = c.curves(series, "step", title, False, log)
    return card(title, f"{chart}<details><summary>Figures</summary>{last}</details>")


def _ends(points: Sequence[Tuple[float, float]]) -> Tuple[float, float]:
    values = [value for _, value in points]
    return min(values), max(values)


def _worst(worst: Sequence[Miss], what: str) -> str:
    if not worst:
        return "" if not what else f'<p class="note">{text(what)}</p>'
    cards = [
        SampleCard(
            one.image,
            _title(one),
            note=one.note,
            split="",
            outlines=one.outlines,
            problem="",
            spoken=one.truth,
        )
        for one in worst
    ]
    scenes = any(one.outlines is not None for one in worst)
    return f'<p class="note">{text(what)}</p>{sample_grid(cards, scenes)}'


def _title(one: Miss) -> str:
    """Returns truth and reading with what differs marked, or the words about a scene."""
    if one.outlines is not None:
        return text(one.text)
    truth, read = marked(one.truth, one.text)
    return f"{truth or '(nothing)'}<br>{read or '<ins>(nothing)</ins>'}"


def marked(truth: str, read: str) -> Tuple[str, str]:
    """Returns both as HTML, with what was missed and what was made up marked."""
    parts: List[List[str]] = [[], []]
    for kind, a, b, x, y in SequenceMatcher(None, truth, read, False).get_opcodes():
        for place, (piece, mark) in enumerate(((truth[a:b], "del"), (read[x:y], "ins"))):
            if piece:
                shown = text(piece)
                parts[place].append(shown if kind == "equal" else f"<{mark}>{shown}</{mark}>")
    return "".join(parts[0]), "".join(parts[1])


def _options(content: Dict[str, Any], options: Dict[str, Any]) -> str:
    versions = content.get("versions", {})
    made = ", ".join(f"{name} {value}" for name, value in sorted(versions.items()))
    rows = [("--" + name.replace("_", "-"), value) for name, value in sorted(options.items())]
    options_table = table(("option", "value"), rows, wrap=True)
    folded = f"<details><summary>All options</summary>{options_table}</details>"
    return card(content["model"], folded, made)
