"""The bundled fonts and corpora: complete, licensed, reproducible, and fit for each other."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
from pathlib import Path

import fontTools
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from ocrdata.base.assets import asset_dir
from ocrdata.text.corpus import DEFAULT_CORPORA, LATIN_CORPORA

FONTS, CORPORA = asset_dir("fonts"), asset_dir("corpora")
SUFFIXES = (".otf", ".ttf")
FACES = sorted(path.name for path in FONTS.iterdir() if path.suffix in SUFFIXES)
LATIN = sorted(
    f"latin/{path.name}" for path in (FONTS / "latin").iterdir() if path.suffix in SUFFIXES
)
BUNDLED = (*DEFAULT_CORPORA, *LATIN_CORPORA)
DEBIAN = Path("/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf")
ROW = re.compile(r"^\| ([\w./-]+) \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)


def load(path):
    spec = importlib.util.spec_from_file_location("asset_" + path.stem, str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generate():
    return load(CORPORA / "generate.py")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lines_of(name):
    return (CORPORA / (name + ".txt")).read_bytes().decode("utf-8").split("\n")[:-1]


def gb2312():
    """Every character of GB 2312, found by asking the codec for each Unicode character."""
    found = set()
    for number in range(0x80, 0x10000):
        if not 0xD800 <= number < 0xE000 and chr(number).encode("gb2312", "ignore"):
            found.add(chr(number))
    return found


def test_sources_name_every_font_with_its_digest():
    listed = dict(ROW.findall((FONTS / "SOURCES.md").read_text(encoding="utf-8").split("## Or")[0]))
    assert listed == {name: sha256(FONTS / name) for name in FACES + LATIN}
    assert (len(FACES), len(LATIN)) == (3, 7)


def test_sources_name_every_corpus_with_its_digest_and_lines():
    text = (CORPORA / "SOURCES.md").read_text(encoding="utf-8")
    names = sorted(path.name for path in CORPORA.glob("*.txt"))
    assert names == sorted(name + ".txt" for name in BUNDLED)
    assert dict(ROW.findall(text)) == {name: sha256(CORPORA / name) for name in names}
    for name in BUNDLED:
        assert f"| {name}.txt | {len(lines_of(name)):,} |" in text


@pytest.mark.parametrize("name", FACES + LATIN)
def test_each_font_carries_its_licence(name):
    table = TTFont(str(FONTS / name), lazy=True)["name"]
    path = FONTS / name
    licence = path.with_name("OFL-{}.txt".format(path.name.split("-")[0]))
    text = licence.read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    # The display face names nobody in itself; its packagers do.
    holder = re.search(r"(Adobe|LXGW|Google|Pablo Impallari|OFL)", table.getDebugName(0)).group(1)
    assert re.search("^Copyright .*" + holder.replace("OFL", "Micah Rich"), text, re.MULTILINE)
    assert re.search("SIL Open Font License|OFL", table.getDebugName(13) or "OFL")


@pytest.mark.parametrize("name", LATIN)
def test_each_latin_font_tells_capitals_from_small_letters(name):
    font = ImageFont.truetype(str(FONTS / name), 64)
    letters = "abdefghijklmnqrty"
    for letter in letters:
        small, capital = (np.asarray(font.getmask(x)).tobytes() for x in (letter, letter.upper()))
        assert small != capital, letter
    characters = set(map(chr, TTFont(str(FONTS / name), lazy=True).getBestCmap()))
    assert set(map(chr, range(0x20, 0x7F))) <= characters
    for corpus in LATIN_CORPORA:
        assert not set("".join(lines_of(corpus))) - characters


@pytest.mark.parametrize("name", FACES + LATIN)
def test_no_name_users_see_is_reserved(name):
    for record in TTFont(str(FONTS / name), lazy=True)["name"].names:
        if record.nameID not in (0, 7, 13):  # copyright, trademark and licence must stay
            assert not re.search("LXGW|霞鹜|Source|Dancing|Spartan", str(record)), str(record)


@pytest.mark.parametrize("name", FACES)
def test_each_font_draws_gb2312_and_ascii(name):
    needed = gb2312() | set(map(chr, range(0x20, 0x7F)))
    assert sum("\u4e00" <= character <= "\u9fff" for character in needed) == 6763
    assert needed <= set(map(chr, TTFont(str(FONTS / name), lazy=True).getBestCmap()))
    font = ImageFont.truetype(str(FONTS / name), 16)
    empty = [character for character in needed if not font.getmask(character).getbbox()]
    assert sorted(empty) == [" ", "\u3000"]


@pytest.mark.parametrize("name", [name for name in FACES if name.endswith(".ttf")])
def test_freetype_does_not_hint_an_unhinted_font_by_itself(name):
    """It does with no program, and with one of up to 7 bytes."""
    font = TTFont(str(FONTS / name), lazy=True)
    assert "fpgm" not in font and len(font["prep"].program.getBytecode()) > 7


@pytest.mark.parametrize("name", FACES)
def test_each_font_has_every_corpus_character(name):
    characters = set(map(chr, TTFont(str(FONTS / name), lazy=True).getBestCmap()))
    for corpus in DEFAULT_CORPORA:
        assert not set("".join(lines_of(corpus))) - characters, corpus


@pytest.mark.slow
@pytest.mark.skipif(
    not DEBIAN.is_file() or fontTools.version != "4.68.0" or sys.version_info[:2] != (3, 11),
    reason="needs Debian's fonts-lxgw-wenkai, Python 3.11 and fonttools 4.68.0",
)
def test_the_subset_script_gives_the_same_bytes(tmp_path, capsys):
    if sha256(DEBIAN) not in (FONTS / "SOURCES.md").read_text(encoding="utf-8"):
        pytest.skip("the installed fonts-lxgw-wenkai is another version")
    name = "OcrDataKai-Regular.ttf"
    load(FONTS / "subset.py").main(["--output", str(tmp_path), "--only", name])
    assert capsys.readouterr().out == f"{sha256(FONTS / name)}  {name}\n"


@pytest.mark.parametrize("name", BUNDLED)
def test_each_corpus_is_clean(name):
    content = (CORPORA / (name + ".txt")).read_bytes()
    assert content.endswith(b"\n") and b"\r" not in content and b"\t" not in content
    lines = lines_of(name)
    assert len(set(lines)) == len(lines)
    assert all(line and line == line.strip() for line in lines)


def test_poems_are_lines_of_five_or_seven_hanzi():
    assert all(re.fullmatch("[\u4e00-\u9fff]{5}|[\u4e00-\u9fff]{7}", x) for x in lines_of("poems"))


def test_most_poem_lines_are_in_the_real_poem_list(shared):
    path = shared / "uai_crnn_chinese" / "THUOCL_poem.txt"
    known = {line.split("\t")[0] for line in path.read_text(encoding="utf-8").splitlines()}
    assert sum(line in known for line in lines_of("poems")) == 1441


def test_generated_corpora_come_out_the_same(generate, tmp_path):
    generate.main(["--output", str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(generate.FILES)
    for name in generate.FILES:
        assert (tmp_path / name).read_bytes() == (CORPORA / name).read_bytes(), name


def read_numeral(text):
    """Reads a Chinese numeral back, by the value of each sign."""
    digits = {sign: i % 10 for i, sign in enumerate("零一二三四五六七八九零壹贰叁肆伍陆柒捌玖")}
    units = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
    total = group = digit = 0
    for sign in text:
        if sign in digits:
            digit = digits[sign]
        elif sign in units:
            group, digit = group + (digit or 1) * units[sign], 0
        else:
            total, group, digit = total + (group + digit) * {"万": 10**4, "亿": 10**8}[sign], 0, 0
    return total + group + digit


@given(st.integers(0, 10**12 - 1), st.booleans())
def test_numerals_read_back_and_keep_the_grammar_of_zero(generate, value, financial):
    text = generate.numeral(value, financial)
    assert read_numeral(text) == value
    assert "零零" not in text
    assert value == 0 or not re.search("零[十百千拾佰仟万亿]|零$", text)


@pytest.mark.parametrize(
    ("value", "plain", "financial"),
    [
        (0, "零", "零"),
        (10, "十", "壹拾"),
        (110, "一百一十", "壹佰壹拾"),
        (1005, "一千零五", "壹仟零伍"),
        (10010, "一万零一十", "壹万零壹拾"),
        (120000, "十二万", "壹拾贰万"),
        (20005000, "二千万五千", "贰仟万伍仟"),  # zeros at the end of a group are not read
        (100000005, "一亿零五", "壹亿零伍"),
        (200005000, "二亿零五千", "贰亿零伍仟"),
        (200300400, "二亿零三十万零四百", "贰亿零叁拾万零肆佰"),
    ],
)
def test_numerals_known_from_school(generate, value, plain, financial):
    assert (generate.numeral(value), generate.numeral(value, True)) == (plain, financial)


@pytest.mark.parametrize(
    ("cents", "words"),
    [
        (1640902, "壹万陆仟肆佰零玖元零贰分"),  # the examples of the payment settlement rules
        (32504, "叁佰贰拾伍元零肆分"),
        (600714, "陆仟零柒元壹角肆分"),
        (168032, "壹仟陆佰捌拾元叁角贰分"),
        (140950, "壹仟肆佰零玖元伍角整"),
        (5000, "伍拾元整"),
    ],
)
def test_amounts_are_written_as_banks_ask(generate, cents, words):
    assert generate.in_words(cents) == words
