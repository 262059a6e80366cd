"""The day a news text opens with: its dateline ("GENEVA, 3 March 2026 -") or a line with a date.

A day that the text only mentions is none: it must stand at the head, whole, and by itself, beside
the paper's or the reporter's name, or between a place and a dash, as newspapers print it. Where the
text states none, the name of its file may begin with one ("2026-03-03-dam.md").
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
_NAME = r"(?:by )?[A-ZÀ-Þ][\w.’'&-]*(?: (?:[A-ZÀ-Þ&][\w.’'&-]*|of|the|and|de|la)){0,5}"
_CUT = r" ?[,|·•–—-] ?"
_CREDITS = re.compile(  # "The Valley Gazette, 3 March 2026, by Ada Blom"
    rf"(?:{_NAME}{_CUT}){{1,2}}{_WEEKDAY}{_DATE}(?:{_CUT}{_NAME}){{0,2}}\.?"
)
_FILE = re.compile(r"((?:19|20)\d\d)[-_]?(\d\d)[-_]?(\d\d)(?=[-_ .])")
_WORD = r"[A-ZÀ-Þ][\w.’'-]*"
_PLACE = rf"{_WORD}(?:[ /](?:{_WORD}|de|la|le|el|al|of|upon|am)){{0,4}}"
_AGENCY = r"\([\w /.-]{2,30}\)"
_DATELINE = re.compile(
    rf"{_PLACE}(?:, {_PLACE})?(?:,? {_AGENCY},?|,) "
    rf"\(?{_WEEKDAY}{_DATE}\)?(?:,? {_AGENCY})? ?(?:--|[-–—:]) "
)
_NEAR_DAY = rf"{_WEEKDAY}(?:{_DAY} {_MONTH}|{_MONTH}\.? {_DAY})\.?(?:,? \d{{4}})?"
_OPENING = re.compile(  # without the year too, as agencies print it inside a text
    rf"{_PLACE}(?:, {_PLACE})?(?:,? (?:{_AGENCY}|\(?{_NEAR_DAY}\)?)){{1,2}} ?(?:--|[-–—:]) "
    r"|[A-Z]{3,}(?: [A-Z]{2,}){0,3} (?:--|[-–—]) "
)


def dateline(text: str) -> str | None:
    """Give the day (ISO) that a text's head states; None where it states none, or several."""
    lines = [" ".join(line.split()) for line in text[:2000].split("\n") if line.strip()][:LINES]
    stated = {_stated(line) for line in lines}
    credited = {_day(found) for line in lines[1:] if (found := _CREDITS.fullmatch(line))}
    days = (stated | credited) - {None}
    return days.pop() if len(days) == 1 else None


def day_of_file(name: str) -> str | None:
    """Give the day (ISO) that a file's name begins with; None where it begins with none."""
    found = _FILE.match(name)
    return iso_date("-".join(found.groups()))[0] if found else None


def without_dateline(sentence: str) -> str:
    """Take off the place, agency and day that a sentence opens with ("LIMA, 3 March (AP) - ")."""
    return sentence[length_of_dateline(sentence) :]


def length_of_dateline(sentence: str) -> int:
    """Count the characters of place, agency and day that a sentence opens with; mostly 0."""
    found = _OPENING.match(sentence)
    return found.end() if found else 0


def _stated(line: str) -> str | None:
    found = _ALONE.fullmatch(line) or _BYLINE.fullmatch(line) or _DATELINE.match(line)
    return _day(found) if found else None


def _day(found: re.Match[str]) -> str | None:
    return iso_date(found["date"].replace(".", ""))[0]
