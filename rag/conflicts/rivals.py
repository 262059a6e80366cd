"""Rival values: sentences about the same matter that give another number, day or name for it."""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TypeVar

from rag.attribution import speaker_of
from rag.attribution.lexicon import PRONOUNS
from rag.attribution.verbs import FORMS, SAY
from rag.conflicts.asking import MEASURES
from rag.conflicts.clauses import Token, clauses, tokens
from rag.conflicts.kin import kin
from rag.conflicts.matter import Matter
from rag.conflicts.quantities import Quantity, quantities
from rag.expected import PEOPLE
from rag.retriever import Hit
from rag.timeline import Span, when
from rag.words import STOPWORDS, WORD, fold, same_name, stem

V = TypeVar("V")
DATED = 0.6  # the same for a day: a sentence of another event has half of the words easily
SHARE = 0.5  # of a question's words that a sentence with a rival value must have
_LONG = datetime.timedelta(days=365)
_SEASON = datetime.timedelta(days=200)
_ARTICLES = frozenset("the its their his her our these those all about".split())
_NEAR = 12  # tokens between a number and a word of the question
_AGENT = 12  # tokens behind "by" in which a name still says who did it
# A question that names one of several versions asks for that one's value alone.
_VERSIONS = frozenset(
    "original first initial previous former earlier later old second third".split()
)
_COUNTED = re.compile(
    r"\b(?:how\s+many|number\s+of)\s+((?:\w[\w'-]*\s+){0,4}\w[\w'-]*)", re.IGNORECASE
)
_PORTION = re.compile(
    r"\bhow\s+much\s+of\b|\b(?:what|which)\s+(?:share|percentage|percent|proportion)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"^\W*(?:what|which)\s(?:is|was|are|were)\sthe\s(?:\w+\s)?(?P<noun>" + MEASURES + r")\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\b(price|cost|costs|budget|salary|wage|fee|fine|owe|owes|owed|pay|paid|spend|spent|worth)\b",
    re.IGNORECASE,
)
_TAKEN_UP = re.compile(
    r"\b(figures?|numbers?|totals?|tolls?|tally|estimates?|count|counted|it at"
    r"|sp(oke|eaks?) of|talk(ed|s) of|(said|says) (it was|there were))\b",
    re.IGNORECASE,
)
_AGED = re.compile(r"\b(man|woman|boy|girl|person|aged?)( of)?\s$", re.IGNORECASE)
_DAY_UP = re.compile(r"\b(the (date|day|time) (as|at|to)|put it (at|on))\b", re.IGNORECASE)
_PART_OF = re.compile(r"\s(of|among)\s(those|them|these|(the|its|their)\s\d)", re.IGNORECASE)
FOLLOWED = 8  # sentences whose next one is looked at for a figure that takes theirs up
_ROLE = re.compile(r"who\s(is|was|are|were)\sthe\b", re.IGNORECASE)
_UNTIL = re.compile(r"\b(until|till)( at least)?\s$", re.IGNORECASE)
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
    unit, measure = _counted(matter), _measure(matter)
    found = [
        (view_of(hit, number.start, number.end), number)
        for hit in (*hits, *_followers(hits, _TAKEN_UP))
        if _fits(matter, hit, unit, up=_TAKEN_UP) and not _of_old(hit) and _tells(hit, measure)
        for number in _numbers(matter, hit.sentence.text, unit)
    ]
    comparable = [(view, number) for view, number in found if number.compares(found[0][1])]
    return _grouped(comparable, lambda one, other: not one.differs(other))


def by_date(matter: Matter, hits: Sequence[Hit]) -> Sides:
    """Group sentences by the day, month or year they give for what is asked."""
    found = [
        (view_of(hit, span.start, span.end), span)
        for hit in (*hits, *_followers(hits, _DAY_UP))
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
    toks = _without_teller(hit) if up is _TAKEN_UP else tokens(hit.sentence.text)
    own = matter.words_of(toks)
    if not matter.is_about(toks) or matter.has_other(toks):
        return False
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


def _followers(hits: Sequence[Hit], up: re.Pattern[str]) -> Iterator[Hit]:
    """Sentences right behind the first ones, not found themselves, that take up a figure."""
    known = {(hit.article.name, hit.sentence.number) for hit in hits}
    for hit in hits[:FOLLOWED]:
        number = hit.sentence.number + 1
        if number < len(hit.article.sentences) and (hit.article.name, number) not in known:
            after = hit.article.sentences[number]
            if not after.heading and up.search(after.text):
                yield replace(hit, sentence=after, context=hit.sentence.text, score=0.0)


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
        if span.earliest and span.latest:
            a_year = span.latest - span.earliest > _SEASON  # "in the whole of last year"
            if span.latest < (day if a_year else day - _LONG):
                return True
    return False


def _counted(matter: Matter) -> frozenset[str]:
    """The stems of what "how many" counts."""
    nouns = list(takewhile(lambda low: low not in STOPWORDS, _behind_how_many(matter)))
    nouns.sort(key=lambda low: not (low.endswith("s") or low in PEOPLE))  # "confirmed cases"
    return next((kin(noun) for noun in nouns if kin(noun) in matter.terms), frozenset())


def _behind_how_many(matter: Matter) -> list[str]:
    match = _COUNTED.search(matter.question)
    return [fold(word) for word in WORD.findall(match[1])] if match else []


def _done(matter: Matter, unit: frozenset[str]) -> frozenset[str]:
    """The stems of what was done to what is counted: of "how many were arrested" arrested."""
    told = (kin(low) for low in _behind_how_many(matter) if low not in STOPWORDS)
    return next((each for each in told if each != unit and each in matter.terms), frozenset())


def _measure(matter: Matter) -> frozenset[str]:
    """The stems of what "what was the turnout" asks for."""
    asked = _MEASURE.search(matter.question)
    return kin(asked["noun"].lower()) if asked else frozenset()


def _tells(hit: Hit, measure: frozenset[str]) -> bool:
    """Whether a sentence speaks of what is measured, or takes it up."""
    there = {stem(t.low) for t in tokens(hit.sentence.text)}
    return not measure or bool(there & measure) or _TAKEN_UP.search(hit.sentence.text) is not None


def _numbers(matter: Matter, text: str, unit: frozenset[str]) -> list[Quantity]:
    """The numbers of a sentence that can answer: all of the unit asked for, else the nearest."""
    toks = tokens(text)
    told = quantities(text)
    found = [q for q in told if not _is_whole(toks, q.at, {other.at for other in told})]
    if _PORTION.search(matter.question):
        found = [q for q in found if "%" in q.units]
    elif _MONEY.search(matter.question):
        found = [q for q in found if "%" not in q.units]
    versions = {t.low for t in tokens(matter.question)} & _VERSIONS
    if versions:
        found = [q for q in found if versions & {t.low for t in toks[max(q.at - 5, 0) : q.at]}]
    if unit:
        if counted := [number for number in found if number.units & unit]:
            return [number for number in counted if _beside(matter, toks, number.at, unit)]
        return _unnamed(matter, text, found, unit)[:1]
    return sorted(found, key=lambda number: _nearness(matter, text, number.start))[:1]


def _beside(matter: Matter, toks: Sequence[Token], at: int, unit: frozenset[str]) -> bool:
    """Whether one of the question's other words stands near a number, if the sentence has one.

    "168 people ill … at the factory" is not how many people work there. What is counted tells
    enough where it is not just people.
    """
    if not unit & kin("people"):
        return True
    others = [
        n for n, t in enumerate(toks) if any(stem(t.low) in term - unit for term in matter.terms)
    ]
    return not others or min(abs(n - at) for n in others) <= _NEAR


def _is_whole(toks: Sequence[Token], at: int, numbers: Set[int]) -> bool:
    """Whether a number only says of what, or is a part: 600 of the 700, of whom 27, one in five."""
    before = [t.low for t in toks[max(at - 6, 0) : at]]
    if before[-2:] in (["of", "whom"], ["of", "which"]):
        return True
    of = at - 1 - (bool(before) and before[-1] in _ARTICLES)
    whole = of > 0 and toks[of].low == "of" and of - 1 in numbers
    return whole or (before[-1:] == ["in"] and "one" in before)


def _unnamed(
    matter: Matter, text: str, found: Iterable[Quantity], unit: frozenset[str]
) -> list[Quantity]:
    """Numbers that count the unit without its word: "put it at 3,500", "23 arrests"."""
    figures = (number for number in found if text[number.start].isdigit())  # not "two plants"
    done, alone = _done(matter, unit), not any(number.units for number in figures)
    return [
        replace(number, units=unit)
        for number in found
        if not _PART_OF.match(text, number.end)
        and (
            number.units & done
            if number.units
            else alone and not _AGED.search(text[: number.start])
        )
    ]


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
    return min(spans, key=lambda span: _nearness(matter, text, span.start), default=None)


def _nearness(matter: Matter, text: str, at: int) -> tuple[int, int]:
    """How near a place is to the question's words: most in its clause first, then by distance."""
    toks = tokens(text)
    places = [t.start for t in toks if matter.has_term(t.low)]
    clause = next((c for c in clauses(toks) if c[0].start <= at < c[-1].end), None)
    inside = [p for p in places if clause and clause[0].start <= p < clause[-1].end]
    return -len(inside), min((abs(at - p) for p in places), default=0)


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
