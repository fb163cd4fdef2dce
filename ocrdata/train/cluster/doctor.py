"""What this machine can do; imports TensorFlow only if asked to."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List

from ocrdata.base.assets import asset_dir
from ocrdata.base.parallel import can_fork
from ocrdata.base.versions import installed
from ocrdata.errors import OcrdataError
from ocrdata.train.cluster.tf_config import VARIABLE, read_cluster
from ocrdata.train.onednn import describe_onednn

_INSTALL = 'pip install "ocrdata[train]"'
OLD, NEW = (3, 7), (3, 9)


@dataclass(frozen=True)
class Capability:
    """One thing: whether it is there, what it is, and what it would need."""

    name: str
    good: bool
    what: str
    needs: str = ""


def diagnose(ask_tensorflow: bool = False) -> List[Capability]:
    """Returns what was found, in the order in which things need each other."""
    found = [_python(), _processors(), _fonts(), _tensorflow()]
    found += [_onednn(found[3]), _gpus(), _npus(), _adapter(), _cluster()]
    if ask_tensorflow and found[3].good:
        found.append(_devices())
    return found


def _python() -> Capability:
    version = sys.version_info
    what = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    good = version[:2] >= OLD
    return Capability("python", good, what, "" if good else "Python 3.7 or newer.")


def _processors() -> Capability:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = "forked" if can_fork() else "started as new processes"
    return Capability("processors", True, f"{usable}; workers of data commands are {workers}")


def _fonts() -> Capability:
    try:
        folder = asset_dir("fonts")
    except OcrdataError as error:
        return Capability("fonts", False, str(error), "Pass your own with --font.")
    names = sorted(p.name for p in folder.glob("*") if p.suffix.lower() in (".otf", ".ttf", ".ttc"))
    needs = "" if names else "Pass your own with --font."
    return Capability("fonts", bool(names), ", ".join(names) or "none bundled", needs)


def _tensorflow() -> Capability:
    spec = importlib.util.find_spec("tensorflow")
    if spec is None:
        needs = _INSTALL
        if OLD < sys.version_info[:2] < NEW:
            needs = "TensorFlow has no wheels that fit: Python 3.7 (1.15) or 3.9 and newer (2.x)."
        return Capability("tensorflow", False, "not installed; data commands work without", needs)
    version = _tensorflow_version()
    line = "the 1.x line" if version.startswith("1.") else "the 2.x line"
    return Capability("tensorflow", True, f"{version} ({line})")


def _tensorflow_version() -> str:
    names = ("tensorflow", "tensorflow-cpu", "tensorflow-gpu")
    known = [v for v in map(installed, names) if v != "not installed"]
    return known[0] if known else "unknown version"


def _onednn(tensorflow: Capability) -> Capability:
    if not tensorflow.good:
        return Capability("onednn", False, "not there without TensorFlow", _INSTALL)
    what = describe_onednn(_tensorflow_version())
    needs = "" if what.startswith("on") else "docs/targets.md says who uses it, and when."
    return Capability("onednn", not needs, what, needs)


def _gpus() -> Capability:
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*"))
    if cards:
        return Capability("nvidia gpus", True, f"{len(cards)} seen by the driver")
    return Capability(
        "nvidia gpus",
        False,
        "no driver",
        'A driver and pip install "tensorflow[and-cuda]"; --num-gpus N then means N parts of the '
        "processor.",
    )


def _npus() -> Capability:
    devices = sorted(Path("/dev").glob("davinci[0-9]*"))
    if devices:
        return Capability("ascend npus", True, ", ".join(device.name for device in devices))
    return Capability("ascend npus", False, "no /dev/davinci*", "Ascend hardware and its driver.")


def _adapter() -> Capability:
    if importlib.util.find_spec("npu_bridge") is not None:
        return Capability("npu adapter", True, "npu_bridge is installed")
    needs = "Huawei's TF Adapter for TensorFlow 1.15, which comes with CANN; it is not on PyPI."
    return Capability("npu adapter", False, "npu_bridge is not installed", needs)


def _cluster() -> Capability:
    try:
        cluster = read_cluster()
    except OcrdataError as error:
        return Capability("cluster", False, error.message, error.hint)
    if cluster is None:
        return Capability("cluster", True, f"none: {VARIABLE} is not set")
    what = f"{cluster.me} of {len(cluster.trainers)} processes that train"
    return Capability("cluster", True, what)


def _devices() -> Capability:
    from ocrdata.train.compat import tf

    listed: List[Any] = tf.config.experimental.list_physical_devices()
    names = [device.name.split(":", 1)[1] for device in listed]
    seen = ", ".join(names)
    return Capability("devices", True, f"TensorFlow {tf.__version__} sees {seen}")
