"""Makes the bundled fonts from Debian's packages; same source and fonttools, same bytes.

Needs fonttools only, and these packages unpacked somewhere: fonts-noto-cjk, fonts-lxgw-wenkai,
fonts-noto-core, fonts-league-spartan, fonts-dancingscript.

    python fonts/subset.py --source /usr/share/fonts --output fonts
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import NamedTuple

from fontTools import subset
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables.ttProgram import Program


class Face(NamedTuple):
    """One bundled file: its source below the fonts folder, and its new name if it needs one.

    Those in `latin/` hold Latin only.
    """

    file: str
    source: str
    number: int = 0
    family: str = ""

    @property
    def latin(self) -> bool:
        return self.file.startswith("latin/")


FACES = (
    Face("NotoSansSC-Regular-GB2312.otf", "opentype/noto/NotoSansCJK-Regular.ttc", 2),
    Face("NotoSerifSC-Regular-GB2312.otf", "opentype/noto/NotoSerifCJK-Regular.ttc", 2),
    # "LXGW" and its Chinese name are Reserved Font Names: a subset must not carry them.
    Face(
        "OcrDataKai-Regular.ttf", "truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf", 0, "OCR Data Kai"
    ),
    Face("latin/NotoSans-Regular.ttf", "truetype/noto/NotoSans-Regular.ttf"),
    Face("latin/NotoSans-CondensedBold.ttf", "truetype/noto/NotoSans-CondensedBold.ttf"),
    Face("latin/NotoSerif-Regular.ttf", "truetype/noto/NotoSerif-Regular.ttf"),
    Face("latin/NotoSerif-BoldItalic.ttf", "truetype/noto/NotoSerif-BoldItalic.ttf"),
    Face("latin/NotoSansMono-Medium.ttf", "truetype/noto/NotoSansMono-Medium.ttf"),
    # Whether the League reserves its name is not stated where it is packed.
    Face(
        "latin/OcrDataDisplay-Black.otf",
        "opentype/league-spartan/LeagueSpartan-Black.otf",
        family="OCR Data Display",
    ),
    # "Dancing Script" is a Reserved Font Name.
    Face(
        "latin/OcrDataScript-Regular.otf",
        "opentype/dancingscript/DancingScript-Regular.otf",
        family="OCR Data Script",
    ),
)

# Vertical forms for vertical lines, kerning for Latin; the rest only costs size.
FEATURES = ["vert", "vrt2", "kern"]
RANGES = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0xFF),  # Latin-1: currency, degree, plus-minus, accented letters
    (0x2010, 0x2026),  # dashes, quotation marks, ellipsis
    (0x3000, 0x301F),  # CJK punctuation and brackets
    (0xFF01, 0xFF5E),  # full-width ASCII
    (0xFFE0, 0xFFE6),  # full-width currency
)
LATIN = ((0x0100, 0x017F),)  # Latin Extended-A: the other letters of European languages
EXTRA = "•‰′″※€℃№™○●□■△▲☆★"


def gb2312_characters() -> set[int]:
    """Returns the 7,445 code points of GB 2312, plus the two that GB 18030 maps differently."""
    found = {0x00B7, 0x2014}
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            text = bytes((row, cell)).decode("gb2312", "ignore")
            found.update(map(ord, text))
    return found


def wanted_characters(latin: bool = False) -> set[int]:
    """Returns every code point the subsets should hold, where the source face has it."""
    wanted = {0x20AC, 0x2122} if latin else gb2312_characters() | set(map(ord, EXTRA))
    for first, last in RANGES[:3] + LATIN if latin else RANGES:
        wanted.update(range(first, last + 1))
    return wanted


def rename(font: TTFont, family: str, style: str) -> None:
    """Gives the font a new family name in every language; copyright, licence and credits stay."""
    compact = family.replace(" ", "")
    version = font["name"].getDebugName(5).split(";")[0]
    new = {1: family, 3: f"{family}:{version}", 4: family, 6: f"{compact}-{style}", 16: family}
    for record in font["name"].names:
        if record.nameID in new:
            record.string = new[record.nameID]


def keep_unhinted(font: TTFont) -> None:
    """Gives an unhinted TrueType font a program that does nothing but keep dropouts away.

    FreeType hints fonts with no program, or one of up to 7 bytes, by itself: strokes move by parts
    of a pixel, and a glyph takes 200 microseconds instead of 55.
    """
    table = newTable("prep")
    table.program = Program()
    table.program.fromAssembly(
        ["PUSHW[] 511", "SCANCTRL[]", "PUSHB[] 4", "SCANTYPE[]", "PUSHB[] 0", "POP[]"]
    )
    font["prep"] = table
    font["maxp"].maxStackElements = max(1, font["maxp"].maxStackElements)


def make_face(face: Face, source: Path, output: Path) -> None:
    """Writes one subset, unhinted, with the time stamp of its source."""
    options = subset.Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.name_IDs = ["*"]
    options.name_languages = ["*"]
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.drop_tables += ["DSIG", "GDEF"] if face.latin else []
    font = TTFont(source, fontNumber=face.number, recalcTimestamp=False, lazy=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted_characters(face.latin))
    subsetter.subset(font)
    if face.family:
        rename(font, face.family, Path(face.file).stem.partition("-")[2])
    if "glyf" in font:
        keep_unhinted(font)
    subset.save_font(font, str(output), options)


def main(arguments: list[str]) -> None:
    """Makes the faces and prints `sha256  file` for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--source", type=Path, default=Path("/usr/share/fonts"))
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    parser.add_argument("--only", choices=[face.file for face in FACES])
    options = parser.parse_args(arguments)
    for face in FACES:
        if options.only in (None, face.file):
            target = options.output / face.file
            target.parent.mkdir(exist_ok=True)
            make_face(face, options.source / face.source, target)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            sys.stdout.write(f"{digest}  {face.file}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
