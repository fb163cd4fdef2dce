"""Stages of a network that do not learn: their weights and statistics stay as they are."""

from __future__ import annotations

from typing import List, Sequence

from ocrdata.errors import OptionError
from ocrdata.train.compat import Tensor, v1

_COLLECTION = "ocrdata_frozen_scopes"


def freeze(scopes: Sequence[str]) -> None:
    """Notes the scopes of the current graph that are not to learn, before they are built."""
    for scope in scopes:
        v1.add_to_collection(_COLLECTION, scope.strip("/"))


def is_frozen(name: str) -> bool:
    """Says whether a variable, or all of a scope, is within a scope that does not learn."""
    return any(f"/{scope}/" in f"/{name}/" for scope in v1.get_collection(_COLLECTION))


def require_scopes() -> None:
    """Raises OptionError for a scope that the built graph has not, or where nothing is left."""
    names = [variable.op.name for variable in v1.trainable_variables()]
    for scope in v1.get_collection(_COLLECTION):
        if not any(f"/{scope}/" in f"/{name}/" for name in names):
            known = ", ".join(_stages(names))
            raise OptionError(f"--freeze {scope}: the network has no such stage.", f"Has: {known}.")
    if names and all(map(is_frozen, names)):
        raise OptionError("--freeze leaves nothing to learn.", "Name fewer stages.")


def _stages(names: Sequence[str]) -> List[str]:
    return sorted({"/".join(name.split("/")[:2]) for name in names})


def learning(gradients: Sequence[Tensor]) -> List[Tensor]:
    """Returns the (gradient, variable) pairs of what learns."""
    return [pair for pair in gradients if not is_frozen(pair[1].op.name)]
