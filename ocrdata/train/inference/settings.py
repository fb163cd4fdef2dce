"""What evaluation, prediction and export are told: which weights, on which device, of what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from ocrdata.errors import PathLike, UnknownNameError
from ocrdata.train.config.training import AUTO
from ocrdata.train.run_dir import RunDirectory, read_run

if TYPE_CHECKING:  # predictions without TensorFlow read these settings, too
    from ocrdata.train.devices.device import Device

DECODERS = ("beam", "greedy")
OnDevice = Callable[["Device"], None]


class OpenedRun(NamedTuple):
    """A run and the path of one of its checkpoints."""

    directory: RunDirectory
    weights: str

    @property
    def checkpoint(self) -> str:
        """The checkpoint's name, without its folder."""
        return Path(self.weights).name


@dataclass(frozen=True)
class RunSettings:
    """Which weights of a run are used, and where.

    The run is `output_dir`/MODEL, `checkpoint` a step or a name (without it the newest), `target`
    a device of TARGETS. `on_device` is called with the device before the work begins. `engine`
    is what predictions compute with, one of ENGINES: "auto" takes onnxruntime where an exported
    model of the same weights lies in the run's folder.
    """

    output_dir: PathLike = "output"
    checkpoint: str = ""
    target: str = AUTO
    on_device: Optional[OnDevice] = None
    engine: str = "auto"

    def open(self, model: str) -> OpenedRun:
        """Returns a model's run; raises CheckpointError where it or the checkpoint is missing."""
        run = read_run(Path(self.output_dir) / model, model)
        return OpenedRun(run, run.checkpoint(self.checkpoint))

    def beyond_exports(self) -> str:
        """Returns the option that an exported model cannot follow, "" where there is none."""
        return "" if self.target in (AUTO, "cpu") else f"--target {self.target}"

    def device(self) -> Device:
        """Returns the device, and tells which it is; raises DeviceError where it is not there."""
        from ocrdata.train.devices.selection import make_device

        device = make_device(self.target)
        if self.on_device:
            self.on_device(device)
        return device


@dataclass(frozen=True)
class DecoderSettings:
    """How texts are read out of a recognizer: `decoder` is "greedy" or "beam"."""

    decoder: str = "greedy"
    beam_width: int = 100

    @property
    def width(self) -> int:
        """The beam width, 0 for the greedy decoder; raises UnknownNameError for another."""
        if self.decoder not in DECODERS:
            raise UnknownNameError("decoder", self.decoder, DECODERS)
        return self.beam_width if self.decoder == "beam" else 0


@dataclass(frozen=True)
class SplitSettings:
    """What is evaluated: a split, its first `limit` samples (0: all), by which protocol.

    Without `protocol` it is the task's own. `tarfile` and `tarpath` are those of SourceOptions;
    None is what they were in training.
    """

    split: str = "test"
    limit: int = 0
    protocol: Optional[str] = None
    tarfile: Optional[str] = None
    tarpath: Optional[str] = None


NEWEST, GREEDY, TEST_SPLIT = RunSettings(), DecoderSettings(), SplitSettings()
