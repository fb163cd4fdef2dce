"""Scores a detector on a split, and writes its results as the competitions take them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional

from ocrdata.base.progress import OnProgress
from ocrdata.base.storage.staging import dump_json, write_atomic
from ocrdata.errors import CheckpointError, InputError, PathLike, UnknownNameError
from ocrdata.metrics.detection import PROTOCOLS
from ocrdata.train.config.sources import SourceOptions
from ocrdata.train.config.training import settings_from
from ocrdata.train.data.scene_dataset import Scenes
from ocrdata.train.data.scene_mixture import open_sources
from ocrdata.train.data.scene_sources import open_scenes
from ocrdata.train.devices.selection import make_device
from ocrdata.train.inference.detect import (
    PROTOCOL,
    FoundTexts,
    SceneEvaluator,
    checkpoint_name,
    plain_regions,
    result_lines,
    result_names,
    score_of,
)
from ocrdata.train.run_dir import RunDirectory, plain_options, read_run

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
    output_dir: PathLike = "output",
    split: str = "test",
    checkpoint: str = "",
    reading: Any = None,
    limit: int = 0,
    target: str = "cpu",
    tarfile: Optional[str] = None,
    tarpath: Optional[str] = None,
    on_progress: Optional[OnProgress] = None,
    protocol: str = PROTOCOL,
) -> SceneEvaluation:
    """Finds the texts of a split with a trained run, and scores them by a protocol.

    Without `data_dir` the split is that of the sources mixed in training, if there were any, and
    of "data" otherwise. `reading` is the model's dataclass of that name, `protocol` one of
    `ocrdata.metrics.detection.PROTOCOLS`. Writes results-<split>.zip (res_<picture>.txt files, as
    the official site takes them), predictions-<split>.jsonl and evaluation-<split>.json
    beside the run. Raises CheckpointError for a run that is missing, InputError where pictures or
    their truth are.
    """
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, PROTOCOLS)
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    scenes = _open(run, data_dir, split, tarfile, tarpath)
    evaluator = SceneEvaluator(run, scenes, make_device(target), reading, limit, protocol)
    found: List[FoundTexts] = []
    try:
        for one in evaluator.results(weights):
            found.append(one)
            if on_progress:
                on_progress(len(found), evaluator.samples)
    finally:
        evaluator.close()
    results = run.directory / f"results-{split}.zip"
    predictions = run.directory / f"predictions-{split}.jsonl"
    write_atomic(results, results_zip(found, protocol))
    write_atomic(predictions, "".join(_row(one) for one in found).encode("utf-8"))
    score = score_of(found, protocol)
    summary = SceneEvaluation(
        split=split,
        checkpoint=checkpoint_name(weights),
        protocol=protocol,
        reading=plain_options(evaluator.reading),
        unreadable=sum(bool(one.problem) for one in found),
        matched=int(score.matched),
        results=str(results),
        predictions=str(predictions),
        **_figures(score),
    )
    write_atomic(run.directory / f"evaluation-{split}.json", dump_json(asdict(summary)))
    return summary


def _open(
    run: RunDirectory,
    data_dir: Optional[PathLike],
    split: str,
    tarfile: Optional[str],
    tarpath: Optional[str],
) -> Scenes:
    trained_on = settings_from(SourceOptions, run.options)
    if data_dir is None and trained_on.sources and tarfile is None:
        scenes = open_sources(DATA, split, trained_on)
        if scenes is None:
            problem = f"has no {split} split of its own"
            hint = "Name a folder with --data-dir, or another split with --split."
            raise InputError(trained_on.sources, problem, hint=hint)
        return scenes
    pack = trained_on.tarfile if tarfile is None else tarfile
    inside = trained_on.tarpath if tarpath is None else tarpath
    return open_scenes(DATA if data_dir is None else data_dir, split, pack, inside if pack else "")


def _figures(score: Any) -> Dict[str, Any]:
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
