"""Writes a trained run as a SavedModel: from picture files to texts, with no code of ours."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ocrdata.base.outdir import dump_json, write_atomic
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.text.charset import CHARACTER_LIST, Charset
from ocrdata.train.compat import tf, v1
from ocrdata.train.inference import chosen_beam, restore, run_model
from ocrdata.train.predict import build_reader
from ocrdata.train.run import plain_options, read_run
from ocrdata.train.shardset import dictionary_entry

SAVED_MODEL = "saved_model.pb"


@dataclass(frozen=True)
class ExportSummary:
    """What was exported, and its signature."""

    saved_model: str
    checkpoint: str
    signature: str
    num_classes: int
    dictionary_sha256: str


def export(
    model: str = "crnn",
    output_dir: PathLike = "output",
    directory: Optional[PathLike] = None,
    checkpoint: str = "",
    decoder: str = "greedy",
    beam_width: int = 100,
    overwrite: bool = False,
) -> ExportSummary:
    """Writes a SavedModel to `directory` (`output_dir`/`model`/saved_model without it).

    Its signature "serving_default" takes `images`, string [B] of JPEG, PNG, GIF or BMP files, and
    gives `texts`, string [B] in UTF-8, and `confidences`, float32 [B]. The dictionary lies in
    assets/chinese.txt and, with the options of the run, in assets.extra/run.json. Raises
    CheckpointError and OutputExistsError.
    """
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    place = Path(directory) if directory is not None else run.directory / "saved_model"
    check_free(place, overwrite)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".export.", dir=str(place.parent)) as folder:
        fresh = Path(folder) / "saved_model"
        dictionary = Path(folder) / CHARACTER_LIST
        dictionary.write_bytes(run.dictionary.as_text().encode("utf-8"))
        with tf.Graph().as_default(), v1.Session() as session:
            net = run_model(run)
            encoded = v1.placeholder(tf.string, [None], "images")
            _, decoded = build_reader(net, encoded, chosen_beam(decoder, beam_width))
            texts = tf.identity(join_characters(decoded.classes, run.dictionary), "texts")
            confidences = tf.identity(decoded.confidence, "confidences")
            restore(session, weights, bool(run.options.get("ema")))
            outputs = {"texts": texts, "confidences": confidences}
            save_graph(session, fresh, {"images": encoded}, outputs, dictionary)
        extra = fresh / "assets.extra"
        extra.mkdir()
        content = {
            "dictionary": dictionary_entry(run.dictionary),
            "model": model,
            "model_options": plain_options(net.options),
        }
        write_atomic(extra / "run.json", dump_json(content))
        if place.is_dir():
            shutil.rmtree(str(place))
        fresh.replace(place)
    return ExportSummary(
        str(place),
        Path(weights).name,
        "images -> texts, confidences",
        run.dictionary.num_classes,
        run.dictionary.sha256,
    )


def check_free(place: Path, overwrite: bool) -> None:
    """Raises OutputExistsError unless a SavedModel may be written to `place`."""
    if not place.exists():
        return
    if not overwrite:
        raise OutputExistsError(place)
    ours = not place.is_dir() or not any(place.iterdir()) or (place / SAVED_MODEL).is_file()
    if not ours or not place.is_dir():
        hint = "It is no exported model of ours: move it away first."
        raise OutputExistsError(place, hint)


def join_characters(classes: Any, charset: Charset) -> Any:
    """Returns the texts, string [B], of classes [B, L] padded with -1."""
    characters = [character.encode("utf-8") for character in charset.characters] + [b""]
    table = tf.constant(characters)
    places = tf.where(classes < 0, tf.fill(tf.shape(classes), len(charset)), classes)
    return tf.strings.reduce_join(tf.gather(table, places), 1)


def save_graph(
    session: Any, place: Path, inputs: Any, outputs: Any, dictionary: Optional[Path] = None
) -> None:
    """Writes the graph of a session as a SavedModel with one signature; `dictionary` goes along."""
    if dictionary is not None:
        v1.add_to_collection(
            v1.GraphKeys.ASSET_FILEPATHS, tf.constant(str(dictionary), name="dictionary")
        )
    signature = v1.saved_model.predict_signature_def(inputs, outputs)
    builder = v1.saved_model.Builder(str(place))
    builder.add_meta_graph_and_variables(
        session,
        [v1.saved_model.tag_constants.SERVING],
        {v1.saved_model.signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: signature},
        assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
    )
    builder.save()
