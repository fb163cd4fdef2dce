"""Reads the text of new pictures with a trained run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from ocrdata.base.pairing import find_images
from ocrdata.base.storage.staging import write_atomic
from ocrdata.errors import OutputExistsError, PathLike
from ocrdata.images.decode import APPLY
from ocrdata.train.inference.engines import ReadingEngine, choose_engine
from ocrdata.train.inference.line_files import FileReader, LineFile, read_window, windows
from ocrdata.train.inference.settings import (
    GREEDY,
    NEWEST,
    DecoderSettings,
    OpenedRun,
    RunSettings,
)

_DRAWN = 40  # readings in a picture


@dataclass(frozen=True)
class LineReading:
    """The text read from a picture, and the probability the network gives it."""

    path: str
    text: str
    confidence: float


@dataclass(frozen=True)
class PredictSummary:
    """All readings, and the files that could not be read with the reason.

    `engine` is what computed, "onnx" or "tensorflow"; `advice` what would make it faster.
    """

    checkpoint: str
    engine: str
    images: int
    readings: List[LineReading]
    unreadable: Dict[str, str] = field(default_factory=dict)
    drawing: Optional[str] = None
    advice: str = ""


class DrawingFile(NamedTuple):
    """The PNG file to draw readings into, and whether it may be there."""

    path: PathLike
    overwrite: bool = False


def predict_lines(
    images: Iterable[PathLike],
    model: str = "crnn",
    *,
    run: RunSettings = NEWEST,
    decoder: DecoderSettings = GREEDY,
    batch_size: int = 32,
    drawing: Optional[DrawingFile] = None,
    on_reading: Optional[Callable[[LineReading], None]] = None,
    exif: str = APPLY,
) -> PredictSummary:
    """Reads pictures (files, or folders of them) with a run, and may draw the first readings.

    `exif` is one of EXIF_WAYS. Unreadable pictures are counted with their reason. Raises
    CheckpointError, InputError if a path does not exist or nothing is there to be read,
    OutputExistsError for a drawing that is there, and what `choose_engine` raises.
    """
    paths = find_images(images)
    if drawing and Path(drawing.path).exists() and not drawing.overwrite:
        raise OutputExistsError(drawing.path)
    opened = run.open(model)
    unexported = "--decoder beam" if decoder.width else run.beyond_exports()
    chosen = choose_engine(run.engine, *opened, tensorflow_for=unexported)
    reader = _open_reader(chosen, opened, run, decoder)
    found: List[LineReading] = []
    drawn: List[LineFile] = []
    unreadable: Dict[str, str] = {}
    try:
        for window in windows(paths, batch_size, unreadable, exif):
            drawn += window[: max(0, _DRAWN - len(drawn))] if drawing else []
            for file, (text, confidence) in zip(window, read_window(reader, window, batch_size)):
                found.append(LineReading(str(file.path), text, confidence))
                if on_reading:
                    on_reading(found[-1])
    finally:
        reader.close()
    if drawing:
        subtitle = f"{len(drawn)} of {len(paths)} pictures, {opened.checkpoint}"
        _draw(drawing, list(zip(drawn, found)), f"Readings of {model}", subtitle)
    return PredictSummary(
        checkpoint=opened.checkpoint,
        engine=chosen.name,
        images=len(found),
        readings=found,
        unreadable=unreadable,
        drawing=str(drawing.path) if drawing else None,
        advice=chosen.advice,
    )


def _open_reader(
    engine: ReadingEngine, opened: OpenedRun, run: RunSettings, decoder: DecoderSettings
) -> FileReader:
    if engine.network:
        from ocrdata.reading.lines import LineFileReader

        return LineFileReader(engine.network)
    from ocrdata.train.inference.run_reader import RunReader

    return RunReader(opened.directory, opened.weights, run.device(), decoder.width)


def _draw(
    drawing: DrawingFile, read: Sequence[Tuple[LineFile, LineReading]], title: str, subtitle: str
) -> None:
    from ocrdata.gallery.cards import Card
    from ocrdata.gallery.sheet import draw_sheet

    cards = [
        Card(file.content, one.text or "(nothing)", f"{one.confidence:.0%}  {file.path.name}")
        for file, one in read
    ]
    Path(drawing.path).parent.mkdir(parents=True, exist_ok=True)
    write_atomic(drawing.path, draw_sheet(cards, title, subtitle, columns=3))
