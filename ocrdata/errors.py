"""Every error a user can cause, in one tree.

OcrdataError                exit code 1: the run failed
  InputError                something read is wrong: names file, line and problem
    AnnotationError         a label list or an annotation file
    CharsetError            a dictionary, or a character that is not in it
    CheckpointError         saved weights that do not fit
    CorpusError             a corpus
    FontError               a font file
    RecordError             a TFRecord file
  MissingExtraError         a package that is not installed
  OutputExistsError         an output that is already there
  TrainingError             training cannot start or go on
  OptionError               exit code 2: the call itself is wrong
    UnknownNameError        a name that no registry knows

The command line turns each into one line on standard error, and nothing else catches them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterable, Optional, Union

PathLike = Union[str, Path]


class OcrdataError(Exception):
    """The run failed; `hint` says what to type next."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.hint) if part)


class UnfinishedError(OcrdataError):
    """Processes or machines failed, not what they worked on: what is finished is kept to resume."""


class InputError(OcrdataError):
    """Something read from `path` is wrong, at `line` (counted from 1) where that is known."""

    def __init__(
        self, path: PathLike, problem: str, line: Optional[int] = None, hint: str = ""
    ) -> None:
        place = f"{path}:{line}" if line else str(path)
        end = "" if problem.endswith("?") else "."
        super().__init__(f"{place}: {problem.rstrip('.')}{end}", hint)
        # Exceptions travel between processes by their arguments.
        self.args = (path, problem, line, hint)
        self.path, self.problem, self.line = path, problem, line


class AnnotationError(InputError):
    """A label list or an annotation file is wrong."""


class CharsetError(InputError):
    """A dictionary is wrong, or a text holds a character that is not in it."""


class CheckpointError(InputError):
    """Saved weights are missing or do not fit the model or the dictionary."""


class CorpusError(InputError):
    """A corpus is empty, unreadable or in the wrong encoding."""


class FontError(InputError):
    """A font file cannot be used."""


class RecordError(InputError):
    """A TFRecord file is damaged or is not one."""


class OutputExistsError(OcrdataError):
    """An output is already there and nothing allows replacing it."""

    def __init__(self, path: PathLike, hint: str = "Pass --overwrite to replace it.") -> None:
        super().__init__(f"{path} already exists.", hint)
        self.args = (path, hint)


class MissingExtraError(OcrdataError):
    """A package that an extra brings, or (extra "") the user chooses, is not installed."""

    def __init__(self, package: str, extra: str, why: str) -> None:
        super().__init__(
            f"{package} is not installed; {why}:",
            f'pip install "ocrdata[{extra}]"' if extra else f"pip install {package}",
        )
        self.args = (package, extra, why)


class TrainingError(OcrdataError):
    """Training cannot start or cannot go on."""


class OptionError(OcrdataError):
    """The call itself is wrong: options that exclude each other, a value out of range."""

    exit_code = 2


class UnknownNameError(OptionError):
    """A name is in no registry; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        import difflib  # it takes longer than all of click's help

        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}."
        super().__init__(f"no {kind} is called {name}.", hint)
        self.args = (kind, name, names)
