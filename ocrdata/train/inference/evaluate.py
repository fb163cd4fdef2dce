"""Scores a run on a split of its records, in training and afterwards."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Dict, Iterator, NamedTuple, Optional, Tuple

from ocrdata.base.run_options import OnProgress
from ocrdata.base.storage.staging import dump_json, write_atomic
from ocrdata.errors import PathLike
from ocrdata.metrics.recognition import RecognitionScore
from ocrdata.records.format import schema
from ocrdata.text.visual_order import LineOrder
from ocrdata.train.compat import tf, untuned, v1
from ocrdata.train.data.line_dataset import evaluation_batches, iterate
from ocrdata.train.data.line_shards import LineShards, read_line_shards, require_dictionary
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.restore import build_line_reader, recognizer_of_run, restore
from ocrdata.train.inference.result_names import result_name
from ocrdata.train.inference.settings import (
    GREEDY,
    NEWEST,
    TEST_SPLIT,
    DecoderSettings,
    RunSettings,
    SplitSettings,
)
from ocrdata.train.inference.validation import ValidationResult
from ocrdata.train.inference.worst_samples import WorstLines
from ocrdata.train.models.base import image_spec
from ocrdata.train.protocols import FetchedArrays
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tf_errors import explained

_PROTOCOL = "exact"


class LinePrediction(NamedTuple):
    """One line: its key, its label, what was read, and how probable that was."""

    key: str
    truth: str
    text: str
    confidence: float


class LineEvaluator:
    """Reads a split with the weights of one checkpoint after another."""

    def __init__(
        self,
        run: RunDirectory,
        shards: LineShards,
        *,
        split: str,
        device: Device,
        batch_size: int,
        beam_width: int = 0,
        limit: int = 0,
    ) -> None:
        self._run, self._order = run, LineOrder(run.dictionary)
        self._shards = shards.require(split)
        self._averaged = bool(run.options.get("ema"))
        self._graph = tf.Graph()
        with self._graph.as_default(), v1.device(device.device):
            model = recognizer_of_run(run)
            with v1.device("/device:CPU:0"):
                dataset = evaluation_batches(self._shards, image_spec(model), batch_size, limit)
                iterator = v1.data.make_initializable_iterator(untuned(dataset))
                batch = iterator.get_next()
            decoded = build_line_reader(model, batch, beam_width)
            self._start = iterator.initializer
            self._fetches = {
                "classes": decoded.classes,
                "confidence": decoded.confidence,
                "index": batch["index"],
                "key": batch[schema.SOURCE_ID],
                "truth": batch[schema.TEXT],
            }
            self._session = v1.Session(graph=self._graph, config=device.config)
        self.samples = min(shards.samples(split), limit or shards.samples(split))

    def predictions(self, checkpoint: str) -> Iterator[LinePrediction]:
        """Yields the predictions of a checkpoint, in the order of the records."""
        with self._graph.as_default(), explained():
            restore(self._session, checkpoint, self._averaged)
            self._session.run(self._start)
            # Batches are sorted by width: what comes early waits for those before it.
            waiting: Dict[int, LinePrediction] = {}
            index = 0
            for values in iterate(self._session, self._fetches):
                waiting.update(self._batch(values))
                while index in waiting:
                    yield waiting.pop(index)
                    index += 1

    def _batch(self, values: FetchedArrays) -> Iterator[Tuple[int, LinePrediction]]:
        rows = zip(*(values[name].tolist() for name in sorted(values)))
        for classes, confidence, index, key, truth in rows:
            text = self._order.decode(classes)
            yield (
                index,
                LinePrediction(key.decode("utf-8"), truth.decode("utf-8"), text, confidence),
            )

    def score(self, checkpoint: str, protocol: str = "exact") -> RecognitionScore:
        """Returns the score of a checkpoint."""
        pairs = ((line.truth, line.text) for line in self.predictions(checkpoint))
        return RecognitionScore(protocol).add_all(pairs)

    def validate(self, checkpoint: str) -> ValidationResult:
        """Returns how many lines were read, the figures of their score, and the worst lines."""
        score, worst = RecognitionScore(), WorstLines()
        for number, line in enumerate(self.predictions(checkpoint)):
            if not score.add(line.truth, line.text):
                worst.add(number, line)
        return ValidationResult(score.lines, score.figures(), worst.misses(self._shards))

    def close(self) -> None:
        """Frees the session."""
        self._session.close()


@dataclass(frozen=True)
class EvaluationSummary:
    """The figures of `evaluate_lines`, and where the predictions were written.

    `untold_order`, where there are any, are lines whose labels no reader can give, because their
    pictures may be read in another order; they count as all others.
    """

    split: str
    checkpoint: str
    decoder: str
    protocol: str
    lines: int
    unscored: int
    correct: int
    accuracy: float
    character_error_rate: float
    one_minus_ned: float
    predictions: str
    untold_order: Optional[int] = None


def evaluate_lines(
    model: str = "crnn",
    data_dir: PathLike = "data",
    *,
    run: RunSettings = NEWEST,
    decoder: DecoderSettings = GREEDY,
    split: SplitSettings = TEST_SPLIT,
    batch_size: int = 64,
    on_progress: Optional[OnProgress] = None,
) -> EvaluationSummary:
    """Reads a split with a trained run, and writes its figures and its predictions beside it.

    Writes evaluation-<split>.json and predictions-<split>.tsv (key, truth, text, confidence,
    correct); of other data than that of the training, evaluation-<folder>-<split>.json.
    Raises CheckpointError for a run that is missing or has another dictionary than the records,
    UnknownNameError for a decoder or protocol that there is not.
    """
    found, weights = run.open(model)
    shards = read_line_shards(data_dir)
    require_dictionary(found.dictionary, shards.charset, found.directory, shards.directory)
    width, score = decoder.width, RecognitionScore(split.protocol or _PROTOCOL)
    untold, order = 0, LineOrder(found.dictionary)
    evaluator = LineEvaluator(
        found,
        shards,
        split=split.split,
        device=run.device(),
        batch_size=batch_size,
        beam_width=width,
        limit=split.limit,
    )
    name = result_name(found, data_dir, split.split)
    path = found.directory / f"predictions-{name}.tsv"
    try:
        with _renamed_when_done(path) as stream:
            table = csv.writer(stream, "excel-tab", lineterminator="\n")
            table.writerow(("key", "truth", "text", "confidence", "correct"))
            for done, line in enumerate(evaluator.predictions(weights), 1):
                right = int(score.add(line.truth, line.text))
                table.writerow((*line[:3], f"{line.confidence:.6f}", right))
                untold += not order.is_told(line.truth)
                if on_progress:
                    on_progress(done, evaluator.samples)
    finally:
        evaluator.close()
    summary = EvaluationSummary(
        split=split.split,
        checkpoint=Path(weights).name,
        decoder=decoder.decoder,
        protocol=score.protocol,
        lines=score.lines,
        unscored=score.unscored,
        correct=score.correct,
        predictions=str(path),
        untold_order=untold or None,
        **score.figures(),
    )
    write_atomic(found.directory / f"evaluation-{name}.json", dump_json(asdict(summary)))
    return summary


@contextmanager
def _renamed_when_done(path: Path) -> Iterator[IO[str]]:
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            yield stream
        partial.replace(path)
    except BaseException:
        partial.unlink()
        raise
