"""Text lines for PyTorch: a dataset that divides itself over workers and ranks; see docs/torch.md.

Importing this needs PyTorch for nothing; using it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List

from ocrdata.errors import MissingExtraError

if TYPE_CHECKING:
    from ocrdata.torch.lines import LineDataset, as_tensors, collate_lines

_NAMES = ("LineDataset", "as_tensors", "collate_lines")
__all__ = ["LineDataset", "as_tensors", "collate_lines"]


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from ocrdata.torch import lines
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingExtraError("torch", "", "ocrdata.torch needs it") from error
    return getattr(lines, name)


def __dir__() -> List[str]:
    return sorted({*globals(), *_NAMES})
