"""What kind of thing a question asks for, and whether a sentence has one to offer.

A question that begins with "how many" wants a number; a sentence without any number that the
question has not told itself cannot answer it. Kinds are read from the words that open a clause
(Li and Roth 2002 call this the question's coarse class); unsure questions have none.
"""

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Literal

from rag.units import spelt_out, tells_anothers_age, unit_asked
from rag.words import STOPWORDS, WORD, fold, stem, words

Kind = Literal["number", "time", "person", "place"]

_MANY = r"how (many|much|large|big|long|often|far|high|tall|old|wide|deep|heavy|few|fast|expensive)"
_WHICH = r"(latest|current|new|final|total|exact|average|original|first|last)"
_MEASURE = r"(number|percentage|percent|share|proportion|amount|size|length|cost|price|sum|rate)"
# Others are one only at the end of their phrase: "what is the budget", not "what budget dispute".
_EXTENT = (
    r"(population|toll|total|turnout|age|height|weight|width|depth|distance|speed|duration|"
    r"capacity|temperature|budget|salary|wage|revenue|turnover|score|limit|loss|profit)s?"
    r"(?=$| (of|for|in|at|on|per|among|between|do|does|did|is|are|was|were|has|have|had)\b)"
)
_TIME = r"(day|date|month|year|week|weekday|century|decade|season|morning|evening)"
_PLACE = r"(city|town|country|place|region|state|continent|capital|venue|resort|building)"
_KINDS: Sequence[tuple[str, Kind]] = (
    (rf"{_MANY}\b", "number"),
    (rf"(what|which)( is| was| are| were)?( the)?( {_WHICH})? {_MEASURE}\b", "number"),
    (rf"(at |by |for |to )?(what|which)( is| was| are| were)?( the)?( \w+)? {_EXTENT}", "number"),
    (rf"what (is|was|are|were)( \w+){{1,4}} s( \w+)? {_EXTENT}", "number"),  # Ada Blom's salary
    (rf"(on |in |by |until |since )?(what|which) {_TIME}\b|(since |until |by )?when\b", "time"),
    (rf"(in |at |to |from )?(what|which) {_PLACE}\b|(from )?where\b", "place"),
    (r"(to |with |by |from )?(who|whom|whose)\b", "person"),
)
_CLAUSE = re.compile(r"[,;:.!?–—]\s")
_NUMBERS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy
    eighty ninety hundred thousand million billion trillion dozen half third quarter once
    twice several single both couple double majority""".split()
)
_TIMES = frozenset(
    """january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter
    year years month months week weeks weekend day days today yesterday tomorrow tonight
    morning evening night christmas easter early late later soon earlier recently century
    decade after before during until since when ago next last annual""".split()
)
_MANY_OF = re.compile(r"\bhow many (?:of (?:the|these|those|them) )?(?P<things>.+)")
_BESIDE = 4  # words between a number and what it counts
PEOPLE = frozenset(
    """people person persons men women children troops soldiers staff crew members citizens
    civilians residents inhabitants employees victims patients students migrants refugees guards
    police descendants participants delegates deaths lives""".split()
)
_ACTING = re.compile(r"(ers|ors|ists|ians|cans|men|women)$")  # dockers, Ukrainians, Americans
_BEING = (["is"], ["are"], ["was"], ["were"])
_SHARES = re.compile(r"%|\bper ?cent(?:age)?", re.IGNORECASE)
_MULTIPLES = re.compile(
    r"\b(?:times|twice|doubl|tripl|quadrupl|half|halv)"
    r"|(?:two|three|four|five|six|seven|eight|nine|ten|hundred|\d)-?fold\b",
    re.IGNORECASE,
)
_MEASURES = {"%": _SHARES, "percent": _SHARES, "percentage": _SHARES, "times": _MULTIPLES}
_QUOTED = re.compile(
    r"[“”\"«»„]([^“”\"«»„]+)[“”\"«»„]|(?<!\w)[‘’']((?:[^‘’']|(?<=\w)[’'](?=\w))+)[’'](?!\w)"
)
_PHRASE = 3  # words from which on what a question quotes is somebody's words, not a name
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}\b")


def kind_of(question: str) -> Kind | None:
    """Give the kind of thing a question asks for, or None where its words do not tell."""
    clauses = [spelt_out(clause) for clause in _CLAUSE.split(question)]
    for pattern, kind in _KINDS:
        if any(re.match(rf"(?:(?:and|but|so|exactly) )*{pattern}", clause) for clause in clauses):
            return kind
    return None


def offers(kind: Kind, sentence: str, question: str) -> bool:
    """Whether a sentence has a thing of a kind that the question did not bring itself."""
    asked = {stem(word) for word in words(question)}
    fresh = [w for w in WORD.findall(sentence) if stem(fold(w)) not in asked]
    folded = {fold(word) for word in fresh}
    if kind == "number":
        return any(map(_is_number, folded))
    if kind == "time":
        return bool(folded & _TIMES) or bool(_YEAR.search(" ".join(fresh)))
    return any(_is_name(word, sentence) for word in fresh)


def lacks(question: str, sentences: Sequence[str]) -> list[bool]:
    """Say of each sentence whether it lacks what a question asks for; False where nobody can tell.

    "How many ships" wants a number of ships, not only a number. Where some have the words that a
    question quotes, the others lack them.
    """
    quoting = have_quoted(question, sentences)
    if any(quoting):
        return [not has for has in quoting]
    kind, things = kind_of(question), _things(question)
    if kind is None:
        return [False] * len(sentences)
    unit = unit_asked(question)
    return [
        not (offers(kind, s, question) and _counts(things, s) and unit.search(s))
        or tells_anothers_age(question, s)
        for s in sentences
    ]


def have_quoted(question: str, sentences: Sequence[str]) -> list[bool]:
    """Say of each sentence whether it has words that the question quotes (“we stay here”)."""
    told = (words(m[1] or m[2]) for m in _QUOTED.finditer(question))
    phrases = [f" {' '.join(phrase)} " for phrase in told if len(phrase) >= _PHRASE]
    if not phrases:
        return [False] * len(sentences)
    spelt = (f" {' '.join(words(sentence))} " for sentence in sentences)
    return [any(phrase in text for phrase in phrases) for text in spelt]


def _counts(things: Sequence[str], sentence: str) -> bool:
    """Whether a number stands near what is counted; True where nothing is."""
    if not things:
        return True
    if things[0] in _MEASURES:
        return bool(_MEASURES[things[0]].search(sentence))
    found = [fold(word) for word in WORD.findall(sentence)]
    wanted = {stem(thing) for thing in things}
    crowd = any(map(are_people, things))
    places = [n for n, word in enumerate(found) if _is_number(word)]
    counted = [n for n, w in enumerate(found) if stem(w) in wanted or (crowd and are_people(w))]
    return any(abs(one - other) <= _BESIDE for one in places for other in counted)


def _things(question: str) -> list[str]:
    """What a question counts: the words for it, and for what was done to it; mostly none.

    The words end with the first that cannot belong to it.
    """
    asked = _MANY_OF.search(" ".join(words(question)))
    told = asked["things"].split() if asked else []
    things = list(takewhile(lambda word: word not in STOPWORDS, told))[:3]
    done = told[len(things) + 1 :][:1] if told[len(things) : len(things) + 1] in _BEING else []
    return things + [word for word in done if things and word not in STOPWORDS]


def are_people(word: str) -> bool:
    """Whether a folded word is one for people: dockers, troops, members."""
    return word in PEOPLE or bool(_ACTING.search(word))


def _is_number(folded: str) -> bool:
    return folded in _NUMBERS or any(c.isdigit() for c in folded)


def _is_name(word: str, sentence: str) -> bool:
    """A capitalised word that does not only open the sentence."""
    opens = sentence.lstrip("\"'“‘( ").startswith(word) and fold(word) in STOPWORDS
    return word[0].isupper() and not opens and fold(word) not in _TIMES
