"""What is asked of fonts besides their usual forms: OpenType features, and a language.

Features are those of the OpenType specification's registry, languages tags of BCP 47.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import FrozenSet, NamedTuple, Sequence, Tuple

from fontTools.ttLib import TTFont

from ocrdata.errors import OptionError
from ocrdata.render.fonts.font_face import FontFace

_FEATURE = re.compile(r"^([+-]?)([A-Za-z0-9]{4})(?:=([0-9]+|on|off))?$")
_LANGUAGE = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")
_SHOWN = 40  # features that a message names


class TypeSettings(NamedTuple):
    """OpenType features with their values, and a language; all texts are shaped where one is set.

    Without any, only texts that need it are.
    """

    features: Tuple[Tuple[str, int], ...] = ()
    language: str = ""

    def describe(self) -> "dict[str, object]":
        """Returns the settings as a manifest holds them."""
        return {"font_features": dict(self.features), "language": self.language}


PLAIN_SETTINGS = TypeSettings()


def find_settings(
    features: Sequence[str], language: str, faces: Sequence[FontFace]
) -> TypeSettings:
    """Returns what features ("smcp", "-liga", "salt=2") and a language ask of faces.

    Raises OptionError for what is neither, and for a feature that no face has.
    """
    if language and not _LANGUAGE.match(language):
        raise OptionError(
            f"{language!r} is not a language.", "Write a tag such as ja, tr or zh-Hant."
        )
    settings = TypeSettings(parse_features(features), language)
    known: FrozenSet[str] = frozenset()
    for tag, _ in settings.features:
        known = known or frozenset().union(*map(features_of, faces))
        if tag not in known:
            some = ", ".join(sorted(known)[:_SHOWN]) or "none"
            raise OptionError(f"no font has the feature {tag}.", f"They have: {some}.")
    return settings


def parse_features(words: Sequence[str]) -> Tuple[Tuple[str, int], ...]:
    """Returns the features that words such as "ss01", "-liga" and "salt=2" ask for.

    Raises OptionError.
    """
    found = {}
    for word in words:
        match = _FEATURE.match(word)
        if not match:
            raise OptionError(f"{word!r} is not a font feature.", "Write liga, -liga or salt=2.")
        sign, tag, value = match.groups()
        known = {"on": 1, "off": 0, None: int(sign != "-")}
        found[tag] = known[value] if value in known else int(value)
    return tuple(sorted(found.items()))


@lru_cache(maxsize=512)
def features_of(face: FontFace) -> FrozenSet[str]:
    """Returns the features that a face can turn on or off."""
    with TTFont(str(face.path), fontNumber=face.index, lazy=True) as font:
        tables = [font[name].table for name in ("GSUB", "GPOS") if name in font]
        lists = [table.FeatureList for table in tables if table.FeatureList]
        return frozenset(one.FeatureTag for found in lists for one in found.FeatureRecord)
