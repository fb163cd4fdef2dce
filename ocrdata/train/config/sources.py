"""The options of a model's input: one home for each name, default, range and help."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Tuple

from ocrdata.errors import OptionError
from ocrdata.train.config.training import check_settings, setting

RENDER = "render:"  # begins the name of a rendering job among sources


def numbers(flag: str, text: str) -> Tuple[float, ...]:
    """Returns the numbers in a text, commas between; raises OptionError."""
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not all(0.01 <= value <= 100 for value in values):
        raise OptionError(
            f"{flag} must be numbers from 0.01 to 100 with commas between, not {text!r}."
        )
    return values


@dataclass(frozen=True)
class InputOptions:
    """Where a model's samples and first weights come from: all options of a reader's input."""

    sources: str = setting(
        "",
        "What to mix, PATH or PATH=WEIGHT with commas between: folders, packs, and rendering jobs "
        "render:FILE with the table of gen-pics or gen-scenes: real=4,render:word.toml=1.",
        kind=str,
    )
    render_workers: int = setting(
        0, "Processes that draw for each rendering job; 0: all processors but one.", 0, 256
    )
    augment: str = setting(
        "none",
        "What is done to pictures of training, real and rendered ones, each time they come: none, "
        "light, strong, or a TOML file with fields of a recipe.",
        kind=str,
    )
    pretrained: str = setting(
        "",
        "Weights to begin with: another run's folder, a checkpoint of one, or one of a program "
        "that is replaced or of slim (resnet_v1_50.ckpt, vgg_16.ckpt).",
        kind=str,
    )
    validation_data: str = setting(
        "",
        "More data to validate with, NAME=FOLDER with commas between: real=icdar15,signs=signs. "
        "Of each its validation split, else its test split, else all.",
        kind=str,
    )

    def __post_init__(self) -> None:
        check_settings(self)
        self.weighted()
        self.validation_sets()

    def weighted(self) -> List[Tuple[str, float]]:
        """Returns the sources and their weights.

        That is how often each sample of one comes in an epoch; beside a rendering job, which has
        no end, it is a share of all samples.
        """
        found = []
        for part in self.sources.split(",") if self.sources else []:
            path, _, weight = part.strip().partition("=")
            if not path or path == RENDER:
                raise OptionError(f"--sources {self.sources!r} names no folder.")
            found.append((path, numbers("--sources", weight)[0] if weight else 1.0))
        return found

    def validation_sets(self) -> List[Tuple[str, str]]:
        """Returns name and folder of each validation set beside the data's own."""
        found = []
        for part in self.validation_data.split(",") if self.validation_data else []:
            name, _, folder = part.strip().partition("=")
            if not folder or not re.fullmatch(r"[\w-]+", name):
                text = f"--validation-data takes NAME=FOLDER with commas between, not {part!r}."
                raise OptionError(text)
            found.append((name, folder))
        names = [name for name, _ in found]
        for name in names:
            if names.count(name) > 1 or name == "validation":
                hint = "The data's own split is called validation."
                raise OptionError(f"--validation-data names {name} twice.", hint)
        return found


@dataclass(frozen=True)
class SourceOptions(InputOptions):
    """Where a detector's pictures and first weights come from."""

    tarfile: str = setting(
        "", "A tar pack of pictures and texts, in the data folder or anywhere.", kind=str
    )
    tarpath: str = setting("", "The folder within --tarfile.", kind=str)
    num_readers: int = setting(2, "Pictures prepared at a time.", 1, 256)
    picture_cache: int = setting(256, "Memory for decoded pictures, in MiB.", 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tarpath and not self.tarfile:
            raise OptionError("--tarpath needs --tarfile.")
        if self.sources and self.tarfile:
            raise OptionError("--sources and --tarfile exclude each other.")


@dataclass(frozen=True)
class SceneOptions(SourceOptions):
    """How square crops are cut from a detector's pictures."""

    input_size: int = setting(512, "Side of the square crops, a multiple of 32.", 32)
    scales: str = setting("0.5,1,2,3", "Largest magnifications of crops, drawn from.", kind=str)
    background: float = setting(0.375, "Share of crops without text.", 0.0, 1.0)
    min_crop_side: float = setting(
        0.1, "Shortest side of a crop, as a share of the picture's.", 0.0, 1.0
    )
    rotate: float = setting(0.0, "Crops are turned by up to this many degrees.", 0.0, 180.0)
    jitter: float = setting(0.0, "How much brightness and colors vary.", 0.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.scale_values()
        if self.input_size % 32:
            raise OptionError(f"--input-size must be a multiple of 32, not {self.input_size}.")

    def scale_values(self) -> Tuple[float, ...]:
        """Returns the scales as numbers."""
        return numbers("--scales", self.scales)
