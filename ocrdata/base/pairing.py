"""Which picture and which ground-truth file belong together, by their names.

    img_1.jpg with img_1.txt or gt_img_1.txt     in its own folder, else anywhere

This is the only place that decides it: packing, writing records, checking, previews, importing and
training all ask here. Two files that could both be the truth of a picture are an error, because
they may hold different boxes.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Callable, Dict, Iterable, List, NamedTuple, Sequence, Tuple

from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import AnnotationError, InputError, PathLike

_MARK = "gt_"


def is_image(name: str) -> bool:
    """Says whether a file is a picture, by its name."""
    return name.lower().endswith(IMAGE_SUFFIXES)


def find_images(images: Iterable[PathLike]) -> List[Path]:
    """Returns the picture files named, those of a folder sorted; raises InputError for none."""
    found: List[Path] = []
    for entry in (Path(image) for image in images):
        if entry.is_dir():
            inside = (path for path in files_below(entry) if is_image(path.name))
            found += sorted(path for path in inside if path.is_file())
        elif entry.is_file():
            found.append(entry)
        else:
            raise InputError(entry, "does not exist")
    if not found:
        raise InputError(
            ", ".join(str(image) for image in images) or "predict",
            f"holds no picture ({' '.join(sorted(IMAGE_SUFFIXES))})",
        )
    return found


class UnclearPair(NamedTuple):
    """A file with two candidates for its partner: a picture with two texts, or the other way."""

    name: str
    candidates: Tuple[str, str]

    def error(self, where: Callable[[str], str] = str) -> AnnotationError:
        """Returns the error that names all three; `where` makes messages' paths of names."""
        first, second = self.candidates
        if is_image(self.name):
            line = f"{self.name} {first}"
            problem = f"could be the ground truth of {self.name}, and so could {where(second)}"
        else:
            line = f"{first} {self.name}"
            problem = f"could be the picture of {self.name}, and so could {where(second)}"
        hint = f"Delete the wrong one, or say which it is: a line '{line}' in Train/{SAMPLE_LIST}."
        return AnnotationError(where(first), problem, hint=hint)


class PairedNames(NamedTuple):
    """(picture, truth) names that belong together, names without a partner, and unclear ones."""

    pairs: List[Tuple[str, str]]
    alone: List[str]
    unclear: List[UnclearPair]


def stem_of(name: str) -> str:
    """Returns what a picture and its truth share: road/gt_img_3.txt and img_3.jpg give img_3."""
    stem = PurePosixPath(name).stem
    return stem[len(_MARK) :] if stem.startswith(_MARK) else stem


def pair_names(names: Sequence[str]) -> PairedNames:
    """Returns which of some files belong together, in the order of the pictures.

    The truth of img_1.jpg is called img_1.txt or gt_img_1.txt. It lies in the picture's own folder,
    or is the only text file of that name that lies beside no picture of its own. Text files without
    a picture count only if they are called gt_*.
    """
    texts = [name for name in names if name.lower().endswith(".txt")]
    images = [name for name in names if is_image(name)]
    candidates = _candidates(images, texts)
    claims: Dict[str, List[str]] = {}
    for image, truths in candidates.items():
        for truth in truths:
            claims.setdefault(truth, []).append(image)
    groups = [*candidates.items(), *claims.items()]
    unclear = [UnclearPair(name, (found[0], found[1])) for name, found in groups if found[1:]]
    left_out = {one.name for one in unclear}
    pairs = [
        (image, truths[0])
        for image, truths in candidates.items()
        if len(truths) == 1 and not left_out & {image, truths[0]}
    ]
    boxes = [name for name in texts if PurePosixPath(name).name.startswith(_MARK)]
    alone = [image for image in images if not candidates[image]]
    return PairedNames(pairs, alone + [name for name in boxes if name not in claims], unclear)


def _candidates(images: Sequence[str], texts: Sequence[str]) -> Dict[str, List[str]]:
    """Returns the texts that could be each picture's truth, those beside it before all others."""
    beside: Dict[Tuple[str, str], List[str]] = {}
    for text in texts:
        beside.setdefault(_place(text), []).append(text)
    found = {image: _named_after(image, beside) for image in images}
    used = {text for near in found.values() for text in near}
    elsewhere: Dict[Tuple[str, str], List[str]] = {}
    for text in texts:
        if text not in used:
            elsewhere.setdefault(("", PurePosixPath(text).stem), []).append(text)
    for image, near in found.items():
        if not near:
            found[image] = _named_after(PurePosixPath(image).name, elsewhere)
    return found


def _named_after(image: str, texts: Dict[Tuple[str, str], List[str]]) -> List[str]:
    folder, stem = _place(image)
    return [*texts.get((folder, stem), ()), *texts.get((folder, _MARK + stem), ())]


def _place(name: str) -> Tuple[str, str]:
    """Returns the folder ("" at the top) and the stem of a name."""
    folder, _, last = name.rpartition("/")
    return folder, PurePosixPath(last).stem
