"""Scores a run on a split of its records, in training and afterwards."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Dict, Iterator, NamedTuple, Optional, Tuple

from ocrdata.base.progress import OnProgress
from ocrdata.base.storage.staging import dump_json, write_atomic
from ocrdata.errors import PathLike
from ocrdata.metrics.recognition import RecognitionScore
from ocrdata.records.format import schema
from ocrdata.train.compat import tf, untuned, v1
from ocrdata.train.data.line_dataset import evaluation_batches, iterate
from ocrdata.train.data.line_shards import LineShards, read_line_shards, require_dictionary
from ocrdata.train.devices.device import Device
from ocrdata.train.devices.selection import make_device
from ocrdata.train.inference.restore import (
    build_line_reader,
    chosen_beam,
    image_spec,
    model_of_run,
    restore,
)
from ocrdata.train.inference.validation import ValidationResult
from ocrdata.train.inference.worst_samples import WorstLines
from ocrdata.train.run_dir import RunDirectory, read_run
from ocrdata.train.tf_errors import explained


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
        split: str,
        target: Device,
        batch_size: int,
        beam_width: int = 0,
        limit: int = 0,
    ) -> None:
        self._run = run
        self._shards = shards.require(split)
        self._averaged = bool(run.options.get("ema"))
        self._graph = tf.Graph()
        with self._graph.as_default(), v1.device(target.device):
            model = model_of_run(run)
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
            self._session = v1.Session(graph=self._graph, config=target.config)
        self.samples = min(shards.samples(split), limit or shards.samples(split))

    def predictions(self, checkpoint: str) -> Iterator[LinePrediction]:
        """Yields the predictions of a checkpoint, in the order of the records."""
        with self._graph.as_default(), explained():
            restore(self._session, checkpoint, self._averaged)
            self._session.run(self._start)
            # Batches are sorted by width: what comes early waits for its turn.
            waiting: Dict[int, LinePrediction] = {}
            turn = 0
            for values in iterate(self._session, self._fetches):
                waiting.update(self._batch(values))
                while turn in waiting:
                    yield waiting.pop(turn)
                    turn += 1

    def _batch(self, values: Dict[str, Any]) -> Iterator[Tuple[int, LinePrediction]]:
        rows = zip(*(values[name].tolist() for name in sorted(values)))
        for classes, confidence, index, key, truth in rows:
            text = self._run.dictionary.decode(classes)
            yield (
                index,
                LinePrediction(key.decode("utf-8"), truth.decode("utf-8"), text, confidence),
            )

    def score(self, checkpoint: str, protocol: str = "exact") -> RecognitionScore:
        """Returns the score of a checkpoint."""
        pairs = ((line.truth, line.text) for line in self.predictions(checkpoint))
        return RecognitionScore(protocol).add_all(pairs)

    def look(self, checkpoint: str) -> ValidationResult:
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
    """The figures of `evaluate_lines`, and where the predictions were written."""

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


def evaluate_lines(
    model: str = "crnn",
    data_dir: PathLike = "data",
    output_dir: PathLike = "output",
    split: str = "test",
    checkpoint: str = "",
    decoder: str = "greedy",
    beam_width: int = 100,
    protocol: str = "exact",
    batch_size: int = 64,
    limit: int = 0,
    target: str = "cpu",
    on_progress: Optional[OnProgress] = None,
) -> EvaluationSummary:
    """Reads a split with a trained run, and writes its figures and its predictions beside it.

    `decoder` is "greedy" or "beam"; `checkpoint` a step or a name (the newest without). Writes
    evaluation-<split>.json and predictions-<split>.tsv (key, truth, text, confidence, correct).
    Raises CheckpointError for a run that is missing or has another dictionary than the records.
    """
    run = read_run(Path(output_dir) / model, model)
    weights = run.checkpoint(checkpoint)
    shards = read_line_shards(data_dir)
    require_dictionary(run.dictionary, shards.charset, run.directory, shards.directory)
    width = chosen_beam(decoder, beam_width)
    score = RecognitionScore(protocol)
    evaluator = LineEvaluator(run, shards, split, make_device(target), batch_size, width, limit)
    path = run.directory / f"predictions-{split}.tsv"
    try:
        with _renamed_when_done(path) as stream:
            table = csv.writer(stream, "excel-tab", lineterminator="\n")
            table.writerow(("key", "truth", "text", "confidence", "correct"))
            for done, line in enumerate(evaluator.predictions(weights), 1):
                right = int(score.add(line.truth, line.text))
                table.writerow((*line[:3], f"{line.confidence:.6f}", right))
                if on_progress:
                    on_progress(done, evaluator.samples)
    finally:
        evaluator.close()
    summary = EvaluationSummary(
        split=split,
        checkpoint=Path(weights).name,
        decoder=decoder,
        protocol=protocol,
        lines=score.lines,
        unscored=score.unscored,
        correct=score.correct,
        predictions=str(path),
        **score.figures(),
    )
    write_atomic(run.directory / f"evaluation-{split}.json", dump_json(asdict(summary)))
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
