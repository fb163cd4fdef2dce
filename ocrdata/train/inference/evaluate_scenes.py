"""Scores a detector on a split, and writes its results as the competitions take them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional

from ocrdata.base.run_options import OnProgress
from ocrdata.base.storage.staging import dump_json, write_atomic
from ocrdata.errors import CheckpointError, InputError, PathLike, UnknownNameError
from ocrdata.metrics.detection import PROTOCOLS, DetectionScore
from ocrdata.reading.outputs import plain_regions
from ocrdata.train.config.detection import ReadingOptions
from ocrdata.train.config.sources import SourceOptions
from ocrdata.train.config.training import settings_from
from ocrdata.train.data.scene_dataset import Scenes
from ocrdata.train.data.scene_mixture import open_sources
from ocrdata.train.data.scene_sources import open_scenes
from ocrdata.train.inference.detect import (
    PROTOCOL,
    FoundTexts,
    SceneEvaluator,
    result_lines,
    result_names,
    score_of,
)
from ocrdata.train.inference.result_names import result_name
from ocrdata.train.inference.settings import NEWEST, TEST_SPLIT, RunSettings, SplitSettings
from ocrdata.train.run_dir import RunDirectory, plain_options

DATA = "data"
# The oldest time a zip can hold: the same results give the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class SceneEvaluation:
    """The figures of `evaluate` for a detector, and where its results were written."""

    split: str
    checkpoint: str
    protocol: str
    reading: Dict[str, Any]
    fitting: Dict[str, Any]
    images: int
    unreadable: int
    ground_truth: int
    detections: int
    matched: int
    ignored_ground_truth: int
    ignored_detections: int
    precision: float
    recall: float
    hmean: float
    results: str
    predictions: str


def evaluate_scenes(
    model: str = "east",
    data_dir: Optional[PathLike] = None,
    *,
    run: RunSettings = NEWEST,
    reading: Optional[ReadingOptions] = None,
    split: SplitSettings = TEST_SPLIT,
    on_progress: Optional[OnProgress] = None,
) -> SceneEvaluation:
    """Finds the texts of a split with a trained run, and scores them by a protocol.

    Without `data_dir` the split is that of the sources mixed in training, if there were any, and
    of "data" otherwise. `reading` is that of the model's card, the protocol one of
    `ocrdata.metrics.detection.PROTOCOLS`. Writes results-<split>.zip (res_<picture>.txt files, as
    the official site takes them), predictions-<split>.jsonl and evaluation-<split>.json
    beside the run; of other data than that of the training, results-<folder>-<split>.zip.
    Raises CheckpointError for a run that is missing, InputError where pictures or their truth are.
    """
    protocol = split.protocol or PROTOCOL
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, PROTOCOLS)
    opened = run.open(model)
    directory = opened.directory.directory
    scenes = _open(opened.directory, data_dir, split)
    evaluator = SceneEvaluator(
        opened.directory,
        scenes,
        device=run.device(),
        reading=reading,
        limit=split.limit,
        protocol=protocol,
    )
    found: List[FoundTexts] = []
    try:
        for one in evaluator.results(opened.weights):
            found.append(one)
            if on_progress:
                on_progress(len(found), evaluator.samples)
    finally:
        evaluator.close()
    name = result_name(opened.directory, data_dir, split.split)
    results = directory / f"results-{name}.zip"
    predictions = directory / f"predictions-{name}.jsonl"
    write_atomic(results, results_zip(found, protocol))
    write_atomic(predictions, "".join(_row(one) for one in found).encode("utf-8"))
    score = score_of(found, protocol)
    summary = SceneEvaluation(
        split=split.split,
        checkpoint=opened.checkpoint,
        protocol=protocol,
        reading=plain_options(evaluator.reading),
        fitting=evaluator.fitting,
        unreadable=sum(bool(one.problem) for one in found),
        matched=int(score.matched),
        results=str(results),
        predictions=str(predictions),
        **_figures(score),
    )
    write_atomic(directory / f"evaluation-{name}.json", dump_json(asdict(summary)))
    return summary


def _open(run: RunDirectory, data_dir: Optional[PathLike], split: SplitSettings) -> Scenes:
    trained_on = settings_from(SourceOptions, run.options)
    if data_dir is None and trained_on.sources and split.tarfile is None:
        scenes = open_sources(DATA, split.split, trained_on)
        if scenes is None:
            problem = f"has no {split.split} split of its own"
            hint = "Name a folder with --data-dir, or another split with --split."
            raise InputError(trained_on.sources, problem, hint=hint)
        return scenes
    pack = trained_on.tarfile if split.tarfile is None else split.tarfile
    inside = trained_on.tarpath if split.tarpath is None else split.tarpath
    root = DATA if data_dir is None else data_dir
    return open_scenes(root, split.split, pack, inside if pack else "")


def _figures(score: DetectionScore) -> Dict[str, Any]:
    names = (
        "images",
        "ground_truth",
        "detections",
        "ignored_ground_truth",
        "ignored_detections",
        "precision",
        "recall",
        "hmean",
    )
    return {name: getattr(score, name) for name in names}


def results_zip(found: List[FoundTexts], protocol: str = PROTOCOL) -> bytes:
    """Returns a zip of `res_<picture>.txt` files, one for each picture, also an empty one."""
    names = result_names([one.key for one in found])
    if len(set(names.values())) < len(names):
        raise CheckpointError("results", "two pictures have names that become one")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in found:
            entry = zipfile.ZipInfo(names[one.key], _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, result_lines(one.polygons, protocol))
    return stream.getvalue()


def _row(one: FoundTexts) -> str:
    return json.dumps({"key": one.key, **found_regions(one)}, ensure_ascii=False) + "\n"


def found_regions(one: FoundTexts) -> Dict[str, Any]:
    """Returns what was found in a picture as plain values."""
    return {"regions": plain_regions(one.polygons, one.scores)}
