"""Samples in memory: of pictures that are arrays, and read from whatever holds them."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, MutableMapping, Optional, Sequence, Union

import numpy as np

from ocrdata.base.sample import SPLITS, Region, Sample
from ocrdata.base.skips import BAD_LINE, Skips
from ocrdata.errors import AnnotationError, InputError, OptionError, PathLike, UnknownNameError
from ocrdata.images.decode import decode_rgb
from ocrdata.images.encoding import encode_png
from ocrdata.records.sources.identify import identify
from ocrdata.records.sources.inputs import SamplePairs, open_input
from ocrdata.records.sources.listed import open_sample_list


def make_sample(
    key: str,
    image: Union[np.ndarray, bytes],
    text: Optional[str] = None,
    regions: Sequence[Region] = (),
) -> Sample:
    """Returns a picture with its truth.

    Args:
        key: unique among the samples it is written with, a relative path such as "a/1.png".
        image: pixels, uint8 [h, w] or RGB [h, w, 3], which become a PNG file; or the bytes of a
            JPEG, PNG, GIF or BMP file.
        text: what a picture of one line says; None for a scene.
        regions: the texts in a scene.

    Raises OptionError for an array of another shape or type.
    """
    if isinstance(image, bytes):
        return Sample(key, image, text, tuple(regions))
    pixels = np.ascontiguousarray(image)
    gray = pixels.ndim == 2
    if pixels.dtype != np.uint8 or not (gray or pixels.shape[2:] == (3,)) or not pixels.size:
        shape = list(pixels.shape)
        raise OptionError(f"picture {key} is {pixels.dtype} {shape}, not uint8 [h, w, 3].")
    return Sample(key, encode_png(pixels), text, tuple(regions))


def load_image(sample: Union[Sample, bytes]) -> np.ndarray:
    """Returns the picture of a sample, or of a file's bytes, as RGB: uint8 [h, w, 3].

    Raises InputError, naming the picture, where it is missing or damaged.
    """
    data = sample if isinstance(sample, bytes) else sample.image_bytes()
    try:
        return decode_rgb(data)
    except ValueError as error:
        name = "picture" if isinstance(sample, bytes) else sample.key
        raise InputError(name, str(error)) from error


def read_samples(
    path: PathLike,
    split: Optional[str] = None,
    *,
    skipped: Optional[MutableMapping[str, int]] = None,
) -> Iterator[Sample]:
    """Yields the samples of a data set, one at a time, in the order they are stored in.

    Args:
        path: a data folder, a sample.txt, a shard set, record files, or pictures with ground truth
            in a folder, a tar or a zip; a URL where the extra `remote` is installed.
        split: "train", "validation" or "test"; all of them by default.
        skipped: counts, by reason, what cannot be used, which is left out then; without it, it
            raises AnnotationError or RecordError.

    Pictures in files of their own are opened by `Sample.image_bytes` or `load_image` only.
    Raises InputError where there is nothing to read.
    """
    if split is not None and split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    skips = Skips(errors=skipped is not None, unclear=skipped is not None)
    try:
        for name, sample in _pairs(path, skips):
            if split in (None, name.lower()):
                yield sample
    finally:
        if skipped is not None:
            for reason, count in skips.counts.items():
                skipped[reason] = skipped.get(reason, 0) + count


def _pairs(path: PathLike, skips: Skips) -> SamplePairs:
    found = identify(path)
    if found.lists:
        for name, listed in found.lists.items():
            yield from _listed(listed, found.root, name, skips)
    else:
        yield from open_input(found.records or found.path).read(skips)


def _listed(path: Path, root: Path, name: str, skips: Skips) -> SamplePairs:
    with open_sample_list(path, root, name) as source:
        for row in source.rows(skips):
            try:
                yield name, source.sample_at(row.place)
            except AnnotationError as error:
                skips.refuse(BAD_LINE, error)
