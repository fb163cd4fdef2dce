"""Whether TensorFlow computes with oneDNN on processors; imports no TensorFlow.

TensorFlow 2 has the library on board, but by itself uses it only on newer processors, and on others
a step takes up to 1.7 times as long. 1.15's own wheels have none, and heed no variable.
"""

from __future__ import annotations

import importlib.util
import os
from typing import MutableMapping

_VARIABLE = "TF_ENABLE_ONEDNN_OPTS"


def choose_onednn(environment: MutableMapping[str, str] = os.environ) -> None:
    """Asks for oneDNN where the user has not said anything; before TensorFlow is imported.

    Builds for NPUs (npu_bridge is installed) are left as they are.
    """
    if importlib.util.find_spec("npu_bridge") is None:
        environment.setdefault(_VARIABLE, "1")


def describe_onednn(version: str) -> str:
    """Returns in a few words whether a TensorFlow of that version computes with oneDNN."""
    if version.startswith("1."):
        return f"not in TensorFlow {version}"
    asked: MutableMapping[str, str] = dict(os.environ)
    choose_onednn(asked)
    said = asked.get(_VARIABLE)
    if said is None:
        return f"left to TensorFlow, as npu_bridge is installed ({_VARIABLE} is not set)"
    word = "off" if said.lower() in ("0", "false") else "on"
    return f"{word} ({_VARIABLE}={said})"
