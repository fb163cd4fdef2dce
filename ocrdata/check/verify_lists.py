"""Checks sample lists and the pictures they name."""

from __future__ import annotations

import functools
from array import array
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from ocrdata.base.findings import Findings, as_hashes, first_shared, hash64, repeats
from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import parse_sample_line, split_sample_line
from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.base.storage.walking import walk
from ocrdata.check.verify_regions import check_regions
from ocrdata.errors import AnnotationError, InputError
from ocrdata.images.decode import decode_problem
from ocrdata.images.header import read_header
from ocrdata.records.format.schema import ctc_length
from ocrdata.records.sources.listed import SampleList, SceneList, open_sample_list
from ocrdata.text.charset import Charset
from ocrdata.text.normalization import normalize_label, unseen_in

_BATCH = 64


@dataclass
class _Listed:
    """The lines of one list that can be used: hashes of keys and texts, and where they stand.

    `folders` are the top folders of their pictures.
    """

    source: SampleList
    keys: np.ndarray
    texts: np.ndarray
    offsets: np.ndarray
    folders: Set[str]

    def place(self, row: int) -> Tuple[str, str, str]:
        """Returns ("path:line", key, text) of a row."""
        offset = int(self.offsets[row])
        key, text = self.source.row_at(offset)
        return f"{self.source.path}:{self.source.number_at(offset)}", key, text


def _hash_key(key: str) -> int:
    return hash64(str(PurePosixPath(key)).encode("utf-8"))


def _read(
    source: SampleList, charset: Optional[Charset], time_steps: Optional[int], found: Findings
) -> _Listed:
    keys, texts, offsets = array("Q"), array("Q"), array("q")
    # Pictures with ground truth have no label of their own: the picture stands for it.
    scenes = isinstance(source, SceneList)
    folders: Set[str] = set()
    try:
        for line in source.lines():
            try:
                key, text = parse_sample_line(source.path, line.number, line.text)
            except AnnotationError as error:
                empty = not split_sample_line(line.text)[1].strip()
                found.add("empty-label" if empty else "bad-line", str(error))
                continue
            where = f"{source.path}:{line.number}"
            if scenes:
                text = key
            else:
                check_label(where, text, charset, time_steps, found)
            folders.update(PurePosixPath(key).parts[:1])
            keys.append(_hash_key(key))
            texts.append(hash64(text.encode("utf-8")))
            offsets.append(line.offset)
    except AnnotationError as error:
        found.add("bad-line", str(error))
    return _Listed(source, as_hashes(keys), as_hashes(texts), np.array(offsets, np.int64), folders)


def check_label(
    where: str, text: str, charset: Optional[Charset], time_steps: Optional[int], found: Findings
) -> None:
    """Notes characters that are not in the dictionary, and more of them than time steps."""
    if normalize_label(text) != text:
        found.add("invisible-character", f"{where}: {unseen_in(text)} in {text!r}")
    missing = charset.missing(text) if charset else []
    if missing:
        unknown = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in missing)
        found.add("missing-character", f"{where}: {unknown} of {text!r}")
    if time_steps is not None and ctc_length(text) > time_steps:
        needed = f"needs {ctc_length(text)} time steps, not {time_steps}"
        found.add("label-too-long", f"{where}: {text!r} {needed}")


# --- pictures, in workers


class _Batch(NamedTuple):
    source: SampleList
    offsets: np.ndarray


def _batches(listed: Sequence[_Listed]) -> Iterator[_Batch]:
    for one in listed:
        for start in range(0, len(one.offsets), _BATCH):
            offsets = one.offsets[start : start + _BATCH]
            yield _Batch(one.source, offsets)


def _check_images(decode: bool, batch: _Batch) -> Tuple[Findings, List[int]]:
    """Returns what is wrong with some pictures, and the hash of each (0 for a missing one)."""
    found, hashes = Findings(), []
    with batch.source as source:
        for offset in batch.offsets.tolist():
            kind = "bad-truth"
            try:
                sample = source.sample_at(offset)
                kind = "missing-picture"
                data = sample.image_bytes()
            except InputError as error:
                where = f"{source.path}:{source.number_at(offset)}"
                found.add(kind, f"{where}: {error}")
                hashes.append(0)
                continue
            image = source.root / sample.key
            problem = image_problem(data, decode)
            if problem:
                found.add("damaged-picture", f"{image} {problem}")
            elif sample.regions:
                header = read_header(data)
                size = header.width, header.height
                check_regions(str(image), sample.regions, *size, found)
            hashes.append(hash64(data))
    return found, hashes


def image_problem(data: bytes, decode: bool = True) -> str:
    """Returns what is wrong with an encoded picture, "" if nothing is."""
    try:
        read_header(data)
    except ValueError as error:
        return str(error)
    return decode_problem(data) if decode else ""


def _read_images(
    listed: Sequence[_Listed],
    decode: bool,
    workers: int,
    found: Findings,
    on_progress: Optional[OnProgress],
) -> np.ndarray:
    hashes = array("Q")
    total = sum(len(one.offsets) for one in listed)
    check = functools.partial(_check_images, decode)
    for problems, some in ordered_map(check, _batches(listed), workers):
        found.merge(problems)
        hashes.extend(some)
        if on_progress:
            on_progress(len(hashes), total)
    return as_hashes(hashes)


# --- lists against each other and against the folder


def _check_repeats(listed: Sequence[_Listed], found: Findings) -> None:
    starts = np.cumsum([0] + [len(one.keys) for one in listed])
    for row in repeats(np.concatenate([one.keys for one in listed])).tolist():
        which = int(np.searchsorted(starts, row, side="right")) - 1
        where, key, _ = listed[which].place(row - int(starts[which]))
        found.add("repeated-key", f"{where}: {key!r} is listed before")


def _check_splits(
    first: _Listed, second: _Listed, ours: np.ndarray, others: np.ndarray, found: Findings
) -> None:
    for row in first_shared(second.texts, first.texts).tolist():
        where, _, text = second.place(row)
        found.add("text-in-two-splits", f"{where}: {text!r} is in {first.source.path}")
    for row in first_shared(others, ours[ours != 0]).tolist():
        where, key, _ = second.place(row)
        message = f"{where}: the picture {key!r} is in {first.source.path}"
        found.add("picture-in-two-splits", message)


def _check_unreferenced(root: Path, listed: Sequence[_Listed], found: Findings) -> None:
    known = np.sort(np.concatenate([one.keys for one in listed]))
    for top in sorted(set().union(*(one.folders for one in listed))):
        for folder, files in walk(root / top):
            pictures = sorted(f for f in files if f.lower().endswith(IMAGE_SUFFIXES))
            keys = [(folder / name).relative_to(root).as_posix() for name in pictures]
            hashes = as_hashes(_hash_key(key) for key in keys)
            for key, listed_too in zip(keys, np.isin(hashes, known).tolist()):
                if not listed_too:
                    found.add("unreferenced-picture", f"{root / key} is in no list")


def _open(path: Path, root: Path) -> SampleList:
    try:
        return open_sample_list(path, root)
    except AnnotationError:
        # Reading its lines tells what is wrong with it.
        return SampleList(path, root)


def verify_lists(
    root: Path,
    paths: Sequence[Path],
    charset: Optional[Charset],
    found: Findings,
    time_steps: Optional[int] = None,
    decode: bool = True,
    workers: int = 0,
    on_progress: Optional[OnProgress] = None,
) -> int:
    """Checks sample lists, their pictures under `root` and one against the other.

    Adds the problems to `found` and returns the number of samples. Needs 32 bytes of memory a
    sample.
    """
    listed = [_read(_open(path, root), charset, time_steps, found) for path in paths]
    _check_repeats(listed, found)
    pictures = _read_images(listed, decode, workers, found, on_progress)
    starts = np.cumsum([0] + [len(one.keys) for one in listed]).tolist()
    parts = [pictures[start:end] for start, end in zip(starts, starts[1:])]
    for place, second in enumerate(listed):
        for before, first in enumerate(listed[:place]):
            _check_splits(first, second, parts[before], parts[place], found)
    if len(listed) > 1:
        # One list alone does not name the pictures of the other.
        _check_unreferenced(root, listed, found)
    for one in listed:
        one.source.close()
    return len(pictures)
