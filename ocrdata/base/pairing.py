"""Which picture and which ground-truth file belong together, by their names.

    img_1.jpg with img_1.txt or gt_img_1.txt     in its own folder, else anywhere

This is the only place that decides it: packing, writing records, checking, previews, importing and
training all ask here. Two files that could both be the truth of a picture are an error, because
they may hold different boxes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from ocrdata.base.sample import SAMPLE_LIST
from ocrdata.base.sample_lists import IMAGE_SUFFIXES
from ocrdata.base.storage.disk_map import Chosen, DiskMap, append_to
from ocrdata.base.storage.walking import files_below
from ocrdata.errors import AnnotationError, InputError, PathLike

NameLists = DiskMap[List[str]]
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


def stem_of(name: str) -> str:
    """Returns what a picture and its truth share: road/gt_img_3.txt and img_3.jpg give img_3."""
    stem = _stem(_last(name))
    return stem[len(_MARK) :] if stem.startswith(_MARK) else stem


def pair_names(names: Iterable[str]) -> PairedNames:
    """Returns which of some files belong together; `names` must give the same again each time."""
    return PairedNames(Chosen(names, is_image), Chosen(names, _is_text))


class PairedNames:
    """Which pictures and texts belong together; each is gone through several times, in its order.

    The truth of img_1.jpg is called img_1.txt or gt_img_1.txt. It lies in the picture's own folder,
    or is the only text file of that name that lies beside no picture of its own. Text files without
    a picture count only if they are called gt_*.
    """

    def __init__(self, images: Iterable[str], texts: Iterable[str]) -> None:
        self._images, self._texts = images, texts
        self._beside: NameLists = DiskMap()
        self._elsewhere: NameLists = DiskMap()
        self._claims: NameLists = DiskMap()
        for text in self._texts:
            append_to(self._beside, _place(text), text)
        self._find_elsewhere()
        for image in self._images:
            for truth in self._candidates(image):
                append_to(self._claims, truth, image)

    def _find_elsewhere(self) -> None:
        used: DiskMap[int] = DiskMap()
        for image in self._images:
            for text in _named_after(_place(image), self._beside):
                used[text] = 1
        for text in self._texts:
            if text not in used:
                append_to(self._elsewhere, _stem(_last(text)), text)

    def _candidates(self, image: str) -> List[str]:
        """Returns the texts that could be a picture's truth, those beside it before all others."""
        near = _named_after(_place(image), self._beside)
        return near or _named_after(_stem(_last(image)), self._elsewhere)

    def image_of(self, text: str) -> Optional[str]:
        """Returns the picture whose truth a text is, None where it has none or that is unclear."""
        images = self._claims.get(text) or []
        return images[0] if len(images) == 1 and len(self._candidates(images[0])) == 1 else None

    @property
    def pairs(self) -> Iterator[Tuple[str, str]]:
        """(picture, truth) names that belong together, in the order of the pictures."""
        for image in self._images:
            truths = self._candidates(image)
            if len(truths) == 1 and len(self._claims[truths[0]]) == 1:
                yield image, truths[0]

    @property
    def alone(self) -> Iterator[str]:
        """Names without a partner: pictures, then texts."""
        yield from (image for image in self._images if not self._candidates(image))
        for text in self._texts:
            if _last(text).startswith(_MARK) and text not in self._claims:
                yield text

    @property
    def unclear(self) -> Iterator[UnclearPair]:
        """Names with several candidates for their partner: pictures, then texts."""
        for image in self._images:
            truths = self._candidates(image)
            if truths[1:]:
                yield UnclearPair(image, (truths[0], truths[1]))
        for image in self._images:
            for truth in self._candidates(image):
                images = self._claims[truth]
                # Each once: at the first picture that could be its own.
                if images[1:] and images[0] == image:
                    yield UnclearPair(truth, (images[0], images[1]))


def by_last_part(names: Iterable[str]) -> NameLists:
    """Returns names by what is behind their last slash."""
    found: NameLists = DiskMap()
    for name in names:
        append_to(found, _last(name), name)
    return found


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _is_text(name: str) -> bool:
    return name.lower().endswith(".txt")


def _named_after(place: str, texts: NameLists) -> List[str]:
    folder, slash, stem = place.rpartition("/")
    return [*(texts.get(place) or ()), *(texts.get(f"{folder}{slash}{_MARK}{stem}") or ())]


def _place(name: str) -> str:
    """Returns a name without its suffix."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + _stem(last)


def _stem(name: str) -> str:
    # As pathlib has it, for a tenth of the time.
    dot = name.rfind(".")
    return name[:dot] if 0 < dot < len(name) - 1 else name
