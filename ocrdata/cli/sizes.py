"""Sizes in bytes as people write them."""

from __future__ import annotations

import re
from typing import Any

import click

_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "TB": 10**12,
    "TIB": 1 << 40,
}


class SizeType(click.ParamType):
    """A number of bytes, with or without a unit: 200MB, 64MiB, 5000000."""

    name = "size"

    def convert(self, value: Any, param: Any, context: Any) -> int:
        if isinstance(value, int):
            return value
        match = re.match(r"^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$", value)
        if not match or match.group(2).upper() not in _UNITS:
            self.fail(f"{value!r} is not a size such as 200MB or 64MiB.", param, context)
        return int(float(match.group(1)) * _UNITS[match.group(2).upper()])
