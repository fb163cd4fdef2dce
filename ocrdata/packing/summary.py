"""What packing and unpacking tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Dict


@dataclass(frozen=True)
class PackSummary:
    """What was packed, or unpacked; `skipped` counts files that are neither picture nor text."""

    output: str
    pictures: int
    texts: int
    bytes: int
    packed_bytes: int
    sha256: str = ""
    skipped: Dict[str, int] = field(default_factory=dict)
