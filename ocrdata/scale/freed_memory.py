"""Memory that a worker has freed: kept for the next picture, not given back to the system."""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
# What the C library of Linux comes to by itself where nobody has set one of them: it doubles
# both with each larger block that is freed, up to this for one block and twice that in all.
_LARGEST_BLOCK = 32 << 20
_VARIABLE, _OF_DASK = "MALLOC_TRIM_THRESHOLD_", "65536"


def keep_freed_memory() -> None:
    """Has the C library of a Dask worker keep what is freed, as it does in other processes.

    Does nothing in those, nor where it is not Linux's glibc or somebody set another threshold.
    Dask starts workers with MALLOC_TRIM_THRESHOLD_=65536 unless the variable has a value already,
    and it sets both thresholds for good. The memory of every picture then comes new from the
    system, page by page: 80 pages a line of text, a fifth of the processor time.
    """
    if os.environ.get(_VARIABLE) != _OF_DASK:
        return
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError, OSError):
        return
    set_option(_MMAP_THRESHOLD, _LARGEST_BLOCK)
    set_option(_TRIM_THRESHOLD, 2 * _LARGEST_BLOCK)
