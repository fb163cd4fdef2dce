"""Safe repairs of sample lists, and of ground truth and its pictures, into a new folder."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Sequence, TextIO

import numpy as np

from ocrdata.base.icdar import format_box
from ocrdata.base.sample import SAMPLE_LIST, Region, Sample, join_sample_line
from ocrdata.base.storage.staging import Staged, staged_output
from ocrdata.check.usable_samples import Leaks, Repair, later, sound
from ocrdata.check.verify_regions import region_problems
from ocrdata.errors import AnnotationError, InputError
from ocrdata.geometry import quads
from ocrdata.geometry.polygons import clockwise
from ocrdata.images.header import read_header
from ocrdata.records.sources.inputs import SamplePairs, read_pictures
from ocrdata.records.write.shards import find_lists
from ocrdata.text.charset import Charset

_COMMAND = "check"


def _link(data: bytes, image: Any, target: Path) -> None:
    """Puts a picture at `target`: a second name for its file where the file system has that."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, bytes):
        target.write_bytes(data)
        return
    try:
        os.link(str(image), str(target))
    except OSError:
        shutil.copyfile(str(image), str(target))


def _listed(root: Path, repair: Repair) -> SamplePairs:
    for source in find_lists(root):
        with source:
            for row in source.rows(repair.skips()):
                try:
                    yield source.name, source.sample_at(row.place)
                except AnnotationError:
                    repair.changed["bad-truth"] += 1


def repair_lists(root: Path, output: Path, charset: Optional[Charset]) -> Repair:
    """Writes the lines of a data folder's lists that can be used, and their pictures."""
    repair = Repair()
    leaks = later(_listed(root, Repair()), charset)
    names = [source.name for source in find_lists(root)]
    with staged_output(output.parent, (output.name,), _COMMAND, {"repaired": "lists"}) as staged:
        folder = staged.path(output.name)
        samples = sound(_listed(root, repair), charset, repair, leaks)
        with ExitStack() as stack:
            lists = {name: stack.enter_context(_open_list(folder / name)) for name in names}
            for name, sample in samples:
                data = sample.image_bytes()
                _link(data, sample.image, folder / sample.key)
                label = sample.text
                if label is None:
                    label = _write_truth(folder, sample, data, repair)
                lists[name].write(join_sample_line(sample.key, label))
        _summarise(staged, repair)
    return repair


def _open_list(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / SAMPLE_LIST).open("w", encoding="utf-8", newline="\n")


def repair_regions(
    regions: Sequence[Region], width: int, height: int, changed: Dict[str, int]
) -> Iterator[Region]:
    """Yields the regions of a picture put right, counting what was done by kind of problem."""
    for region in regions:
        polygon = region.polygon
        problems = region_problems(region, width, height)
        if "polygon-crosses-itself" in problems and len(polygon) == 4:
            polygon = quads.uncross(polygon[None].astype(np.float64))[0].astype(np.float32)
        polygon = clockwise(polygon)
        if "polygon-outside" in problems:
            finite = np.nan_to_num(polygon, nan=0.0, posinf=1e6, neginf=-1e6)
            limits = np.array([width, height], np.float32)
            polygon = np.clip(finite, 0, limits).astype(np.float32)
        for problem in problems:
            changed[problem] = changed.get(problem, 0) + 1
        fixed = Region(polygon, region.text, region.ignore)
        if not region_problems(fixed, width, height):
            yield fixed


def _write_truth(folder: Path, sample: Sample, data: bytes, repair: Repair) -> str:
    header = read_header(data)
    fixed = repair_regions(sample.regions, header.width, header.height, repair.changed)
    lines = [
        format_box(region.polygon.tolist(), "###" if region.ignore else region.text) + "\n"
        for region in fixed
    ]
    picture = Path(sample.key)
    truth = picture.with_name(f"gt_{picture.stem}.txt").as_posix()
    (folder / truth).write_bytes("".join(lines).encode("utf-8"))
    return truth


def repair_images(path: Path, output: Path) -> Repair:
    """Writes pictures and ground truth that are sound or can be put right into a new folder."""
    repair = Repair()
    with staged_output(output.parent, (output.name,), _COMMAND, {"repaired": "truth"}) as staged:
        folder = staged.path(output.name)
        pairs = read_pictures(path, repair.skips())
        for _, sample in sound(pairs, None, repair, Leaks()):
            data = sample.image_bytes()
            _link(data, sample.image, folder / sample.key)
            if sample.text is None:
                _write_truth(folder, sample, data, repair)
        _summarise(staged, repair)
    return repair


def _summarise(staged: Staged, repair: Repair) -> None:
    if not repair.kept:
        raise InputError(staged.folder.parent, "gets nothing: no sample is sound")
    staged.summary = {"kept": repair.kept, "changed": dict(repair.changed)}
