"""The only home of randomness: a stream per (seed, key), the same on every Python and NumPy.

Nothing here depends on how many numbers somebody else has drawn, so the result for one key is the
same for any number of workers and after any interruption. Only raw generator bits are taken from
NumPy: the methods that turn bits into distributions may change from one release to the next.
"""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def _digest(*parts: object) -> bytes:
    text = "".join(map(_measured, map(str, parts)))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _measured(part: str) -> str:
    # A length before each part keeps ("ab", "c") and ("a", "bc") apart.
    return str(len(part)) + ":" + part


@lru_cache(maxsize=64, typed=True)
def _begun(use: str, salt: object) -> Any:
    """Returns the hash of what all keys of one use and salt begin with: there may be billions."""
    text = _measured(use) + _measured(str(salt))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)


def _continued(use: str, salt: object, key: str) -> bytes:
    begun = _begun(use, salt).copy()
    begun.update(f"{len(key)}:{key}".encode("utf-8", "surrogatepass"))
    return begun.digest()


def stream(seed: int, *key: object) -> random.Random:
    """Returns the random stream of this seed and key."""
    return random.Random(int.from_bytes(_digest("stream", seed, *key), "big"))  # noqa: S311


def order_key(key: str, salt: object = 0) -> bytes:
    """Returns 16 bytes to sort by: a shuffle that needs no list of everything to be shuffled."""
    return _continued("order", salt, key)


def bucket(key: str, salt: object = 0) -> float:
    """Returns a stable number in [0, 1) for a key: the same split whatever else is added later."""
    digest = _continued("bucket", salt, key)
    return int.from_bytes(digest[:6], "big") / float(1 << 48)


def uniform_block(seed: int, name: str, block: int, rows: int, columns: int) -> np.ndarray:
    """Returns float64 [rows, columns] in [0, 1): row i belongs to item `block * rows + i`.

    Drawing for a block of items at once costs a tenth of a generator for each item.
    """
    import numpy as np

    words = np.frombuffer(_digest("block", seed, name, block), dtype="<u8")
    bits = np.random.Philox(key=words.astype(np.uint64)).random_raw(rows * columns)
    return (np.asarray(bits, dtype=np.uint64) >> np.uint64(11)).reshape(rows, columns) * 2.0**-53
