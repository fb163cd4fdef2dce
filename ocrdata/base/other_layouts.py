"""Lines of other data sets that look like ICDAR 2015's, told apart over a whole file.

    x1,y1,...,x4,y4,0,"text"              RCTW-17: a flag before the quoted text
    x1,y1,...,x4,y4,Latin,text            MLT 2017 and 2019: the script before the text
    x1,y1,...,x14,y14,####text            CTW1500, as its scorer reads it
    l,t,r,b, and 28 more numbers          CTW1500, as it was published
    x: [[1 2 3]], y: [[1 2 3]], ...       Total-Text
    0 0.5 0.5 0.1 0.1                     YOLO: a class, and a box in parts of the picture

Read as ICDAR 2015's, the flag or script would be part of the label, and an outline a box without
area. A file is taken for another set's only if all of its lines have that form; a single text that
begins like one is still a text. Whoever really has such texts puts all of each in quotes.
"""

from __future__ import annotations

import re
from typing import Dict, List, Sequence, Tuple

from ocrdata.errors import AnnotationError, PathLike

_NUMBER = r"\s*[-+]?\d+(?:\.\d+)?\s*"
_EIGHT = rf"^(?:{_NUMBER},){{8}}"
_SCRIPTS = "Arabic|Bangla|Chinese|Hindi|Japanese|Korean|Latin|Mixed|None|Symbols"

RCTW, MLT, CTW, TOTAL_TEXT, YOLO, OUTLINES = (
    "RCTW-17",
    "MLT 2017 or 2019",
    "CTW1500",
    "Total-Text",
    "YOLO",
    "outlines without quotes around their texts",
)
# Who reads such lines.
_IMPORTERS = {
    RCTW: "rctw17",
    MLT: "mlt2019 (or mlt2017)",
    CTW: "ctw1500",
    TOTAL_TEXT: "totaltext",
    YOLO: "yolo",
}
_FORMS: Dict[str, "re.Pattern[str]"] = {
    RCTW: re.compile(_EIGHT + r'\s*[01]\s*,\s*".*"\s*$'),
    MLT: re.compile(_EIGHT + rf"\s*(?:{_SCRIPTS})\s*,"),
    CTW: re.compile(rf"^(?:{_NUMBER},){{28}}\s*####|^(?:{_NUMBER},){{31}}{_NUMBER}$"),
    TOTAL_TEXT: re.compile(r"^\s*x:\s*\[\["),
    YOLO: re.compile(r"^\s*\d+(?:\s+(?:0?\.\d+|0|1|1\.0+)){4,}\s*$"),
    OUTLINES: re.compile(rf'^(?!.*"\s*$)(?:{_NUMBER},){{12,}}'),
}


def other_layouts(texts: Sequence[str], allowed: Tuple[str, ...] = ()) -> List[str]:
    """Returns the forms that all lines of a file have and that are not ICDAR 2015's."""
    forms = [name for name in _FORMS if name not in allowed]
    for text in texts:
        forms = [name for name in forms if _FORMS[name].match(text)]
        if not forms:
            return []
    return forms if texts else []


def refuse_other_layout(
    lines: Sequence[Tuple[int, str]], where: PathLike, allowed: Tuple[str, ...] = ()
) -> None:
    """Raises AnnotationError where all lines of a file, (number, text), are of another set.

    `allowed` names forms that the caller reads.
    """
    found = other_layouts([text for _, text in lines], allowed)
    if not found:
        return
    name, first = found[0], lines[0][0]
    quotes = 'If that is really the text, put it in quotes: x1,y1,...,y4,"text".'
    if name == OUTLINES:
        problem = "has more than eight numbers: an outline, or a box whose text is numbers"
        hint = 'Put texts in quotes: x1,y1,...,xn,yn,"text".'
    else:
        problem = f"has the form of {name}, which would give wrong labels here"
        hint = f"Read it with: ocrdata import {_IMPORTERS[name]} SOURCE. {quotes}"
    raise AnnotationError(where, problem, first, hint)
