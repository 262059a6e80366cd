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

from rag.retriever import Hit
from rag.timeline import when

Day = datetime.date

NEARLY = 1.0  # logits that being of the right time is worth among nearly equal evidence
_DAY = datetime.timedelta(days=1)
_SOON = datetime.timedelta(days=3)  # a period is reported in it and soon after

_NEWEST = re.compile(
    r"\b(latest|newest|most\srecent(?:ly)?|current(?:ly)?|by\snow|right\snow|at\s(?:the\smoment|present)"
    r"|these\sdays|today|nowadays|still|as\sit\sstands|up[\s-]to[\s-]date|lately|last\sknown|now)\b",
    re.IGNORECASE,
)
_OLDEST = re.compile(
    r"\b(original(?:ly)?|initial(?:ly)?|at\sfirst|earliest|oldest|in\sthe\sbeginning|to\sbegin\swith)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:as\s(?:of|at|on)|up\sto(?:\sand\sincluding)?)\s(?:the\s)?$", re.IGNORECASE
)
_BEFORE = re.compile(r"\bbefore\s(?:the\s)?$", re.IGNORECASE)
_STOOD = re.compile(
    r"\b(had|hadn[’']t|known|stood|stand|status|state\sof|position|situation|so\sfar|by\sthen)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(  # "In early December, were the …"
    r"(?:in|on|by|before|until)\s[^,?]+,\s(?:was|were|is|are|how\s(?:far|close|many|much))\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?P<relation>(?i:before|after|since|ahead\sof|following|prior\sto|until))\s"
    r"(?P<event>(?:the|his|her|their|its)\s[^?,;]+|[A-Z][^?,;]+)",
)


@dataclass(frozen=True, slots=True)
class Timing:
    """What a question says about time; a field is None where it says nothing of the kind.

    ``until``: the last day of articles that may answer. ``prefers``: newer or older articles among
    nearly equal ones. ``period``: first and last day asked about. ``event``: words for an event
    that ``relation`` places before or after what is asked.
    """

    until: Day | None = None
    prefers: Literal["newest", "oldest"] | None = None
    period: tuple[Day, Day] | None = None
    relation: Literal["before", "after"] | None = None
    event: str | None = None


def timing(question: str, newest: str | None) -> Timing:
    """Read a question's words of time; dates without a year are read against the newest article."""
    if re.search(r"\bbefore\sor\safter\b", question, re.IGNORECASE):
        return Timing()  # that order is what is asked
    stood = _asks_how_things_stood(question)
    for span in when(question, newest):
        if span.earliest is None or span.latest is None or not _dated(span.words):
            continue
        lead = question[: span.start]
        if _BEFORE.search(lead):
            return Timing(until=span.earliest - _DAY) if stood else Timing()
        if stood or _BOUND.search(lead):
            return Timing(until=span.latest)
        return Timing(period=(span.earliest, span.latest))
    event = _EVENT.search(question)
    if event and not re.match(r"\w+\s(an?|any)\b", event["event"]):
        relation = (
            "after" if event["relation"].lower() in {"after", "since", "following"} else "before"
        )
        return Timing(relation=relation, event=event["event"].strip())  # type: ignore[arg-type]
    if _NEWEST.search(question):
        return Timing(prefers="newest")
    return Timing(prefers="oldest") if _OLDEST.search(question) else Timing()


def settle(said: Timing, question: str, find: Callable[[str], Sequence[Hit]]) -> Timing:
    """Put a day in an event's place: ``find`` looks its words up in the corpus.

    "Before" an event bounds the articles only where the question asks how things stood by then.
    """
    if said.event is None:
        return said
    day = next((day for hit in find(said.event)[:3] if (day := _day_of(hit))), None)
    if day is None:
        return Timing()
    if said.relation == "after":
        return replace(said, period=(day, Day.max - _SOON))
    stood = _asks_how_things_stood(question)
    return replace(said, until=day - _DAY if stood else None)


def prefer(hits: Sequence[Hit], said: Timing) -> list[Hit]:
    """Order hits anew: of nearly equal ones, those of the right time come first."""
    if not said.prefers and not said.period:
        return list(hits)
    dates = sorted({hit.article.date for hit in hits if hit.article.date})
    ordered = sorted(hits, key=lambda hit: -(hit.score + NEARLY * _fit(hit, said, dates)))
    return [replace(hit, rank=rank) for rank, hit in enumerate(ordered, 1)]


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


def _asks_how_things_stood(question: str) -> bool:
    return bool(_STOOD.search(question) or _OPENING.match(question))


def _day_of(hit: Hit) -> Day | None:
    """The day of an event a sentence tells of: the one it names, else its article's."""
    spans = when(hit.sentence.text, hit.article.date)
    days = [span.earliest for span in spans if span.earliest and span.earliest == span.latest]
    if days:
        return days[0]
    return Day.fromisoformat(hit.article.date) if hit.article.date else None


def _dated(words: str) -> bool:
    """Whether words name a date and not only "today"."""
    return bool(re.search(r"\d|[A-Z][a-z]{2}|(early|mid|late)\b", words))
