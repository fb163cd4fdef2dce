"""The weights of characters, carried from one dictionary to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict

import numpy as np

from ocrdata.text.charset import Charset


@dataclass(frozen=True)
class CarriedClasses:
    """How many characters had weights already, are new, and are not wanted any more."""

    carried: int
    new: int
    dropped: int

    def sentence(self) -> str:
        """Returns all of it in a few words."""
        return (
            f"{self.carried} characters and the blank carried over, {self.new} new, "
            f"{self.dropped} dropped"
        )


def count_classes(ours: Charset, theirs: Charset) -> CarriedClasses:
    """Returns what is carried from dictionary `theirs` to `ours`."""
    carried = len(set(ours.characters) & set(theirs.characters))
    return CarriedClasses(carried, len(ours) - carried, len(theirs) - carried)


def carry_classes(
    fresh: np.ndarray, saved: np.ndarray, ours: Charset, theirs: Charset
) -> np.ndarray:
    """Returns `fresh`, [..., ours], with the values of `saved`, [..., theirs], by character.

    The last axis is that of the classes, of which the last one is the blank. Characters that
    `theirs` does not have keep their fresh values.
    """
    known: Dict[str, int] = {one: index for index, one in enumerate(theirs.characters)}
    result = fresh.copy()
    result[..., ours.blank] = saved[..., theirs.blank]
    for index, one in enumerate(ours.characters):
        if one in known:
            result[..., index] = saved[..., known[one]]
    return result
