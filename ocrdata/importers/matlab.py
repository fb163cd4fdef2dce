"""Matlab's files, of version 5, as some data sets are annotated in; they need SciPy."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Union

from ocrdata.errors import AnnotationError, MissingExtraError


def load_matlab(
    source: Union[bytes, Path], where: str, title: str, names: Optional[Sequence[str]] = None
) -> Dict[str, Any]:
    """Returns the variables of a file: all, or those of some names.

    Raises MissingExtraError, saying that `title` needs SciPy, and AnnotationError.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError("SciPy", "import", f"{title}'s .mat files need it") from error
    given = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Dict[str, Any] = loadmat(given, variable_names=names)
            return found
    except Exception as error:  # whatever its parser trips over, the file is the cause
        problem = f"is damaged or not a Matlab file: {error or type(error).__name__}"
        raise AnnotationError(where, problem) from error


def cell_text(cell: Any) -> str:
    """Returns the string of a cell, which Matlab's cell arrays wrap again; LookupError if none."""
    while not isinstance(cell, str):
        cell = cell.ravel()[0]
    return str(cell)
