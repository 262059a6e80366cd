"""True statements made false by one change each: a number, a name, a date, a negation.

Only plain substitutions, chosen by a checksum of the statement, so that every run makes the same.
"""

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from rag.words import STOPWORDS

KINDS = (
    "number", "name", "date", "negation", "comparative", "role", "modality", "quantifier"
)  # fmt: skip

MONTHS = """January February March April May June July August September October November
December""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
SPELT = "two three four five six seven eight nine ten eleven twelve twenty thirty forty".split()
# What is made of a word; the other way round too.
TURNED = """more/less most/least before/after rose/fell rise/fall increased/decreased higher/lower
larger/smaller first/last earlier/later north/south east/west northern/southern eastern/western
above/below best/worst older/younger longer/shorter always/sometimes increase/decrease
high/low early/late accepted/rejected won/lost public/private major/minor many/few
largest/smallest majority/minority upper/lower inside/outside positive/negative
internal/external rural/urban maximum/minimum new/old""".split()
STRONGER = {
    "may have": "has",
    "might have": "has",
    "could have": "has",
    "may be": "is",
    "might be": "is",
    "could be": "is",
    "would be": "was",
    "may": "will always",
    "might": "will certainly",
    "possible": "certain",
    "possibly": "certainly",
    "likely to": "certain to",
    "is expected to": "did",
    "are expected to": "did",
    "is likely": "is certain",
    "plans to": "has begun to",
}
QUANTITY = {
    "some": "all",
    "many": "all",
    "most": "all",
    "all": "some",
    "both": "neither",
    "often": "never",
    "usually": "never",
    "several": "no",
    "nearly all": "all",
    "each": "no",
    "every": "no",
    "any": "no",
}
_AIDS = "is|are|was|were|has|have|had|can|could|will|would|should|must|may"
_AUXILIARY = re.compile(rf"\b({_AIDS})\b(?! not)")
_NOT = re.compile(rf"\b({_AIDS}) not\b(?! only)")
_PAST = re.compile(r"(?<=[a-z0-9] )(?!need|based|called|named|united)([a-z]{3,}ed)\b")
_NAME = re.compile(r"\b[A-Z][\w’'-]*[a-z](?:\s+(?:(?:of|de|van|von)\s+)?[A-Z][\w’'-]*[a-z])*")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w-]|[.,]\d)")
_AFTER_A_NAME = "is was has had will would said and who which, 's".split()
_YEAR = re.compile(r"(?:1[0-9]|20)\d\d")


def alter(text: str, source: str, strangers: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give (kind, false statement) for every kind that the statement has something to alter for.

    ``strangers`` are names that stand in neither; another name or number of the source is used as
    well, which is harder to notice.
    """
    makers: list[tuple[str, Callable[[], Iterator[str]]]] = [
        ("number", lambda: _numbers(text, source)),
        ("date", lambda: _dates(text)),
        ("name", lambda: _names(text, source, strangers)),
        ("negation", lambda: _negations(text)),
        ("comparative", lambda: _pairs(text)),
        ("role", lambda: _roles(text)),
        ("modality", lambda: _table(text, STRONGER)),
        ("quantifier", lambda: _table(text, QUANTITY)),
    ]
    for kind, maker in makers:
        for made in maker():
            if made.casefold() != text.casefold():
                yield kind, made


def pick(options: Sequence[str], salt: str) -> str:
    """Choose one of several by a checksum."""
    return options[zlib.crc32(salt.encode()) % len(options)]


def names_of(text: str) -> list[str]:
    """Give runs of capitalised words that are neither one word opening a sentence nor a date."""
    found = []
    for m in _NAME.finditer(text):
        opens = not m.start() or text[: m.start()].rstrip(' "“(')[-1:] in {"", ".", "!", "?", ":"}
        first = m.group().split()[0]
        if (
            first in {*MONTHS, *DAYS}
            or first.casefold() in STOPWORDS
            or (opens and first == m.group())
        ):
            continue
        found.append(m.group())
    return found


def _swap(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def _numbers(text: str, source: str) -> Iterator[str]:
    places = [m for m in _NUMBER.finditer(text) if not _is_date(text, m)]
    for m in places[:1]:
        value = float(m.group().replace(",", ""))
        shifts = [value + 1, value * 10, value * 2, max(value - 3, 0) or value + 7]
        new = shifts[zlib.crc32(text.encode()) % 4]
        yield _swap(text, *m.span(), f"{new:,.0f}" if new == int(new) else f"{new:.1f}")
        others = [o.group() for o in _NUMBER.finditer(source) if not _is_date(source, o)]
        others = [o for o in others if o not in text]
        if others:
            yield _swap(text, *m.span(), pick(others, text))
    spelt = None if places else re.search(rf"\b({'|'.join(SPELT)})\b", text)
    if spelt:
        yield _swap(text, *spelt.span(), pick([s for s in SPELT if s != spelt.group()], text))


def _is_date(text: str, m: re.Match[str]) -> bool:
    near = text[max(0, m.start() - 12) : m.end() + 12]
    return bool(_YEAR.fullmatch(m.group())) or any(month in near for month in MONTHS)


def _dates(text: str) -> Iterator[str]:
    year = next((m for m in _NUMBER.finditer(text) if _YEAR.fullmatch(m.group())), None)
    if year:
        new = int(year.group()) + (zlib.crc32(text.encode()) % 9 or 10)
        yield _swap(text, *year.span(), str(new))
    for names in (MONTHS, DAYS):
        m = re.search(rf"\b({'|'.join(n for n in names if n != 'May')})\b", text)
        if m:
            yield _swap(text, *m.span(), pick([n for n in names if n != m.group()], text))
    for m in _NUMBER.finditer(text):
        if len(m.group()) < 3 and _is_date(text, m):
            yield _swap(text, *m.span(), str(int(m.group()) % 28 + 1))
            return


def _names(text: str, source: str, strangers: Sequence[str]) -> Iterator[str]:
    own = names_of(text)
    if not own:
        return
    name = pick(own, text)
    at = text.rfind(name)
    others = [
        other
        for other in names_of(source)
        if not set(other.casefold().split()) & set(text.casefold().split())
    ]
    for options in (strangers, others):
        if options:
            yield _swap(text, at, at + len(name), pick(options, text))


def _negations(text: str) -> Iterator[str]:
    if m := _NOT.search(text):
        yield _swap(text, *m.span(), m.group(1))
    elif m := _AUXILIARY.search(text):
        yield _swap(text, *m.span(), f"{m.group()} not")
        yield _swap(text, *m.span(), f"{m.group()} never")
    elif m := _PAST.search(text):
        yield _swap(text, *m.span(), f"never {m.group()}")


def _pairs(text: str) -> Iterator[str]:
    turned = {}
    for pair in TURNED:
        one, other = pair.split("/")
        turned[one], turned[other] = other, one
    places = list(re.finditer(rf"\b({'|'.join(turned)})\b", text))
    if places:
        m = places[zlib.crc32(text.encode()) % len(places)]
        yield _swap(text, *m.span(), turned[m.group()])


def _roles(text: str) -> Iterator[str]:
    own = names_of(text)
    first = _NAME.match(text)
    follows = text[first.end() :].split()[:1] if first else []
    if first and first.group() not in own and (follows and follows[0] in _AFTER_A_NAME):
        own.insert(0, first.group())
    for one, other in pairwise(own):
        at = text.find(one)
        to = text.find(other, at + len(one))
        between = text[at + len(one) : to].strip(" ,")
        verb = re.search(r"\b(\w+ed|is|was|are|were|has|of|by|from|to)\b", between)
        if to > 0 and verb and one not in other and other not in one:
            yield f"{text[:at]}{other}{text[at + len(one) : to]}{one}{text[to + len(other) :]}"
            return


def _table(text: str, table: dict[str, str]) -> Iterator[str]:
    m = re.search(rf"\b({'|'.join(table)})\b", text)
    if m:
        yield _swap(text, *m.span(), table[m.group()])
