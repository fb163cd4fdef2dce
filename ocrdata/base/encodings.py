"""Text files of people: their lines, and which encoding they are in if it is not UTF-8.

A byte order mark of UTF-8 or UTF-16 says by itself how a file is to be read (Notepad's "Unicode" is
UTF-16). Without one the encoding is what was asked for, and nothing is guessed: a guess only names
what to type next.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import IO, Iterator, Tuple

from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, PathLike

UTF8 = "utf-8"
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Bytes that an East Asian encoding uses in pairs, alone between plain letters.
_ALONE = re.compile(rb"(?<![\x80-\xff])[\xa0-\xff](?![\x40-\xff])|[a-zA-Z][\xc0-\xff][a-zA-Z]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_KANA = re.compile("[\u3041-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
# The Chinese encodings share most byte pairs: the commonest words tell which one it is.
_COMMON = re.compile(
    "[的一是不了在人有我他这這中大来來上国國個个到说說们們为為"
    "子和你地出道也时時年得就那要下以生会會]"
)
_HEAD, _BLOCK = 1 << 16, 1 << 20


def guess_encoding(data: bytes) -> str:
    """Returns the encoding that a file which is not UTF-8 is probably in, as Python names it."""
    head = data[:_HEAD]
    if head.startswith(_UTF16_MARKS):
        return "utf-16"
    if b"\0" in head:
        return "utf-16-be" if head[0:1] == b"\0" else "utf-16-le"
    high = _HIGH.findall(head)
    if len(_ALONE.findall(head)) * 2 >= len(high):
        return "cp1252"
    return max(_EAST_ASIAN, key=lambda name: _likeness(head, name))


_EAST_ASIAN = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")


def _likeness(data: bytes, encoding: str) -> float:
    """Says how much a text looks like one of this encoding: 0 where it cannot be."""
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd")
    if broken > 1 + len(text) // 100:  # the head may end inside a character
        return 0.0
    kana, hangul = len(_KANA.findall(text)), len(_HANGUL.findall(text))
    own = {"shift_jis": kana, "euc_jp": kana, "euc_kr": hangul}.get(encoding)
    found = len(_COMMON.findall(text)) if own is None else own
    # Where nothing tells, GB18030: what this tool's users have most often.
    return (1.0 + found) / (1.0 + broken) + (0.5 if encoding == "gb18030" else 0.0)


def encoding_hint(data: bytes, option: bool = False) -> str:
    """Returns what to type for a file that is not UTF-8; `option`: where there is --encoding."""
    name = guess_encoding(data)
    convert = f"iconv -f {name.upper().replace('_', '-')} -t UTF-8 FILE > NEWFILE"
    if option:
        return f"It looks like {name}: pass --encoding {name}, or convert it: {convert}."
    return f"It looks like {name}. Convert it: {convert}."


def decode_lines(data: bytes, where: PathLike, encoding: str = UTF8) -> Iterator[Tuple[int, str]]:
    """Yields (line number from 1, text) of an annotation file; lines without text are passed over.

    Byte order marks and CRLF are accepted. Raises AnnotationError naming the line that is not in
    `encoding`.
    """
    return decode_stream(io.BytesIO(data), where, encoding)


def decode_stream(
    stream: IO[bytes], where: PathLike, encoding: str = UTF8
) -> Iterator[Tuple[int, str]]:
    """Yields what `decode_lines` does of an open file that can be sought, a line in memory."""
    head = stream.read(_HEAD)
    stream.seek(0)
    if head.startswith(_UTF16_MARKS) or _is_wide(encoding):
        wide = "utf-16" if head[:2] in _UTF16_MARKS else encoding
        yield from _wide_lines(stream.read(), where, wide)
        return
    if any(b"\0" in block for block in iter(lambda: stream.read(_BLOCK), b"")):
        problem = f"is not {encoding.upper()} (it has bytes of zero)"
        raise AnnotationError(where, problem, 1, encoding_hint(head, option=True))
    stream.seek(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
    for number, raw in enumerate(stream, 1):
        try:
            line = raw.decode(encoding).rstrip("\r\n")
        except UnicodeDecodeError as error:
            problem = f"is not {encoding.upper()} ({error.reason})"
            hint = encoding_hint(head, option=True)
            raise AnnotationError(where, problem, number, hint) from error
        if line.strip():
            yield number, line


def lines_of_file(tree: Tree, name: str, encoding: str = UTF8) -> Iterator[Tuple[int, str]]:
    """Yields what `decode_lines` does of a file of a tree; one of any size, unlike its content."""
    with tree.open(name) as stream:
        yield from decode_stream(stream, tree.where(name), encoding)


def _is_wide(encoding: str) -> bool:
    """Says whether a line feed is more than the byte 0A."""
    return "\n".encode(encoding) != b"\n"


def _wide_lines(data: bytes, where: PathLike, encoding: str) -> Iterator[Tuple[int, str]]:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding, "replace").count("\n") + 1
        problem = f"is not {encoding.upper()} ({error.reason})"
        raise AnnotationError(where, problem, line, encoding_hint(data, option=True)) from error
    for place, found in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        if found.strip():
            yield place, found.rstrip("\r")
