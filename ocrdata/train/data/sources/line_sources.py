"""Where a reader's training lines come from: records, folders and packs, and rendering jobs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from ocrdata.errors import OptionError, PathLike, RecordError
from ocrdata.pipelines.render_job import LineJob, read_line_job
from ocrdata.records.sources.identify import identify
from ocrdata.train.compat import Tensor, as_written, choose_from_datasets, tf
from ocrdata.train.config.sources import RENDER, InputOptions
from ocrdata.train.data.line_dataset import ENDLESS, ShuffleOrder, call
from ocrdata.train.data.line_shards import (
    LineShards,
    read_line_shards,
    require_same_dictionary,
)
from ocrdata.train.data.places import source_path
from ocrdata.train.data.sources.listed_lines import TemporaryShards, shards_of_listed
from ocrdata.train.data.sources.mixture import SourceChoice, choose_sources
from ocrdata.train.data.sources.rendered import RenderedSamples
from ocrdata.train.protocols import Dataset


class LineSource:
    """Lines in an endless order; `start` and `records` agree on two numbers that are a place."""

    def start(self, line: int) -> List[int]:
        """Returns the place of a line."""
        raise NotImplementedError

    def records(self, start: Tensor) -> Dataset:
        """Returns the serialized lines from a place, int64 [2], on."""
        raise NotImplementedError


class RecordLines(LineSource):
    """The lines of records, epoch after epoch."""

    def __init__(self, order: ShuffleOrder) -> None:
        self._order = order

    def start(self, line: int) -> List[int]:
        return list(divmod(line, self._order.samples))

    def records(self, start: Tensor) -> Dataset:
        return self._order.epochs(start)


class RenderedLines(LineSource):
    """The lines of a rendering job."""

    def __init__(self, samples: RenderedSamples) -> None:
        self._samples = samples

    def start(self, line: int) -> List[int]:
        return [line, 0]

    def records(self, start: Tensor) -> Dataset:
        @as_written
        def get(number: Tensor) -> Tensor:
            line = tf.numpy_function(self._get, [number], tf.string)
            line.set_shape([])
            return line

        return tf.data.Dataset.range(start[0], ENDLESS).map(get)

    def _get(self, number: np.ndarray) -> np.ndarray:
        return np.array(self._samples.get(int(number)), dtype=object)


@dataclass(frozen=True)
class MixedOrder(ShuffleOrder):
    """Lines of several sources in the shares of a choice, shuffled in pools like those of one.

    `epoch` is how many samples are one, 0 where there is no end.
    """

    choice: SourceChoice = SourceChoice((1,), 0)
    sources: Sequence[LineSource] = ()
    epoch: int = 0

    @property
    def samples(self) -> int:
        """Samples in an epoch."""
        return self.epoch

    def start(self, step: int) -> List[int]:
        """Returns where a step begins: round, turns to skip, pool, batches to skip, places."""
        pool, batch = divmod(step, self.pool_batches)
        first = pool * self.pool_batches * self.batch_size
        before = self.choice.before(first)
        places = [each for one, count in zip(self.sources, before) for each in one.start(count)]
        return [*divmod(first, self.choice.length), pool, batch, *places]

    def records(self, start: Tensor) -> Dataset:
        """Returns the serialized samples from a start on."""
        rounds = tf.data.Dataset.range(start[0], ENDLESS)
        turns = rounds.flat_map(
            as_written(
                lambda number: tf.data.Dataset.from_tensor_slices(
                    call(self.choice.turns, number, tf.int64)
                )
            )
        )
        datasets = [
            source.records(start[4 + 2 * place : 6 + 2 * place])
            for place, source in enumerate(self.sources)
        ]
        return choose_from_datasets(datasets, turns.skip(start[1]))


class OpenedLines(NamedTuple):
    """What a reader learns from; `shards` are of records to validate on, with the dictionary.

    `checked` are those whose records are looked at before training; `sha256` is a hash of all.
    """

    shards: LineShards
    order: ShuffleOrder
    checked: Sequence[LineShards]
    sha256: str
    jobs: Sequence[LineJob] = ()
    rendered: Sequence[RenderedSamples] = ()
    temporary: Sequence[TemporaryShards] = ()

    @property
    def skipped(self) -> Dict[str, int]:
        """What rendering jobs leave out, by reason."""
        counts: Dict[str, int] = {}
        for job in self.jobs:
            for reason, count in job.skipped.items():
                counts[reason] = counts.get(reason, 0) + count
        return counts

    def close(self) -> None:
        """Ends processes and removes what was written for a while."""
        for samples in self.rendered:
            samples.close()
        for shards in self.temporary:
            shards.close()


def open_lines(
    data_dir: PathLike, options: InputOptions, batch_size: int, pool: int, seed: int
) -> OpenedLines:
    """Opens the records of a data folder, or the sources that options mix.

    Raises RecordError, InputError and OptionError where a source is none.
    """
    mixed = [] if not options.sources else options.weighted()
    if not mixed:
        shards = read_line_shards(data_dir)
        order = ShuffleOrder(shards.require("train"), batch_size, pool, seed)
        return OpenedLines(shards, order, [shards], shards.fingerprint("train"))
    base = _base(data_dir, [name for name, _ in mixed])
    sources: List[LineSource] = []
    sizes: List[int] = []
    found = OpenedLines(
        shards=base,
        order=ShuffleOrder((), 1, 1, 0),
        checked=[],
        sha256="",
        jobs=[],
        rendered=[],
        temporary=[],
    )
    marks = []
    for name, _ in mixed:
        size, source, mark = _open(data_dir, name, options=options, seed=seed, found=found)
        sources.append(source)
        sizes.append(size)
        marks.append(f"{mark} {size}")
    endless = not all(sizes)
    shares = [weight * (1 if endless else size) for (_, weight), size in zip(mixed, sizes)]
    order = MixedOrder(
        (),
        batch_size,
        pool,
        seed,
        choice=choose_sources(shares, seed),
        sources=sources,
        epoch=0 if endless else max(1, int(round(sum(shares)))),
    )
    digest = hashlib.sha256("\n".join(marks).encode("utf-8")).hexdigest()
    return found._replace(order=order, sha256=digest)


def _base(data_dir: PathLike, names: Sequence[str]) -> LineShards:
    """Returns the first records among the data folder and the sources."""
    for place in (data_dir, *(name for name in names if not name.startswith(RENDER))):
        path = Path(str(place))
        path = path if place == data_dir else source_path(data_dir, str(place), "--sources")
        if path.exists() and identify(path).records:
            return read_line_shards(path)
    problem = "holds no records, which give the dictionary and are validated on"
    hint = "Name a folder with some: --data-dir FOLDER (ocrdata gen-pics --records --limit 1000)."
    raise RecordError(str(data_dir), problem, hint=hint)


def _open(
    data_dir: PathLike, name: str, *, options: InputOptions, seed: int, found: OpenedLines
) -> Tuple[int, LineSource, str]:
    """Returns how many lines a source has (0: no end), the source, and a hash of it."""
    charset = found.shards.charset
    if name.startswith(RENDER):
        path = source_path(data_dir, name[len(RENDER) :], "--sources")
        job = read_line_job(path, charset, seed)
        samples = RenderedSamples(job, options.render_workers)
        _extend(found.jobs, job)
        _extend(found.rendered, samples)
        return 0, RenderedLines(samples), job.sha256
    path = source_path(data_dir, name, "--sources")
    if identify(path).records:
        shards = read_line_shards(path)
        require_same_dictionary(shards, found.shards)
        _extend(found.checked, shards)
        order = ShuffleOrder(shards.require("train"), 1, 1, seed)
        return order.samples, RecordLines(order), shards.fingerprint("train")
    listed = shards_of_listed(path, charset)
    _extend(found.temporary, listed)
    order = ShuffleOrder([listed.shard], 1, 1, seed)
    return order.samples, RecordLines(order), listed.sha256


def _extend(items: Sequence[object], item: object) -> None:
    assert isinstance(items, list)
    items.append(item)


def require_an_end(lines: OpenedLines, epochs: object) -> None:
    """Raises OptionError where epochs are asked for of data without end."""
    if epochs is not None and not lines.order.samples:
        raise OptionError("--epochs needs data with an end, not a rendering job: give --steps.")
