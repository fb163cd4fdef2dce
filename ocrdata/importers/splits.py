"""Which split a file belongs to, by the names that data sets themselves give their parts.

    ch4_training_images.zip   Challenge4_Test_Task3_GT.txt   SceneTrialTrain/   train/   rec_gt_val

A name tells a split only if all of its words are such as these layouts use, one of them a split's:
`train_station.jpg`, `crash_test_lab/` and `my_test_data/` tell nothing. The name of the folder that
was given is the user's own and tells a split only where it is a part of a competition's download,
as `SceneTrialTrain` is.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Callable, Iterable, List, Optional

from ocrdata.base.sample import TEST, TRAIN, VALIDATION
from ocrdata.base.storage.archives import archive_stem
from ocrdata.base.storage.disk_map import Chosen
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike

if TYPE_CHECKING:
    from ocrdata.importers.base import Importer

SplitTeller = Callable[[str, PathLike], Optional[str]]
_SPLIT_WORDS = {
    "train": TRAIN,
    "training": TRAIN,
    "trainval": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
    "testing": TEST,
    "evaluation": TEST,
}
# What stands beside a split's name in the parts of the data sets that are known here.
_BESIDE_A_SPLIT = (
    "annotation annotations char character characters coords det detection ground gt gts image "
    "images img imgs instances label labels list lists localisation localization part pictures rec "
    "recognition text texts transcription transcriptions truth txt v word words xml "
    # Of the competitions and their tasks.
    "art c ch challenge ic icdar lsvt mlt rects scene task trial"
)
_KNOWN_WORDS = frozenset([*_BESIDE_A_SPLIT.split(), *_SPLIT_WORDS])
# The only names of a user's own folder that tell a split.
_DOWNLOAD = re.compile(r"^(ch\d+_|challenge\d+_|scenetrial)", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")


def split_of(name: str, root: PathLike = "") -> Optional[str]:
    """Returns the split that the deepest telling part of a path names; None where none does.

    `root` is the folder or archive that was given.
    """
    own, parts = _name_of(str(root)), name.split("/")
    if archive_stem(own) is not None and parts[0] == own:
        del parts[0]
    for part in reversed(parts):
        split = split_of_part(part)
        if split:
            return split
    return split_of_part(own) if _DOWNLOAD.match(own) else None


@lru_cache(64)
def _name_of(root: str) -> str:
    return as_path(root).name if root else ""


def split_of_folder(name: str, root: PathLike = "") -> Optional[str]:
    """Returns the split that the folders of a file tell, whatever the file itself is called."""
    return split_of(name.rpartition("/")[0], root)


@lru_cache(1 << 12)
def split_of_part(part: str) -> Optional[str]:
    """Returns the split that the name of a folder, an archive or a list tells by itself."""
    words = _words(part)
    found = {_SPLIT_WORDS[word] for word in words if word in _SPLIT_WORDS}
    known = words <= _KNOWN_WORDS
    return found.pop() if known and len(found) == 1 else None


def _words(part: str) -> "set[str]":
    stem = archive_stem(part)
    if stem is None:
        stem = re.sub(r"\.(txt|label|xml|json|jsonl|mat)$", "", part, flags=re.IGNORECASE)
    return {word.lower() for word in _WORD.findall(stem)}


def found_splits(
    importer: Importer, names: Iterable[str], root: PathLike, tell: SplitTeller = split_of
) -> List[str]:
    """Returns the splits that annotation files belong to: the first one where none tells.

    Raises AnnotationError where there is no annotation at all.
    """
    found = {tell(name, root) for name in names}
    if not found:
        raise importer.missing(root, "annotation")
    found = found - {None} or {importer.info.splits[0]}
    return [split for split in importer.info.splits if split in found]


def of_split(
    names: Iterable[str], split: str, root: PathLike, tell: SplitTeller = split_of
) -> Iterable[str]:
    """Returns the annotation files of a split: the marked ones, else (if none is marked) all.

    For the split "" it returns those that belong to none although others tell theirs. `names` must
    give the same again each time.
    """
    if any(tell(name, root) for name in names):
        return Chosen(names, lambda name: (tell(name, root) or "") == split)
    return names if split else ()


def images_of_split(names: Iterable[str], split: str, root: PathLike) -> Iterable[str]:
    """Returns the pictures that annotations of a split may name: its own and unmarked ones."""
    return Chosen(names, lambda name: not split or split_of_folder(name, root) in (None, split))
