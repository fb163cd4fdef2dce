"""The best checkpoint by validation, kept beside the newest ones, and when there is none better.

What was best so far is told by the metrics of the run, so that a resumed run knows it too.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

from ocrdata.errors import OptionError
from ocrdata.train.run_dir import BEST_CHECKPOINT

OWN = "validation"  # the data folder's own validation split among the sets that are scored
LOWER_IS_BETTER = ("character_error_rate",)


class BestRule(NamedTuple):
    """Which validation set decides what is best, and by which figures, the first one first."""

    data_set: str
    figures: Sequence[str]

    def key(self, figures: Mapping[str, float]) -> Tuple[float, ...]:
        """Returns what is greater for better figures."""
        return tuple(
            -figures[name] if name in LOWER_IS_BETTER else figures[name] for name in self.figures
        )


def read_rule(asked: str, data_sets: Sequence[str], ranked: Sequence[str]) -> BestRule:
    """Returns the rule of --best-by: "", SET, FIGURE or SET.FIGURE.

    By default the first set that was named decides, or the data folder's own, by the figures
    `ranked`. Raises OptionError for what there is not.
    """
    named = [name for name in data_sets if name != OWN] or list(data_sets)
    if not asked:
        return BestRule(named[0] if named else OWN, tuple(ranked[:2]))
    known = [*data_sets, *ranked, *(f"{one}.{figure}" for one in data_sets for figure in ranked)]
    if asked not in known:
        raise OptionError(f"--best-by {asked} is not scored.", f"There are: {', '.join(known)}.")
    if asked in data_sets:
        return BestRule(asked, tuple(ranked[:2]))
    if asked in ranked:
        return BestRule(named[0], (asked,))
    data_set, _, figure = asked.rpartition(".")
    return BestRule(data_set, (figure,))


class BestCheckpoint:
    """The best validation so far; `lines` are those of metrics.jsonl.

    `step` is that of the best (0: none yet), `since` how many validations came after it.
    """

    def __init__(self, rule: BestRule, lines: Iterable[Dict[str, Any]]) -> None:
        self._rule = rule
        self._key: Tuple[float, ...] = ()
        self.step, self.since = 0, 0
        self._seen: List[int] = []
        for line in lines:
            if "validation" in line:
                self.note(line["step"], line.get("set", OWN), line["validation"])

    def note(self, step: int, data_set: str, figures: Mapping[str, float]) -> bool:
        """Takes note of what a set was scored with; says whether that is better than before."""
        if data_set != self._rule.data_set:
            return False
        self._seen.append(step)
        key = self._rule.key(figures)
        if self._key and key <= self._key:
            self.since += 1
            return False
        self._key, self.step, self.since = key, step, 0
        return True

    def has_seen(self, step: int) -> bool:
        """Says whether the deciding set was scored at a step."""
        return step in self._seen


def keep_best(checkpoint: str, step: int) -> None:
    """Copies a checkpoint to best.ckpt-STEP beside it, and removes the one that was best before.

    The index comes last: without it, there is no checkpoint.
    """
    source = Path(checkpoint)
    name = f"{BEST_CHECKPOINT}-{step}"
    parts = sorted(source.parent.glob(source.name + ".data-*"))
    for part in [*parts, source.with_name(source.name + ".index")]:
        target = source.with_name(name + part.name[len(source.name) :])
        partial = target.with_name(target.name + ".partial")
        shutil.copyfile(str(part), str(partial))
        partial.replace(target)
    for path in sorted(source.parent.glob(BEST_CHECKPOINT + "-*"), reverse=True):
        if not path.name.startswith(name + "."):
            path.unlink()  # the index goes first
