"""Labels of listed pictures made what they shall be, and left out where nobody is to read them."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, Sequence

from ocrdata.base.sample_lists import ListRow, RowRules
from ocrdata.text.normalization import normalize_label


class LabelRules(RowRules):
    """Normalizes labels and leaves out marks; `options` go into the manifest.

    `skipped` counts what is left out by reason, `normalized` labels that are others now.
    """

    def __init__(self, normalization: str, ignore_marks: Sequence[str]) -> None:
        self._how, self._marks = normalization, frozenset(ignore_marks)
        self.options = {"text_normalization": normalization, "ignore_marks": sorted(self._marks)}
        self.skipped: Dict[str, int] = {}
        self.normalized = 0

    def applied(self, rows: Iterable[ListRow]) -> Iterator[ListRow]:
        """Yields the rows that are kept, with their labels as they are to be."""
        for row in rows:
            text = normalize_label(row.text, self._how)
            if text in self._marks or not text.strip():
                reason = f"illegible ({text})" if text.strip() else "no text"
                self.skipped[reason] = self.skipped.get(reason, 0) + 1
                continue
            self.normalized += text != row.text
            yield row._replace(text=text)
