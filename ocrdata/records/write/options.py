"""What decides the bytes of a shard set, besides its samples and their dictionary."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Dict, Mapping, Optional, Tuple

from ocrdata.base.run_options import RunOptions
from ocrdata.errors import OptionError, UnknownNameError
from ocrdata.images.encoding import KEEP_AS_IS, ImageOptions
from ocrdata.records.format.layouts import LAYOUTS
from ocrdata.records.format.schema import LAYOUT
from ocrdata.records.format.tfrecord_writer import COMPRESSIONS
from ocrdata.text.normalization import DEFAULT_NORMALIZATION, NORMALIZATIONS

UNKNOWN = ("error", "skip")
GROUPS = GROUP_BY_TEXT, GROUP_BY_KEY = ("text", "key")


@dataclass(frozen=True)
class WriteOptions:
    """How samples become shards.

    Args:
        shards: of each split; fewer where a split has fewer samples.
        shard_size: bytes a shard should have, instead of a number of shards.
        validation_fraction: share of the training texts, in [0, 1).
        test_fraction: share of the texts of samples that belong to no list yet, in [0, 1).
        group_by: what stays together in one split, "text" or "key" (every sample by itself).
        limit: the most samples taken from each list, chosen by `seed`.
        unknown: "error" or "skip" for labels with characters that the dictionary does not have.
        skip_errors: leaves out and counts wrong lines and damaged pictures.
        pictures: how to change pictures; by default they are stored as they are.
        text_normalization: what is done to labels; see `ocrdata.text.normalization`.
    """

    shards: int = 10
    shard_size: Optional[int] = None
    validation_fraction: float = 0.1
    test_fraction: float = 0.1
    group_by: str = GROUP_BY_TEXT
    seed: int = 0
    limit: Optional[int] = None
    unknown: str = "error"
    skip_errors: bool = False
    compression: str = "none"
    layout: str = LAYOUT
    pictures: ImageOptions = KEEP_AS_IS
    text_normalization: str = DEFAULT_NORMALIZATION

    def check(self) -> None:
        """Raises OptionError for a value out of range, UnknownNameError for a wrong name."""
        for kind, name, known in (
            ("way to treat unknown characters", self.unknown, UNKNOWN),
            ("compression", self.compression, COMPRESSIONS),
            ("layout", self.layout, LAYOUTS),
            ("way to group samples", self.group_by, GROUPS),
            ("text normalization", self.text_normalization, NORMALIZATIONS),
        ):
            if name not in known:
                raise UnknownNameError(kind, name, known)
        if self.shards < 1:
            raise OptionError(f"--shards must be 1 or more, not {self.shards}.")
        if self.shard_size is not None and self.shard_size < 1:
            raise OptionError(f"--shard-size must be 1 or more, not {self.shard_size}.")
        for name in ("validation_fraction", "test_fraction"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                flag = "--" + name.replace("_", "-")
                raise OptionError(f"{flag} must lie in [0, 1), not {value}.")
        self.pictures.check()

    def as_dict(self) -> Dict[str, Any]:
        """Returns plain values for a manifest."""
        return asdict(self)


WRITE_DEFAULTS = WriteOptions()


def options_from(
    options: Optional[WriteOptions], run: RunOptions, choices: Mapping[str, Any]
) -> Tuple[WriteOptions, RunOptions]:
    """Returns the options with some fields set, each of whichever of the two has it."""
    names = {one.name for one in fields(RunOptions)}
    chosen = {name: value for name, value in choices.items() if name not in names}
    changed = {name: value for name, value in choices.items() if name in names}
    return replace(options or WRITE_DEFAULTS, **chosen), replace(run, **changed)
