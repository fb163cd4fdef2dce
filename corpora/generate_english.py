"""Writes english.txt from a word list and invented lines; the same list gives the same bytes.

Standard library only; the words are those of Debian's package wamerican-small (SCOWL):

    python corpora/generate_english.py --words /usr/share/dict/american-english-small
"""

from __future__ import annotations

import argparse
import datetime
import random
import re
from pathlib import Path
from typing import Callable, Iterator, List, Set

WORD = re.compile(r"[A-Za-z]{2,14}$")
WORDS, OTHERS = 12_000, 350
NAMES = [
    "anna",
    "ben",
    "clara",
    "david",
    "emma",
    "frank",
    "grace",
    "henry",
    "iris",
    "jack",
    "kate",
    "leo",
    "mia",
    "noah",
    "olga",
    "paul",
]
SITES = [
    "shop",
    "news",
    "mail",
    "map",
    "book",
    "garden",
    "city",
    "music",
    "travel",
    "photo",
    "market",
    "school",
    "river",
    "light",
]
# Reserved for examples (RFC 2606): nobody's address.
HOSTS = ("example.com", "example.org", "example.net")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
CURRENCIES = ("$", "£", "USD ", "EUR ", "GBP ")
UNITS = [
    "kg",
    "g",
    "lb",
    "oz",
    "km",
    "mi",
    "m",
    "cm",
    "mm",
    "ft",
    "in",
    "l",
    "ml",
    "mph",
    "km/h",
    "°C",
    "°F",
    "%",
    "W",
    "kW",
    "V",
    "GB",
    "MB",
]
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
Maker = Callable[[random.Random], str]


def digits(rng: random.Random, length: int) -> str:
    """Draws a string of digits."""
    return "".join(str(rng.randrange(10)) for _ in range(length))


def letters(rng: random.Random, length: int) -> str:
    """Draws a string of capitals that are not taken for digits."""
    return "".join(rng.choice(LETTERS) for _ in range(length))


def day(rng: random.Random) -> datetime.date:
    """Draws a day of 1950 to 2035."""
    return datetime.date(1950, 1, 1) + datetime.timedelta(days=rng.randrange(31_400))


def price(rng: random.Random) -> str:
    """Draws an amount such as $1,234.50."""
    amount = rng.randrange(10 ** rng.randrange(1, 6)) + rng.choice((0.0, 0.5, 0.95, 0.99))
    return rng.choice(CURRENCIES) + f"{amount:,.2f}"


def written_day(rng: random.Random) -> str:
    """Draws a date in one of the usual forms."""
    one = day(rng)
    month = MONTHS[one.month - 1]
    return rng.choice(
        (
            f"{one.day} {month} {one.year}",
            f"{month} {one.day}, {one.year}",
            f"{month[:3]} {one.day}",
            one.isoformat(),
            f"{one.day:02d}/{one.month:02d}/{one.year}",
            f"{one.day}.{one.month}.{one.year % 100:02d}",
        )
    )


def address(rng: random.Random) -> str:
    """Draws a URL of an example's host."""
    head = rng.choice(("www.", "https://", "http://", ""))
    tail = rng.choice(("", f"/{rng.choice(SITES)}", f"/{rng.choice(SITES)}?id={digits(rng, 3)}"))
    return head + rng.choice(SITES) + "." + rng.choice(HOSTS) + tail


OTHER_KINDS: "tuple[Maker, ...]" = (
    lambda r: digits(r, r.randrange(1, 9)),
    lambda r: f"{r.randrange(1000, 10**7):,}",
    lambda r: f"{r.randrange(10**3)}.{digits(r, r.randrange(1, 4))}",
    lambda r: f"{r.randrange(1, 1000)} {r.choice(UNITS)}",
    lambda r: f"{r.randrange(1, 100)}{r.choice(('%', 'th', '°', 'x', '+'))}",
    price,
    price,
    written_day,
    written_day,
    lambda r: f"{r.randrange(1, 13)}:{r.randrange(60):02d} {r.choice(('am', 'pm', 'AM', 'PM'))}",
    lambda r: f"{r.randrange(24):02d}:{r.randrange(60):02d}",
    lambda r: f"+{r.randrange(1, 99)} {digits(r, 3)} {digits(r, 3)} {digits(r, 4)}",
    address,
    lambda r: f"{r.choice(NAMES)}.{r.choice(SITES)}@{r.choice(HOSTS)}",
    lambda r: f"{letters(r, 2)}{digits(r, 2)} {letters(r, 3)}",
    lambda r: f"{letters(r, 3)}-{digits(r, 4)}",
    lambda r: f"{letters(r, r.randrange(2, 5))}{digits(r, r.randrange(2, 6))}",
    lambda r: f"No. {r.randrange(1, 500)}",
)


def words_of(path: Path) -> List[str]:
    """Returns plain words of a list, one a line, in its order."""
    return [word for word in path.read_text(encoding="utf-8").split("\n") if WORD.match(word)]


def other_lines(rng: random.Random) -> Iterator[str]:
    """Yields numbers, prices, dates, addresses and plates, no line twice."""
    seen: Set[str] = set()
    for make in OTHER_KINDS:
        made = 0
        while made < OTHERS:
            line = make(rng)
            if line not in seen or made > OTHERS // 2:
                made += 1
            if line not in seen:
                seen.add(line)
                yield line


def main() -> None:
    """Writes english.txt beside this file, or where --output says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    rng = random.Random(20261129)  # noqa: S311
    words = words_of(options.words)
    chosen = rng.sample(words, min(WORDS, len(words)))
    lines = list(dict.fromkeys([*chosen, *other_lines(rng)]))
    rng.shuffle(lines)
    content = "".join(line + "\n" for line in lines)
    (options.output / "english.txt").write_bytes(content.encode("utf-8"))


if __name__ == "__main__":
    main()
