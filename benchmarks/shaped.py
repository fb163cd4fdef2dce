"""Lines of scripts that need shaping, encoded, a second of processor time; Chinese beside them.

    python benchmarks/shaped.py

Texts of one or two words (11 to 13 characters), 32 pixels high, style `clean`, JPEG, one process.
The scripts' fonts are Debian's (fonts-noto-core); without them only Chinese is measured.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path
from typing import List, Sequence

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ocrdata.render.fonts.fonts import find_fonts  # noqa: E402
from ocrdata.render.lines.blocks import RenderConfig, render_block  # noqa: E402
from ocrdata.render.lines.text_sampling import TextBlockTask  # noqa: E402
from ocrdata.render.style.recipes import find_recipe  # noqa: E402
from ocrdata.text.corpus import read_corpora  # noqa: E402

NOTO = Path("/usr/share/fonts/truetype/noto")
WORDS = {
    "NotoNaskhArabic": "السلام عليكم ورحمة الله وبركاته كتاب مدرسة جامعة طالب معلم بيت سيارة شارع",
    "NotoSansDevanagari": "हिन्दी में क्षत्रिय श्री भारत किताब विद्यालय छात्र शिक्षक घर गाड़ी सड़क नगर गाँव",
    "NotoSansThai": "ภาษาไทย น้ำใจ ที่นี่ หนังสือ โรงเรียน มหาวิทยาลัย นักเรียน ครู บ้าน รถยนต์ ถนน เมือง",
}
ROUNDS = 3


def lines_a_second(texts: Sequence[str], fonts: List[str]) -> float:
    """Returns how many lines are drawn and encoded in a second of processor time."""
    config = RenderConfig(tuple(find_fonts(fonts)), find_recipe("clean"))
    tasks = [TextBlockTask(k, tuple(texts[256 * k : 256 * k + 256])) for k in range(4)]
    tasks = [task for task in tasks if task.texts]
    best = 0.0
    for warm in (True, *[False] * ROUNDS):
        start, count = time.process_time(), 0
        for task in tasks:
            count += sum(1 for _ in render_block(config, task))
        if not warm:
            best = max(best, count / (time.process_time() - start))
    return best


def main() -> None:
    chinese = [phrase.text for phrase in itertools.islice(read_corpora(), 1024)]
    for _ in range(2):
        sys.stdout.write(f"Chinese: {lines_a_second(chinese, []):,.0f} lines/s\n")
        for name, words in WORDS.items():
            font = NOTO / (name + "-Regular.ttf")
            if font.is_file():
                pairs = list(itertools.permutations(words.split(), 2))
                texts = [" ".join(pair) for pair in pairs[:1024]]
                sys.stdout.write(f"{name}: {lines_a_second(texts, [str(font)]):,.0f} lines/s\n")


if __name__ == "__main__":
    main()
