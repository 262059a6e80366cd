"""What a question asks about: its names, its other words, and what kind of answer it wants."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.conflicts.asking import Asked, asked, axes
from rag.conflicts.clauses import Token, cues, tokens
from rag.conflicts.kin import kin
from rag.offices import OFFICES, country_of, stands_for
from rag.support.lexicon import PAST, SAME_PAST
from rag.words import STOPWORDS, same_name, stem

# Words of a question that say nothing of its matter.
_GENERAL = frozenset(
    """status state position stance fate outcome result results prospects chances situation share
    day date time number percentage percent proportion amount question issue matter latest current
    currently now
    still yet today going get got getting exactly really ever thing things way name called kind type
    sort prefer many much far long whether according between among happen happened happens make made
    makes making take taken want wants prepared count possible one how go goes went gone get gets
    come comes came""".split()
)
CALENDAR = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may
    june july august september october november december""".split()
)
# Before a noun these make it another than the one asked about …
_CONTRAST = frozenset(
    """old new other another former previous earlier first second third last next similar different
    neighbouring neighboring nearby rival separate latter original""".split()
)
# … and these do not, nor do most adjectives, which have such endings.
_PLAIN = frozenset(
    """final possible real potential full key main big large small major minor good bad recent
    future joint common long short early late whole entire current proposed
    every each all already also still once soon often just sum figure""".split()
)
_ADJECTIVE = re.compile(
    r"(?:al|ive|ous|ful|less|able|ible|ic|ent|ant|ed|ing|ary|ly|ern|ish|ian|ean|est|er)$"
)
_NO_NOUN = re.compile(r"(?:s|ed|ing|ly|en|ght|old|ew)$")  # mostly verbs and adverbs
_DETERMINERS = frozenset("the a an any this that its his her their our some no".split())
_PREPOSITIONS = frozenset("of in on for with to at by from between over about under into".split())
_INDEFINITE = frozenset("a an another any other".split())
# What may stand before a person's name and is no part of it.
_TITLES = frozenset(word for titles in OFFICES.values() for word in re.split(r"[ |]", titles))
_WHOSE = re.compile(r"\b(position|stance|view)\sof\b", re.IGNORECASE)


@dataclass(frozen=True)
class Matter:
    """A question taken apart.

    ``terms`` are its content words in order, each as the stems that count for it; ``names`` its
    names (folded), ``runs`` the same as they stand together, ``subjects`` those that act; ``axes``
    the pairs of opposites on which evidence may differ; ``proper`` the words that articles only
    write with a capital, ``holders`` the countries that surnames stand for.
    """

    question: str
    asked: Asked
    terms: tuple[frozenset[str], ...]
    names: tuple[str, ...]
    runs: tuple[frozenset[str], ...]
    subjects: tuple[str, ...]
    axes: frozenset[str]
    proper: frozenset[str]
    holders: Mapping[str, str]

    def has_term(self, word: str) -> bool:
        """Whether a folded word stands for one of the question's."""
        return any(stem(word) in term for term in self.terms)

    def share(self, words: Iterable[str], but: frozenset[str] = frozenset()) -> float:
        """Give the share of the question's terms that folded words have; ``but`` does not count."""
        have = {stem(word) for word in words}
        wanted = self.besides(but)
        return sum(bool(term & have) for term in wanted) / len(wanted) if wanted else 1.0

    def besides(self, but: frozenset[str]) -> list[frozenset[str]]:
        """Give the question's terms without one of them."""
        return [term for term in self.terms if term != but]

    def words_of(self, toks: Sequence[Token]) -> list[str]:
        """Give a sentence's folded words, without terms that it says of something else.

        "The road budget" is not the budget of a railway, "the old bridge" not the one asked about.
        """
        return [
            token.low
            for at, token in enumerate(toks)
            if not (self.has_term(token.low) and self._of_other(toks, at))
        ]

    def _of_other(self, toks: Sequence[Token], at: int) -> bool:
        """Whether what stands before or behind a term makes it another thing."""
        before = at > 1 and self._other(toks[at - 2], toks[at - 1])
        led = at > 0 and toks[at - 1].low in _DETERMINERS
        return before or (led and self._leads(toks[at + 1 : at + 2]))

    def _leads(self, behind: Sequence[Token]) -> bool:
        """Whether a noun behind a term is what is spoken of: "the family trust" is no family."""
        low = behind[0].low if behind else ""
        ordinary = low.isalpha() and not behind[0].capital and low not in STOPWORDS | _PLAIN
        verb = low in PAST | SAME_PAST  # "the office put the number at four"
        return ordinary and not (
            verb or self.has_term(low) or _NO_NOUN.search(low) or any(cues(behind))
        )

    def has_other(self, toks: Sequence[Token]) -> bool:
        """Whether a sentence says one of the terms of something else."""
        return len(self.words_of(toks)) < len(toks)

    def _other(self, first: Token, second: Token) -> bool:
        """Whether two words ("the road") make the noun behind them another than is asked about."""
        low = second.low
        if first.low not in _DETERMINERS or self.has_term(low) or not low.isalpha():
            return False
        plain = second.capital or low in STOPWORDS | _PLAIN | _GENERAL or any(cues([second]))
        return low in _CONTRAST or not (plain or _ADJECTIVE.search(low))

    def is_name(self, token: Token, *, opens: bool = False) -> bool:
        """Whether a token is (part of) a name; a capital that opens a sentence says little."""
        if not token.capital or token.low in CALENDAR or token.low in STOPWORDS - {"us"}:
            return False
        return not opens or token.low in self.proper or self.named(token.low) or _is_country(token)

    def same(self, one: str, other: str) -> bool:
        """Whether two folded words mean one actor: spellings of a name, or of one country."""
        if same_name(one, other) or one == f"{other}s":  # the Blooms are the Bloom family
            return True
        country = stands_for(one, self.holders)
        return country is not None and country == stands_for(other, self.holders)

    def named(self, word: str) -> bool:
        """Whether a folded word stands for one of the question's names."""
        return any(self.same(word, name) for name in self.names)

    def names_in(self, words: Iterable[str]) -> frozenset[str]:
        """Give those of the question's names that folded words stand for."""
        have = list(words)
        return frozenset(n for n in self.names if any(self.same(word, n) for word in have))

    def is_about(self, toks: Sequence[Token]) -> bool:
        """Whether a sentence can be about the question's names: it has one, or no other.

        Without any name, what it speaks of must not be a new thing ("a visit by the king") nor
        another one ("the port fund").
        """
        if not self.names:
            return True
        found = runs_of(toks, [self.is_name(t, opens=at == 0) for at, t in enumerate(toks)])
        if found:
            return any(self._meant(run) for run in found)
        new = any(a.low in _INDEFINITE and self.has_term(b.low) for a, b in pairwise(toks))
        return not new and not self.has_other(toks)

    def _meant(self, run: frozenset[str]) -> bool:
        """Whether a run of capitals is one of the question's names and not its namesake.

        "Lower Tunnel" and "Upper Tunnel" share a word, and each has another; "Brandt" may well be
        "Ilsa Brandt".
        """
        for asked_for in self.runs:
            shared = {word for word in run if any(self.same(word, name) for name in asked_for)}
            mine = {name for name in asked_for if any(self.same(word, name) for word in run)}
            if shared and (run == shared or asked_for == mine):
                return True
        return False


def runs_of(toks: Sequence[Token], named: Sequence[bool]) -> list[frozenset[str]]:
    """Give names as they stand together, without the titles before them."""
    runs: list[list[str]] = [[]]
    for token, is_name in zip(toks, named, strict=True):
        if is_name and token.low not in _TITLES:
            runs[-1].append(token.low)
        if (not is_name or token.owns) and runs[-1]:
            runs.append([])
    return [frozenset(run) for run in runs if run]


def matter_of(question: str, proper: frozenset[str], holders: Mapping[str, str]) -> Matter:
    """Take a question apart."""
    toks = [t for t in tokens(question) if t.low[:1].isalnum()]
    found, kind = list(cues(toks)), asked(question)
    cued = {k for cue in found for k in range(cue.at, cue.at + cue.length)}
    names = [k for k, t in enumerate(toks) if _names(t, k, proper)]
    skipped = {*names, *(cued if kind == "stance" else ())}
    rest = [t.low for k, t in enumerate(toks) if k not in skipped]
    said = [low for low in dict.fromkeys(rest) if low not in STOPWORDS | _GENERAL | CALENDAR]
    ends = {"on"} if _WHOSE.search(question) else _PREPOSITIONS
    opening = next((k for k, t in enumerate(toks) if k and t.low in ends), len(toks))
    return Matter(
        question=question,
        asked=kind,
        terms=tuple(kin(low) for low in said),
        names=tuple(dict.fromkeys(toks[k].low for k in names)),
        runs=tuple(runs_of(toks, [k in names for k in range(len(toks))])),
        subjects=tuple(dict.fromkeys(toks[k].low for k in names if k < opening)),
        axes=axes(found, question, named=bool(names)) if kind == "stance" else frozenset(),
        proper=proper,
        holders=holders,
    )


def _is_country(token: Token) -> bool:
    return token.low not in STOPWORDS and country_of(token.low) is not None


def _names(token: Token, at: int, proper: frozenset[str]) -> bool:
    if (token.low in STOPWORDS and token.text != "US") or token.low in CALENDAR:
        return False
    return token.low in proper or _is_country(token) or (at > 0 and token.capital)
