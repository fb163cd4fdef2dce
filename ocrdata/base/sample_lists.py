"""Train and Test lists of pictures that already exist, disjoint by text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, TextIO

from ocrdata.base import random_streams
from ocrdata.base.sample import SAMPLE_LIST, join_sample_line, parse_sample_line, read_lines
from ocrdata.base.storage.remote import as_path
from ocrdata.base.storage.staging import MANIFEST, read_manifest, staged_output
from ocrdata.errors import AnnotationError, OptionError, PathLike

TRAIN_LIST, VALIDATION_LIST, TEST_LIST = LISTS = ("Train", "Validation", "Test")
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")


class ListRow(NamedTuple):
    """A picture and its label, and where they are listed."""

    key: str
    text: str
    path: Optional[PathLike] = None
    line: Optional[int] = None


@dataclass(frozen=True)
class SplitSummary:
    """How many pictures and texts each list got; `skipped` counts what was left out, by reason."""

    train: int
    test: int
    train_texts: int
    test_texts: int
    labels_normalized: int = 0
    skipped: Dict[str, int] = field(default_factory=dict)


class Division(NamedTuple):
    """How pictures are divided: the share of texts for Test, in [0, 1), and the most pictures."""

    test_fraction: float = 0.1
    seed: int = 0
    limit: Optional[int] = None


class RowRules:
    """What was done to the labels of rows on their way, for the summary and the manifest."""

    options: Mapping[str, object] = {}
    skipped: Mapping[str, int] = {}
    normalized: int = 0


def is_test(text: str, seed: int, test_fraction: float) -> bool:
    """Says on which side a text lies: the same for all its pictures and whatever else is there."""
    return random_streams.bucket(text, f"test-{seed}") < test_fraction


def open_list_file(directory: Path) -> TextIO:
    """Opens the sample list of a directory for writing."""
    return (directory / SAMPLE_LIST).open("w", encoding="utf-8", newline="\n")


def read_labels(path: PathLike) -> Iterator[ListRow]:
    """Yields the rows of a label file: `path label` or `path<TAB>label` a line.

    Raises AnnotationError naming the line.
    """
    for number, line in read_lines(path):
        yield ListRow(*parse_sample_line(path, number, line), path, number)


def read_numbered(data_dir: PathLike, phrases: Sequence[str]) -> Iterator[ListRow]:
    """Yields the pictures of the original tree, `pic/<line of the phrase, from 0>/<name>.jpg`.

    Raises AnnotationError for a folder whose number has no phrase.
    """
    root = as_path(data_dir)
    for folder in sorted((root / "pic").iterdir(), key=lambda path: (len(path.name), path.name)):
        if not folder.is_dir():
            continue
        if not folder.name.isdigit() or int(folder.name) >= len(phrases):
            problem = f"is not the number of one of the {len(phrases)} phrases"
            raise AnnotationError(folder, problem)
        for image in sorted(folder.iterdir()):
            if image.suffix.lower() in IMAGE_SUFFIXES:
                yield ListRow(image.relative_to(root).as_posix(), phrases[int(folder.name)])


def read_lists(data_dir: PathLike) -> List[ListRow]:
    """Returns the rows of the Train and Test lists that a data directory has."""
    files = [as_path(data_dir) / name / SAMPLE_LIST for name in (TRAIN_LIST, TEST_LIST)]
    found = [path for path in files if path.is_file()]
    if not found:
        hint = "Render pictures (ocrdata gen-pics), or name a label file with --labels."
        raise AnnotationError(files[0], "does not exist", hint=hint)
    for path in found:
        check_lines(path)
    return [row for path in found for row in read_labels(path)]


def check_lines(path: Path) -> None:
    """Raises AnnotationError for a list of scenes: its second column names files, not texts."""
    manifest = path.parent / MANIFEST
    if manifest.is_file() and read_manifest(path.parent).get("summary", {}).get("kind") == "scenes":
        hint = "Cut lines out of the scenes: ocrdata import NAME SOURCE --crops."
        raise AnnotationError(path, "lists scenes, which have no single text", hint=hint)


def write_split(
    data_dir: PathLike,
    rows: Iterable[ListRow],
    division: Division,
    overwrite: bool = False,
    skip_missing: bool = False,
    rules: Optional[RowRules] = None,
) -> SplitSummary:
    """Writes Train/sample.txt and Test/sample.txt for pictures under `data_dir`.

    Raises AnnotationError for a picture that is missing (unless `skip_missing`, which counts it),
    or listed twice.
    """
    test_fraction, seed, limit = division
    if not 0.0 <= test_fraction < 1.0:
        raise OptionError(f"--test-fraction must lie in [0, 1), not {test_fraction}.")
    root = as_path(data_dir)
    rules = rules or RowRules()
    options = {"seed": seed, "test_fraction": test_fraction, "limit": limit, **rules.options}
    skipped = Counter()  # type: Counter[str]
    names = (TRAIN_LIST, TEST_LIST)
    with staged_output(root, names, "gen-sample", options, overwrite) as staged:
        texts: List[Dict[str, int]] = [{}, {}]
        with open_list_file(staged.path(TRAIN_LIST)) as train, open_list_file(
            staged.path(TEST_LIST)
        ) as test:
            for row in _existing(root, rows, limit, skip_missing, skipped):
                side = is_test(row.text, seed, test_fraction)
                (test if side else train).write(join_sample_line(row.key, row.text))
                texts[side][row.text] = texts[side].get(row.text, 0) + 1
        counts = [sum(side.values()) for side in texts]
        skipped.update(rules.skipped)
        if not sum(counts):
            raise _nothing_to_list(root, skipped)
        summary = SplitSummary(
            train=counts[0],
            test=counts[1],
            train_texts=len(texts[0]),
            test_texts=len(texts[1]),
            labels_normalized=rules.normalized,
            skipped=dict(skipped),
        )
        staged.summary = dict(vars(summary))
    return summary


def _existing(
    root: Path, rows: Iterable[ListRow], limit: Optional[int], skip: bool, skipped: Dict[str, int]
) -> Iterator[ListRow]:
    seen = set()  # type: set[bytes]
    for row in rows:
        if limit is not None and len(seen) >= limit:
            return
        row = row._replace(key=PurePosixPath(row.key).as_posix())
        mark = random_streams.order_key(row.key)
        if mark in seen:
            raise _row_error(row, root, "is listed twice")
        if not (root / row.key).is_file():
            if not skip:
                raise _row_error(row, root, "does not exist", _where_to_look(row))
            skipped["picture missing"] = skipped.get("picture missing", 0) + 1
            continue
        seen.add(mark)
        yield row


def _row_error(row: ListRow, root: Path, problem: str, hint: str = "") -> AnnotationError:
    if row.path is None:
        return AnnotationError(root / row.key, problem, hint=hint)
    return AnnotationError(row.path, f"picture {root / row.key} {problem}", row.line, hint)


def _where_to_look(row: ListRow) -> str:
    folder = as_path(row.path).parent if row.path is not None else None
    if folder is not None and (folder / row.key).is_file():
        return f"It lies beside the list: pass --data-dir {folder}."
    return "Pass --skip-missing to leave such lines out."


def _nothing_to_list(root: Path, skipped: Dict[str, int]) -> AnnotationError:
    reasons = [f"{count:,} {name}" for name, count in skipped.items()]
    why = f" ({', '.join(reasons)})" if reasons else ""
    hint = f"Paths are taken from {root} on; is that the folder (--data-dir)?"
    return AnnotationError(root, "has no picture to list" + why, hint=hint)
