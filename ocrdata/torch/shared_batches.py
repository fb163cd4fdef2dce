"""Batches on their way out of a worker: their pixels in shared memory, all else beside them.

Each tensor that is handed over takes a connection between two processes, as long as decoding ten
lines or more. So a batch goes as one tensor, and with `LineDataset.loader` several batches do.
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np
import torch

from ocrdata.pipelines.line_batches import Allocate, LineBatch

# So much goes at once, or one batch that is larger. Containers often have 64 MB of shared memory.
TOGETHER = 1 << 22
MakeBatches = Callable[[Allocate], Iterator[LineBatch]]


def as_tensors(item: Any) -> Any:
    """Returns a Line or LineBatch with tensors in place of its arrays."""
    return type(item)(*(torch.from_numpy(v) if isinstance(v, np.ndarray) else v for v in item))


class BatchGroup(NamedTuple):
    """Batches whose pixels are in one tensor, uint8 [bytes]. A row has where they begin there, the
    shape that was set aside, and the rest of the batch, with the width in place of the images."""

    pixels: Any
    rows: List[Any]

    def batches(self) -> Iterator[LineBatch]:
        """Yields the batches, with tensors."""
        for start, shape, (wide, *others) in self.rows:
            size = int(np.prod(shape))
            images = self.pixels[start : start + size].view(*shape)[..., :wide]
            yield as_tensors(LineBatch(images, *others))


class SentBatch(LineBatch):
    """A batch that is handed over as one tensor and arrays."""

    __slots__ = ()

    def __reduce__(self) -> Tuple[Any, ...]:
        images, *others = self
        return _received, (images, [one.numpy() if torch.is_tensor(one) else one for one in others])


def _received(images: Any, others: List[Any]) -> LineBatch:
    batch: LineBatch = as_tensors(LineBatch(images, *others))
    return batch


class _Pixels:
    """Shared memory from which the arrays of some batches are taken."""

    def __init__(self, size: int) -> None:
        # As PyTorch's own function for putting batches together does it.
        storage = torch.UntypedStorage._new_shared(size, device="cpu")
        self.tensor = torch.empty(0, dtype=torch.uint8).set_(storage)
        self.array, self.taken = self.tensor.numpy(), 0


class _Allocator:
    """Makes the arrays of batches in shared memory, `together` bytes or one batch at a time."""

    def __init__(self, together: int) -> None:
        self._together = together
        self.pixels: Optional[_Pixels] = None
        self.start, self.shape = 0, (0,)  # type: int, Tuple[int, ...]

    def __call__(self, shape: Tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        if self.pixels is None or self.pixels.taken + size > len(self.pixels.array):
            self.pixels = _Pixels(max(size, self._together))
        pixels, self.start, self.shape = self.pixels, self.pixels.taken, shape
        pixels.taken += size
        return pixels.array[self.start : pixels.taken].reshape(shape)


def in_groups(make_batches: MakeBatches, together: int = 0) -> Iterator[BatchGroup]:
    """Yields batches in groups, with their pixels in shared memory."""
    allocator, pixels, rows = _Allocator(together or TOGETHER), None, []  # type: _Allocator, Any, List[Any]
    for images, *others in make_batches(allocator):
        if rows and allocator.pixels is not pixels:
            yield BatchGroup(pixels.tensor, rows)
            rows = []
        pixels = allocator.pixels
        rows.append((allocator.start, allocator.shape, (images.shape[3], *others)))
    if rows:
        yield BatchGroup(pixels.tensor, rows)


def single(make_batches: MakeBatches) -> Iterator[SentBatch]:
    """Yields batches, with their pixels in shared memory."""
    for group in in_groups(make_batches, 1):
        for batch in group.batches():
            yield SentBatch(*batch)
