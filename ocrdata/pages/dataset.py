"""A page about a data set: samples, texts, characters, pictures, how it was made, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from ocrdata.base.findings import FINDING_KINDS
from ocrdata.base.run_options import OnProgress
from ocrdata.base.storage.staging import write_atomic
from ocrdata.check.artefact import check_path
from ocrdata.errors import OptionError, OutputExistsError, PathLike
from ocrdata.gallery.cards import open_image
from ocrdata.gallery.regions import describe_regions
from ocrdata.pages.facts import SplitFacts, collect_facts
from ocrdata.pages.figures import images, merged, named, splits, texts
from ocrdata.pages.html import Section, number, page, text, tiles
from ocrdata.pages.made import how_made, manifests
from ocrdata.pages.samples import DrawnOutline, SampleCard, sample_grid
from ocrdata.records.sources.sampling import Shown, choose_samples

# Pictures whose sizes are looked at; scenes are large.
_SIZES, _SIZES_OF_SCENES = 1000, 150


@dataclass(frozen=True)
class PageSummary:
    """What a page shows; `problems` counts by kind, None where they were not looked for."""

    page: str
    bytes: int
    samples: int
    unreadable: int
    splits: Dict[str, int] = field(default_factory=dict)
    problems: Optional[Dict[str, int]] = None


def write_dataset_page(
    path: PathLike,
    output: PathLike,
    count: int = 24,
    split: Optional[str] = None,
    seed: int = 0,
    check: bool = True,
    workers: int = 0,
    overwrite: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> PageSummary:
    """Writes a page, one file that needs nothing else, about anything that `preview` shows.

    `check` also looks for problems as `ocrdata check --no-decode` does. Raises InputError where
    there is nothing to show, OutputExistsError and OptionError.
    """
    target = Path(output)
    if target.suffix.lower() not in (".html", ".htm"):
        raise OptionError(f"--html must name a .html file, not {target.name}.")
    if target.exists() and not overwrite:
        raise OutputExistsError(target)
    shown = choose_samples(path, count, split, seed)
    scenes = any(one.regions is not None for one in shown)
    facts = collect_facts(path, split, on_progress)
    sizes = choose_samples(path, _SIZES_OF_SCENES if scenes else _SIZES, split, seed)
    checked = check_path(path, decode=False, workers=workers) if check else None
    made = manifests(Path(path))
    common = "".join(one for one, _ in merged(facts, "characters").most_common(18))
    sections = [
        Section("overview", "Overview", _overview(facts, scenes, checked)),
        Section("samples", "Samples", sample_grid([_card(one) for one in shown], scenes)),
        Section("texts", "Texts", texts(facts, scenes)),
        Section("pictures", "Pictures", images(sizes)),
        Section("splits", "Splits", splits(facts)),
        Section("made", "How it was made", how_made(made, common)),
        Section("problems", "Problems", _problems(checked)),
    ]
    what = "pictures with text" if scenes else "text lines"
    name = Path(path).resolve().name
    data = page(name, f"{what}, {path}", sections)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, data)
    return PageSummary(
        str(target),
        len(data),
        len(shown),
        sum(bool(one.problem) or open_image(one.image)[0] is None for one in shown),
        {named(name): one.total for name, one in facts.items()},
        dict(checked.problems) if checked else None,
    )


def _card(one: Shown) -> SampleCard:
    if one.regions is None:
        note = " · ".join(filter(None, (one.split, one.key)))
        return SampleCard(
            one.image,
            text(one.text),
            note=note,
            split=one.split,
            outlines=None,
            problem=one.problem,
            spoken=one.text,
        )
    outlines = [
        DrawnOutline(region.polygon, region.text or "(no text)", "ignored" if region.ignore else "")
        for region in one.regions
    ]
    said = describe_regions(one.regions)
    return SampleCard(
        one.image,
        text(said),
        note=" · ".join(filter(None, (one.split, one.key))),
        split=one.split,
        outlines=outlines,
        problem=one.problem,
        spoken=said,
    )


def _overview(facts: Dict[str, SplitFacts], scenes: bool, checked: Any) -> str:
    total = sum(one.total for one in facts.values())
    rows: List[Tuple[str, ...]] = [(number(total), "pictures" if scenes else "lines")]
    if scenes:
        rows.append((number(sum(one.read for one in facts.values())), "texts with outlines"))
        rows.append((number(sum(one.ignored for one in facts.values())), "to be ignored"))
    rows.append(
        (number(len(set().union(*(one.texts for one in facts.values())))), "distinct texts")
    )
    rows.append((number(len(merged(facts, "characters"))), "distinct characters"))
    unreadable = sum(one.unreadable for one in facts.values())
    if unreadable:
        rows.append((number(unreadable), "could not be read", "bad"))
    if checked is not None:
        count = sum(checked.problems.values())
        rows.append((number(count), "problems", "bad" if count else "good"))
    seen = sum(one.samples for one in facts.values())
    note = ""
    if seen < total:
        note = (
            f'<p class="note">Texts and characters are those of the first {number(seen)} '
            "samples.</p>"
        )
    return tiles(rows) + note


def _problems(checked: Any) -> str:
    if checked is None:
        return ""
    looked = ", ".join(f"{number(n)} {what}" for what, n in checked.checked.items())
    if not checked.problems:
        return f'<p class="good">None found in {text(looked)}.</p>'
    parts: List[str] = []
    for kind, count in sorted(checked.problems.items(), key=lambda pair: -pair[1]):
        examples = "".join(
            f"<li><code>{text(one)}</code></li>" for one in checked.examples.get(kind, ())
        )
        opened = " open" if len(parts) < 3 else ""
        parts.append(
            f"<details{opened}><summary>{text(kind)}: {number(count)}</summary>"
            f"<p>{text(FINDING_KINDS[kind].capitalize())}.</p><ul>{examples}</ul></details>"
        )
    note = f"Looked at: {looked}; pictures by their headers. See `ocrdata check`."
    body = "".join(parts)
    return f'<div class="card">{body}<p class="note">{text(note)}</p></div>'
