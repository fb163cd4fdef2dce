"""Reads the text of new pictures with a trained run."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from PIL import Image

from ocrdata.base.pairing import find_images
from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.gallery.cards import Card
from ocrdata.gallery.sheet import draw_sheet
from ocrdata.train.compat import tf, v1
from ocrdata.train.data.line_images import decode_images, measured_widths, round_up
from ocrdata.train.devices.selection import make_device
from ocrdata.train.inference.restore import chosen_beam, image_spec, model_of_run, restore
from ocrdata.train.models.base import DecodedLines
from ocrdata.train.run_dir import RunDirectory, read_run

# What TensorFlow decodes as Pillow does; everything else becomes PNG first.
_AS_IS = {"JPEG": ("L", "RGB"), "PNG": ("L", "RGB")}
_DRAWN = 40  # readings in a picture


@dataclass(frozen=True)
class LineReading:
    """The text read from a picture, and the probability the network gives it."""

    path: str
    text: str
    confidence: float


@dataclass(frozen=True)
class PredictSummary:
    """All readings, and the files that could not be read with the reason."""

    checkpoint: str
    images: int
    readings: List[LineReading]
    unreadable: Dict[str, str] = field(default_factory=dict)
    drawing: Optional[str] = None


class RunReader:
    """A trained network in a session, reading picture files batch by batch."""

    def __init__(
        self, run: RunDirectory, checkpoint: str, target: str = "cpu", beam_width: int = 0
    ) -> None:
        self._charset = run.dictionary
        chosen = make_device(target)
        graph = tf.Graph()
        with graph.as_default(), v1.device(chosen.device):
            model = model_of_run(run)
            self._encoded = v1.placeholder(tf.string, [None])
            *_, decoded = build_reader(model, self._encoded, beam_width)
            self._fetches = decoded.classes, decoded.confidence
            self._session = v1.Session(graph=graph, config=chosen.config)
            restore(self._session, checkpoint, bool(run.options.get("ema")))

    def read(self, files: Sequence[bytes]) -> Tuple[List[str], List[float]]:
        """Returns the texts and their confidences."""
        classes, confidence = self._session.run(self._fetches, {self._encoded: files})
        return [self._charset.decode(row) for row in classes.tolist()], confidence.tolist()

    def close(self) -> None:
        """Frees the session."""
        self._session.close()


def build_reader(
    model: Any, encoded: Any, beam_width: int = 0
) -> Tuple[Dict[str, Any], Dict[str, Any], DecodedLines]:
    """Builds the way from picture files (string [B]) to classes, as training and export have it.

    Returns the network's inputs and outputs, and what is read.
    """
    spec = image_spec(model)
    with v1.device("/device:CPU:0"):
        if spec.width:
            full = tf.constant(spec.width)
        else:
            full = round_up(tf.reduce_max(measured_widths(encoded, spec)))
        images, widths = decode_images(encoded, full, spec)
    inputs = {"images": images, "widths": widths}
    outputs = model.build(inputs, training=False)
    return inputs, outputs, model.decode(outputs, beam_width)


def predict_lines(
    images: Iterable[PathLike],
    model: str = "crnn",
    output_dir: PathLike = "output",
    checkpoint: str = "",
    decoder: str = "greedy",
    beam_width: int = 100,
    batch_size: int = 32,
    target: str = "cpu",
    draw: Optional[PathLike] = None,
    overwrite: bool = False,
    on_reading: Optional[Callable[[LineReading], None]] = None,
) -> PredictSummary:
    """Reads pictures (files, or folders of them) with the run `output_dir`/`model`.

    `draw` names a PNG file to draw the first readings into. Unreadable pictures are counted with
    their reason. Raises CheckpointError, InputError if a path does not exist or nothing is there
    to be read, OutputExistsError for `draw` without `overwrite`.
    """
    paths = find_images(images)
    if draw is not None and Path(draw).exists() and not overwrite:
        raise OutputExistsError(draw)
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    reader = RunReader(run, weights, target, chosen_beam(decoder, beam_width))
    readings: List[LineReading] = []
    drawn: List[Card] = []
    unreadable: Dict[str, str] = {}
    for batch in _batches(paths, batch_size, unreadable):
        texts, confidences = reader.read([content for _, content in batch])
        for (path, content), text, confidence in zip(batch, texts, confidences):
            readings.append(LineReading(str(path), text, confidence))
            if draw is not None and len(drawn) < _DRAWN:
                note = f"{confidence:.0%}  {path.name}"
                drawn.append(Card(content, text or "(nothing)", note))
            if on_reading:
                on_reading(readings[-1])
    reader.close()
    if draw is not None:
        Path(draw).parent.mkdir(parents=True, exist_ok=True)
        subtitle = f"{len(drawn)} of {len(paths)} pictures, {Path(weights).name}"
        write_atomic(draw, draw_sheet(drawn, f"Readings of {model}", subtitle, columns=3))
    return PredictSummary(
        Path(weights).name, len(readings), readings, unreadable, None if draw is None else str(draw)
    )


def _batches(
    paths: Sequence[Path], size: int, unreadable: Dict[str, str]
) -> Iterator[List[Tuple[Path, bytes]]]:
    batch: List[Tuple[Path, bytes]] = []
    for path in paths:
        try:
            batch.append((path, readable_bytes(path)))
        except Image.UnidentifiedImageError:
            unreadable[str(path)] = "is no picture"
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def readable_bytes(path: Path) -> bytes:
    """Returns a picture file as TensorFlow can decode it; raises OSError or ValueError.

    JPEG and PNG files go on as they are, so that they are decoded as in training.
    """
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        kind, mode = image.format or "", image.mode
        image.load()
        if mode in _AS_IS.get(kind, ()):
            return content
        stream = io.BytesIO()
        image.convert("RGB").save(stream, "PNG")
        return stream.getvalue()
