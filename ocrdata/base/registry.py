"""Names to objects, as strings: nothing is imported until it is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Dict, List

from ocrdata.errors import UnknownNameError


class Registry:
    """What can be chosen by name: `entries` maps a name to "package.module:object"."""

    def __init__(self, kind: str, entries: Dict[str, str]) -> None:
        if list(entries) != sorted(entries):
            raise AssertionError(f"the {kind} registry is not sorted by name")
        self.kind = kind
        self.entries = entries

    def names(self) -> List[str]:
        """Returns the known names in order."""
        return list(self.entries)

    def load(self, name: str) -> Any:
        """Imports and returns the object behind a name; raises UnknownNameError."""
        if name not in self.entries:
            raise UnknownNameError(self.kind, name, self.entries)
        module, _, attribute = self.entries[name].partition(":")
        return getattr(importlib.import_module(module), attribute)
