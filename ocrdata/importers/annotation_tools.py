"""What annotation tools leave in a folder besides labels, and write where a label is missing.

    fileState.txt    which pages are done (PPOCRLabel): `scans/page_1.png<TAB>1`
    classes.txt      names of classes (labelImg, YOLO)
    TEMPORARY        a box drawn and not read yet (PPOCRLabel; 待识别 in its Chinese version)

A side file that is taken for a list of labels gives labels that are wrong without any sign.
"""

from __future__ import annotations

from ocrdata.base.icdar import UNREAD_MARKS

# In lower case.
_TEXT_FILES = (
    "classes.txt coords.txt filestate.txt labelmap.txt licence.txt license.txt notes.txt "
    "predefined_classes.txt readme.dataset.txt readme.roboflow.txt readme.txt requirements.txt"
)
_SIDE_FILES = frozenset(_TEXT_FILES.split())
# What PPOCRLabel writes for a box whose text nobody has typed yet.
PLACEHOLDERS = ("TEMPORARY", "待识别")
# Labels that are not to be read, of tools that write lists of labels.
UNREAD_LABELS = (*UNREAD_MARKS, *PLACEHOLDERS)


def is_side_file(name: str) -> bool:
    """Says whether a file belongs to an annotation tool or tells about the data: no labels."""
    return name.rpartition("/")[2].lower() in _SIDE_FILES
