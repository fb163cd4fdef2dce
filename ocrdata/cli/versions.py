"""Says what a bug report needs to know, without importing anything heavy."""

from __future__ import annotations

import platform
import sys


def describe_versions() -> str:
    """Returns the versions of Python, Pillow, FreeType, OpenCV and TensorFlow in one line."""
    from PIL import features

    parts = ["Python {}".format(platform.python_version())]
    parts.append("FreeType {}".format(features.version("freetype2")))
    for name in ("pillow", "opencv-python", "numpy", "tensorflow"):
        parts.append("{} {}".format(name, _installed(name)))
    return ", ".join(parts)


def _installed(package: str) -> str:
    """Reads the version from the package's metadata, so that TensorFlow is not imported."""
    if sys.version_info >= (3, 8):
        from importlib import metadata

        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return "not installed"
    import pkg_resources

    try:
        return str(pkg_resources.get_distribution(package).version)
    except pkg_resources.DistributionNotFound:
        return "not installed"
