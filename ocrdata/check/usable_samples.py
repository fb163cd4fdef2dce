"""Which samples can be used, for repairs: sound ones that are in no later split."""

from __future__ import annotations

from collections import Counter
from typing import Dict, List, Optional, Tuple

from ocrdata.base.findings import hash64
from ocrdata.base.sample import SPLITS, Sample
from ocrdata.base.skips import Skips
from ocrdata.base.storage.disk_map import DiskMap
from ocrdata.check.verify_lists import image_problem
from ocrdata.errors import InputError
from ocrdata.records.sources.inputs import LIST_OF, SamplePairs
from ocrdata.text.charset import Charset

# Lists from which what the later ones have too is taken out.
_RANK = {LIST_OF[split]: rank for rank, split in enumerate(SPLITS)}


class Repair:
    """Counts what was kept and what was changed or left out, by reason."""

    def __init__(self) -> None:
        self.kept = 0
        self.changed: Counter[str] = Counter()

    def skips(self) -> Skips:
        """Returns skips whose counts come here."""
        skips = Skips(errors=True, unknown=True, unclear=True)
        skips.counts = self.changed
        return skips


class Leaks:
    """What the test and validation lists hold, so that it can be taken out of those before."""

    def __init__(self) -> None:
        self.marks: Dict[str, DiskMap[int]] = {}

    def note(self, name: str, sample: Sample, data: bytes) -> None:
        """Remembers a sample of a list."""
        for mark in _marks(sample, data):
            self.marks.setdefault(name, DiskMap())[mark] = 1

    def has(self, name: str, sample: Sample, data: bytes) -> bool:
        """Says whether a list behind this one has the sample's text or picture."""
        marks = _marks(sample, data)
        later = (seen for other, seen in self.marks.items() if _rank(other) > _rank(name))
        return any(mark in seen for seen in later for mark in marks)


def _rank(name: str) -> int:
    return _RANK.get(name, -1)


def _marks(sample: Sample, data: bytes) -> List[str]:
    marks = [f"{hash64(b'picture' + data):016x}"]
    if sample.text is not None:
        marks.append(f"{hash64(b'text' + sample.text.encode('utf-8')):016x}")
    return marks


def _usable(sample: Sample, charset: Optional[Charset]) -> Tuple[bytes, str]:
    """Returns the picture, and the kind of problem that leaves a sample out ("" for none)."""
    try:
        data = sample.image_bytes()
    except InputError:
        return b"", "missing-picture"
    if sample.text is not None and not sample.text.strip():
        return data, "empty-label"
    if image_problem(data):
        return data, "damaged-picture"
    if charset and sample.text is not None and charset.missing(sample.text):
        return data, "missing-character"
    return data, ""


def sound(
    pairs: SamplePairs, charset: Optional[Charset], repair: Repair, leaks: Leaks
) -> SamplePairs:
    """Yields the samples that can be used and are in no later list."""
    seen: DiskMap[int] = DiskMap()
    for name, sample in pairs:
        data, problem = _usable(sample, charset)
        if not problem and sample.key in seen:
            problem = "repeated-key"
        if not problem and leaks.has(name, sample, data):
            problem = "text or picture in a later split"
        seen[sample.key] = 1
        if problem:
            repair.changed[problem] += 1
        else:
            repair.kept += 1
            yield name, sample


def later(pairs: SamplePairs, charset: Optional[Charset]) -> Leaks:
    """Returns what the lists behind the first one hold."""
    leaks = Leaks()
    for name, sample in pairs:
        if _rank(name) > 0:
            data, problem = _usable(sample, charset)
            if not problem:
                leaks.note(name, sample, data)
    return leaks
