"""Writes a trained run for use without ocrdata: as a SavedModel or in ONNX, any model alike."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from ocrdata.errors import OutputExistsError, PathLike, UnknownNameError
from ocrdata.reading.exported import FORMAT, ONNX_FILE, SAVED_FOLDER
from ocrdata.records.sources.identify import SAVED_MARK
from ocrdata.text.charset import CHARACTER_LIST, Charset
from ocrdata.train.compat import tf, v1
from ocrdata.train.data.line_shards import dictionary_entry
from ocrdata.train.export.onnx import write_onnx
from ocrdata.train.export.saved_model import write_description, write_saved_model
from ocrdata.train.export.signatures import Signature, file_signature, network_signature
from ocrdata.train.inference.restore import chosen_beam, model_of_run, restore
from ocrdata.train.run_dir import RunDirectory, plain_options, read_run

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
    output_dir: PathLike = "output",
    path: Optional[PathLike] = None,
    checkpoint: str = "",
    form: str = "saved_model",
    decoder: str = "greedy",
    beam_width: int = 100,
    overwrite: bool = False,
) -> ExportSummary:
    """Writes a run to `path` (`output_dir`/`model`/saved_model or model.onnx without it).

    Both forms have the network of `ocrdata.reading.exported.Network`. A SavedModel holds it as
    signature "network"; its "serving_default" takes the same from a detector, and from a reader
    `images`, string [B] of JPEG, PNG, GIF or BMP files, for which it gives `texts`, string [B] in
    UTF-8, by `decoder`, and `confidences`, float32 [B]. An ONNX file is written only if
    onnxruntime gives what TensorFlow gives. Raises CheckpointError, OutputExistsError,
    MissingExtraError and TrainingError.
    """
    if form not in EXPORT_FORMATS:
        raise UnknownNameError("format", form, EXPORT_FORMATS)
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    place = Path(path) if path is not None else run.directory / _PLACES[form]
    check_free(place, overwrite, form)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tf.Graph().as_default(), v1.Session() as session:
        net = model_of_run(run)
        shown: Signature
        if form == "onnx":
            shown = network_signature(net)
            restore(session, weights, bool(run.options.get("ema")))
            description = describe_export(run, net, weights)
            difference: Optional[float] = write_onnx(session, place, shown, description)
        else:
            shown, network = file_signature(net, run.charset, chosen_beam(decoder, beam_width))
            restore(session, weights, bool(run.options.get("ema")))
            description, difference = describe_export(run, net, weights), None
            _write_saved(session, place, {"network": network, "": shown}, description, run.charset)
    return ExportSummary(
        str(place),
        form,
        Path(weights).name,
        str(shown),
        run.charset.num_classes if run.charset else None,
        run.charset.sha256 if run.charset else None,
        difference,
    )


def describe_export(run: RunDirectory, net: Any, weights: str) -> Dict[str, Any]:
    """Returns what goes with an exported model; see `ocrdata.reading.exported`."""
    return {
        "format": FORMAT,
        "model": run.model,
        "task": net.task,
        "model_options": plain_options(net.options),
        "checkpoint": Path(weights).name,
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
        raise OutputExistsError(place, "It is no exported model of ours: move it away first.")


@contextmanager
def placed(place: Path) -> Iterator[Path]:
    """Gives a folder to write, beside `place`, that takes its place once all is there."""
    with tempfile.TemporaryDirectory(prefix=".export.", dir=str(place.parent)) as folder:
        fresh = Path(folder) / place.name
        yield fresh
        if place.is_dir():
            shutil.rmtree(str(place))
        fresh.replace(place)


def _write_saved(
    session: Any,
    place: Path,
    signatures: Dict[str, Signature],
    description: Dict[str, Any],
    charset: Optional[Charset],
) -> None:
    with placed(place) as fresh:
        assets: List[Path] = []
        if charset is not None:
            assets.append(fresh.parent / CHARACTER_LIST)
            assets[0].write_bytes(charset.as_text().encode("utf-8"))
        write_saved_model(session, fresh, signatures, assets)
        write_description(fresh, description)
