"""Pictures with the outlines of their texts, numbered, and a survey of all of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import Sample
from ocrdata.errors import AnnotationError, InputError
from ocrdata.images.header import read_header


class Scenes:
    """Numbered samples; `where` is what messages call all of them.

    `parts` are how many come from each source, one behind the other, and its weight.
    """

    where: str
    keys: List[str]

    @property
    def parts(self) -> List[Tuple[int, float]]:
        return [(len(self), 1.0)]

    def __len__(self) -> int:
        return len(self.keys)

    def load(self, index: int) -> Sample:
        """Returns a sample with its bytes; raises InputError. Threads may call it at once."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes what is open."""


@dataclass(frozen=True)
class Survey:
    """What a survey of all samples found: the numbers of the good ones, and why others are not.

    `sha256` is a hash of keys, pictures and boxes, whatever they came from; `problem` the first
    problem in full.
    """

    good: List[int]
    texts: int
    ignored: int
    skipped: Dict[str, int]
    problem: str
    sha256: str


def survey(scenes: Scenes, on_progress: Optional[OnProgress] = None) -> Survey:
    """Reads all samples, without decoding them; raises InputError where none is of use."""
    digest = hashlib.sha256()
    skipped = Counter()  # type: Counter[str]
    good: List[int] = []
    texts, ignored, problem = 0, 0, ""
    for index in range(len(scenes)):
        try:
            sample = scenes.load(index)
            _check_image(sample)
        except InputError as error:
            skipped["annotation" if isinstance(error, AnnotationError) else "picture"] += 1
            problem = problem or str(error)
        else:
            good.append(index)
            ignored += sum(region.ignore for region in sample.regions)
            texts += sum(not region.ignore for region in sample.regions)
            digest.update(_digest(sample))
        if on_progress:
            on_progress(index + 1, len(scenes))
    if not good:
        raise InputError(scenes.where, "holds no usable picture; the first: " + problem, None)
    if not texts:
        raise InputError(
            scenes.where,
            f"holds no text to learn: all {ignored} regions of {len(good)} pictures are to be "
            "ignored (###)",
        )
    return Survey(good, texts, ignored, dict(skipped), problem, digest.hexdigest())


class BadImageError(InputError):
    """A picture that cannot be decoded."""


def _check_image(sample: Sample) -> None:
    try:
        read_header(sample.image_bytes())
    except ValueError as error:
        raise BadImageError(sample.key, str(error)) from error


def _digest(sample: Sample) -> bytes:
    found = hashlib.sha256(sample.key.encode("utf-8") + b"\n" + sample.image_bytes())
    for region in sample.regions:
        found.update(bytes([region.ignore]) + region.polygon.astype("<f4").tobytes())
    return found.digest()
