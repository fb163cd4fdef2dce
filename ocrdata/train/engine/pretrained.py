"""First weights from a checkpoint of another training: by name, where name and shape agree.

A class layer goes over character by character where both dictionaries are known, so that a reader
can go on with other characters than it began with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from ocrdata.errors import CheckpointError, PathLike
from ocrdata.text.charset import Charset
from ocrdata.train.compat import Tensor, tf, v1
from ocrdata.train.engine.class_weights import CarriedClasses, carry_classes, count_classes
from ocrdata.train.inference.restore import AVERAGE
from ocrdata.train.models.base import Model
from ocrdata.train.protocols import Session
from ocrdata.train.run_dir import RunNote, read_run_note

SHOWN = 20
_PART = re.compile(r"\.(index|meta|data-\d+-of-\d+)$")


@dataclass(frozen=True)
class RestoreReport:
    """What a checkpoint brought: counts, and the names of the first model variables left out.

    `missing` are not in the checkpoint, `unfit` have another shape there ("name: theirs, ours");
    `unused` counts what the model has no place for. `classes` says how the weights of the
    characters were carried over, where the dictionary was another.
    """

    checkpoint: str
    loaded: int
    missing: int
    unfit: List[str] = field(default_factory=list)
    unused: int = 0
    first_missing: List[str] = field(default_factory=list)
    classes: Optional[CarriedClasses] = None

    def sentence(self) -> str:
        """Returns all of it in one line."""
        total = self.loaded + self.missing + len(self.unfit)
        found = f"{self.loaded} of {total} variables begin with {self.checkpoint}"
        return found + (f"; {self.classes.sentence()}" if self.classes else "")


class _ClassLayer(NamedTuple):
    """A variable of the class layer, its name in the checkpoint, and what sets its values."""

    variable: Tensor
    saved: str
    values: Tensor  # a placeholder
    assign: Tensor


class Pretrained:
    """A checkpoint whose weights the variables of the current graph begin with.

    Where averaged weights were saved, they are taken. Variables that training adds (averages, the
    optimizer's) begin as they would without. `model` is what is in the graph and `charset` its
    dictionary. Raises CheckpointError where the checkpoint cannot be read or does not fit.
    """

    def __init__(
        self,
        checkpoint: PathLike,
        model: Optional[Model] = None,
        charset: Optional[Charset] = None,
    ) -> None:
        self._path = _prefix(checkpoint)
        try:
            self._reader = tf.train.load_checkpoint(self._path)
            shapes = self._reader.get_variable_to_shape_map()
        except (tf.errors.OpError, ValueError) as error:
            first = str(error).split("\n")[0]
            raise CheckpointError(checkpoint, f"is not a checkpoint ({first})") from error
        note = read_run_note(Path(self._path).parent)
        self._ours, self._theirs = charset, note.charset if note else None
        self._fitting: Dict[str, Tensor] = {}
        self._classes: List[_ClassLayer] = []
        missing, unfit = self._sort_out(model, shapes)
        if unfit and note and model and not model.partly_pretrained:
            raise _other_options(checkpoint, unfit[0], note, model)
        if not self._fitting and not self._classes:
            raise _nothing_fits(checkpoint, (unfit + missing)[0])
        loaded = len(self._fitting) + len(self._classes)
        self.report = RestoreReport(
            checkpoint=str(checkpoint),
            loaded=loaded,
            missing=len(missing),
            unfit=unfit[:SHOWN],
            unused=len(shapes) - loaded,
            first_missing=missing[:SHOWN],
            classes=self._carried(),
        )
        self._saver = v1.train.Saver(self._fitting) if self._fitting else None

    def _sort_out(
        self, model: Optional[Model], shapes: Mapping[str, List[int]]
    ) -> Tuple[List[str], List[str]]:
        """Finds the place of each variable; returns those that are missing and those unfit."""
        missing, unfit = [], []  # type: List[str], List[str]
        by_character = self._ours and self._theirs and self._ours.sha256 != self._theirs.sha256
        for variable in _model_variables():
            name, shape = variable.op.name, variable.shape.as_list()
            saved = _saved_name(name, model, shapes)
            if not saved:
                missing.append(name)
            elif by_character and model and model.is_class_layer(name):
                values = v1.placeholder(tf.float32, variable.shape)
                layer = _ClassLayer(variable, saved, values, v1.assign(variable, values))
                self._classes.append(layer)
            elif list(shapes[saved]) == shape:
                self._fitting[saved] = variable
            else:
                unfit.append(f"{name}: {list(shapes[saved])}, not {shape}")
        # The weights of a layer go with those of its inputs.
        for layer in self._classes if not unfit else ():
            theirs, ours = shapes[layer.saved][:-1], layer.variable.shape.as_list()[:-1]
            if list(theirs) != ours:
                unfit.append(f"{layer.variable.op.name}: {theirs} before the classes, not {ours}")
        return missing, unfit

    def _carried(self) -> Optional[CarriedClasses]:
        if not self._classes or not self._ours or not self._theirs:
            return None
        return count_classes(self._ours, self._theirs)

    def initializer(self) -> Optional[Callable[[object, Session], None]]:
        """Returns what a Scaffold calls behind its own initialization."""

        def begin(_scaffold: object, session: Session) -> None:
            if self._saver is not None:
                self._saver.restore(session, self._path)
            for layer in self._classes:
                assert self._ours and self._theirs  # else there are no such layers
                saved = self._reader.get_tensor(layer.saved)
                fresh = session.run(layer.variable)
                values = carry_classes(fresh, saved, self._ours, self._theirs)
                session.run(layer.assign, {layer.values: values})

        return begin

    def as_dict(self) -> Dict[str, Any]:
        """Returns the report as plain values."""
        found = dict(vars(self.report))
        found["classes"] = dict(vars(self.report.classes)) if self.report.classes else {}
        return found


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


def _saved_name(name: str, model: Optional[Model], shapes: Mapping[str, Any]) -> str:
    """Returns what a checkpoint calls a variable, its average where there is one; "" for none."""
    if name not in shapes and model:
        endings = tuple("/" + other for other in model.other_names(name))
        found = [saved for saved in sorted(shapes) if endings and saved.endswith(endings)]
        if len(found) != 1:
            return ""
        name = found[0]
    for saved in (name + AVERAGE, name):
        if saved in shapes:
            return saved
    return ""


def _other_options(
    checkpoint: PathLike, first: str, note: RunNote, model: Model
) -> CheckpointError:
    ours = vars(model.options)
    flags = [
        f"--{name.replace('_', '-')} {value}"
        for name, value in note.model_options.items()
        if name in ours and ours[name] != value
    ]
    hint = f"It was trained with {', '.join(flags)}: give the same." if flags else ""
    return CheckpointError(checkpoint, f"does not fit this network ({first})", hint=hint)


def _nothing_fits(checkpoint: PathLike, first: str) -> CheckpointError:
    hint = (
        "slim's resnet_v1_50.ckpt fits a --depth of 50, vgg_16.ckpt fits deeptext, both with "
        "--width-multiplier 1; a run fits models of its own options."
    )
    problem = f"holds no weights that fit this model; the first: {first}"
    return CheckpointError(checkpoint, problem, hint=hint)


def _prefix(checkpoint: PathLike) -> str:
    path = Path(checkpoint)
    if path.is_dir():
        found = v1.train.latest_checkpoint(str(path))
        if not found:
            inside = sorted(one.parent.name for one in path.glob("*/checkpoint"))
            hint = f"Did you mean {path / inside[0]}?" if inside else ""
            raise CheckpointError(path, "holds no checkpoint", hint=hint)
        return str(found)
    name = _PART.sub("", str(path))
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
