"""Reading TOML files, with an error that names the file."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Dict, Optional

from ocrdata.errors import InputError


def read_toml(path: Path) -> Dict[str, Any]:
    """Returns what a TOML file holds; raises InputError where it is none."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        found: Dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(path, f"is not TOML: {error}") from error
    except OSError as error:
        raise InputError(path, f"cannot be read: {error.strerror}") from error
    return found


def line_of_key(path: Path, key: str) -> Optional[int]:
    """Returns the number of the first line of a TOML file that sets a key or is its table's head.

    None where there is no such line.
    """
    name = f"[\"']?{re.escape(key)}[\"']?"
    head = re.compile(rf"\s*(?:{name}\s*[=.]|\[\s*{name}\s*\])")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return next((number for number, line in enumerate(lines, 1) if head.match(line)), None)
