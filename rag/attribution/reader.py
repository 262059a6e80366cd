"""Reads an article in order: who speaks in each sentence, and whom a pronoun means."""

from collections.abc import Iterator
from itertools import takewhile

from rag.attribution import lexicon as w
from rag.attribution.clause import Clause
from rag.attribution.names import Names
from rag.attribution.phrases import Span
from rag.attribution.tokens import Token, is_name

_OWNED = 3  # words of "her press office"
_KNOWING = frozenset("familiar close briefed involved who with in at from".split())
_ONE = frozenset(
    """adviser aide lawyer man official person source spokesman spokesperson spokeswoman
    woman""".split()
)
_TOLD_IN = frozenset(
    "audit filing indictment inquiry judgment report review ruling study survey verdict".split()
)


class Reader:
    """Reads the sentences of one article in order and remembers whom a pronoun may mean."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._people: list[str] = []  # of the section, the latest last
        self._body: str | None = None
        self._women: dict[str, bool] = {}  # who was called "she", and who "he"

    def read(self, toks: list[Token], heading: bool) -> str | None:
        """Find the sentence's speaker; a heading starts a new section."""
        if heading:
            self._people, self._body = [], None
        if not toks:
            return None
        clause = Clause(toks, self._names)
        speaker, subject = self._speaker(clause)
        opening = clause.opening(0, len(toks))
        if subject is None:
            subject = self._name(toks, opening)
        mere = (subject or "").startswith(("a ", "an ")) and clause.source() is not None
        for person in (self._led(toks), None if mere else subject):
            if person and self._names.is_person(person):
                self._people.append(person)
        if subject and not self._names.is_full(subject) and not _is_somebody(subject):
            self._body = subject
        elif told := self._names.readable(self._told_in(toks)):
            self._body = told
        return speaker

    def _led(self, toks: list[Token]) -> str | None:
        """Whom a sentence is about that opens "For Ada Blom the report is a comfort"."""
        named = [*takewhile(is_name, toks[1:])] if toks[0].low == "for" else []
        who = self._names.readable(named)
        return who if who and self._names.is_full(who) else None

    def _told_in(self, toks: list[Token]) -> list[Token]:
        """Give the words of "the Safety Authority's preliminary report", the last such; or none."""
        for at in range(len(toks) - 1, 0, -1):
            near = range(at - 1, max(at - 4, -1), -1) if toks[at].low in _TOLD_IN else ()
            if owner := next((k + 1 for k in near if _owns(toks[k])), 0):
                low = self._names.run_before(toks, 0, owner)
                return toks[low - (low > 0 and toks[low - 1].low == "the") : at + 1]
        return []

    def in_passing(self, toks: list[Token]) -> Iterator[tuple[str, int]]:
        """Whose sayings a sentence only mentions ("… after X said …"), each with where it begins.

        Whom a pronoun means is not told: it may be somebody of a later sentence.
        """
        for hit in Clause(toks, self._names).hits() if toks else ():
            own = toks[hit.subject.low : hit.subject.high]
            if not hit.rank and not hit.trailing and own[0].low not in w.PRONOUNS:
                who = self._names.readable(own)
                if who:
                    yield who, toks[hit.at].end

    def _speaker(self, clause: "Clause") -> tuple[str | None, str | None]:
        """Who speaks, and whom the sentence is about."""
        toks, hits, source = clause.toks, list(clause.hits()), clause.source()
        hit = max(hits, key=lambda h: h.rank, default=None)
        said = self._name(toks, hit.subject if hit else clause.opening(0, len(toks)))
        teller = self._name(toks, source, said) if source else None
        if hit is None:
            who = teller or self._name(toks, clause.labelled())
            return who, who
        if not hit.rank and not source:  # "shares fell after the bank warned": the reporter's voice
            return None, self._name(toks, clause.opening(0, len(toks)))
        quoted, told = clause.quoted(hit), clause.inner(hits, hit)
        if quoted:
            return _chain(self._name(toks, quoted[0]), self._name(toks, quoted[1])), said
        if source and toks[source.low - 1].low in {"citing", "quoting"}:
            return _chain(teller, said), said
        if teller:
            return _chain(said if hit.rank else None, teller), said
        return _chain(self._name(toks, told), said), said

    def _name(self, toks: list[Token], span: Span | None, about: str | None = None) -> str | None:
        """The readable name of a phrase; a pronoun gives whom it means.

        "His lawyer" is rather the lawyer of whom the sentence is ``about``.
        """
        own = toks[span.low : span.high] if span else []
        if len(own) > 1 and own[-1].low in w.UTTERANCES:  # "his statement", "Rubio's statement"
            if own[0].low in w.PRONOUNS:
                own = own[:1]
            elif own[-2].text.endswith("'s"):
                return self._names.readable(own[:-1], possessive=True)
        plain = all(token.text.islower() for token in own[1:])
        if 1 < len(own) <= _OWNED and own[0].low in {"his", "her"} and plain:
            owner = self._owner(about, woman=own[0].low == "her")
            if owner:  # "Ada Blom's office"
                return " ".join((f"{owner}'s", *(token.text for token in own[1:])))
        both = next((k for k, t in enumerate(own) if t.low == "and"), 0)
        if span and both and not any(t.low in w.PREPOSITIONS for t in own[:both]):
            parts = (span.low, span.low + both), (span.low + both + 1, span.high)
            return " and ".join(self._name(toks, Span(*part)) or "" for part in parts)
        if len(own) == 1 and own[0].low in w.PERSON_PRONOUNS:
            return self._meant(woman=own[0].low in {"she", "her"})
        if len(own) == 1 and own[0].low in w.BODY_PRONOUNS:
            return self._body
        return self._names.readable(own)

    def _owner(self, about: str | None, *, woman: bool) -> str | None:
        """Whose "his" is: of the sentence's own person, unless the article calls that one "she"."""
        if about and self._names.is_person(about) and self._called(about, woman=woman) == woman:
            return about
        return self._meant(woman=woman)

    def _called(self, person: str, *, woman: bool) -> bool:
        """Whether the article calls a person "she"; as asked where it tells nothing."""
        return self._women.get(person, self._names.is_woman(person, woman))

    def _meant(self, *, woman: bool) -> str | None:
        """Whom "he" or "she" means: the last person whom the article did not call otherwise."""
        for person in reversed(self._people):
            if self._called(person, woman=woman) == woman:
                self._women[person] = woman
                return person
        return None


def _is_somebody(phrase: str) -> bool:
    """Whether a phrase is of one person: "a person familiar with the bills" is no "it"."""
    head = list(takewhile(lambda word: word not in _KNOWING, phrase.split()))
    return bool(head) and head[-1] in _ONE


def _owns(token: Token) -> bool:
    owner = token.low.removesuffix("'s")
    return token.text[:1].isupper() and owner != token.low and owner not in w.FUNCTION


def _chain(said: str | None, teller: str | None) -> str | None:
    if said and teller and said != teller:
        return f"{said}, according to {teller}"
    return said or teller
