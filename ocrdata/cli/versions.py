"""Says what a bug report needs to know, without importing anything heavy."""

from __future__ import annotations

import platform

from ocrdata.base.versions import installed


def describe_versions() -> str:
    """Returns the versions of Python, Pillow, FreeType, OpenCV and TensorFlow in one line."""
    from PIL import features

    parts = [f"Python {platform.python_version()}"]
    parts.append(f"FreeType {features.version('freetype2')}")
    for name in ("pillow", "opencv-python", "numpy", "tensorflow"):
        parts.append(f"{name} {installed(name)}")
    return ", ".join(parts)
