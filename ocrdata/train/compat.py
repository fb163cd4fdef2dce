"""The only door to TensorFlow: graph mode, 1.x variables, and quiet logs, on 1.15 and on 2.x.

Everything in `train` says `from ocrdata.train.compat import tf, v1`. Set TF_CPP_MIN_LOG_LEVEL=0 to
see what TensorFlow itself has to say, TF_ENABLE_ONEDNN_OPTS=0 to compute without oneDNN.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import warnings
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Sequence

from ocrdata.errors import MissingExtraError
from ocrdata.train.onednn import choose_onednn
from ocrdata.train.protocols import Dataset, Tensor  # noqa: F401 - taken along with tf and v1

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def _quiet(unless: bool) -> Iterator[None]:
    """Drops what is written to file descriptor 2, but shows it if an error gets out.

    The C++ side of TensorFlow 2 logs some notes before it reads its log level, so that only the
    descriptor itself can be silenced.
    """
    if unless:
        yield
        return
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            aside.seek(0)
            os.write(2, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def uncollected() -> Iterator[None]:
    """Makes many objects that all stay, of which none is looked at again and again.

    The garbage collector goes through everything each time that enough is new: a seventh of the
    time that importing TensorFlow takes, and some of what building a graph does.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _import_tensorflow() -> Any:
    choose_onednn()
    # A level of 3 may come from us: a child process inherits it.
    asked = os.environ.setdefault(_LEVEL, "3") != "3"
    try:
        with _quiet(unless=asked), warnings.catch_warnings(), uncollected():
            warnings.simplefilter("ignore")  # 1.15 uses what newer NumPy releases advise against
            import tensorflow
    except ModuleNotFoundError as error:
        if error.name != "tensorflow":
            raise  # installed but incomplete: its own words say more
        missing = MissingExtraError("TensorFlow", "train", "training needs it")
        missing.hint += " (data commands do not)"
        raise missing from error
    if not asked:
        tensorflow.compat.v1.logging.set_verbosity(tensorflow.compat.v1.logging.ERROR)
    return tensorflow


tf = _import_tensorflow()
v1 = tf.compat.v1
v1.disable_eager_execution()
# Without this, 1.15 has reference variables, whose reads and writes are not ordered in a step.
v1.enable_resource_variables()
AUTOTUNE = tf.data.experimental.AUTOTUNE


def untuned(dataset: Dataset) -> Dataset:
    """Returns a dataset whose parallelism stays as it is; every iterator here is made of one.

    TensorFlow 2 tunes it in a thread that sleeps for up to a minute and can miss the end of its
    session, which then waits for it.
    """
    options = tf.data.Options()
    if hasattr(options, "autotune"):
        options.autotune.enabled = False
    else:
        options.experimental_optimization.autotune = False
    return dataset.with_options(options)


def as_written(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns what tf.data and tf.map_fn call as it is written.

    Else TensorFlow translates it from Python, for branches and loops that none of ours has, which
    takes a second at each start; 1.15 would also translate what NumPy does.
    """
    made: Callable[..., Any] = tf.autograph.experimental.do_not_convert(function)
    return made


def choose_from_datasets(datasets: Sequence[Dataset], choice: Dataset) -> Dataset:
    """Returns the elements of datasets in the order in which `choice` names them, int64 scalars."""
    module = tf.data.Dataset if hasattr(tf.data.Dataset, "choose_from_datasets") else None
    chosen: Dataset = (module or tf.data.experimental).choose_from_datasets(datasets, choice)
    return chosen
