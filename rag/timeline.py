"""When: the days a sentence names, read against the date of its article.

A small grammar of how English news writes dates. `dateparser` was tried and not taken: it invents
the day it is not told ("in April" is the 23rd), takes "he may march" for two dates, "December
14-15" for a day of 2015, and knows neither "this weekend" nor "early January". Here a day is never
made up: a span has an earliest and a latest day, and what cannot be told stays None.
"""

import datetime
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from rag.citation import Citation
from rag.tense import Tense, tense_of

Day = datetime.date
Range = tuple[Day, Day]

_MONTHS = """january february march april may june july august september october november
december""".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_SMALL = "one two three four five six seven eight nine ten eleven twelve".split()
_THIRDS = {"early": (1, 10), "mid": (11, 20), "middle": (11, 20), "late": (21, 31)} | {
    "beginning": (1, 10),
    "start": (1, 10),
    "end": (21, 31),
}
_FAR = 300  # days: a date without a year this far back is hardly meant …
_NEAR = 65  # … when the same date is as near as this ahead

_M = (  # a month: in full, or short with a point or before a number
    r"(?P<month>Jan(?:uary|\.)|Feb(?:ruary|\.)|March|Mar\.|April|Apr\.|May|June|Jun\.|July|Jul\.|"
    r"August|Aug\.|Sept?(?:ember|\.)|Oct(?:ober|\.)|Nov(?:ember|\.)|Dec(?:ember|\.))"
)
_M2 = _M.replace("<month>", "<month2>")
_D = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\d,.]*\d)"
_D2 = r"(?P<day2>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\d,.]*\d)"
_Y = r"(?P<year>1[5-9]\d\d|20\d\d)\b(?![-–]\w)"
_TO = r"\s?(?:-|–|—|to|and|through|until)\s?"
_YEAR = rf"(?:,?\s{_Y})?"
_WEEKDAY = r"(?P<weekday>Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_ON = rf"(?:{_WEEKDAY},?\s)?"
_PART = r"(?:(?P<part>early|mid|late|(?:the\s)?(?:beginning|start|middle|end)\sof)[\s-])"
_HOUR = r"(?:\s(?:morning|afternoon|evening|night))?"
_AFTER = "(?:" + "|".join(  # what makes a bare month or year a time
    rf"(?<=\b{word}\s)"
    for word in "in In by By of to and since Since until Until during During from From".split()
) + ")"  # fmt: skip
_COUNTS = "|".join(_SMALL)
_UNIT = r"(?P<unit>day|week|month|year)"
_HALF = r"(?:(?P<part>[Ee]arlier|[Ll]ater|[Ee]arly|[Ll]ate|[Mm]id)[\s-])"
_LEAD = r"(?P<lead>[Tt]his|[Ll]ast|[Nn]ext|[Pp]revious|[Cc]oming|(?:[Aa]t|[Oo]ver)\sthe)"


@dataclass(frozen=True, slots=True)
class Span:
    """A time a sentence names: its words at ``text[start:end]``, its first and last day or None."""

    words: str
    start: int
    end: int
    earliest: Day | None
    latest: Day | None


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that citation ``n`` stands for; days are ISO, None where nobody can tell.

    ``rests_on`` says whether the article's date or a sentence's own words give it; ``date`` is the
    day where it is one day, else ``earliest`` and ``latest`` bound it.
    """

    n: int
    date: str | None
    earliest: str | None
    latest: str | None
    rests_on: Literal["article", "sentence"]
    words: str | None


class _Frame(NamedTuple):
    """What a time is read against: the article's day and the tense around the words."""

    day: Day
    tense: Tense


def timeline(citations: Iterable[Citation]) -> tuple[Moment, ...]:
    """Give the times that citations stand for, newest first, what cannot be dated last.

    Each citation has its article's date, when it was said; and each time its own words name.
    """
    moments = [moment for citation in citations for moment in _moments(citation)]
    return tuple(
        sorted(moments, key=lambda m: (m.latest or "", m.earliest or "", -m.n), reverse=True)
    )


def _moments(citation: Citation) -> Iterator[Moment]:
    said = citation.date
    yield Moment(citation.n, said, said, said, "article", None)
    for span in when(citation.quote, said):
        first, last = (day.isoformat() if day else None for day in (span.earliest, span.latest))
        day = first if first == last else None
        yield Moment(citation.n, day, first, last, "sentence", span.words)


def when(text: str, article_date: str | None) -> tuple[Span, ...]:
    """Find the times a sentence names and resolve them against its article's date (ISO or None).

    Words that lean on the article ("on Sunday", "December 19") stay unresolved without its date,
    and so do those of which nobody can say whether they lie behind or ahead.
    """
    day = Day.fromisoformat(article_date) if article_date else None
    spans: list[Span] = []
    for pattern, rule in _RULES:
        for match in pattern.finditer(text):
            if not any(match.start() < s.end and s.start < match.end() for s in spans):
                days = _resolve(rule, match, text, day)
                spans.append(Span(match.group(), match.start(), match.end(), *days))
    return tuple(sorted(spans, key=lambda span: span.start))


def _resolve(
    rule: Callable[[re.Match[str], _Frame], Range | None],
    match: re.Match[str],
    text: str,
    day: Day | None,
) -> tuple[Day | None, Day | None]:
    """Apply a rule; without the article's date only what carries its own year is told."""
    told = match.groupdict()
    try:
        if day is None:
            if not told.get("year"):
                return None, None
            day = Day(int(told["year"]), 7, 1)
        return rule(match, _Frame(day, tense_of(text, match.start(), match.end()))) or (None, None)
    except (ValueError, OverflowError):  # the 31st of April, the year 10000
        return None, None


# --- rules: a match and its frame to the first and last day -------------------------------------


def _iso(match: re.Match[str], _frame: _Frame) -> Range:
    day = Day(int(match["year"]), int(match["month"]), int(match["day"]))
    return day, day


def _date(match: re.Match[str], frame: _Frame) -> Range | None:
    """December 19 · 14-15 December 2025 · December 30 to January 2."""
    told = match.groupdict()
    month, day = _month(told["month"]), int(told["day"])
    month2 = _month(told.get("month2") or told["month"])
    day2 = int(told.get("day2") or day)
    year = int(told["year"]) if told.get("year") else _year(month, day, frame)
    if year is None:
        return None
    first, last = Day(year, month, day), Day(year, month2, day2)
    return (first, last if last >= first else last.replace(year=year + 1))


def _in_month(match: re.Match[str], frame: _Frame) -> Range | None:
    """Early January · in April · December 2025."""
    told = match.groupdict()
    month = _month(told["month"])
    year = int(told["year"]) if told.get("year") else _year(month, None, frame)
    if year is None:
        return None
    first, last = _THIRDS[_part(told["part"])] if told.get("part") else (1, 31)
    return Day(year, month, first), Day(year, month, min(last, monthrange(year, month)[1]))


def _in_year(match: re.Match[str], _frame: _Frame) -> Range:
    year = int(match["year"])
    return Day(year, 1, 1), Day(year, 12, 31)


def _decade(match: re.Match[str], _frame: _Frame) -> Range:
    year = int(match["year"])
    return Day(year, 1, 1), Day(year + 9, 12, 31)


def _weekday(match: re.Match[str], frame: _Frame) -> Range:
    """On Sunday: the last one, or the next one where the sentence looks ahead."""
    wanted = next(n for n, name in enumerate(_DAYS) if name.startswith(match["weekday"].lower()))
    lead = (match["lead"] or "").lower()
    back = (frame.day.weekday() - wanted) % 7
    ahead = lead in {"next", "coming", "this coming"} or (frame.tense == "ahead" and lead != "last")
    day = frame.day
    if back or lead:  # else it is the article's own day
        day += datetime.timedelta(7 - back if ahead else -(back or 7))
    return day, day


def _near_day(match: re.Match[str], frame: _Frame) -> Range:
    """Today, yesterday, tomorrow."""
    shift = {"yesterday": -1, "tomorrow": 1}.get(match["word"].lower(), 0)
    day = frame.day + datetime.timedelta(shift)
    return day, day


def _ago(match: re.Match[str], frame: _Frame) -> Range:
    """Three days ago; two months ago is that whole month, two years ago that whole year."""
    told = match["count"].lower()
    count = 1 if told in {"a", "an"} else _SMALL.index(told) + 1 if told in _SMALL else int(told)
    unit = match["unit"].lower()
    if unit == "day":
        day = frame.day - datetime.timedelta(count)
        return day, day
    return _period(unit, frame.day, -count)


def _period_of(match: re.Match[str], frame: _Frame) -> Range | None:
    """This weekend, last week, earlier this month, late next year."""
    lead, unit = match["lead"].lower(), match["unit"].lower()
    shift = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1}.get(lead, 0)
    if unit == "weekend":
        return _weekend(lead, shift, frame)
    first, last = _period(unit, frame.day, shift)
    part = (match["part"] or "").lower()
    if part == "earlier":
        last = min(last, frame.day)
    elif part == "later":
        first = max(first, frame.day)
    elif part and unit == "year":
        third = {"early": (1, 4), "mid": (5, 8), "late": (9, 12)}[part]
        first, last = Day(first.year, third[0], 1), Day(first.year, third[1], 28)
        last = last.replace(day=monthrange(last.year, last.month)[1])
    return first, last


def _weekend(lead: str, shift: int, frame: _Frame) -> Range | None:
    """The weekend of this week or the one before; by Wednesday, "the weekend" needs a tense."""
    weekday = frame.day.weekday()
    if not shift and weekday < 5:
        if frame.tense == "unknown":
            return None
        shift = -1 if frame.tense == "behind" else 0
    saturday = frame.day + datetime.timedelta(5 - weekday + 7 * shift)
    if lead == "last" and weekday < 5:
        saturday = frame.day - datetime.timedelta(weekday + 2)
    return saturday, saturday + datetime.timedelta(1)


def _period(unit: str, day: Day, shift: int) -> Range:
    """The week (from Monday), month or year that lies ``shift`` from a day's own."""
    if unit == "week":
        monday = day + datetime.timedelta(7 * shift - day.weekday())
        return monday, monday + datetime.timedelta(6)
    if unit == "month":
        count = day.year * 12 + day.month - 1 + shift
        year, month = count // 12, count % 12 + 1
        return Day(year, month, 1), Day(year, month, monthrange(year, month)[1])
    return Day(day.year + shift, 1, 1), Day(day.year + shift, 12, 31)


def _year(month: int, day: int | None, frame: _Frame) -> int | None:
    """The year that a date without one means: by tense, by nearness where there is none."""
    own = frame.day.year
    days = {
        y: Day(y, month, min(day or 15, monthrange(y, month)[1])) for y in range(own - 1, own + 2)
    }
    if month == frame.day.month and day in {None, frame.day.day}:
        return own
    behind = max(year for year, at in days.items() if at <= frame.day)
    ahead = min(year for year, at in days.items() if at > frame.day)
    back, forth = (frame.day - days[behind]).days, (days[ahead] - frame.day).days
    if frame.tense == "ahead":
        return ahead if forth < _FAR or back > _NEAR else None
    if frame.tense == "behind":
        return behind if back < _FAR or forth > _NEAR else None
    if min(back, forth) > _NEAR:
        return None
    return behind if back < forth else ahead


def _month(word: str) -> int:
    return next(n for n, name in enumerate(_MONTHS, 1) if name.startswith(word[:3].lower()))


def _part(words: str) -> str:
    return next(word for word in words.lower().split() if word in _THIRDS)


_RULES = [
    (re.compile(pattern), rule)
    for pattern, rule in [
        (r"\b(?P<year>\d{4})-(?P<month>[01]\d)-(?P<day>[0-3]\d)\b", _iso),
        (rf"\b{_ON}{_M}\s{_D}{_TO}{_M2}\s{_D2}{_YEAR}", _date),
        (rf"\b{_ON}{_M}\s{_D}(?:{_TO}{_D2})?{_YEAR}", _date),
        (rf"\b{_ON}(?:the\s)?{_D}(?:\sof)?\s{_M}{_TO}{_D2}(?:\sof)?\s{_M2}{_YEAR}", _date),
        (rf"\b{_ON}(?:the\s)?{_D}(?:{_TO}{_D2})?(?:\sof)?\s{_M}{_YEAR}", _date),
        (rf"\b{_PART}{_M}{_YEAR}", _in_month),
        (rf"\b{_M},?\s(?:of\s)?{_Y}", _in_month),
        (rf"{_AFTER}{_M}(?!\w)", _in_month),
        (rf"\b(?:(?P<lead>last|next|this\scoming|this|coming)\s)?{_WEEKDAY}{_HOUR}\b", _weekday),
        (r"\b(?P<word>[Tt]oday|[Yy]esterday|[Tt]omorrow|[Tt]onight)\b(?!’s|'s)", _near_day),
        (r"\b(?P<word>[Tt]his\s(?:morning|afternoon|evening))\b", _near_day),
        (rf"\b(?P<count>an?|{_COUNTS}|\d{{1,2}})\s{_UNIT}s?\sago\b", _ago),
        (rf"\b{_HALF}?{_LEAD}\s(?P<unit>weekend|week|month|year)\b(?!s)(?!’s|'s)", _period_of),
        (r"\bthe\s(?P<year>(?:1[5-9]|20)\d0)s\b", _decade),
        (rf"{_AFTER}{_Y}", _in_year),
    ]
]
