"""Which texts a recognition set keeps, by its customary protocol or by the caller's wish."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from dataclasses import dataclass
from typing import Optional, Tuple

from ocrdata.base.skips import MISSING_CHARACTER
from ocrdata.errors import OptionError, UnknownNameError
from ocrdata.text.charset import Charset
from ocrdata.text.words import lower_case

_ALPHANUMERIC = re.compile(r"^[0-9A-Za-z]+$")
_NOT_ALPHANUMERIC = re.compile(r"[^0-9A-Za-z]+")


@dataclass(frozen=True)
class TextFilter:
    """Rules for labels; a label that breaks one is left out, and the rule is its reason."""

    charset: Optional[Charset] = None
    min_length: int = 1
    max_length: Optional[int] = None
    alphanumeric: bool = False
    ignore_marks: Tuple[str, ...] = ()
    lower_case: bool = False
    strip_punctuation: bool = False

    def label(self, text: str) -> str:
        """Returns a text as it becomes a label."""
        if self.strip_punctuation and self.alphanumeric:
            # The customary scores compare letters and digits of ASCII only.
            text = _NOT_ALPHANUMERIC.sub("", text)
        elif self.strip_punctuation:
            kept = (one for one in text if unicodedata.category(one)[0] not in "PS")
            text = " ".join("".join(kept).split())
        return lower_case(text) if self.lower_case else text

    def reason(self, text: str) -> Optional[str]:
        """Returns why a text is left out, and for which character; None where its label is kept."""
        if text in self.ignore_marks:
            return f"illegible ({text})"
        if not text.strip():
            return "no text"
        if len(text.splitlines()) != 1 or text[-1] in "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
            return "line break in the text"
        label = self.label(text)
        if not label:
            return "nothing but punctuation"
        if len(label) < self.min_length:
            return f"shorter than {self.min_length} characters"
        if self.max_length is not None and len(label) > self.max_length:
            return f"longer than {self.max_length} characters"
        if self.alphanumeric and not _ALPHANUMERIC.match(label):
            return f"not alphanumeric: {_NOT_ALPHANUMERIC.findall(label)[0][0]}"
        missing = [] if self.charset is None else self.charset.missing(label)
        return f"{MISSING_CHARACTER}: {missing[0]}" if missing else None


# Wang et al. (ICCV 2011) and everyone since leave such words of ICDAR 2003 out.
IMPORT_PROTOCOLS = {
    "alphanumeric": TextFilter(alphanumeric=True),
    "icdar2003": TextFilter(alphanumeric=True, min_length=3),
}


def make_filter(
    protocol: Optional[str] = None,
    charset: Optional[Charset] = None,
    min_length: Optional[int] = None,
    max_length: Optional[int] = None,
    ignore_marks: Tuple[str, ...] = (),
    lower_case: bool = False,
    strip_punctuation: bool = False,
) -> TextFilter:
    """Returns a protocol's rules together with the caller's; the stricter length wins."""
    if protocol is not None and protocol not in IMPORT_PROTOCOLS:
        raise UnknownNameError("protocol", protocol, IMPORT_PROTOCOLS)
    rules = IMPORT_PROTOCOLS[protocol] if protocol else TextFilter()
    shortest = max(rules.min_length, min_length or 1)
    if max_length is not None and max_length < shortest:
        raise OptionError(f"--max-length {max_length} is below {shortest}.")
    return dataclasses.replace(
        rules,
        charset=charset,
        min_length=shortest,
        max_length=max_length,
        ignore_marks=ignore_marks,
        lower_case=lower_case,
        strip_punctuation=strip_punctuation,
    )
