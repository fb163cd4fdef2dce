"""What planning keeps of samples: the rows of one part of a source, hashed, in the order of shards.

Of a sample 21 bytes are kept; keys and labels are gone through and left behind.
"""

from __future__ import annotations

from array import array
from typing import Any, Iterator, NamedTuple, Optional

import numpy as np

from ocrdata.base import sample_lists as lists
from ocrdata.base.random_streams import bucket, order_key
from ocrdata.base.skips import BAD_LINE, MISSING_CHARACTER, Skips
from ocrdata.errors import AnnotationError, CharsetError
from ocrdata.records.sources.listed import SampleRow, Source, Span
from ocrdata.records.write.options import GROUP_BY_KEY, WriteOptions
from ocrdata.text.charset import Charset
from ocrdata.text.normalization import normalize_label

# The beginning of the key's hash, which orders samples; the place in the source; the hash of the
# group that stays together, in [0, 1); whether a sample of an undivided source is for testing.
ROW = np.dtype([("order", "<u8"), ("place", "<i8"), ("group", "<f4"), ("test", "?")])


class PlanRules(NamedTuple):
    """What decides the rows besides the samples."""

    charset: Optional[Charset]
    options: WriteOptions

    def new_skips(self) -> Skips:
        """Returns counts of what is left out, which refuse what the options do not allow."""
        return Skips(errors=self.options.skip_errors, unknown=self.options.unknown == "skip")


def read_rows(source: Source, span: Span, rules: PlanRules, skips: Skips) -> np.ndarray:
    """Returns the rows of a part of a source, ROW [n], in the order of their keys' hashes.

    Equal hashes stay as they stand in the source. Raises AnnotationError and CharsetError (file,
    line) for lines that `skips` does not allow.
    """
    options, named = rules.options, bool(source.name)
    orders, places, groups, tests = bytearray(), array("q"), array("f"), bytearray()
    salt, held = f"shards-{options.seed}", f"validation-{options.seed}"
    by_key = options.group_by == GROUP_BY_KEY
    for row in _known(source, span, rules, skips):
        # A picture without a label of its own is a group by itself.
        group = row.key if by_key or not row.text else row.text
        orders += order_key(row.key, salt)[:8]
        places.append(row.place)
        groups.append(bucket(group, held))
        tests.append(not named and lists.is_test(group, options.seed, options.test_fraction))
    rows = np.zeros(len(places), ROW)
    rows["order"] = _numbers(orders, ">u8")
    rows["place"] = _numbers(places, np.int64)
    rows["group"] = _numbers(groups, np.float32)
    rows["test"] = _numbers(tests, np.bool_)
    return rows[np.argsort(rows["order"], kind="stable")]


def _numbers(values: Any, kind: Any) -> np.ndarray:
    return np.frombuffer(values, kind) if values else np.zeros(0, kind)


def _known(source: Source, span: Span, rules: PlanRules, skips: Skips) -> Iterator[SampleRow]:
    rows = _normalized(source, span, rules.options.text_normalization, skips)
    charset = rules.charset
    if charset is None:
        yield from rows
        return
    known = frozenset(charset.characters)
    for row in rows:
        if known.issuperset(row.text):
            yield row
        else:
            error = _unknown(source, row, charset)
            skips.refuse(MISSING_CHARACTER, error, charset.missing(row.text)[0])


def _normalized(source: Source, span: Span, how: str, skips: Skips) -> Iterator[SampleRow]:
    """Yields the rows with their labels normalized, counting those that are others now."""
    for row in source.rows(skips, span):
        text = normalize_label(row.text, how)
        if text == row.text:
            yield row
        elif text:
            skips.normalized += 1
            yield row._replace(text=text)
        else:
            path, line = source.origin(row.place)
            problem = f"the label of {row.key} has no character that can be seen"
            skips.refuse(BAD_LINE, AnnotationError(path, problem, line))


def _unknown(source: Source, row: SampleRow, charset: Charset) -> CharsetError:
    character = charset.missing(row.text)[0]
    problem = (
        f"{character!r} (U+{ord(character):04X}) of {row.text!r} is not in the "
        f"dictionary of {len(charset)} characters"
    )
    hint = (
        "Build it again (ocrdata gen-chars --overwrite, then ocrdata build-dict --overwrite) "
        "or leave such lines out with --unknown skip."
    )
    # A sample without a line of its own is known by its key.
    path, line = source.origin(row.place) if row.number else (row.key, None)
    return CharsetError(path, problem, line, hint)
