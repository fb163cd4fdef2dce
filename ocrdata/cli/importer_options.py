"""The options that only some importers have; which ones do is known to the importers alone."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import click

from ocrdata.cli import options
from ocrdata.importers import IMPORTERS

# Longer lists of values than that are not shown.
_SHOWN = 5


class _Own(NamedTuple):
    """An option of commands, and the fields of importers that it sets, of which each has one."""

    name: str
    fields: Tuple[str, ...]
    what: str
    many: bool = True

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def field_of(self, importer: Any) -> str:
        return next((one for one in self.fields if one in importer.options), self.fields[0])


_OWN = (
    _Own("language", ("languages", "language"), "Texts of others are ignored, or not looked for"),
    _Own("legibility", ("legibilities",), "Other texts are ignored"),
    _Own("text_class", ("classes",), "Other texts are ignored"),
    _Own("level", ("level",), "What a box holds", many=False),
    _Own("coordinates", ("coordinates",), "What the numbers are", many=False),
    _Own("separator", ("separator",), "What parts the numbers; auto tells itself", many=False),
    _Own("ignore_mark", ("ignore_marks",), "Text not to read, as ###"),
    _Own("text_attribute", ("text_attribute",), "What holds the text, as transcription"),
    _Own("encoding", ("encoding",), "Of the text files", many=False),
)
OWN_OPTIONS = tuple(own.name for own in _OWN)
_FLAGS = {field: own.flag for own in _OWN for field in own.fields}


class _OwnOption(click.Option):
    """Shows which importers have it, for which they have to be loaded."""

    def get_help_record(self, context: click.Context) -> Optional[Tuple[str, str]]:
        own = next(one for one in _OWN if one.name == self.name)
        self.help = f"{own.what}: {', '.join(_owners(own))}."
        return super().get_help_record(context)


def _owners(own: _Own) -> List[str]:
    """Returns the names of the importers that have an option, with its values if they are few."""
    shown = []
    for name in IMPORTERS.names():
        importer = IMPORTERS.load(name)
        field = own.field_of(importer)
        if field in importer.options:
            values = importer.choices.get(field, ())
            few = 0 < len(values) <= _SHOWN
            shown.append(f"{name} ({', '.join(values)})" if few else name)
    return shown


def importer_options(command: Any) -> Any:
    """Adds the options that only some data sets have; each is refused by the others."""
    for own in reversed(_OWN):
        command = options.option(own.flag, multiple=own.many, cls=_OwnOption)(command)
    return command


def configured_importer(name: str, chosen: Mapping[str, Any]) -> Any:
    """Returns the importer called `name` with the options that were chosen; raises OptionError."""
    from ocrdata.importers.base import configure

    importer = IMPORTERS.load(name)
    values: Dict[str, Any] = {"task": chosen["task"]} if chosen["task"] else {}
    for own in _OWN:
        value, field = chosen[own.name], own.field_of(importer)
        if own.many and isinstance(getattr(importer, field, None), str):
            value = _one(own, value)
        if value:
            values[field] = value
    return configure(importer, values, _FLAGS)


def _one(own: _Own, values: Tuple[str, ...]) -> Optional[str]:
    if len(values) > 1:
        raise click.UsageError(f"this data set takes one {own.flag}.")
    return values[0] if values else None
