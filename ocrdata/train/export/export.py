"""Writes a trained run for use without ocrdata: as a SavedModel or in ONNX, any model alike."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from ocrdata.errors import OutputExistsError, PathLike, UnknownNameError
from ocrdata.reading.exported import DESCRIPTION_FORMAT, ONNX_FILE, SAVED_FOLDER
from ocrdata.records.sources.identify import SAVED_MARK
from ocrdata.text.charset import CHARACTER_LIST, Charset
from ocrdata.train.compat import tf, v1
from ocrdata.train.data.line_shards import dictionary_entry
from ocrdata.train.export.onnx import write_onnx
from ocrdata.train.export.saved_model import SIGNATURE, write_description, write_saved_model
from ocrdata.train.export.signatures import Signature, file_signature, network_signature
from ocrdata.train.inference.restore import model_of_run, restore
from ocrdata.train.inference.settings import GREEDY, NEWEST, DecoderSettings, RunSettings
from ocrdata.train.models.base import Model
from ocrdata.train.run_dir import RunDirectory, plain_options, weights_hash

EXPORT_FORMATS = ("onnx", "saved_model")
_PLACES = {"onnx": ONNX_FILE, "saved_model": SAVED_FOLDER}


@dataclass(frozen=True)
class ExportSummary:
    """What was exported, its signature, and what tells readers of characters from others.

    `largest_difference` is that between onnxruntime's and TensorFlow's outputs on a trial batch.
    """

    exported: str
    format: str
    checkpoint: str
    signature: str
    num_classes: Optional[int] = None
    dictionary_sha256: Optional[str] = None
    largest_difference: Optional[float] = None


def export_run(
    model: str = "crnn",
    path: Optional[PathLike] = None,
    *,
    run: RunSettings = NEWEST,
    form: str = "saved_model",
    decoder: DecoderSettings = GREEDY,
    overwrite: bool = False,
) -> ExportSummary:
    """Writes a run to `path` (saved_model or model.onnx in the run's folder without it).

    Both forms have the network of `ocrdata.reading.exported.Network`. A SavedModel holds it as
    signature "network"; its "serving_default" takes the same from a detector, and from a reader
    `images`, string [B] of JPEG, PNG, GIF or BMP files, for which it gives `texts`, string [B] in
    UTF-8, by `decoder`, and `confidences`, float32 [B]. An ONNX file is written only if
    onnxruntime gives what TensorFlow gives. What is written does not depend on the device. Raises
    CheckpointError, OutputExistsError, MissingExtraError and TrainingError.
    """
    if form not in EXPORT_FORMATS:
        raise UnknownNameError("format", form, EXPORT_FORMATS)
    opened = run.open(model)
    directory, weights = opened
    place = Path(path) if path is not None else directory.directory / _PLACES[form]
    check_free(place, overwrite, form)
    place.parent.mkdir(parents=True, exist_ok=True)
    device = run.device()
    averaged = bool(directory.options.get("ema"))
    charset = directory.charset
    # Placements would go into the file, so the graph has none; NPUs want another graph.
    config = None if device.static else device.config
    with tf.Graph().as_default(), v1.Session(config=config) as session:
        net = model_of_run(directory)
        shown: Signature
        if form == "onnx":
            shown = network_signature(net)
            restore(session, weights, averaged)
            description = describe_export(directory, net, weights)
            difference: Optional[float] = write_onnx(session, place, shown, description)
        else:
            shown, inner = file_signature(net, charset, decoder.width)
            restore(session, weights, averaged)
            signatures = {SIGNATURE: inner, "": shown}
            description = describe_export(directory, net, weights)
            with placed(place) as fresh:
                assets = _character_list(fresh.parent, charset)
                write_saved_model(session, fresh, signatures, assets)
                write_description(fresh, description)
            difference = None
    return ExportSummary(
        exported=str(place),
        format=form,
        checkpoint=opened.checkpoint,
        signature=str(shown),
        num_classes=charset.num_classes if charset else None,
        dictionary_sha256=charset.sha256 if charset else None,
        largest_difference=difference,
    )


def describe_export(run: RunDirectory, net: Model, weights: str) -> Dict[str, Any]:
    """Returns what goes with an exported model; see `ocrdata.reading.exported`."""
    return {
        "format": DESCRIPTION_FORMAT,
        "model": run.model,
        "task": net.card.task,
        "model_options": plain_options(net.options),
        "checkpoint": Path(weights).name,
        "weights": weights_hash(weights),
        "dictionary": dictionary_entry(run.charset) if run.charset else None,
        **net.description(),
    }


def check_free(place: Path, overwrite: bool, form: str) -> None:
    """Raises OutputExistsError unless an exported model may be written to `place`."""
    if not place.exists():
        return
    if not overwrite:
        raise OutputExistsError(place)
    if form == "onnx":
        ours = place.is_file()
    else:
        ours = place.is_dir() and (not any(place.iterdir()) or (place / SAVED_MARK).is_file())
    if not ours:
        raise OutputExistsError(place, "It is not an exported model of ours: move it away first.")


@contextmanager
def placed(place: Path) -> Iterator[Path]:
    """Gives a folder to write, beside `place`, that takes its place once all is there."""
    with tempfile.TemporaryDirectory(prefix=".export.", dir=str(place.parent)) as folder:
        fresh = Path(folder) / place.name
        yield fresh
        if place.is_dir():
            shutil.rmtree(str(place))
        fresh.replace(place)


def _character_list(folder: Path, charset: Optional[Charset]) -> List[Path]:
    """Writes a dictionary into a folder; returns its file, or nothing where there is none."""
    if charset is None:
        return []
    path = folder / CHARACTER_LIST
    path.write_bytes(charset.as_text().encode("utf-8"))
    return [path]
