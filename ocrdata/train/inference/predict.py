"""Reads the text of new pictures with a trained run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.pairing import find_images
from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.gallery.cards import Card
from ocrdata.gallery.sheet import draw_sheet
from ocrdata.images.plain import to_plain
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.data.line_images import decode_images, measured_widths, round_up
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.restore import recognizer_of_run, restore
from ocrdata.train.inference.settings import GREEDY, NEWEST, DecoderSettings, RunSettings
from ocrdata.train.models.base import DecodedLines, Recognizer, image_spec
from ocrdata.train.protocols import Batch
from ocrdata.train.run_dir import RunDirectory

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


class DrawingFile(NamedTuple):
    """The PNG file to draw readings into, and whether it may be there."""

    path: PathLike
    overwrite: bool = False


class RunReader:
    """A trained network in a session, reading picture files batch by batch."""

    def __init__(
        self, run: RunDirectory, checkpoint: str, device: Device, beam_width: int = 0
    ) -> None:
        self._charset = run.dictionary
        graph = tf.Graph()
        with graph.as_default(), v1.device(device.device):
            model = recognizer_of_run(run)
            self._encoded = v1.placeholder(tf.string, [None])
            decoded = build_reader(model, self._encoded, beam_width).decoded
            self._fetches = decoded.classes, decoded.confidence
            self._session = v1.Session(graph=graph, config=device.config)
            restore(self._session, checkpoint, bool(run.options.get("ema")))

    def read(self, files: Sequence[bytes]) -> Tuple[List[str], List[float]]:
        """Returns the texts and their confidences."""
        classes, confidence = self._session.run(self._fetches, {self._encoded: files})
        return [self._charset.decode(row) for row in classes.tolist()], confidence.tolist()

    def close(self) -> None:
        """Frees the session."""
        self._session.close()


class LineGraph(NamedTuple):
    """A recognizer's inputs and outputs by name, and what is read."""

    inputs: Batch
    outputs: Batch
    decoded: DecodedLines


def build_reader(model: Recognizer, encoded: Tensor, beam_width: int = 0) -> LineGraph:
    """Builds the way from picture files (string [B]) to classes, as training and export have it."""
    spec = image_spec(model)
    with v1.device("/device:CPU:0"):
        if spec.width:
            full = tf.constant(spec.width)
        else:
            full = round_up(tf.reduce_max(measured_widths(encoded, spec)))
        images, widths = decode_images(encoded, full, spec)
    inputs = {"images": images, "widths": widths}
    outputs = model.build(inputs, training=False)
    return LineGraph(inputs, outputs, model.decode(outputs, beam_width))


def predict_lines(
    images: Iterable[PathLike],
    model: str = "crnn",
    *,
    run: RunSettings = NEWEST,
    decoder: DecoderSettings = GREEDY,
    batch_size: int = 32,
    drawing: Optional[DrawingFile] = None,
    on_reading: Optional[Callable[[LineReading], None]] = None,
) -> PredictSummary:
    """Reads pictures (files, or folders of them) with a run, and may draw the first readings.

    Unreadable pictures are counted with their reason. Raises CheckpointError, InputError if a path
    does not exist or nothing is there to be read, OutputExistsError for a drawing that is there.
    """
    paths = find_images(images)
    if drawing and Path(drawing.path).exists() and not drawing.overwrite:
        raise OutputExistsError(drawing.path)
    opened = run.open(model)
    reader = RunReader(opened.directory, opened.weights, run.device(), decoder.width)
    readings: List[LineReading] = []
    cards: List[Card] = []
    unreadable: Dict[str, str] = {}
    for batch in _batches(paths, batch_size, unreadable):
        texts, confidences = reader.read([content for _, content in batch])
        for (path, content), text, confidence in zip(batch, texts, confidences):
            readings.append(LineReading(str(path), text, confidence))
            if drawing and len(cards) < _DRAWN:
                note = f"{confidence:.0%}  {path.name}"
                cards.append(Card(content, text or "(nothing)", note))
            if on_reading:
                on_reading(readings[-1])
    reader.close()
    if drawing:
        Path(drawing.path).parent.mkdir(parents=True, exist_ok=True)
        subtitle = f"{len(cards)} of {len(paths)} pictures, {opened.checkpoint}"
        sheet = draw_sheet(cards, f"Readings of {model}", subtitle, columns=3)
        write_atomic(drawing.path, sheet)
    drawn = str(drawing.path) if drawing else None
    return PredictSummary(opened.checkpoint, len(readings), readings, unreadable, drawn)


def _batches(
    paths: Sequence[Path], size: int, unreadable: Dict[str, str]
) -> Iterator[List[Tuple[Path, bytes]]]:
    batch: List[Tuple[Path, bytes]] = []
    for path in paths:
        try:
            batch.append((path, readable_bytes(path)))
        except (OSError, ValueError) as error:
            unreadable[str(path)] = " ".join(str(error).split()) or type(error).__name__
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def readable_bytes(path: Path) -> bytes:
    """Returns a picture file as TensorFlow can decode it; raises OSError or ValueError.

    Plain JPEG and PNG files go on as they are, so that they are decoded as in training.
    """
    return to_plain(path.read_bytes()).data
