"""Which picture and which ground-truth file belong together, by their names."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Dict, Iterable, List, Sequence, Tuple

from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.errors import InputError, PathLike

_MARK = "gt_"


def is_image(name: str) -> bool:
    """Says whether a file is a picture, by its name."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def find_images(images: Iterable[PathLike]) -> List[Path]:
    """Returns the picture files named, those of a folder sorted; raises InputError for none."""
    found: List[Path] = []
    for entry in (Path(image) for image in images):
        if entry.is_dir():
            inside = (path for path in sorted(entry.rglob("*")) if is_image(path.name))
            found += [path for path in inside if path.is_file()]
        elif entry.is_file():
            found.append(entry)
        else:
            raise InputError(entry, "does not exist")
    if not found:
        raise InputError(
            ", ".join(str(image) for image in images) or "predict",
            "holds no picture ({})".format(" ".join(sorted(IMAGE_SUFFIXES))),
        )
    return found


def stem_of(name: str) -> str:
    """Returns what a picture and its truth share: road/gt_img_3.txt and img_3.jpg give img_3."""
    stem = PurePosixPath(name).stem
    return stem[len(_MARK) :] if stem.startswith(_MARK) else stem


def pair_names(names: Sequence[str]) -> Tuple[List[Tuple[str, str]], List[str]]:
    """Returns (picture, truth) of the files that belong together, and those without a partner.

    A truth lies in the picture's own folder, or is the only text file of its name. Text files
    alone count only if they are called gt_*.
    """
    texts = [name for name in names if name.lower().endswith(".txt")]
    beside = {(str(PurePosixPath(name).parent), stem_of(name)): name for name in texts}
    anywhere: Dict[str, List[str]] = {}
    for name in texts:
        anywhere.setdefault(stem_of(name), []).append(name)
    pairs, alone = [], []
    for name in filter(is_image, names):
        stem = stem_of(name)
        found = beside.get((str(PurePosixPath(name).parent), stem))
        if found is None and len(anywhere.get(stem, ())) == 1:
            found = anywhere[stem][0]
        if found is None:
            alone.append(name)
        else:
            pairs.append((name, found))
    used = {truth for _, truth in pairs}
    boxes = (name for name in texts if PurePosixPath(name).name.startswith(_MARK))
    return pairs, alone + [name for name in boxes if name not in used]
