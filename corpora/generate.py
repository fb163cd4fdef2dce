"""Writes numbers.txt, dates.txt and amounts.txt; every run gives the same bytes.

Standard library only:

    python corpora/generate.py --output corpora
"""

from __future__ import annotations

import argparse
import datetime
import random
import sys
from pathlib import Path
from typing import Callable, Dict, Iterable, Tuple

Maker = Callable[[random.Random], str]
Kinds = Dict[int, Tuple[Maker, ...]]  # how many lines of each of these kinds


def words(text: str) -> tuple[str, ...]:
    """Splits a list written as one text."""
    return tuple(text.split())


PLAIN = "零一二三四五六七八九"
FINANCIAL = "零壹贰叁肆伍陆柒捌玖"
PLAIN_UNITS = ("", "十", "百", "千")
FINANCIAL_UNITS = ("", "拾", "佰", "仟")
GROUPS = ("", "万", "亿")
MEASURES = words(
    "人 个 件 本 张 台 辆 位 名 次 天 页 套 箱 斤 公里 公斤 公顷 平方米 户 岁 棵 层 届"
)
ORDINALS = words("章 节 页 条 名 届 期 号 次 卷 回 课 组 版 季 集")
SIZES = words(
    "米 厘米 毫米 千米 克 千克 吨 升 毫升 度 瓦 伏 秒 分钟 小时 平方米 立方米 kg km cm mm ml GB"
)
LUNAR_MONTHS = words("正月 二月 三月 四月 五月 六月 七月 八月 九月 十月 冬月 腊月")
AREAS = words(
    "010 021 022 023 024 025 027 028 029 0311 0351 0411 0431 0451 0531 0551 0571 0591 0755"
)
CHARGES = words("合计 总计 小计 应付 实付 单价 运费 押金 税额 余额 退款 定金 货款 租金 工资")
WEEKDAYS = "一二三四五六日"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def group_numeral(value: int, digits: str, units: tuple[str, ...]) -> str:
    """Reads 1 to 9999 with its inner zeros: 1005 is 一千零五."""
    text, zero = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + digits[digit] + units[place]
        zero = not digit
    return text


def numeral(value: int, financial: bool = False) -> str:
    """Reads 0 to 999,999,999,999 as a Chinese numeral, plain (十二万) or financial (壹拾贰万)."""
    digits, units = (FINANCIAL, FINANCIAL_UNITS) if financial else (PLAIN, PLAIN_UNITS)
    text, skipped = "", False
    for place in (2, 1, 0):
        group = value // 10000**place % 10000
        if group:
            text += "零" if text and (group < 1000 or skipped) else ""
            text += group_numeral(group, digits, units) + GROUPS[place]
        skipped = not group
    if not financial and text.startswith("一十"):
        text = text[1:]
    return text or "零"


def spelled(text: str, zero: str = "〇") -> str:
    """Reads digit by digit: 2024 is 二〇二四; a decimal point is 点."""
    return "".join(PLAIN[int(c)] if c.isdigit() else "点" for c in text).replace("零", zero)


def counted(value: int) -> str:
    """Reads a number in front of a measure word: 2 is 两 there."""
    return "两" if value == 2 else numeral(value)


def of_size(rng: random.Random, most: int) -> int:
    """Draws a number of 1 to `most` digits, each length as likely, often with zeros inside."""
    length = rng.randrange(1, most + 1)
    value = rng.randrange(10 ** (length - 1), 10**length)
    if rng.randrange(4) == 0 and length > 2:
        step = 10 ** rng.randrange(1, length)
        value = value // step * step + rng.choice((0, rng.randrange(1, 10)))
    return value


def digits_of(rng: random.Random, length: int) -> str:
    """Draws a string of digits."""
    return "".join(str(rng.randrange(10)) for _ in range(length))


def decimal(rng: random.Random, most: int = 3) -> str:
    """Draws a decimal such as 12.05, never ending in 0."""
    tail = digits_of(rng, rng.randrange(2)) + str(rng.randrange(1, 10))
    return f"{rng.randrange(10 ** rng.randrange(1, most + 1))}.{tail}"


def spoken_decimal(text: str) -> str:
    """Reads 12.05 as 十二点零五."""
    whole, tail = text.split(".")
    return numeral(int(whole)) + "点" + spelled(tail, "零")


def fraction(rng: random.Random) -> tuple[int, int]:
    """Draws a fraction below one: numerator, denominator."""
    bottom = rng.randrange(2, 100)
    return rng.randrange(1, bottom), bottom


def spoken_fraction(rng: random.Random) -> str:
    top, bottom = fraction(rng)
    return f"{numeral(bottom)}分之{numeral(top)}"


def mobile(rng: random.Random) -> str:
    number = rng.choice(("13", "15", "17", "18", "19")) + digits_of(rng, 9)
    return rng.choice((number, f"{number[:3]} {number[3:7]} {number[7:]}"))


def id_like(rng: random.Random) -> str:
    # Region 99 has never been given out, so this is nobody's number.
    born = day_between(rng, 1950, 2010)
    return "99{}{:%Y%m%d}{}{}".format(
        digits_of(rng, 4), born, digits_of(rng, 3), rng.choice("0123456789X")
    )


def plate(rng: random.Random) -> str:
    head = rng.choice(PROVINCES) + rng.choice(PLATE_LETTERS)
    tail = "".join(rng.choice(PLATE_LETTERS + "0123456789" * 3) for _ in range(5))
    return head + rng.choice(("", "·")) + tail


def number_range(rng: random.Random) -> str:
    low = of_size(rng, 3)
    return "{}{}{}".format(low, rng.choice(("-", "~", "至", "—")), low + of_size(rng, 3))


NUMBERS: Kinds = {
    500: (
        lambda r: numeral(of_size(r, 9)),
        lambda r: numeral(of_size(r, 9), financial=True),
    ),
    300: (
        lambda r: str(of_size(r, 9)),
        lambda r: f"{of_size(r, 9) + 1000:,}",
        lambda r: counted(of_size(r, 4)) + r.choice(MEASURES),
        lambda r: decimal(r) + r.choice(SIZES),
    ),
    150: (
        decimal,
        lambda r: spoken_decimal(decimal(r)),
        lambda r: decimal(r, 2) + "%",
        lambda r: "百分之" + spoken_decimal(decimal(r, 2)),
        lambda r: f"第{numeral(r.randrange(1, 200))}{r.choice(ORDINALS)}",
        lambda r: f"第{r.randrange(1, 200)}{r.choice(ORDINALS)}",
        spoken_fraction,
        mobile,
        lambda r: f"{r.choice(AREAS)}-{r.randrange(2, 9)}{digits_of(r, 7)}",
        id_like,
        plate,
    ),
    80: (
        lambda r: "{}/{}".format(*fraction(r)),
        lambda r: decimal(r, 2) + r.choice(("万", "亿", "千万", "百万")),
        lambda r: "{}{}℃".format(r.choice(("", "-")), r.randrange(1, 60)),
        number_range,
        lambda r: f"No.{digits_of(r, r.randrange(4, 9))}",
        lambda r: f"{r.randrange(2, 400)}×{r.randrange(2, 400)}",
    ),
}


def day_between(rng: random.Random, first: int, last: int) -> datetime.date:
    """Draws a day of the years first to last."""
    start = datetime.date(first, 1, 1).toordinal()
    return datetime.date.fromordinal(
        rng.randrange(start, datetime.date(last + 1, 1, 1).toordinal())
    )


def any_day(rng: random.Random) -> datetime.date:
    return day_between(rng, 1950, 2035)


def chinese_day(day: datetime.date, zero: str = "〇") -> str:
    """Reads a date as 二〇二四年三月五日."""
    return f"{spelled(str(day.year), zero)}年{numeral(day.month)}月{numeral(day.day)}日"


def short_day(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def weekday(rng: random.Random) -> str:
    day = any_day(rng)
    name = rng.choice(("星期", "周")) + WEEKDAYS[day.weekday()]
    return rng.choice(("{} {}", "{}（{}）")).format(short_day(day), name)


def lunar(rng: random.Random) -> str:
    day = rng.randrange(1, 31)
    if day <= 10 or day in (20, 30):
        name = ("初" if day <= 10 else "") + numeral(day)
    else:
        name = {1: "十", 2: "廿"}[day // 10] + PLAIN[day % 10]
    return rng.choice(("农历", "")) + rng.choice(LUNAR_MONTHS) + name


def clock(rng: random.Random) -> tuple[int, int]:
    return rng.randrange(24), rng.randrange(60)


def spoken_clock(rng: random.Random) -> str:
    hour, minute = rng.randrange(1, 12), rng.randrange(60)
    rest = "整" if minute == 0 else ("零" if minute < 10 else "") + numeral(minute) + "分"
    return "{}{}点{}".format(rng.choice(("上午", "下午")), counted(hour), rest)


def stamp(rng: random.Random) -> str:
    moment = "{:02d}:{:02d}:{:02d}".format(*clock(rng), rng.randrange(60))
    return f"{any_day(rng).isoformat()} {moment}"


def period(rng: random.Random) -> str:
    first = any_day(rng)
    last = first + datetime.timedelta(days=rng.randrange(1, 400))
    return f"{first:%Y.%m.%d}-{last:%Y.%m.%d}"


DATES: Kinds = {
    450: (
        lambda r: chinese_day(any_day(r)),
        lambda r: short_day(any_day(r)),
        lambda r: any_day(r).isoformat(),
    ),
    250: (
        lambda r: f"{any_day(r):%Y/%m/%d}",
        lambda r: f"{any_day(r):%Y.%m.%d}",
        lambda r: f"{any_day(r):%Y年%m月%d日}",
        weekday,
        spoken_clock,
        stamp,
    ),
    150: (
        lambda r: "{0.month}月{0.day}日".format(any_day(r)),
        lambda r: chinese_day(any_day(r)).split("年")[1],
        lambda r: chinese_day(any_day(r)).split("月")[0] + "月",
        lunar,
        period,
        lambda r: "{:02d}:{:02d}".format(*clock(r)),
        lambda r: "{}时{}分".format(*clock(r)),
        lambda r: f"{r.randrange(1, 48)}小时{r.randrange(1, 60)}分钟",
    ),
    60: (
        lambda r: "{}年第{}季度".format(any_day(r).year, r.choice("一二三四")),
        lambda r: "{}世纪{}十年代".format(
            numeral(r.randrange(15, 21)), r.choice("二三四五六七八九")
        ),
        lambda r: f"公元前{r.randrange(1, 1000)}年",
        lambda r: f"有效期至{short_day(any_day(r))}",
        lambda r: f"出生日期：{short_day(any_day(r))}",
    ),
}


def in_words(cents: int) -> str:
    """Writes an amount of at least one yuan as banks do: 壹仟陆佰捌拾元零贰分, 伍拾元整."""
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    text = numeral(yuan, financial=True) + "元"
    if jiao:
        text += FINANCIAL[jiao] + "角"
    if fen:
        return text + ("" if jiao else "零") + FINANCIAL[fen] + "分"
    return text + "整"


def cents(rng: random.Random, most: int = 8) -> int:
    """Draws an amount in cents: whole yuan, tens of cents or cents, each as likely."""
    small = rng.choice((0, rng.randrange(10) * 10, rng.randrange(100)))
    return of_size(rng, most) * 100 + small


def price(rng: random.Random, most: int = 5) -> str:
    """Draws an amount such as 1,234.50."""
    return f"{cents(rng, most) / 100:,.2f}"


def discount(rng: random.Random) -> str:
    most = rng.randrange(2, 100) * 10
    return f"满{most}减{rng.randrange(1, most // 2)}"


AMOUNTS: Kinds = {
    500: (
        lambda r: "人民币" + in_words(cents(r)),
        lambda r: in_words(cents(r)),
        lambda r: "¥" + price(r, 7),
    ),
    250: (
        lambda r: f"￥{cents(r, 5) / 100:.2f}",
        lambda r: price(r) + "元",
        lambda r: str(of_size(r, 6)) + "元",
        lambda r: numeral(of_size(r, 7)) + r.choice(("元", "元整")),
        lambda r: decimal(r) + r.choice(("万元", "亿元", "万美元")),
        lambda r: f"{r.choice(CHARGES)}：¥{price(r)}",
        lambda r: r.choice(CHARGES) + price(r, 4) + "元",
    ),
    120: (
        lambda r: f"${price(r)}",
        lambda r: f"€{price(r, 4)}",
        lambda r: f"HK${price(r)}",
        lambda r: f"RMB {price(r, 6)}",
        lambda r: f"USD {price(r, 6)}",
        lambda r: f"{of_size(r, 3)}.{digits_of(r, 2)}元/{r.choice(MEASURES)}",
        lambda r: f"年利率{decimal(r, 1)}%",
        discount,
    ),
}

FILES = {"numbers.txt": NUMBERS, "dates.txt": DATES, "amounts.txt": AMOUNTS}


def make_lines(name: str) -> Iterable[str]:
    """Yields the distinct lines of one file, kind by kind, from a stream of its own."""
    rng = random.Random(name)  # noqa: S311
    seen = set()
    for quota, makers in FILES[name].items():
        for maker in makers:
            # Some kinds have fewer forms than their quota; a fixed number of tries ends them.
            wanted, tries = quota, 4 * quota
            while wanted and tries:
                line, tries = maker(rng), tries - 1
                if line not in seen:
                    seen.add(line)
                    wanted -= 1
                    yield line


def main(arguments: Iterable[str]) -> None:
    """Writes the three files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--output", type=Path, default=Path(__file__).parent)
    folder = parser.parse_args(list(arguments)).output
    for name in FILES:
        text = "".join(line + "\n" for line in make_lines(name))
        (folder / name).write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
