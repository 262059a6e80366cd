"""Rival values: sentences about the same matter that give another number, day or name for it."""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeVar

from rag.attribution import speaker_of
from rag.attribution.lexicon import PRONOUNS
from rag.attribution.verbs import FORMS, SAY
from rag.conflicts.clauses import Token, clauses, tokens
from rag.conflicts.figures import TAKEN_UP, counted, measured, nearness, numbers, tells
from rag.conflicts.kin import kin
from rag.conflicts.matter import Matter
from rag.conflicts.quantities import Quantity, quantities
from rag.retriever import Hit
from rag.timeline import Span, when
from rag.words import same_name

V = TypeVar("V")
DATED = 0.6  # the same for a day: a sentence of another event has half of the words easily
SHARE = 0.5  # of a question's words that a sentence with a rival value must have
_LONG = datetime.timedelta(days=365)
_SEASON = datetime.timedelta(days=200)
_AGENT = 12  # tokens behind "by" in which a name still says who did it
_DAY_UP = re.compile(r"\b(the (date|day|time) (as|at|to)|put it (at|on))\b", re.IGNORECASE)
FOLLOWED = 8  # sentences behind which is looked for a figure that takes theirs up …
IN_TURN = 2  # … and for one that takes up that one
_NOT = re.compile(r"\bnot (the |some |about )?[$€£]?$", re.IGNORECASE)
_TELLING = 10  # smaller numbers are alike by chance
_ROLE = re.compile(r"who\s(is|was|are|were)\sthe\b", re.IGNORECASE)
_UNTIL = re.compile(r"\b(until|till)( at least)?\s$", re.IGNORECASE)
_SINCE = re.compile(r"\bsince\s$", re.IGNORECASE)
_LIFE = re.compile(r"\([^()]*\d\s?[–-]\s?[^()]*\d{4}\)")  # (3 May 1801 – 9 June 1870)


@dataclass(frozen=True, slots=True)
class View:
    """How one sentence sees the matter: its value as written, and the stretch that says so."""

    hit: Hit
    value: str
    start: int
    end: int


Sides = list[list[View]]


def by_number(matter: Matter, hits: Sequence[Hit]) -> Sides:
    """Group sentences by the number they give for what is asked."""
    unit, measure = counted(matter), measured(matter)
    found = [
        (view_of(hit, number.start, number.end), number)
        for hit in _with_followers(hits, TAKEN_UP)
        if _fits(matter, hit, unit, up=TAKEN_UP) and not _of_old(hit) and tells(hit, measure)
        for number in numbers(matter, hit.sentence.text, unit)
    ]
    comparable = [(view, number) for view, number in found if number.compares(found[0][1])]
    sides = _grouped(comparable, _agree)
    return (
        sides if len(sides) != 1 else _grouped([*comparable, *_denials(hits, comparable)], _agree)
    )


def _agree(one: Quantity, other: Quantity) -> bool:
    return not one.differs(other)


def _denials(
    hits: Sequence[Hit], told: Sequence[tuple[View, Quantity]]
) -> Iterator[tuple[View, Quantity]]:
    """Find "4 million marks, not the 3.2 million usually quoted", where 3.2 million is told.

    It need not say of what: that a sentence has the very number to deny it tells enough.
    """
    known = {view.hit.sentence for view, _ in told}
    kind = told[0][1]
    for hit in hits:
        text = hit.sentence.text
        stated = quantities(text)
        denied = [q for q in stated if _NOT.search(text[: q.start]) and q.value >= _TELLING]
        if hit.sentence not in known and any(_agree(q, n) for q in denied for _, n in told):
            rest = (q for q in stated if q not in denied and q.units & kind.units)
            if other := next(rest, None):
                yield view_of(hit, other.start, other.end), other


def by_date(matter: Matter, hits: Sequence[Hit]) -> Sides:
    """Group sentences by the day, month or year they give for what is asked."""
    found = [
        (view_of(hit, span.start, span.end), span)
        for hit in _with_followers(hits, _DAY_UP)
        if _fits(matter, hit, least=DATED, up=_DAY_UP) and (span := _day(matter, hit))
    ]
    return _grouped(found, _meet)


def by_agent(matter: Matter, hits: Sequence[Hit]) -> Sides:
    """Group sentences by who did it: the name behind "by", or before the question's verb."""
    found = [
        agent for hit in hits if _fits(matter, hit) and (agent := _agent(matter, hit)) is not None
    ]
    return _grouped(found, lambda one, other: any(same_name(a, b) for a in one for b in other))


def view_of(hit: Hit, start: int, end: int) -> View:
    """See a sentence by one stretch of it."""
    return View(hit, hit.sentence.text[start:end], start, end)


def _grouped(found: Iterable[tuple[View, V]], agree: Callable[[V, V], bool]) -> Sides:
    """Put views together whose values agree; what agrees with two groups joins the first."""
    groups: list[list[tuple[View, V]]] = []
    for view, value in found:
        home = next((g for g in groups if any(agree(value, other) for _, other in g)), None)
        if home is None:
            groups.append([(view, value)])
        else:
            home.append((view, value))
    return [[view for view, _ in group] for group in groups]


def _fits(
    matter: Matter,
    hit: Hit,
    but: frozenset[str] = frozenset(),
    *,
    up: re.Pattern[str] | None = None,
    least: float = SHARE,
) -> bool:
    """Whether a sentence is about the matter; ``but`` is a term that it has anyway.

    What stands before it helps, unless it names another; a sentence that takes something ``up``
    ("the company put the number at 40") needs no word of its own. ``least`` is the share of the
    question's words that it must have.
    """
    toks = _without_teller(hit) if up is TAKEN_UP else tokens(hit.sentence.text)
    own = matter.words_of(toks)
    if not matter.is_about(toks) or matter.has_other(toks):
        return False
    if matter.names and not matter.besides(but):  # "how many children has Ada Deniz"
        there = (t.low for t in (*toks, *tokens(hit.context)))
        return bool(matter.names_in(there))
    taken_up = up is not None and up.search(hit.sentence.text) is not None
    told = matter.share(own, but)
    if not taken_up and not told:
        return False
    if up is _DAY_UP and not taken_up and told < SHARE and toks[0].low not in PRONOUNS:
        return False  # the day is of what this sentence tells
    new = toks[0].low in {"a", "an"} and not matter.has_term(toks[1].low)
    if not new and not any(matter.is_name(t, opens=at == 0) for at, t in enumerate(toks)):
        own += [t.low for t in tokens(hit.context)]
    return matter.share(own, but) >= least


def _with_followers(hits: Sequence[Hit], up: re.Pattern[str]) -> list[Hit]:
    """Add sentences right behind the first ones that take up a figure, though not found themselves.

    "Police put the crowd at 800. The organisers spoke of 2,000.": another may go on in turn. What
    they take up is their context, also of those that were found.
    """
    found = {(hit.article.name, hit.sentence.number): hit for hit in hits}
    for hit in hits[:FOLLOWED]:
        context = hit.sentence.text
        behind = hit.article.sentences[hit.sentence.number + 1 :][:IN_TURN]
        for after in takewhile(lambda s: not s.heading and up.search(s.text), behind):
            place = (hit.article.name, after.number)
            known = found.get(place, replace(hit, sentence=after, context="", score=0.0))
            found[place] = replace(known, context=f"{known.context} {context}")
            context = f"{context} {after.text}"
    return list(found.values())


def _without_teller(hit: Hit) -> list[Token]:
    """A sentence's tokens without the name of who says it: figures are told by many."""
    teller = {t.low for t in tokens(speaker_of(hit.article, hit.sentence) or "") if t.capital}
    toks = tokens(hit.sentence.text)
    verb = next((at for at, t in enumerate(toks) if FORMS.get(t.low, ("",))[0] in SAY), 0)
    opens = verb if any(t.low in teller for t in toks[:verb]) else 0  # with their office
    return [
        t for at, t in enumerate(toks) if not (t.capital and (at < opens or t.low in teller))
    ] or toks


def _of_old(hit: Hit) -> bool:
    """Whether a sentence names a time long before its article's: it tells of an earlier case."""
    if hit.article.date is None:
        return False
    day = datetime.date.fromisoformat(hit.article.date)
    for span in when(hit.sentence.text, hit.article.date):
        lasts = _SINCE.search(hit.sentence.text[: span.start]) is not None
        if span.earliest and span.latest and not lasts:
            a_year = span.latest - span.earliest > _SEASON  # "in the whole of last year"
            if span.latest < (day if a_year else day - _LONG):
                return True
    return False


def _day(matter: Matter, hit: Hit) -> Span | None:
    """The time named nearest to the matter's words; only what is written in figures counts."""
    text = hit.sentence.text
    told = (s for s in when(text, hit.article.date) if s.earliest and re.search(r"\d", s.words))
    spans = [s for s in told if not _UNTIL.search(text[: s.start])]
    life = _LIFE.search(text)
    lived = [s for s in spans if life and life.start() < s.start < life.end()]
    if lived and matter.has_term("born"):
        return lived[0]
    if lived and matter.has_term("die"):
        return lived[-1]
    return min(spans, key=lambda span: nearness(matter, text, span.start), default=None)


def _meet(one: Span, other: Span) -> bool:
    """Whether two times can be one."""
    days = (one.earliest, one.latest, other.earliest, other.latest)
    if None in days:
        return True
    first, last, other_first, other_last = days
    return first <= other_last and other_first <= last  # type: ignore[operator]


def _agent(matter: Matter, hit: Hit) -> tuple[View, list[str]] | None:
    """Who did it, by one sentence: the stretch and its names."""
    anchors = matter.terms if _ROLE.match(matter.question) else matter.terms[:1]
    for clause in clauses(tokens(hit.sentence.text)):
        verbs = [at for at, t in enumerate(clause) if any(kin(t.low) & term for term in anchors)]
        if verbs and _speaks_of(matter, clause):
            own = [at for at in _run(matter, clause, verbs[0]) if _is_other(matter, clause[at])]
            if own:
                low = own[0] if len(own) < 4 else own[-1]
                names = [clause[at].low for at in own]
                return view_of(hit, clause[low].start, clause[own[-1]].end), names
    return None


def _speaks_of(matter: Matter, clause: Sequence[Token]) -> bool:
    named = not matter.names or bool(matter.names_in(t.low for t in clause))
    return named and matter.share(matter.words_of(clause)) >= SHARE


def _run(matter: Matter, clause: Sequence[Token], verb: int) -> Iterator[int]:
    """Where a name says who did it: soon behind "by", else the run of capitals before the verb."""
    by = next((at for at, t in enumerate(clause) if at > verb and t.low == "by"), None)
    if by is not None:
        yield from range(by + 1, min(by + 1 + _AGENT, len(clause)))
        return
    low = verb
    while low and matter.is_name(clause[low - 1], opens=low == 1):
        low -= 1
    yield from range(low, verb)


def _is_other(matter: Matter, token: Token) -> bool:
    """Whether a token is a name that the question does not bring itself."""
    return matter.is_name(token) and not token.owns and not matter.named(token.low)
