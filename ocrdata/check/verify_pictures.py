"""Checks pictures with ground truth, in a folder or in an archive."""

from __future__ import annotations

import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Dict, Optional

from ocrdata.base.findings import Findings, hash64
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import Sample
from ocrdata.base.skips import BAD_LINE, BAD_PICTURE, UNCLEAR, UNPAIRED, Skips
from ocrdata.base.storage.disk_map import DiskMap
from ocrdata.base.storage.hash_columns import HashColumn, first_shared
from ocrdata.base.storage.tar import members, unsafe_reason
from ocrdata.base.storage.tree import Tree
from ocrdata.check.verify_lists import check_label, image_problem
from ocrdata.check.verify_regions import check_regions
from ocrdata.errors import InputError
from ocrdata.images.header import read_header
from ocrdata.records.legacy.deeptext import open_deeptext
from ocrdata.records.sources.identify import find_mindrecords
from ocrdata.records.sources.inputs import SamplePairs, read_pictures

_KINDS = {
    UNCLEAR: "two-truths",
    UNPAIRED: "no-truth",
    BAD_LINE: "bad-truth",
    BAD_PICTURE: "damaged-record",
}


class _Noting(Skips):
    """Leaves everything out that is wrong, and notes it."""

    def __init__(self, found: Findings) -> None:
        super().__init__(errors=True, unknown=True)
        self.found = found

    def refuse(self, reason: str, error: InputError, character: str = "") -> None:
        self.found.add(_KINDS.get(reason, "bad-line"), str(error))


def _check_members(path: Path, found: Findings) -> bool:
    """Looks at the members of a tar; returns whether it can be read to its end."""
    seen: DiskMap[int] = DiskMap()
    try:
        for entry, _ in members(path):
            reason = unsafe_reason(entry)
            # A second name for a file that came before is read like that file.
            if reason and not (entry.islnk() and entry.linkname in seen):
                found.add("unsafe-member", f"{path}: {entry.name!r} {reason}")
            if entry.name in seen and not entry.isdir():
                found.add("repeated-key", f"{path}: {entry.name!r} comes twice")
            seen[entry.name] = 1
    except InputError as error:
        found.add("damaged-archive", str(error))
        return False
    return not found.counts["unsafe-member"]


class _Splits:
    """Hashes of pictures and labels, by list."""

    def __init__(self) -> None:
        self.of: Dict[str, Dict[str, HashColumn]] = {
            what: defaultdict(HashColumn) for what in ("picture", "text")
        }

    def add(self, name: str, sample: Sample, data: bytes) -> None:
        self.of["picture"][name].extend((hash64(data),))
        if sample.text is not None:
            self.of["text"][name].extend((hash64(sample.text.encode("utf-8")),))

    def check(self, path: Path, found: Findings) -> None:
        for what, lists in self.of.items():
            names = list(lists)
            for place, name in enumerate(names):
                for before in names[:place]:
                    shared = first_shared(lists[name], lists[before]).total
                    if shared:
                        message = f"{path}: {shared:,} of {name} are in {before} too"
                        found.add(f"{what}-in-two-splits", message, shared)


def verify_images(
    path: Path, found: Findings, decode: bool = True, on_progress: Optional[OnProgress] = None
) -> int:
    """Checks pictures with ground truth; adds problems to `found`, returns how many were read.

    Archives are read in place. Raises InputError where there is neither picture nor truth.
    """
    if path.is_file() and tarfile.is_tarfile(str(path)) and not _check_members(path, found):
        return 0
    checks = _Samples(path, found, decode, on_progress)
    try:
        with Tree(path) as tree:
            checks.total = len(tree.names)
        checks.check(read_pictures(path, _Noting(found)))
    except InputError as error:
        found.add("damaged-archive" if path.is_file() else "bad-truth", str(error))
    return checks.close()


def verify_mindrecords(
    path: Path, found: Findings, decode: bool = True, on_progress: Optional[OnProgress] = None
) -> int:
    """Checks DeepText's MindRecord files; adds problems to `found`, returns the sound rows."""
    checks = _Samples(path, found, decode, on_progress)
    try:
        source, problems = open_deeptext(find_mindrecords(path))
        if path.is_dir():
            found.merge(problems)
        checks.check(source.read(_Noting(found)))
    except InputError as error:
        found.add("damaged-record", str(error))
    return checks.close()


class _Samples:
    """Checks pictures as they come, and compares the lists with each other at the end."""

    def __init__(
        self, path: Path, found: Findings, decode: bool, on_progress: Optional[OnProgress]
    ) -> None:
        self.path, self.found, self.decode, self.on_progress = path, found, decode, on_progress
        self.splits, self.count = _Splits(), 0
        self.total: Optional[int] = None

    def check(self, samples: SamplePairs) -> None:
        for name, sample in samples:
            self.count += 1
            _check_sample(self.path, name, sample, self.splits, self.found, self.decode)
            if self.on_progress:
                self.on_progress(self.count, self.total)

    def close(self) -> int:
        """Returns how many there were."""
        self.splits.check(self.path, self.found)
        return self.count


def _check_sample(
    path: Path, name: str, sample: Sample, splits: _Splits, found: Findings, decode: bool
) -> None:
    where = f"{path}: {sample.key}"
    try:
        data = sample.image_bytes()
    except InputError as error:
        found.add("missing-picture", str(error))
        return
    splits.add(name, sample, data)
    problem = image_problem(data, decode)
    if problem:
        found.add("damaged-picture", f"{where} {problem}")
        return
    if sample.text is not None:
        check_label(where, sample.text, None, None, found)
    header = read_header(data)
    check_regions(where, sample.regions, header.width, header.height, found)
