"""Where the fonts and corpora that come with the package lie."""

from __future__ import annotations

from pathlib import Path

from ocrdata.errors import OcrdataError


def asset_dir(name: str) -> Path:
    """Returns the folder "fonts" or "corpora": inside an installed package, else in the checkout.

    Raises OcrdataError where the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / name, package.parent / name):
        if (folder / "SOURCES.md").is_file():
            return folder
    raise OcrdataError(
        f"the bundled {name} are missing from {package}.",
        "Install ocrdata again from its wheel.",
    )
