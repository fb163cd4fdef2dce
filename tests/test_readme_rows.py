"""The commands in the README's table "Your own data", each with what its row says one has."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from ocrdata.base.assets import asset_dir

ROOT = Path(__file__).resolve().parents[1]
TABLE = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Your own data")[2]
ROWS = re.findall(r"^\|.*`(ocrdata [^`]*)`", TABLE.partition("\n## ")[0], re.M)
PHRASES = ["春眠不觉晓", "处处闻啼鸟", "夜来风雨声", "花落知多少", "白日依山尽", "黄河入海流"]


def fonts(folder):
    from fontTools.ttLib import TTCollection, TTFont

    paths = sorted(asset_dir("fonts").glob("*.?tf"))
    (folder / "DIR").mkdir()
    shutil.copy(str(paths[0]), str(folder / "DIR"))
    both = TTCollection()
    both.fonts = [TTFont(str(paths[-1])) for _ in range(3)]
    both.save(str(folder / "FILE.TTC"))


def text(folder):
    (folder / "FILE").write_text("\n".join(PHRASES) + "\n", encoding="utf-8")


def pictures(folder, names):
    from PIL import Image

    for place, name in enumerate(names):
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (90, 32), (255, 250, 240))
        image.paste((0, 0, 60), (10 * place, 4, 10 * place + 6, 28))
        image.save(str(path))


def labelled(folder):
    names = [f"pic/{place}.png" for place in range(len(PHRASES))]
    pictures(folder, names)
    lines = ["{} {}\n".format(*pair) for pair in zip(names, PHRASES)]
    (folder / "FILE").write_text("".join(lines), encoding="utf-8")


def poems(folder):
    pictures(folder, [f"pic/{place}/0_0.jpg" for place in range(len(PHRASES))])
    (folder / "THUOCL_poem.txt").write_text("\n".join(PHRASES) + "\n", encoding="utf-8")


def scenes(folder):
    raw = ROOT / "tests/data/importers/icdar2015/raw"
    shutil.copytree(str(raw), str(folder / "DOWNLOADS"))


def dictionary(folder):
    from ocrdata.text.charset import Charset, write_dictionary

    (folder / "made").mkdir()
    write_dictionary(folder / "made", Charset(tuple("0123456789")), "suffixed")
    shutil.copy(str(folder / "made/ord_map.json"), str(folder))


GIVEN = {
    "gen-pics --font": fonts,
    "gen-pics --corpus": text,
    "gen-sample --labels": labelled,
    "gen-sample --phrases": poems,
    "import icdar2015": scenes,
    "build-dict --characters": dictionary,
}


@pytest.mark.parametrize("row", ROWS)
def test_what_a_row_says_works(row, run, tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    words = shlex.split(row)[1:]
    GIVEN[" ".join(words[:2])](tmp_path)
    short = ["--limit", "12", "--workers", "0"] if words[0] == "gen-pics" else []
    run(*words, *short)
    assert any((tmp_path / "data").iterdir())
