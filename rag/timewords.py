"""What a question says about time: up to which day, which period, newest or oldest, which event.

Most dates in a question belong to what is asked ("what did he say on December 19?") and an article
of the next day may answer. Only "as of December 19" bounds the articles, and so does a date where
the question asks how things stood by then; every other date is a preference among good evidence.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.retriever import Hit, rank_anew
from rag.timeline import Span, when

Day = datetime.date

NEARLY = 1.0  # logits that being of the right time is worth among nearly equal evidence
_DAY = datetime.timedelta(days=1)
_SOON = datetime.timedelta(days=3)  # a period is reported in it and soon after

_NEWEST = re.compile(
    r"\b(?:latest|newest|most\srecent|current|currently|by\snow|right\snow|lately|nowadays|today|still"
    r"|at\s(?:the\smoment|present)|these\sdays|as\sit\sstands|now)\b(?!\s?(?:on|in|about|from|with)\b|\?)"
    r"|\b(?:in\sthe\send|so\sfar|to\sdate|eventually)\b",
    re.IGNORECASE,
)
_WHOSE = r"(?:\b(?:the|his|her|its|their)|[’']s)\s(?:very\s)?"
_LAST = re.compile(
    rf"{_WHOSE}(?:final|last)\b"
    r"(?!\s(?:few|century|day|days|week|weeks|weekend|month|months|year|years|night|\d))",
    re.IGNORECASE,
)
_NEWS = re.compile(r"\b(?:latest|newest|now)\b", re.IGNORECASE)
_OLDEST = re.compile(
    r"\b(?:original|originally|initial|initially|at\sfirst|earliest|oldest|in\sthe\sbeginning)\b"
    rf"|{_WHOSE}first\b"
    r"(?!\s(?:few|time\ssince|lady|minister|day|days|week|weeks|month|months|year|years|\d))",
    re.IGNORECASE,
)
_UP_TO = re.compile(r"\b(?:as\s(?:of|at)|up\sto(?:\sand\sincluding)?)\s(?:the\s)?$", re.IGNORECASE)
_BY = re.compile(r"\bby\s(?:the\s)?$", re.IGNORECASE)
_BEFORE = re.compile(r"\b(?:before|prior\sto)\s(?:the\s)?$", re.IGNORECASE)
_IN = re.compile(r"\b(?:in|on)\s(?:the\s)?$", re.IGNORECASE)
_HAD = re.compile(r"\b(?:had|hadn[’']t)\b", re.IGNORECASE)
_STOOD = re.compile(  # a question of how things stood by a day …
    r"\b(?:known|stood|stand|status|state\sof|situation|so\sfar|by\sthen|how\s(?:far|close)\s(?:had|were))\b"
    # … or one that opens with the day: "In early December, were the …"
    r"|^(?:in|on|by|before|until)\s[^,?]+,\s(?:was|were|is|are|had|how\s(?:far|close|many|much))\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?P<relation>(?i:before|after|since|ahead\sof|following|prior\sto))\s"
    r"(?P<event>(?:the|his|her|their|its)\s[^?,;]+|[A-Z][^?,;]+)",
)
_ORDER = re.compile(r"\bbefore\sor\safter\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Timing:
    """What a question says about time; a field is None where it says nothing of the kind.

    ``query`` is the question without such words as no article has ("as of 20 December").
    ``until`` is the last day of articles that may answer. ``prefers`` newer or older articles among
    nearly equal ones. ``period`` is the first and last day asked about, ``event`` the words for an
    event that ``relation`` places before or after what is asked.
    """

    query: str
    until: Day | None = None
    prefers: Literal["newest", "oldest"] | None = None
    period: tuple[Day, Day] | None = None
    relation: Literal["before", "after"] | None = None
    event: str | None = None


def timing(question: str, newest: str | None) -> Timing:
    """Read a question's words of time; dates without a year are read against the newest article."""
    if _ORDER.search(question):
        return Timing(question)  # which came first is what is asked
    for span in when(question, newest):
        if span.earliest and span.latest and not _near(span):
            return _dated(question, span, span.earliest, span.latest)
    event = _EVENT.search(question)
    if event:
        after = event["relation"].lower() in {"after", "since", "following"}
        relation: Literal["before", "after"] = "after" if after else "before"
        return Timing(question, relation=relation, event=event["event"].strip())
    word = _NEWEST.search(question)
    if word:
        return Timing(_without(question, word.start(), word.end()), prefers="newest")
    # "the latest on …", "the last offer": without the word something else would be asked
    if _NEWS.search(question) or _LAST.search(question):
        return Timing(question, prefers="newest")
    return Timing(question, prefers="oldest" if _OLDEST.search(question) else None)


def _dated(question: str, span: Span, first: Day, last: Day) -> Timing:
    """What a date in a question is for: a bound, or a time that is asked about."""
    lead, stood = question[: span.start], bool(_STOOD.search(question))
    before, up_to = _BEFORE.search(lead), _UP_TO.search(lead)
    by = _BY.search(lead) if stood or _HAD.search(lead) else None
    within = _IN.search(lead) if stood else None
    bound = up_to or by or within or (before if stood or _HAD.search(lead) else None)
    if bound is None:
        return Timing(question) if before else Timing(question, period=(first, last))
    query = _without(question, bound.start(), span.end)
    return Timing(query, until=first - _DAY if bound is before else last)


def _without(question: str, start: int, end: int) -> str:
    """Cut words out of a question; where nothing is left it stays as it is."""
    rest = " ".join((question[:start] + question[end:]).split())
    rest = re.sub(r"^[\s,]+|\s+(?=[,?])", "", rest)
    return rest if re.search(r"\w", rest) else question


def settle(said: Timing, find: Callable[[str], Sequence[Hit]]) -> Timing:
    """Put a day in an event's place: ``find`` looks its words up in the corpus.

    "Before" an event bounds the articles only where the question asks how things stood by then.
    """
    if said.event is None:
        return said
    day = next((day for hit in find(said.event) if (day := _day_of(hit))), None)
    if day is None:
        return Timing(said.query)
    if said.relation == "after":
        return replace(said, period=(day, Day.max - _SOON))
    return replace(said, until=day - _DAY) if _STOOD.search(said.query) else Timing(said.query)


def prefer(hits: Sequence[Hit], said: Timing) -> list[Hit]:
    """Order hits anew: of nearly equal ones, those of the right time come first."""
    if not said.prefers and not said.period:
        return list(hits)
    dates = sorted({hit.article.date for hit in hits if hit.article.date})
    return rank_anew(sorted(hits, key=lambda hit: -(hit.score + NEARLY * _fit(hit, said, dates))))


def _fit(hit: Hit, said: Timing, dates: Sequence[str]) -> float:
    """How well a hit's time fits, from 0 to 1."""
    date = hit.article.date
    if said.period:
        first, last = said.period
        named = [s for s in when(hit.sentence.text, date) if s.earliest and s.latest]
        inside = any(s.earliest <= last and first <= s.latest for s in named)  # type: ignore[operator]
        told = date is not None and first <= Day.fromisoformat(date) <= last + _SOON
        return float(inside or told)
    if date is None or len(dates) < 2:
        return 0.0
    place = dates.index(date) / (len(dates) - 1)
    return place if said.prefers == "newest" else 1.0 - place


def _day_of(hit: Hit) -> Day | None:
    """The day of an event a sentence tells of: the one it names, else its article's."""
    spans = when(hit.sentence.text, hit.article.date)
    days = [span.earliest for span in spans if span.earliest and span.earliest == span.latest]
    if days:
        return days[0]
    return Day.fromisoformat(hit.article.date) if hit.article.date else None


def _near(span: Span) -> bool:
    """Whether a time is only "today" or "this week", which in a question means now."""
    return not re.search(r"\d|[A-Z][a-z]{2}|\b(?:early|mid|late)\b", span.words)
