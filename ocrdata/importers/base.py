"""What an importer is: facts about a data set, and a function from its files to samples.

An importer only reads. Bad input goes to `report` with a short reason and an AnnotationError that
names file and line; the default raises it, and `import_dataset` may count it instead. A reason
without an error means a picture left out by the caller's own choice.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Tuple,
    Union,
)

from ocrdata.base.pairing import is_image
from ocrdata.base.sample import DETECTION, Sample
from ocrdata.base.storage.disk_map import Chosen
from ocrdata.base.storage.tree import Tree
from ocrdata.errors import AnnotationError, OptionError, PathLike
from ocrdata.images.decode import IGNORE

# report(reason, error or None, keys of the pictures concerned, where they are known)
OnProblem = Callable[..., None]
Lexicons = Tuple[Tuple[str, Tuple[str, ...]], ...]

MISSING, DAMAGED, BAD = "picture missing", "picture damaged", "bad annotation"


@dataclass(frozen=True)
class DatasetInfo:
    """What `ocrdata list importers` says of a data set; `tree` shows the files expected."""

    name: str
    title: str
    homepage: str
    licence: str
    tasks: Tuple[str, ...]
    splits: Tuple[str, ...]
    tree: str


@dataclass(frozen=True)
class ImportedSample(Sample):
    """A sample that knows which line of which file names it, and its lexicons by their names."""

    origin: str = ""
    line: Optional[int] = None
    lexicons: Lexicons = field(default=())

    def problem(self, what: str) -> AnnotationError:
        """Returns an error at the place that names this sample."""
        return AnnotationError(self.origin or self.key, what, self.line)


def refuse(_reason: str, error: Optional[AnnotationError], *_keys: str) -> None:
    """The default report: raises the error."""
    if error is not None:
        raise error


def ignore(_reason: str, _error: Optional[AnnotationError], *_keys: str) -> None:
    """A report that takes no notice."""


def about(key: Optional[str], report: OnProblem) -> OnProblem:
    """Returns a report whose problems are of one picture."""
    return lambda reason, error: report(reason, error, *([key] if key else []))


class Inventory(NamedTuple):
    """What lies under a root: keys of pictures, and names of other things with why not."""

    pictures: Iterable[str]
    left_out: Dict[str, str]


@dataclass(frozen=True)
class Importer:
    """A data set that can be read; `options` names the fields a caller may set."""

    info: DatasetInfo
    task: str = DETECTION
    # Whether the tool that made the annotations showed pictures turned by their EXIF mark.
    exif: str = IGNORE
    options: Tuple[str, ...] = ()
    choices: Mapping[str, Tuple[str, ...]] = field(default_factory=dict, repr=False)

    def splits(self, root: PathLike) -> List[str]:
        """Returns the splits that are there, in the order of `info.splits`.

        Raises AnnotationError showing the expected files where there is none.
        """
        raise NotImplementedError

    def read(
        self, root: PathLike, split: str, report: OnProblem = refuse, pictures: bool = True
    ) -> Iterator[Sample]:
        """Yields the samples of a split in a stable order, with keys relative to `root`.

        Without `pictures`, a picture that is missing is no problem: its image is empty bytes.
        """
        raise NotImplementedError

    def unplaced(self, root: PathLike) -> Iterator[Sample]:
        """Yields the samples of files that belong to no split, although others of them do."""
        return iter(())

    def inventory(self, root: PathLike) -> Inventory:
        """Returns the keys of all pictures under `root`, and what is there and cannot be read."""
        with Tree(root) as tree:
            return Inventory(Chosen(tree.names, is_image), tree.left_out)

    def missing(self, root: PathLike, what: str) -> AnnotationError:
        """Returns the error for files that are not there, with the tree that was expected."""
        problem = f"holds no {what} of {self.info.title}"
        return AnnotationError(root, problem, hint="Expected:\n" + self.info.tree.strip("\n"))


def configure(
    importer: Importer, values: Mapping[str, Any], flags: Mapping[str, str] = MappingProxyType({})
) -> Importer:
    """Returns the importer with some options set; raises OptionError for what it cannot have.

    `flags` are what to type for an option, where that is not its name.
    """
    for name, value in values.items():
        flag = _flag(name, flags)
        if name == "task":
            known = importer.info.tasks
        elif name in importer.options:
            known = importer.choices.get(name, ())
        else:
            allowed = [_flag(option, flags) for option in importer.options]
            hint = f"It has {', '.join(allowed) if allowed else 'no options of its own'}."
            raise OptionError(f"{importer.info.name} has no {flag}.", hint)
        if name == "encoding":
            _check_encoding(value)
        odd = [one for one in ([value] if isinstance(value, str) else value) if one not in known]
        if known and odd:
            message = f"{flag} of {importer.info.name} cannot be {odd[0]!r}."
            raise OptionError(message, f"Known: {', '.join(known)}.")
    return dataclasses.replace(importer, **values)


def _flag(name: str, flags: Mapping[str, str]) -> str:
    return flags.get(name, "--" + name.replace("_", "-"))


def _check_encoding(name: str) -> None:
    try:
        "".encode(name)
    except LookupError as error:
        raise OptionError(f"--encoding: {error}.", "Try utf-8 or gb18030.") from error


def find_image(
    tree: Tree,
    name: Optional[str],
    where: str,
    line: Optional[int],
    wanted: str,
    report: OnProblem,
    pictures: bool,
) -> Optional[Union[bytes, Path]]:
    """Returns the picture `name`; None, after reporting, where there is none and one is needed."""
    if name is None or name not in tree:
        if pictures:
            problem, why = f"there is no picture {wanted}", tree.left_out.get(name or "")
            report(MISSING, AnnotationError(where, f"{problem}: {why}" if why else problem, line))
            return None
        return b""
    try:
        return tree.picture(name)
    except AnnotationError as error:
        report(DAMAGED, AnnotationError(where, error.message, line), name)
        return None


def option_values(importer: Importer) -> Dict[str, Any]:
    """Returns the options as manifests keep them."""
    values = {name: getattr(importer, name) for name in importer.options}
    return {"task": importer.task, **values}
