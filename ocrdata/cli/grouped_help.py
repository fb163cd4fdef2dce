"""Help of commands with many options: under headings, in the order of work."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import click

RUN_GROUP = (
    "seed",
    "limit",
    "count",
    "workers",
    "runner",
    "runner_option",
    "overwrite",
    "resume",
    "dry_run",
    "as_json",
    "help",
)


class GroupedCommand(click.Command):
    """A command whose help shows its options in groups.

    `groups` maps a heading to the names of parameters, in the order of the help. Those in
    `RUN_GROUP` stand under "Run", at the end; what is in no group comes first, under "Options".
    """

    def __init__(self, *args: Any, groups: Mapping[str, Sequence[str]], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.groups: Dict[str, Sequence[str]] = {**groups, "Run": RUN_GROUP}

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        rows: Dict[str, Tuple[str, str]] = {}
        for parameter in self.get_params(context):
            record = parameter.get_help_record(context)
            # Arguments, of which newer versions have a record too, stand in the usage.
            if record is not None and parameter.name and isinstance(parameter, click.Option):
                # Click's own option has other names in other versions.
                rows["help" if "--help" in parameter.opts else parameter.name] = record
        grouped = {name for names in self.groups.values() for name in names}
        rest: List[str] = [name for name in rows if name not in grouped]
        for heading, names in {"Options": rest, **self.groups}.items():
            shown = [rows[name] for name in names if name in rows]
            if shown:
                with formatter.section(heading):
                    formatter.write_dl(shown)
