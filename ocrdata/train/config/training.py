"""The options of models and of training: one home for each name, default, range and help text.

The command line makes its flags out of these dataclasses, and run.json holds their values.
Nothing here needs TensorFlow or NumPy.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Sequence, Type, TypeVar

from ocrdata.errors import OptionError

Options = TypeVar("Options")  # a dataclass of settings
AUTO = "auto"  # the device: whichever accelerator is there


def setting(
    default: Any,
    text: str,
    low: Optional[float] = None,
    high: Optional[float] = None,
    *,
    choices: Sequence[str] = (),
    kind: Optional[type] = None,
    before: Any = None,
) -> Any:
    """Returns a dataclass field that carries its help text and its range (inclusive).

    `before` is what runs had that are from before there was the option, if not its default.
    """
    notes: Dict[str, Any] = {"help": text, "low": low, "high": high, "choices": tuple(choices)}
    notes["kind"], notes["before"] = kind or type(default), before
    return dataclasses.field(default=default, metadata=notes)


def check_settings(options: object) -> None:
    """Raises OptionError for the first value outside its range or choices."""
    for field in dataclasses.fields(options):  # type: ignore[arg-type]
        value, notes = getattr(options, field.name), field.metadata
        flag = "--" + field.name.replace("_", "-")
        if notes["choices"] and value not in notes["choices"]:
            known = ", ".join(notes["choices"])
            raise OptionError(f"{flag} must be one of {known}, not {value!r}.")
        for bound, wrong, word in (
            (notes["low"], lambda v, b: v < b, "least"),
            (notes["high"], lambda v, b: v > b, "most"),
        ):
            if value is not None and bound is not None and wrong(value, bound):
                raise OptionError(f"{flag} must be at {word} {bound}, not {value}.")


@dataclass(frozen=True)
class TrainOptions:
    """How a model is trained; a resumed run may differ in what `FREE` names only."""

    steps: Optional[int] = setting(
        None, "Training steps (10000 unless --epochs is given).", 1, kind=int
    )
    epochs: Optional[float] = setting(
        None, "Passes over the training split, instead of --steps.", 0.0, kind=float
    )
    batch_size: int = setting(32, "Samples in a batch, of all devices together.", 1)
    accumulate: int = setting(
        1, "Parts of a batch taken one after the other, to need less memory.", 1, 64
    )
    seed: int = setting(0, "Decides initial weights, order and dropout.")
    optimizer: str = setting(
        "adam", "What makes steps out of gradients.", choices=("adadelta", "adam", "momentum")
    )
    learning_rate: float = setting(
        1e-3, "Highest learning rate; 0: 1e-3 over the width multiplier, at most 5e-3.", 0.0
    )
    rate_scaling: str = setting(
        "none",
        "How --learning-rate grows when --batch-size is not --rate-batch.",
        choices=("none", "linear", "sqrt"),
    )
    rate_batch: int = setting(
        0, "Batch that --learning-rate is meant for; 0: the model's default batch.", 0
    )
    momentum: float = setting(0.9, "Momentum of --optimizer momentum.", 0.0, 0.9999)
    nesterov: bool = setting(False, "Nesterov's form of --optimizer momentum.")
    schedule: str = setting(
        "cosine",
        "How the learning rate falls.",
        choices=("constant", "cosine", "exponential", "polynomial"),
    )
    end_learning_rate: float = setting(
        1e-6, "Learning rate of the last step, with --schedule cosine or polynomial.", 0.0
    )
    decay_steps: int = setting(1000, "Steps between two falls of exponential.", 1)
    decay_rate: float = setting(0.5, "Factor of each fall of exponential.", 0.0, 1.0)
    staircase: bool = setting(True, "Whether exponential falls in steps or smoothly.")
    decay_power: float = setting(1.0, "Power of polynomial.", 0.0)
    warmup_steps: int = setting(100, "Steps in which the learning rate rises to its highest.", 0)
    clip_norm: float = setting(5.0, "Largest norm of all gradients together; 0: no clipping.", 0.0)
    l2: float = setting(
        0.0, "Weight of the squared weights in the loss, LSTM kernels included.", 0.0
    )
    ema: float = setting(
        0.0, "Decay of the average of the weights that evaluation uses; 0: none.", 0.0, 0.99999
    )
    freeze: str = setting(
        "",
        "Stages that do not learn, by their scopes, with commas between: conv1,conv2 of crnn, "
        "resnet_v1_50/block1 of a detector.",
        kind=str,
    )
    shuffle: int = setting(2048, "Lines shuffled (and sorted by width) at a time.", 1)
    align_steps: Optional[int] = setting(
        None,
        "First steps of a reader in which characters are also learned as evenly spaced, less and "
        "less: CTC alone learns late. By default 300, at most a fifth of --steps, and none with "
        "--pretrained.",
        0,
        kind=int,
    )
    long_labels: str = setting(
        "error", "Labels longer than the time steps of their image.", choices=("error", "skip")
    )
    save_every: int = setting(500, "Steps between checkpoints.", 1)
    keep: int = setting(3, "Checkpoints kept.", 1)
    eval_every: int = setting(
        500, "Steps after which the validation split is scored again; 0: never.", 0
    )
    eval_samples: int = setting(1000, "Samples of the validation split that are scored.", 1)
    best_by: str = setting(
        "",
        "What the best checkpoint is best by: a figure (accuracy, one_minus_ned; hmean), a set of "
        "--validation-data, or SET.FIGURE. By default accuracy or hmean of the first such set, "
        "else of the validation split.",
        kind=str,
    )
    early_stopping_patience: int = setting(
        0, "Stop after so many validations without a better one; 0: never.", 0
    )
    log_every: int = setting(10, "Steps between progress lines.", 1)
    summary_every: int = setting(
        0, "Steps between TensorBoard's figures; 0: as many as between progress lines.", 0
    )
    image_every: int = setting(500, "Steps between TensorBoard images; 0: none.", 0)
    target: str = setting(
        AUTO, "Where to run; auto: on the accelerator that is there, else on the processor."
    )
    num_gpus: int = setting(
        0, "GPUs that share a batch; without GPUs, as many parts of the processor. 0: one.", 0, 64
    )
    precision: str = setting(
        "float32",
        "mixed: 16 bits where that is safe, with a loss scale; GPUs only.",
        choices=("float32", "mixed"),
    )
    xla: bool = setting(False, "Compile with XLA.")
    iterations_per_loop: int = setting(
        1, "Steps that an NPU takes before it reports to the host.", 1
    )
    cluster_timeout: float = setting(
        600.0,
        "Seconds after which a process of a cluster (TF_CONFIG) gives up on one that does not "
        "answer.",
        1.0,
    )
    intra_threads: int = setting(0, "Threads inside an operation; 0: as many as processors.", 0)
    inter_threads: int = setting(0, "Operations at a time; 0: as many as processors.", 0)

    def __post_init__(self) -> None:
        check_settings(self)
        if self.steps is not None and self.epochs is not None:
            raise OptionError("--steps and --epochs exclude each other.")
        if self.rate_batch and self.rate_scaling == "none":
            raise OptionError("--rate-batch needs --rate-scaling linear or sqrt.")
        if self.nesterov and self.optimizer != "momentum":
            raise OptionError("--nesterov needs --optimizer momentum.")
        if self.early_stopping_patience and not self.eval_every:
            raise OptionError("--early-stopping-patience needs --eval-every.")

    def total_steps(self, samples: int) -> int:
        """Returns the last step of the run."""
        if self.epochs is not None:
            return max(1, int(math.ceil(self.epochs * samples / self.batch_size)))
        return self.steps if self.steps is not None else DEFAULT_STEPS


def steps_of_alignment(training: TrainOptions, total: int) -> int:
    """Returns in how many of `total` steps a reader also learns from evenly spaced characters."""
    if training.align_steps is not None:
        return training.align_steps
    return min(DEFAULT_ALIGN_STEPS, total // 5)


def with_rate(training: TrainOptions, model: Any) -> TrainOptions:
    """Returns how to train with the learning rate that 0 stands for, by the model's options.

    Narrow networks bear, and need, higher ones: 1e-3 over the width multiplier, at most 5e-3.
    """
    if training.learning_rate:
        return training
    width = getattr(model, "width_multiplier", 1.0)
    return dataclasses.replace(training, learning_rate=min(5e-3, 1e-3 / width))


DEFAULT_STEPS, DEFAULT_ALIGN_STEPS = 10000, 300
# What a resumed run may have otherwise than the run it goes on with.
FREE = (
    "best_by",
    "cluster_timeout",
    "early_stopping_patience",
    "epochs",
    "eval_every",
    "eval_samples",
    "image_every",
    "inter_threads",
    "iterations_per_loop",
    "intra_threads",
    "keep",
    "log_every",
    "lstm",
    "num_gpus",
    "num_readers",
    "picture_cache",
    "pretrained",
    "render_workers",
    "save_every",
    "steps",
    "summary_every",
    "tarfile",
    "tarpath",
    "target",
    "validation_data",
    "xla",
)


def settings_from(kind: Type[Options], values: Mapping[str, Any]) -> Options:
    """Returns the dataclass `kind` with these values, leaving out those it does not know."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in known})


def settings_of_run(kind: Type[Options], values: Mapping[str, Any]) -> Options:
    """Returns the dataclass `kind` with a run's values, which may be older than an option."""
    notes = {field.name: field.metadata for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    before = {name: one["before"] for name, one in notes.items() if one["before"] is not None}
    return settings_from(kind, {**before, **values})
