"""First weights from a checkpoint of another training: by name, where name and shape agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from ocrdata.errors import CheckpointError, PathLike
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.protocols import Session

SHOWN = 20


@dataclass(frozen=True)
class RestoreReport:
    """What a checkpoint brought: counts, and the names of the first model variables left out.

    `missing` are not in the checkpoint, `unfit` have another shape there ("name: theirs, ours");
    `unused` counts what the model has no place for.
    """

    checkpoint: str
    loaded: int
    missing: int
    unfit: List[str] = field(default_factory=list)
    unused: int = 0
    first_missing: List[str] = field(default_factory=list)


class Pretrained:
    """A checkpoint whose weights the variables of the current graph begin with.

    Variables that training adds (averages, the optimizer's) begin as they would without. Raises
    CheckpointError where the checkpoint cannot be read or nothing in it fits.
    """

    def __init__(self, checkpoint: PathLike) -> None:
        path = _prefix(checkpoint)
        try:
            shapes = tf.train.load_checkpoint(path).get_variable_to_shape_map()
        except (tf.errors.OpError, ValueError) as error:
            first = str(error).split("\n")[0]
            raise CheckpointError(checkpoint, f"is not a checkpoint ({first})") from error
        self._fitting = {}
        missing, unfit = [], []
        for variable in _model_variables():
            name, shape = variable.op.name, variable.shape.as_list()
            if name not in shapes:
                missing.append(name)
            elif list(shapes[name]) != shape:
                unfit.append(f"{name}: {shapes[name]}, not {shape}")
            else:
                self._fitting[name] = variable
        if not self._fitting:
            problem = f"holds no weights that fit this model; the first: {(unfit + missing)[0]}"
            hint = (
                "slim's resnet_v1_50.ckpt fits a --depth of 50, vgg_16.ckpt fits deeptext, both "
                "with --width-multiplier 1."
            )
            raise CheckpointError(checkpoint, problem, hint=hint)
        unused = len(set(shapes) - set(self._fitting))
        self.report = RestoreReport(
            str(checkpoint),
            len(self._fitting),
            len(missing),
            unfit[:SHOWN],
            unused,
            missing[:SHOWN],
        )
        self._saver = v1.train.Saver(self._fitting)
        self._path = path

    def initializer(self) -> Optional[Callable[[object, Session], None]]:
        """Returns what a Scaffold calls behind its own initialization."""
        return lambda _scaffold, session: self._saver.restore(session, self._path)

    def as_dict(self) -> Dict[str, Any]:
        """Returns the report as plain values."""
        return dict(vars(self.report))


class _Nothing(Pretrained):
    def __init__(self) -> None:
        pass

    def initializer(self) -> Optional[Callable[[object, Session], None]]:
        return None

    def as_dict(self) -> Dict[str, Any]:
        return {}


def no_weights() -> Pretrained:
    """Returns what stands for no checkpoint at all."""
    return _Nothing()


def _prefix(checkpoint: PathLike) -> str:
    path = Path(checkpoint)
    if path.is_dir():
        found = v1.train.latest_checkpoint(str(path))
        if not found:
            raise CheckpointError(path, "holds no checkpoint")
        return str(found)
    name = str(path)
    for suffix in (".index", ".meta"):
        if name.endswith(suffix):
            name = name[: -len(suffix)]
    if not path.is_file() and not Path(name + ".index").is_file():
        raise CheckpointError(path, "does not exist")
    return name


def _model_variables() -> List[Tensor]:
    """Returns weights and statistics of the model, without what the optimizer keeps."""
    statistics = ("/moving_mean", "/moving_variance")
    trained = {id(variable) for variable in v1.trainable_variables()}
    return [
        variable
        for variable in v1.global_variables()
        if id(variable) in trained or variable.op.name.endswith(statistics)
    ]
