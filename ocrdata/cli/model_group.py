"""A group of commands with one for every model of the registry, made when it is asked for."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, Mapping, MutableMapping

import click

from ocrdata.train.config.cards import ModelCard
from ocrdata.train.models import MODELS, model_card

MakeCommand = Callable[[str, ModelCard], click.Command]


class ModelCommands(MutableMapping[str, click.Command]):
    """Commands by name: those added, and one for each model; `makers` make them, by task."""

    def __init__(self, makers: Mapping[str, MakeCommand]) -> None:
        self._makers = makers
        self._added: Dict[str, click.Command] = {}
        self._made: Dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name in self._added:
            return self._added[name]
        if name not in MODELS.entries:
            raise KeyError(name)
        if name not in self._made:
            card = model_card(name)
            self._made[name] = self._makers[card.task](name, card)
        return self._made[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._added[name] = command

    def __delitem__(self, name: str) -> None:
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        yield from MODELS.names()
        yield from (name for name in self._added if name not in MODELS.entries)

    def __len__(self) -> int:
        return len({*self._added, *MODELS.entries})


class ModelGroup(click.Group):
    """A group with a command for every model."""

    def __init__(self, name: str, makers: Mapping[str, MakeCommand], **settings: Any) -> None:
        super().__init__(name, commands=ModelCommands(makers), **settings)
