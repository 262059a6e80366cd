"""Which numbers of a sentence can answer what a question counts or measures.

"How many jobs will go?" wants 600 of "600 of the 700 jobs", not the 700; "what share" wants a
percentage, a price none.
"""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from itertools import takewhile

from rag.conflicts.asking import MEASURES
from rag.conflicts.clauses import Token, clauses, tokens
from rag.conflicts.kin import kin
from rag.conflicts.matter import Matter
from rag.conflicts.quantities import Quantity, quantities
from rag.expected import PEOPLE, are_people
from rag.retriever import Hit
from rag.words import STOPWORDS, WORD, fold, stem

_ARTICLES = frozenset("the its their his her our these those all about".split())
_LATELY = frozenset("last past previous first next".split())
_NEAR = 12  # tokens between a number and a word of the question
_DOING = 7  # tokens from a number of people to what they did …
_OF_WHOM = frozenset("who whom whose which that".split())  # … unless that only says which people
_PEOPLE = frozenset(map(stem, PEOPLE))
_ANY = frozenset(map(stem, ("cases", "instances")))  # of what was counted before
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
TAKEN_UP = re.compile(
    r"\b(figures?|numbers?|totals?|tolls?|tally|estimates?|count|counted|it at|crowd at"
    r"|sp(oke|eaks?) of|talk(ed|s) of|(said|says) (it was|there were))\b",
    re.IGNORECASE,
)
_AGED = re.compile(r"\b(man|woman|boy|girl|person|aged?)( of)?\s$", re.IGNORECASE)
_NAMED = re.compile(r"[A-Z][\w’'-]+,\s$")
_PART_OF = re.compile(r"\s(of|among)\s(those|them|these|(the|its|their)\s\d)", re.IGNORECASE)


def counted(matter: Matter) -> frozenset[str]:
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


def measured(matter: Matter) -> frozenset[str]:
    """The stems of what "what was the turnout" asks for."""
    asked = _MEASURE.search(matter.question)
    return kin(asked["noun"].lower()) if asked else frozenset()


def tells(hit: Hit, measure: frozenset[str]) -> bool:
    """Whether a sentence speaks of what is measured, or takes it up."""
    there = {stem(t.low) for t in tokens(hit.sentence.text)}
    return not measure or bool(there & measure) or TAKEN_UP.search(hit.sentence.text) is not None


def numbers(matter: Matter, text: str, unit: frozenset[str]) -> list[Quantity]:
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
        if named := [number for number in found if number.units & unit]:
            return [number for number in named if _beside(matter, toks, number.at, unit)]
        if of_people := [number for number in found if _so_many_did(matter, toks, number, unit)]:
            return [replace(number, units=unit) for number in of_people]
        return _unnamed(matter, text, found, unit)[:1]
    return sorted(found, key=lambda number: nearness(matter, text, number.start))[:1]


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


def _so_many_did(
    matter: Matter, toks: Sequence[Token], number: Quantity, unit: frozenset[str]
) -> bool:
    """Whether a number of people is one of the dockers or troops asked for, by what they did.

    "How many dockers joined?" is answered by "4,200 of its members had joined".
    """
    done, asked = _done(matter, unit), _behind_how_many(matter)
    ours = any(are_people(low) and kin(low) == unit for low in asked)
    behind = takewhile(lambda t: t.low not in _OF_WHOM, toks[number.at :][:_DOING])
    return ours and bool(done & {stem(t.low) for t in behind}) and bool(number.units & _PEOPLE)


def _is_whole(toks: Sequence[Token], at: int, places: Set[int]) -> bool:
    """Whether a number only says of what, or is a part or the rest.

    "600 of the last 700", "of whom 27", "one in five", "the other nine".
    """
    before = [t.low for t in toks[max(at - 6, 0) : at]]
    if before[-2:] in (["of", "whom"], ["of", "which"]) or before[-1:] == ["other"]:
        return True
    of = at - 1
    of -= bool(before) and before[-1] in _LATELY
    of -= of >= 0 and toks[of].low in _ARTICLES
    whole = of > 0 and toks[of].low == "of" and of - 1 in places
    return whole or (before[-1:] == ["in"] and "one" in before)


def _unnamed(
    matter: Matter, text: str, found: Iterable[Quantity], unit: frozenset[str]
) -> list[Quantity]:
    """Numbers that count the unit without its word: "put it at 3,500", "23 arrests"."""
    if TAKEN_UP.search(text):
        found = [replace(number, units=number.units - _ANY) for number in found]
    figures = (number for number in found if text[number.start].isdigit())  # not "two plants"
    done, alone = _done(matter, unit), not any(number.units for number in figures)
    return [
        replace(number, units=unit)
        for number in found
        if not _PART_OF.match(text, number.end)
        and (number.units & done if number.units else alone and not _is_age(text, number))
    ]


def _is_age(text: str, number: Quantity) -> bool:
    """Whether a bare number is how old somebody is: "a man of 40", "Ada Blom, 56, left"."""
    before, behind = text[: number.start], text[number.end :]
    beside = _NAMED.search(before) is not None and behind[:1] in {",", ";", ")", "."}
    return beside or _AGED.search(before) is not None


def nearness(matter: Matter, text: str, at: int) -> tuple[int, int]:
    """How near a place is to the question's words: most in its clause first, then by distance."""
    toks = tokens(text)
    places = [t.start for t in toks if matter.has_term(t.low)]
    clause = next((c for c in clauses(toks) if c[0].start <= at < c[-1].end), None)
    inside = [p for p in places if clause and clause[0].start <= p < clause[-1].end]
    return -len(inside), min((abs(at - p) for p in places), default=0)
