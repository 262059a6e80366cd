"""The day a news text opens with: its dateline ("GENEVA, 3 March 2026 -") or a line with a date.

A day that the text only mentions is none: it must stand at the head, whole, and by itself or
between a place and a dash, as newspapers print it.
"""

import re

from rag.loaders import iso_date

LINES = 4  # of a text's first lines that are not empty
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = r"\d{1,2}"
_DATE = rf"(?P<date>\d{{4}}-\d\d-\d\d|{_DAY} {_MONTH}\.?,? \d{{4}}|{_MONTH}\.? {_DAY},? \d{{4}})"
_WEEKDAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?"
_ALONE = re.compile(
    rf"(?:(?:Published|Posted|Updated|Date|Issued)(?: on)?:? )?{_WEEKDAY}{_DATE}"
    r"(?:,? (?:at )?\d{1,2}[:.]\d\d(?: ?[ap]\.?m\.?)?(?: [A-Z]{2,4})?)?\.?",
    re.IGNORECASE,
)
_BYLINE = re.compile(rf"By [^\n]{{2,60}}?[,|·•–—-] ?{_WEEKDAY}{_DATE}\.?", re.IGNORECASE)
_WORD = r"[A-ZÀ-Þ][\w.’'-]*"
_PLACE = rf"{_WORD}(?:[ /](?:{_WORD}|de|la|le|el|al|of|upon|am)){{0,4}}"
_AGENCY = r"\([\w /.-]{2,30}\)"
_DATELINE = re.compile(
    rf"{_PLACE}(?:,? {_AGENCY},?|,) \(?{_WEEKDAY}{_DATE}\)?(?:,? {_AGENCY})? ?[-–—:] "
)
_NEAR_DAY = rf"{_WEEKDAY}(?:{_DAY} {_MONTH}|{_MONTH}\.? {_DAY})\.?(?:,? \d{{4}})?"
_OPENING = re.compile(  # without the year too, as agencies print it inside a text
    rf"{_PLACE}(?:, {_PLACE})?(?:,? (?:{_AGENCY}|\(?{_NEAR_DAY}\)?)){{1,2}} ?[-–—:] "
    r"|[A-Z]{3,}(?: [A-Z]{2,}){0,3} [-–—] "
)


def dateline(text: str) -> str | None:
    """Give the day (ISO) that a text's head states; None where it states none, or several."""
    lines = [line.strip() for line in text[:2000].split("\n") if line.strip()][:LINES]
    days = {day for line in lines if (day := _stated(" ".join(line.split())))}
    return days.pop() if len(days) == 1 else None


def without_dateline(sentence: str) -> str:
    """Take off the place, agency and day that a sentence opens with ("LIMA, 3 March (AP) - ")."""
    return sentence[found.end() :] if (found := _OPENING.match(sentence)) else sentence


def _stated(line: str) -> str | None:
    found = _ALONE.fullmatch(line) or _BYLINE.fullmatch(line) or _DATELINE.match(line)
    return iso_date(found["date"].replace(".", ""))[0] if found else None
