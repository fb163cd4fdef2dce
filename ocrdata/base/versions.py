"""Versions of installed packages, without importing them."""

from __future__ import annotations

import sys
import warnings


def installed(package: str) -> str:
    """Returns a package's version, or "not installed"."""
    if sys.version_info >= (3, 8):
        from importlib import metadata

        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return "not installed"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it advises against itself; 3.7 has nothing else
        import pkg_resources

    try:
        return str(pkg_resources.get_distribution(package).version)
    except pkg_resources.DistributionNotFound:
        return "not installed"
