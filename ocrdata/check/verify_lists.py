"""Checks sample lists and the pictures they name."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path, PurePosixPath
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ocrdata.base.findings import Findings, hash64
from ocrdata.base.parallel import ordered_map
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import parse_sample_line, split_sample_line
from ocrdata.base.storage.hash_columns import HashColumn
from ocrdata.check.listed_samples import (
    ListedSamples,
    check_repeats,
    check_splits,
    check_unreferenced,
    hash_key,
)
from ocrdata.check.verify_regions import check_regions
from ocrdata.errors import AnnotationError, InputError
from ocrdata.images.decode import decode_problem
from ocrdata.images.header import read_header
from ocrdata.records.format.schema import ctc_length
from ocrdata.records.sources.listed import SampleList, SceneList, open_sample_list
from ocrdata.text.charset import Charset
from ocrdata.text.normalization import normalize_label, unseen_in

_BATCH = 64


def _read(
    listed: ListedSamples,
    keys: HashColumn,
    charset: Optional[Charset],
    time_steps: Optional[int],
    found: Findings,
) -> None:
    source = listed.source
    # Pictures with ground truth have no label of their own: the picture stands for it.
    scenes = isinstance(source, SceneList)
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
            listed.folders.update(PurePosixPath(key).parts[:1])
            keys.extend((hash_key(key),))
            listed.texts.extend((hash64(text.encode("utf-8")),))
            listed.offsets.add(line.offset)
    except AnnotationError as error:
        found.add("bad-line", str(error))


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


def _batches(listed: Sequence[ListedSamples]) -> Iterator[_Batch]:
    for one in listed:
        for start in range(0, one.offsets.count, _BATCH):
            end = min(start + _BATCH, one.offsets.count)
            yield _Batch(one.source, one.offsets.some(start, end))


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
    listed: Sequence[ListedSamples],
    decode: bool,
    workers: int,
    found: Findings,
    on_progress: Optional[OnProgress],
) -> int:
    done, total = 0, sum(one.offsets.count for one in listed)
    check = functools.partial(_check_images, decode)
    results = ordered_map(check, _batches(listed), workers)
    for one in listed:
        for problems, some in itertools.islice(results, -(-one.offsets.count // _BATCH)):
            found.merge(problems)
            one.pictures.extend(some)
            done += len(some)
            if on_progress:
                on_progress(done, total)
    # An engine ends its work behind the last result.
    next(results, None)
    return done


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

    Adds the problems to `found` and returns the number of samples. What is kept of a sample lies on
    disk, 44 bytes in all.
    """
    listed, keys = [ListedSamples(_open(path, root)) for path in paths], HashColumn()
    for one in listed:
        _read(one, keys, charset, time_steps, found)
    check_repeats(listed, keys, found)
    count = _read_images(listed, decode, workers, found, on_progress)
    for place, second in enumerate(listed):
        for first in listed[:place]:
            check_splits(first, second, found)
    if len(listed) > 1:
        # One list alone does not name the pictures of the other.
        check_unreferenced(root, listed, keys, found)
    for one in listed:
        one.source.close()
    return count
