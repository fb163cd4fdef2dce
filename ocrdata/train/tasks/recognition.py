"""Training data of text lines: records and their dictionary."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from PIL import Image

from ocrdata.errors import OptionError, RecordError
from ocrdata.text.visual_order import LineOrder
from ocrdata.train.config.sources import InputOptions
from ocrdata.train.config.training import steps_of_alignment
from ocrdata.train.data.augment import augmentation_of
from ocrdata.train.data.line_dataset import (
    pool_batches,
    training_batches,
    with_fixed_shapes,
)
from ocrdata.train.data.line_shards import read_line_shards, require_same_dictionary
from ocrdata.train.data.places import source_path
from ocrdata.train.data.record_checks import check_records
from ocrdata.train.data.sources.line_sources import open_lines, require_an_end
from ocrdata.train.data.visual_labels import in_visual_order
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.evaluate import LineEvaluator
from ocrdata.train.inference.line_drawing import draw_lines, line_fetches
from ocrdata.train.inference.validation import Evaluator
from ocrdata.train.models.base import Recognizer, image_spec
from ocrdata.train.protocols import Batch, Dataset, FetchedArrays, Tensor
from ocrdata.train.run_dir import RunDirectory
from ocrdata.train.tasks.base import WHOLE, Share, TaskRequest, TrainingTask

# Of a folder that is named for validation, the first that it has.
_HELD_OUT = ("validation", "test", "train")


class RecognitionTask(TrainingTask):
    """Lines out of the records of a data folder."""

    net: Recognizer
    ranked = ("accuracy", "one_minus_ned", "character_error_rate")

    def __init__(self, request: TaskRequest) -> None:
        options = request.options
        self._on_check, self.train_options, self._data_dir = (
            request.on_check,
            options,
            request.data_dir,
        )
        self.input_options = request.data_options or InputOptions()
        pool = pool_batches(options.shuffle, options.batch_size)
        self._lines = open_lines(
            request.data_dir, self.input_options, options.batch_size, pool, options.seed
        )
        self._shards, self._order = self._lines.shards, self._lines.order
        require_an_end(self._lines, options.epochs)
        self.charset = self._shards.charset
        self._line_order = LineOrder(self.charset)
        self.samples = self._order.samples
        self.net = self._model(request)
        self.records = {"sha256": self._lines.sha256}
        self._augment = augmentation_of(self.input_options, options.seed)

    def _model(self, request: TaskRequest) -> Recognizer:
        classes, options = self._shards.charset.num_classes, request.options
        model = request.kind(request.model_options, classes, options.seed)
        assert isinstance(model, Recognizer)
        model.auto_lstm, model.static = request.device.lstm, request.device.static
        # What is drawn while training goes on cannot be looked at before.
        model.align_steps = steps_of_alignment(options, options.total_steps(self.samples))
        model.skip_long_labels = options.long_labels == "skip" or bool(self._lines.jobs)
        return model

    def check(self) -> Dict[str, Any]:
        """Returns how many lines and labels too long there are; raises RecordError."""
        samples = long_labels = untold = 0
        for shards in self._lines.checked:
            found = check_records(
                shards,
                "train",
                spec=image_spec(self.net),
                time_steps=self.net.time_steps,
                skip_long=self.net.skip_long_labels,
                on_progress=self._on_check,
            )
            if found.long_labels == found.samples:
                problem = f"all {found.samples} labels are too long for their pictures"
                raise RecordError(shards.directory, problem, hint="Look: ocrdata preview.")
            samples, long_labels = samples + found.samples, long_labels + found.long_labels
            untold += found.untold_order
        samples += sum(one.shard.samples for one in self._lines.temporary)
        found_all = {"samples": samples, "long_labels": long_labels, "untold_order": untold}
        return {**found_all, "not_drawn": self._lines.skipped} if self._lines.jobs else found_all

    def start(self, step: int) -> List[int]:
        return self._order.start(step)

    def batches(self, start: Tensor, share: Share = WHOLE) -> Dataset:
        found = training_batches(self._order, image_spec(self.net), start, share, self._augment)
        found = in_visual_order(found, self._line_order)
        if not self.net.static:
            return found
        spec = image_spec(self.net)
        if not spec.width:
            raise OptionError("--target npu needs a fixed --image-width: its shapes are fixed.")
        longest = int(self.net.time_steps(spec.width))
        return with_fixed_shapes(found, self.train_options.batch_size // share[1], longest)

    def evaluator(self, run: RunDirectory, device: Device, folder: str = "") -> Optional[Evaluator]:
        shards, split = self._shards, "validation"
        if folder:
            place = source_path(self._data_dir, folder, "--validation-data")
            shards = read_line_shards(place)
            require_same_dictionary(shards, self._shards)
            split = next((one for one in _HELD_OUT if shards.samples(one)), "validation")
        elif not shards.samples(split):
            return None
        options = self.train_options
        return LineEvaluator(
            run,
            shards,
            split=split,
            device=device,
            batch_size=options.batch_size,
            limit=options.eval_samples,
        )

    def picture_fetches(self, batch: Batch, decoded: Tensor) -> Batch:
        return line_fetches(batch, decoded.classes)

    def draw(self, values: FetchedArrays) -> Image.Image:
        return draw_lines(values, self._line_order)

    def skipped(self, found: Dict[str, Any]) -> Dict[str, int]:
        long_labels = {"long labels": found["long_labels"]} if found["long_labels"] else {}
        return {**found.get("not_drawn", {}), **long_labels}

    def close(self) -> None:
        self._lines.close()
