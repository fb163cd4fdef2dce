"""Scores reading end to end on pictures whose boxes and texts are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np

from ocrdata.base.run_options import OnProgress
from ocrdata.base.sample import Sample
from ocrdata.base.skips import Skips
from ocrdata.errors import InputError, OutputExistsError, PathLike
from ocrdata.geometry.polygons import clockwise
from ocrdata.metrics.end_to_end import EndToEndScore
from ocrdata.reading.outputs import write_json_lines
from ocrdata.reading.read import ImageReader, Models, opened
from ocrdata.reading.words import ReadOptions, WordCrop
from ocrdata.records.sources.identify import identify
from ocrdata.records.sources.inputs import LIST_OF, open_input


@dataclass(frozen=True)
class ReadScore:
    """The figures of reading end to end.

    `matched` boxes lie on a word, `correct` ones were read right too; precision, recall and hmean
    are of the correct ones, so that `recall` is the word accuracy end to end.
    """

    split: str
    protocol: str
    images: int
    ground_truth: int
    detections: int
    matched: int
    correct: int
    precision: float
    recall: float
    hmean: float
    unreadable: int = 0
    skipped: Dict[str, int] = field(default_factory=dict)
    predictions: Optional[str] = None


def score_reading(
    data_dir: PathLike = "data",
    split: str = "test",
    models: Models = Models(),  # noqa: B008 - it cannot change
    options: ReadOptions = ReadOptions(),  # noqa: B008
    protocol: str = "exact",
    limit: Optional[int] = None,
    json_file: Optional[PathLike] = None,
    overwrite: bool = False,
    on_progress: Optional[OnProgress] = None,
) -> ReadScore:
    """Reads the pictures of a split and compares them with their truth.

    `data_dir` holds pictures with boxes and texts, in any form that `ocrdata tfrecord --source`
    reads, or their records; without lists, all of it is every split. A picture that cannot be
    decoded counts as one in which nothing was found. Raises InputError where nothing is there,
    and what `read` raises.
    """
    if json_file is not None and Path(json_file).exists() and not overwrite:
        raise OutputExistsError(json_file)
    score, skips, unreadable = EndToEndScore(protocol), Skips(errors=True), 0
    rows: List[Tuple[str, List[Dict[str, Any]]]] = []
    with opened(models, options) as reader:
        for sample in samples_of(data_dir, split, skips):
            if limit is not None and score.images >= limit:
                break
            words, damaged = _read(reader, sample)
            unreadable += damaged
            _add(score, sample, words)
            if json_file is not None:
                rows.append((sample.key, [word.as_dict() for word in words]))
            if on_progress:
                on_progress(score.images, limit)
    if not score.images:
        raise InputError(data_dir, f"holds no pictures with boxes in its {split} split")
    if json_file is not None:
        write_json_lines(Path(json_file), rows)
    return ReadScore(
        split=split,
        protocol=protocol,
        images=score.images,
        ground_truth=score.ground_truth,
        detections=score.detections,
        matched=score.matched,
        correct=score.correct,
        precision=score.precision,
        recall=score.recall,
        hmean=score.hmean,
        unreadable=unreadable,
        skipped=dict(skips.counts),
        predictions=None if json_file is None else str(json_file),
    )


def samples_of(data_dir: PathLike, split: str, skips: Skips) -> Iterator[Sample]:
    """Yields the pictures with regions of a split."""
    artefact = identify(data_dir)
    for name, sample in open_input(artefact.records or artefact.path).read(skips):
        if sample.text is None and name in ("", LIST_OF[split]):
            yield sample


def _read(reader: ImageReader, sample: Sample) -> Tuple[List[WordCrop], bool]:
    try:
        return reader.read(sample.image_bytes())[1], False
    except (InputError, ValueError):
        return [], True


def _add(score: EndToEndScore, sample: Sample, words: List[WordCrop]) -> None:
    truth = [clockwise(np.asarray(region.polygon)) for region in sample.regions]
    score.add(
        truth,
        [region.text for region in sample.regions],
        [region.ignore for region in sample.regions],
        [word.polygon for word in words],
        [word.text for word in words],
    )
