"""A journal of finished work, a line of JSON a piece, by which an interrupted run goes on."""

from __future__ import annotations

import json
from typing import Any, Iterator, TextIO

from ocrdata.base.storage.files import cut_off
from ocrdata.base.storage.remote import as_path
from ocrdata.errors import PathLike


def read_journal(path: PathLike) -> Iterator[Any]:
    """Yields the rows of a journal, none where there is no such file.

    At the end, a line that was being written when the run was cut off is cut off too: left there,
    it would run into the next one.
    """
    journal = as_path(path)
    if not journal.is_file():
        return
    end = 0
    with journal.open("rb") as stream:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            yield json.loads(line.decode("utf-8"))
            end += len(line)
    cut_off(journal, end)


def open_journal(path: PathLike) -> TextIO:
    """Opens a journal for further rows."""
    return as_path(path).open("a", encoding="utf-8", newline="\n")


def append_row(journal: TextIO, row: Any) -> None:
    """Appends a row.

    It is flushed, not synced: a killed process loses nothing; after a power cut the files that
    were written themselves may be empty, and `ocrdata check` names them.
    """
    journal.write(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n")
    journal.flush()
