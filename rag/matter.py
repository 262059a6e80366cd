"""What a question asks about: its names, its other words, and what kind of answer it wants."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rag.clauses import Cue, Token, cues, tokens
from rag.places import actor, is_place
from rag.stance_words import KIN
from rag.words import STOPWORDS, same_name, stem

Asked = Literal["number", "date", "name", "stance", "other"]
EVENT = "event"  # the axis whose cues are the question's own words: it is so, or it is not

_STATUS = (
    "status|state|position|stance|fate|future|outcome|results?|prospects?|chances?|progress|"
    "situation|developments?|changed?|latest|agreed|verdict"
)
_MEASURES = (
    "population|number|share|percentage|percent|proportion|size|budget|cost|price|length|height|"
    "width|depth|area|toll|value|age|rate|salary|capacity|distance|weight|speed|turnover|amount"
)
_YES_NO = r"^(is|are|was|were|do|does|did|has|have|had|will|would|can|could|may|might)\b"
_SHAPES: tuple[tuple[Asked, str], ...] = (
    ("stance", r"^how\s(close|far\s(have|has|did|along|apart)|likely|certain|sure|safe)\b"),
    ("number", rf"^(by\s)?how\s(many|much|large|big|long|high|tall|far|old|wide|deep|heavy|fast)\b"
               rf"|^(what|which)\s(((is|was|are|were)\s)?(the\s)?(\w+\s)?)({_MEASURES})\b|\bnumber\sof\b"),
    ("date", r"^when\b|^(in\s|on\s)?(what|which)\s(exact\s)?(year|date|day|month|century)\b|\b(date|day)\sof\b"),
    ("stance", rf"^(what|which|how|where)\b(?=.*\b({_STATUS})\b)|^where\sdo(es)?\b.*\bstand"),
    ("stance", r"\bor\snot\b"),
    ("name", r"^(by\s|to\s|for\s|with\s|from\s)?(who|whom|whose)\b|^(in\s|at\s|to\s)?(which|what)\s\w+|^where\b"),
    ("other", r"\b(why|how|what|which|who|whom|whose|where|when)\b(?<!^when)"),
    ("stance", _YES_NO),
)  # fmt: skip
_GENERAL = frozenset(
    """status state position stance fate outcome result results prospects chances situation
    share number percentage percent proportion amount
    question issue matter latest current currently now still yet today going get got getting
    exactly really ever thing things way name called kind type sort
    prefer many much number how far long whether according between among happen happened happens
    make made makes making take taken want wants prepared count possible""".split()
)
_CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december""".split()
)
_CONTRAST = frozenset(
    """old new other another former previous earlier first second third last next similar different
    neighbouring neighboring nearby rival separate latter original""".split()
)
_PLAIN = frozenset(
    """final possible real potential full key main big large small major minor good bad recent future
    joint common long short early late whole entire current proposed""".split()
)
_ADJECTIVE = re.compile(
    r"(?:al|ive|ous|ful|less|able|ible|ic|ent|ant|ed|ing|ary|ly|ern|ish|ian|ean|est|er|\d.*)$"
)
_DETERMINERS = frozenset("the a an any this that its his her their our some no".split())
_PREPOSITIONS = frozenset("of in on for with to at by from between over about under into".split())
_INDEFINITE = frozenset("a an another any other".split())
_STANDING = frozenset({"settled", "accepted", "happens", "clear"})
ORDER = frozenset(
    """first second third fourth fifth sixth seventh eighth ninth tenth last next previous former
    new old""".split()
)
# A question that names one of several versions asks for that one's value alone.
VERSIONS = frozenset("original first initial previous former earlier later old second third".split())


@cache
def kin(word: str) -> frozenset[str]:
    """Give the stems of a folded word and of the words that stand for it in news."""
    groups = [group for group in KIN if word in group]
    return frozenset({stem(word)}.union(*({stem(other) for other in g} for g in groups)))


@dataclass(frozen=True)
class Matter:
    """A question taken apart.

    ``terms`` are its content words in order, each as a set of stems that count for it; ``names``
    its names (folded), ``subjects`` those of them that act; ``axes`` the pairs of opposites on which
    evidence may differ; ``proper`` and ``offices`` are what the articles teach about names.
    """

    question: str
    asked: Asked
    terms: tuple[frozenset[str], ...]
    names: tuple[str, ...]
    subjects: tuple[str, ...]
    axes: frozenset[str]
    proper: frozenset[str]
    offices: Mapping[str, str]

    def share(self, words: Iterable[str], but: frozenset[str] = frozenset()) -> float:
        """Give the share of the question's terms that folded words have; ``but`` does not count."""
        have = {stem(word) for word in words}
        wanted = [term for term in self.terms if term != but]
        return sum(bool(term & have) for term in wanted) / len(wanted) if wanted else 1.0

    def words_of(self, toks: Sequence[Token]) -> list[str]:
        """Give a sentence's folded words, without terms that it says of something else.

        "The road budget" is not the budget of a railway, "the old bridge" not the one asked about.
        """
        asked = {low for term in self.terms for low in term}
        return [
            token.low
            for at, token in enumerate(toks)
            if not (at > 1 and self._foreign(toks[at - 2], toks[at - 1], asked))
            or not any(stem(token.low) in term for term in self.terms)
        ]

    def _foreign(self, first: Token, second: Token, asked: set[str]) -> bool:
        low = second.low
        if first.low not in _DETERMINERS or stem(low) in asked or not low.isalpha():
            return False
        if low in _CONTRAST:
            return True
        plain = second.capital or low in STOPWORDS | _PLAIN | _GENERAL or any(cues([second]))
        return not plain and not _ADJECTIVE.search(low)

    def is_name(self, token: Token, *, opens: bool) -> bool:
        """Whether a token is (part of) a name; a capital that opens a sentence says little."""
        if not token.capital or token.low in _CALENDAR or token.low in STOPWORDS - {"us"}:
            return False
        return not opens or token.low in self.proper or is_place(token.low)

    def named(self, word: str, names: Sequence[str] | None = None) -> bool:
        """Whether a folded word stands for what one of the question's names stands for."""
        return any(self.same(word, name) for name in (self.names if names is None else names))

    def same(self, one: str, other: str) -> bool:
        """Whether two folded words mean one actor."""
        return same_name(one, other) or actor(one, self.offices) == actor(other, self.offices)

    def names_in(self, toks: Sequence[Token]) -> frozenset[str]:
        """Give those of the question's names that a sentence has."""
        return frozenset(n for n in self.names if any(self.same(t.low, n) for t in toks))

    def is_about(self, toks: Sequence[Token]) -> bool:
        """Whether a sentence can be about the question's names: it has one, or no other.

        Without any name, what it speaks of must not be a new thing ("a visit by the king").
        """
        if not self.names:
            return True
        found = [t.low for at, t in enumerate(toks) if self.is_name(t, opens=at == 0)]
        if found:
            return any(self.named(low) for low in found)
        return not any(
            toks[at - 1].low in _INDEFINITE and any(kin(t.low) & term for term in self.terms)
            for at, t in enumerate(toks)
            if at
        )


def matter_of(question: str, proper: frozenset[str], offices: Mapping[str, str]) -> Matter:
    """Take a question apart; ``proper`` are the words that the articles write with a capital."""
    toks = [t for t in tokens(question) if t.low[:1].isalnum()]
    found = list(cues(toks))
    asked = _asked(question)
    cue_at = {k for cue in found for k in range(cue.at, cue.at + cue.length)}
    names = [k for k, t in enumerate(toks) if _names(t, k, proper)]
    rest = [
        t.low
        for k, t in enumerate(toks)
        if (asked != "stance" or k not in cue_at)
        and k not in names
        and t.low not in STOPWORDS | _GENERAL | _CALENDAR
    ]
    opening = next((k for k, t in enumerate(toks) if k and t.low in _PREPOSITIONS), len(toks))
    if re.search(r"\b(position|stance|view)\sof\b", question, re.IGNORECASE):
        opening = next((k for k, t in enumerate(toks) if t.low == "on"), len(toks))
    return Matter(
        question=question,
        asked=asked,
        terms=tuple(kin(word) for word in dict.fromkeys(rest)),
        names=tuple(dict.fromkeys(toks[k].low for k in names)),
        subjects=tuple(dict.fromkeys(toks[k].low for k in names if k < opening)),
        axes=_axes(found, question, bool(names)) if asked == "stance" else frozenset(),
        proper=proper,
        offices=offices,
    )


def _names(token: Token, at: int, proper: frozenset[str]) -> bool:
    if token.low in STOPWORDS and token.text != "US" or token.low in _CALENDAR:
        return False
    return token.low in proper or is_place(token.low) or (at > 0 and token.capital)


def _asked(question: str) -> Asked:
    plain = " ".join(question.lower().replace("’", "'").split())
    for asked, shape in _SHAPES:
        if re.search(shape, plain):
            return asked
    return "stance" if not plain.endswith("?") else "other"


def _axes(found: Sequence[Cue], question: str, named: bool) -> frozenset[str]:
    """The axes a question is about: one it names both ends of, else those it names, else most.

    Whether something is so at all (EVENT) is asked only by a yes-or-no question about a name.
    """
    ends: dict[str, set[int]] = {}
    for cue in found:
        ends.setdefault(cue.axis, set()).add(cue.sign)
    both = frozenset(axis for axis, signs in ends.items() if len(signs) == 2)
    asked = both or frozenset(ends) - {"before"}
    event = {EVENT} if named and re.match(_YES_NO, question.lower()) else set[str]()
    return asked or _STANDING | event
