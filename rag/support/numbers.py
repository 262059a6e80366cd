"""Quantities and dates of a text: 90, ninety, 9,000, 75 %, three quarters, 19 December."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.support.tokens import Reading, Token

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate(_ONES)}
_WORDS |= {word: 10 * value for value, word in enumerate(_TENS, 2)}
_WORDS |= {"dozen": 12, "dozens": 12}
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_SCALES |= {"trillion": 10**12}
_SCALES |= {f"{word}s": value for word, value in _SCALES.items()}
_PARTS = {"half": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5,
          "tenth": 10, "tenths": 10}  # fmt: skip
_ORDINALS = {
    word: value
    for value, word in enumerate(
        "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 3
    )
}
_MONTHS = """january february march april may june july august september october november
december""".split()
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}
_MONTH |= {name[:3]: number for name, number in _MONTH.items() if name != "may"} | {"sept": 9}
DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_CLOSE = 1.0  # a third is 33 or 33.3 per cent


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and where it stands; ``unit`` is "percent", "ordinal", "part" or nothing."""

    value: float
    unit: str
    at: int

    def same(self, other: "Quantity") -> bool:
        """Whether both say the same, however written."""
        shares = {"percent", "part"}
        if self.unit in shares and other.unit in shares and self.unit != other.unit:
            return abs(self.value - other.value) <= _CLOSE
        return self.value == other.value and self.unit == other.unit


@dataclass(frozen=True, slots=True)
class Date:
    """A day, month or year, as far as it is given."""

    year: int | None
    month: int | None
    day: int | None
    at: int

    def within(self, other: "Date") -> bool:
        """Whether the other date says all that this one does."""
        mine = (self.year, self.month, self.day)
        return all(
            a is None or a == b
            for a, b in zip(mine, (other.year, other.month, other.day), strict=True)
        )


def dates(reading: Reading) -> list[Date]:
    """Give the dates of a text: 19 December 2025, December 14-15, January, 1989."""
    return [date for date, _ in _dates(reading.tokens)]


def quantities(reading: Reading) -> list[Quantity]:
    """Give the numbers of a text that belong to no date."""
    tokens = reading.tokens
    dated = {at for _, places in _dates(tokens) for at in places}
    found: list[Quantity] = []
    at = 0
    while at < len(tokens):
        if at in dated or not (made := _quantity(tokens, at)):
            at += 1
            continue
        quantity, end = made
        found.append(quantity)
        at = end
    return found


def _dates(tokens: Sequence[Token]) -> Iterator[tuple[Date, list[int]]]:
    """Give each date with the places of its tokens."""
    used: set[int] = set()
    for token in tokens:
        month = _MONTH.get(token.low) if token.capital else None
        if month is None or token.at in used or (token.low in {"may", "march"} and token.opens):
            continue
        before = _days(tokens, token.at - 1, -1)
        after = _days(tokens, token.at + 1, +1)
        days = before or after
        end = max([token.at, *days])
        year_at = end + 2 if end + 1 < len(tokens) and tokens[end + 1].low == "," else end + 1
        year = _year(tokens, year_at)
        places = [token.at, *days, *([year_at] if year else [])]
        used |= set(places)
        given: list[int | None] = [*days.values()]
        for day in given or [None]:
            yield Date(year, month, day, token.at), places
    for token in tokens:
        year = _year(tokens, token.at)
        if year and token.at not in used:
            yield Date(year, None, None, token.at), [token.at]


def _days(tokens: Sequence[Token], at: int, step: int) -> dict[int, int]:
    """Days of a month around its name, "14-15" giving both, by place."""
    found: dict[int, int] = {}
    if step < 0 and 0 <= at < len(tokens) and tokens[at].low == "of":
        at -= 1
    while 0 <= at < len(tokens):
        match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", tokens[at].low)
        if not match or not 1 <= int(match[1]) <= 31:
            break
        found[at] = int(match[1])
        nearby = at + step
        if not (0 <= nearby < len(tokens) and tokens[nearby].low in {"-", "–", "and", "to"}):
            break
        at += 2 * step
    return found


def _year(tokens: Sequence[Token], at: int) -> int | None:
    """The year that stands at a place: four digits that count nothing."""
    if not 0 <= at < len(tokens) or not re.fullmatch(r"1\d{3}|20\d\d", tokens[at].text):
        return None
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    return None if after in {"percent", *_SCALES} or after == "-" else int(tokens[at].text)


def _quantity(tokens: Sequence[Token], at: int) -> tuple[Quantity, int] | None:
    """Read the number that begins at a place, and where it ends."""
    low = tokens[at].low
    part = _part(tokens, at)
    if part:
        return part
    if match := re.fullmatch(r"(\d+)(?:st|nd|rd|th)", low):
        return Quantity(float(match[1]), "ordinal", at), at + 1
    if low in _ORDINALS:
        return Quantity(float(_ORDINALS[low]), "ordinal", at), at + 1
    value, end = _cardinal(tokens, at)
    if value is None:
        return None
    after = tokens[end].low if end < len(tokens) else ""
    if after in {"decade", "decades"}:
        return Quantity(10 * value, "", at), end + 1
    percent = after == "percent" or (
        after in {"to", "-", "–", "and", "or"} and _percent_follows(tokens, end + 1)
    )
    return Quantity(value, "percent" if percent else "", at), end + (after == "percent")


def _percent_follows(tokens: Sequence[Token], at: int) -> bool:
    """Whether the other end of a range is in per cent: from 18 to 7 per cent."""
    value, end = _cardinal(tokens, at)
    return value is not None and end < len(tokens) and tokens[end].low == "percent"


def _part(tokens: Sequence[Token], at: int) -> tuple[Quantity, int] | None:
    """A half, a third of, two thirds, three quarters: a share in hundredths."""
    low = tokens[at].low
    after = [t.low for t in tokens[at + 1 : at + 4]] + ["", "", ""]
    if low == "half" and after[0] not in {"hour", "year", "time"}:
        return Quantity(50.0, "part", at), at + 1
    told = "of" in after[1:2] or after[0] == "half" or (at and tokens[at - 1].low == "by")
    if low in {"a", "one"} and after[0] in _PARTS and told:
        return Quantity(100 / _PARTS[after[0]], "part", at), at + 2
    skip = 1 if after[0] == "-" else 0
    over, under = _WORDS.get(low), _PARTS.get(after[skip])
    if over and under and after[skip].endswith("s"):
        return Quantity(100 * over / under, "part", at), at + 2 + skip
    return None


def _cardinal(tokens: Sequence[Token], at: int) -> tuple[float | None, int]:
    """Read digits, or words such as "two hundred and eighty thousand"."""
    total, current, end, seen = 0.0, 0.0, at, False
    while end < len(tokens):
        low = tokens[end].low
        digits = _DIGITS.fullmatch(low)
        if digits and not seen:
            current, seen = float(low), True
        elif (
            low in _WORDS
            and (not seen or current % 10 == 0 or current % 100 == 0)
            and not (seen and digits)
        ):
            current += _WORDS[low]
            seen = True
        elif low in _SCALES and (seen or low.endswith("s")):
            factor = _SCALES[low]
            current = (current or 1.0) * factor
            if factor > 100:
                total, current = total + current, 0.0
            seen = True
        elif not (seen and low in {"-", "and"} and _goes_on(tokens, end, current)):
            break
        end += 1
    lone_one = end == at + 1 and tokens[at].low in {"one", "zero"}
    if not seen or lone_one:
        return None, at
    return total + current, end


def _goes_on(tokens: Sequence[Token], at: int, current: float) -> bool:
    """Whether "and" or a hyphen joins two parts of one number: twenty-eight, hundred and five."""
    after = tokens[at + 1].low if at + 1 < len(tokens) else ""
    if tokens[at].low == "-":
        return tokens[at - 1].low in _TENS and after in _ONES[1:10]
    return current >= 100 and current % 100 == 0 and after in _WORDS


def is_month(low: str) -> bool:
    """Whether a folded word is a month's name, but for May and March, which are words too."""
    return low in _MONTHS and low not in {"may", "march"}


def is_number_word(low: str) -> bool:
    """Whether a folded word spells a number or a part."""
    return low in _WORDS or low in _SCALES or low in _PARTS or low in _ORDINALS


def unknown_numbers(said: Reading, source: Reading) -> bool:
    """Whether a statement has a number, date or weekday that its source does not have."""
    have = quantities(source)
    known_dates = dates(source)
    values = {quantity.value for quantity in have}
    years = {date.year for date in known_dates if date.month is None}
    for quantity in quantities(said):
        if quantity.value not in years and not any(quantity.same(other) for other in have):
            return True
    for date in dates(said):
        lone_year = date.month is None and date.year in values
        if not lone_year and not any(date.within(other) for other in known_dates):
            return True
    return bool((said.lows & DAYS) - source.lows)
