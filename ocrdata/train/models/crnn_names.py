"""How the programs that CRNN replaces call its variables, so that their checkpoints can be loaded.

In CRNN_Tensorflow and its form for NPUs a normalized convolution is conv1/conv/W and conv1/bn, or
conv3/W and bn3; in the Chinese one conv1/W and bn5. Both leave the scopes before that to the
caller, so names are compared by how they end.
"""

from __future__ import annotations

import re
from typing import Tuple

_CONV = re.compile(r"crnn/conv(\d)/(weights|biases)")
_NORM = re.compile(r"crnn/conv(\d)/BatchNorm/(\w+)")
_CELL = re.compile(r"crnn/rnn(\d)/([fb]w)/lstm_cell/(kernel|bias)")
_CLASSES = {
    "crnn/logits/weights": ("sequence_rnn_module/w", "LSTMLayers/fully_connected/weights"),
    "crnn/logits/biases": ("LSTMLayers/fully_connected/biases",),
}


def other_names(name: str) -> Tuple[str, ...]:
    """Returns how the names of a variable of ours end in checkpoints of those programs."""
    conv, norm, cell = (pattern.fullmatch(name) for pattern in (_CONV, _NORM, _CELL))
    if conv:
        number, kind = conv.groups()
        letter = "W" if kind == "weights" else "b"
        return f"conv{number}/conv/{letter}", f"conv{number}/{letter}"
    if norm:
        number, kind = norm.groups()
        return f"conv{number}/bn/{kind}", f"bn{number}/{kind}"
    if cell:
        number, way, kind = cell.groups()
        place = f"cell_{int(number) - 1}/bidirectional_rnn/{way}"
        return f"{place}/lstm_cell/{kind}", f"{place}/basic_lstm_cell/{kind}"
    return _CLASSES.get(name, ())
