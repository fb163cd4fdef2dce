"""Checks the record files of the originals."""

from __future__ import annotations

from collections import defaultdict
from typing import Dict, Optional, Sequence, Tuple

from ocrdata.base.findings import Findings, hash64
from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import SPLITS
from ocrdata.base.storage.hash_columns import HashColumn, first_shared, repeats
from ocrdata.records.legacy.original_records import original_records
from ocrdata.records.legacy.originals import OriginalFile
from ocrdata.text.charset import Charset

_STRIDE = 4


class _Hashes:
    """Hashes of labels, pictures and names, by split."""

    def __init__(self) -> None:
        self.of: Dict[Tuple[str, str], HashColumn] = defaultdict(HashColumn)

    def add(self, split: str, what: str, data: bytes) -> None:
        self.of[split, what].extend((hash64(data),))

    def check(self, found: Findings) -> None:
        """Compares the splits with each other, and each with itself."""
        for place, split in enumerate(SPLITS):
            names = self.of[split, "names"]
            again = repeats(names).total
            if again:
                text = (
                    f"{split}: only {len(names) - again:,} of {len(names):,} "
                    "records are different pictures"
                )
                found.add("repeated-picture", text, again)
            for before in SPLITS[:place]:
                for what, kind in (
                    ("labels", "text-in-two-splits"),
                    ("pictures", "picture-in-two-splits"),
                ):
                    shared = first_shared(self.of[split, what], self.of[before, what]).total
                    if shared:
                        found.add(kind, f"{shared:,} of {split} are in {before} too", shared)


def verify_originals(
    files: Sequence[OriginalFile],
    charset: Optional[Charset],
    found: Findings,
    on_progress: Optional[OnProgress] = None,
) -> int:
    """Checks record files of an original; adds problems to `found`, returns the sound records.

    Without a dictionary only classes below 0 are found to be wrong. `check_names` looks for files
    that are missing.
    """
    classes = len(charset) if charset else 1 << 62
    hashes, total = _Hashes(), 0
    for file in files:
        count = 0
        for one in original_records(file, classes, found):
            count += 1
            for kind, text in one.raw.problems:
                found.add(kind, str(one.record.error(file.path, text)))
            if one.raw.labels:
                hashes.add(file.split, "labels", repr(one.raw.labels).encode())
            if one.raw.pixels is not None:
                hashes.add(file.split, "pictures", one.raw.pixels.tobytes())
            if one.raw.name:
                hashes.add(file.split, "names", one.raw.name.encode("utf-8"))
            if on_progress:
                on_progress(total + count, None)
        if file.end is not None and count != file.end - file.first:
            text = (
                f"{file.path} holds {count} sound records, not the "
                f"{file.end - file.first} of its name"
            )
            found.add("wrong-count", text)
        total += count
    hashes.check(found)
    return total
