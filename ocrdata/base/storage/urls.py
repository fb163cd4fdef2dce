"""A URL taken apart as pathlib takes a path apart."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Tuple, TypeVar

from ocrdata.errors import PathLike

Self = TypeVar("Self", bound="UrlPath")


class UrlPath:
    """The part of `pathlib.Path` that is about names, for a URL."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        # memory:///a is memory://a; file:///a is not.
        rest = rest.lstrip("/") if scheme == "memory" else rest
        self._url = f"{scheme}://{rest.rstrip('/')}"

    # --- names

    def __str__(self) -> str:
        return self._url

    as_posix = __str__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UrlPath) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    def __lt__(self, other: UrlPath) -> bool:
        return self._url < other._url

    def __truediv__(self: Self, name: PathLike) -> Self:
        return type(self)(f"{self._url}/{name}")

    @property
    def parent(self: Self) -> Self:
        scheme, _, rest = self._url.partition("://")
        return type(self)(f"{scheme}://{rest.rpartition('/')[0] or rest}")

    @property
    def name(self) -> str:
        return self._pure.name

    @property
    def stem(self) -> str:
        return self._pure.stem

    @property
    def suffix(self) -> str:
        return self._pure.suffix

    @property
    def parts(self) -> Tuple[str, ...]:
        return self._pure.parts

    @property
    def _pure(self) -> PurePosixPath:
        return PurePosixPath(self._url.partition("://")[2])

    def with_name(self: Self, name: str) -> Self:
        return self.parent / name

    def with_suffix(self: Self, suffix: str) -> Self:
        return self.parent / (self.stem + suffix)

    def relative_to(self, other: UrlPath) -> PurePosixPath:
        return self._pure.relative_to(other._pure)

    def absolute(self: Self) -> Self:
        return self

    resolve = absolute
