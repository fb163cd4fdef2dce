"""What a check finds: problems by kind, counted, with the first examples of each."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Dict, List

from ocrdata.base.storage.hash_columns import EXAMPLES
from ocrdata.errors import UnknownNameError

# Each kind of problem and what it means.
FINDING_KINDS = {
    "bad-line": "a line of a sample list that is not `path label`",
    "bad-truth": "a ground-truth file with a line that is not a box",
    "changed-shard": "a shard that does not have the size or hash noted when it was written",
    "damaged-archive": "an archive that cannot be read to its end",
    "damaged-dictionary": "dictionary files that are damaged or disagree with each other",
    "damaged-export": "an exported model that is damaged or does not say which it is",
    "damaged-info": "a dataset_info.json or manifest.json that is damaged",
    "damaged-picture": "a picture that cannot be decoded, or that TensorFlow does not read",
    "damaged-record": "a record that is cut off or has a wrong checksum",
    "damaged-run": "a training run whose files are missing or do not fit together",
    "empty-label": "a picture without a label",
    "invisible-character": "a character that no picture shows, in a label or a dictionary",
    "label-too-long": "a label that needs more time steps than --time-steps gives",
    "missing-character": "a character that is not in the dictionary",
    "missing-picture": "a picture that is listed but not there",
    "missing-shard": "a shard that dataset_info.json names but is not there",
    "no-truth": "a picture without ground truth, or the other way round",
    "other-dictionary": "a dictionary unlike the one beside it",
    "picture-in-two-splits": "the same picture, byte for byte, in two splits",
    "polygon-crosses-itself": "a region two of whose sides cross",
    "polygon-outside": "a region that leaves its picture",
    "polygon-without-area": "a region without area",
    "polygon-wrong-order": "a region whose corners run against the clock",
    "repeated-key": "a picture that is listed twice",
    "repeated-picture": "the same picture several times in one split",
    "scrambled-picture": "a raw picture written with rows and columns exchanged",
    "text-in-two-splits": "the same label in two splits",
    "text-list-picture": "a raw picture that is the text of a Python list",
    "two-truths": "a picture that two ground-truth files, or a truth that two pictures, could have",
    "unfinished-output": "what an interrupted command left",
    "unreferenced-picture": "a picture that no list names",
    "unreferenced-shard": "a record file that dataset_info.json does not name",
    "unsafe-member": "a member of an archive that must not be unpacked",
    "wrong-count": "a shard or split with another number of samples than noted",
    "wrong-label": "a class that the dictionary does not have, or a wrong label length",
    "wrong-picture-size": "a raw picture with another number of bytes than its shape needs",
    "wrong-record": "a record whose features are missing or contradict each other",
}


class Findings:
    """Counts problems by kind; `examples` holds the first messages of each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: Dict[str, List[str]] = {}

    def add(self, kind: str, message: str, count: int = 1) -> None:
        """Notes `count` problems of a kind, with one message."""
        if kind not in FINDING_KINDS:
            raise UnknownNameError("kind of problem", kind, FINDING_KINDS)
        self.counts[kind] += count
        kept = self.examples.setdefault(kind, [])
        if len(kept) < EXAMPLES:
            kept.append(message)

    def merge(self, other: Findings) -> None:
        """Adds what another process has found, behind what is there."""
        for kind, count in other.counts.items():
            kept = self.examples.setdefault(kind, [])
            kept += other.examples[kind][: EXAMPLES - len(kept)]
            self.counts[kind] += count


def hash64(data: bytes) -> int:
    """Returns 64 bits that stand for a key, a text or a picture in comparisons of millions."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")
