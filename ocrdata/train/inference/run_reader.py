"""A trained network in TensorFlow, reading picture files."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence, Tuple

from ocrdata.text.visual_order import LineOrder
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.data.line_images import decode_images, measured_widths, round_up
from ocrdata.train.devices.device import Device
from ocrdata.train.inference.restore import recognizer_of_run, restore
from ocrdata.train.models.base import DecodedLines, Recognizer, image_spec
from ocrdata.train.protocols import Batch
from ocrdata.train.run_dir import RunDirectory


class RunReader:
    """A trained network in a session, reading picture files batch by batch."""

    def __init__(
        self, run: RunDirectory, checkpoint: str, device: Device, beam_width: int = 0
    ) -> None:
        self._order = LineOrder(run.dictionary)
        graph = tf.Graph()
        with graph.as_default(), v1.device(device.device):
            model = recognizer_of_run(run)
            self._encoded = v1.placeholder(tf.string, [None])
            decoded = build_reader(model, self._encoded, beam_width).decoded
            self._fetches = decoded.classes, decoded.confidence
            self._session = v1.Session(graph=graph, config=device.config)
            restore(self._session, checkpoint, bool(run.options.get("ema")))

    def read(self, files: Sequence[bytes]) -> List[Tuple[str, float]]:
        """Returns text and confidence of each picture file."""
        classes, confidence = self._session.run(self._fetches, {self._encoded: files})
        texts = [self._order.decode(row) for row in classes.tolist()]
        return list(zip(texts, confidence.tolist()))

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
