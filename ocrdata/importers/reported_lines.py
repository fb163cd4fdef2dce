"""Lines of an annotation file whose encoding may be wrong."""

from __future__ import annotations

from typing import Iterator, Tuple

from ocrdata.base.encodings import lines_of_file
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError
from ocrdata.importers.base import BAD, OnProblem


def lines_or_report(
    tree: Tree, name: str, where: str, encoding: str, report: OnProblem
) -> Iterator[Tuple[int, str]]:
    """Yields (number, line); reports the line that is not in the encoding, and ends."""
    try:
        yield from lines_of_file(tree, name, encoding)
    except AnnotationError as error:
        report(BAD, error)
