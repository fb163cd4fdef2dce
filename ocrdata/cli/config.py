"""Reads --config: a TOML file with one table a command, checked against the commands' options."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Dict

import click

from ocrdata.errors import InputError


def read_config(path: Path, group: click.Command) -> Dict[str, Any]:
    """Returns click's default map for a group of commands.

    A table is named after its command ([gen-pics], [train.crnn]), a key after an option without
    its dashes in front (batch-size or batch_size). Raises InputError for an unknown name.
    """
    from ocrdata.base.storage.toml_files import read_toml

    return _defaults(path, read_toml(path), group, "")


def _defaults(
    path: Path, table: Dict[str, Any], command: click.Command, name: str
) -> Dict[str, Any]:
    if isinstance(command, click.Group):
        known = {**_options(command), **command.commands}
    else:
        known = dict(_options(command))
    result = {}  # type: Dict[str, Any]
    for key, value in table.items():
        target = known.get(key, known.get(key.replace("_", "-")))
        if isinstance(target, click.Command):
            if not isinstance(value, dict):
                raise InputError(path, f"{key} is a command: write [{name + key}]")
            result[target.name or key] = _defaults(path, value, target, name + key + ".")
        elif isinstance(target, click.Parameter) and target.name:
            result[target.name] = _value(path, f"[{name.rstrip('.')}] {key}", value, target)
        else:
            near = difflib.get_close_matches(key.replace("_", "-"), list(known), n=1)
            hint = f"Did you mean {near[0]}?" if near else ""
            where = f"[{name.rstrip('.')}]" if name else "the file"
            raise InputError(path, f"{where} has no option {key}", hint=hint)
    return result


def _value(path: Path, place: str, value: Any, option: click.Parameter) -> Any:
    """Returns a value as if it had been typed, so that it is read as strictly."""
    if isinstance(value, dict):
        raise InputError(path, f"{place} takes a value, not a table")
    if option.multiple:
        return [_typed(one) for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, list):
        raise InputError(path, f"{place} takes one value, not a list")
    return _typed(value)


def _typed(value: Any) -> Any:
    return value if isinstance(value, bool) else str(value)


def _options(command: click.Command) -> Dict[str, click.Parameter]:
    """Options by their long names without dashes; a flag pair --a/--no-a goes by --a."""
    return {
        name.lstrip("-"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
        if name.startswith("--") and name != "--config"
    }
