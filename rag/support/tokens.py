"""A text as the support check reads it: tokens with base forms, clauses, and their sign.

The sign says whether a token stands under a negation: +1, or -1 ("refused to hold elections").
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from rag.support.lexicon import (
    AUXILIARY,
    BE,
    CLAUSE_NEGATORS,
    EMPTY_NEGATION,
    IRREGULAR,
    NEGATING,
    NEGATING_PHRASES,
    WEAK_ADVERBS,
)
from rag.words import STOPWORDS, fold, stem

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+(?:[.,:]\d+)*(?:st|nd|rd|th|s)?\b|\d+|[^\w\s]|_")
_REWRITTEN: list[tuple[re.Pattern[str], Any]] = [
    (re.compile(pattern, re.IGNORECASE), new)
    for pattern, new in [
        (r"[‘’ʼ´`]", "'"),
        (r"[“”„«»]", '"'),
        (r"[‐‑‒]", "-"),
        (r"\u200b|\u00ad|\ufeff", ""),
        (r"\bwon't\b", "will not"),
        (r"\b(can)'t\b|\bcannot\b", "can not"),
        (r"n't\b", " not"),
        (r"\bper ?cent\b|(?<=\d)\s?%", " percent"),
        (r"(?<=\d) (?=\d{3}\b)", ","),
        (r"\b(non|pre|post|anti|pro|un|re|co)-(?=\w)", r"\1"),
        (r"\bex-(?=\w)", "former "),
        (r"(?<=\d)(bn|m|k)\b", lambda m: {"bn": " billion", "m": " million", "k": " thousand"}[
            m.group().lower()
        ]),
    ]
]  # fmt: skip
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_INITIALS = re.compile(r"\b(?:[A-Z]\.){2,}")
_AMERICAN = [
    (re.compile(r"(?<=[a-z]{3})is(e|ed|es|er|ers|ing|ation|ations)$"), r"iz\1"),
    (re.compile(r"(?<=[a-z]{3})our(?=$|s$|ed$|ing$|able$|ite$|ful$|er)"), "or"),
    (re.compile(r"(?<=[a-z][tb])re(?=s?$)"), "er"),
    (re.compile(r"(?<=[a-z]en)ce(?=s?$)"), "se"),
    (re.compile(r"(?<=[a-z]{2}[aeo])ll(?=ed$|ing$|er$|ers$)"), "l"),
]
BREAKS = frozenset(',;:.!?()[]—–"') | frozenset(
    """and but because although though while whereas if unless until when which who whom that
    despite where than since so as after before saying arguing""".split()
)
_NOT_CONTENT = STOPWORDS | AUXILIARY | CLAUSE_NEGATORS | frozenset("percent s".split())


@dataclass(slots=True, eq=False)
class Token:
    """A word, number or mark of a text; ``base`` is what forms of one word share."""

    at: int
    text: str
    low: str
    base: str
    clause: int
    opens: bool  # first word of a sentence or of a quotation
    possessive: bool = False
    aside: bool = False  # in brackets
    sign: int = 1

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()

    @property
    def word(self) -> bool:
        """Whether it is a word or number, and no mark."""
        return self.text[:1].isalnum()

    @property
    def content(self) -> bool:
        """Whether it says something by itself."""
        acronym = self.text.isupper() and len(self.text) > 1  # US is not us
        return self.word and len(self.low) > 1 and (acronym or self.low not in _NOT_CONTENT)


@dataclass(slots=True)
class Negation:
    """A negating word, the word it bears upon, and all content words that it turns."""

    at: int
    focus: Token
    span: tuple[Token, ...]


@dataclass
class Reading:
    """The tokens of a text and what is negated in it."""

    tokens: list[Token]
    negations: list[Negation] = field(default_factory=list)

    @cached_property
    def lows(self) -> frozenset[str]:
        """All words, lower-cased and in plain letters."""
        return frozenset(t.low for t in self.tokens)

    @cached_property
    def bases(self) -> frozenset[str]:
        """The base forms of all words."""
        return frozenset(t.base for t in self.tokens)

    @cached_property
    def content(self) -> list[Token]:
        """The tokens that say something by themselves."""
        return [t for t in self.tokens if t.content]

    def low(self, at: int) -> str:
        """Give the folded word at a place, or nothing outside the text."""
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def near(self, at: int, reach: int = 7) -> Iterator[Token]:
        """Give the content words around a place, within its sentence."""
        for token in self.tokens[max(0, at - reach) : at + reach + 1]:
            if token.at != at and token.content:
                yield token


def base_of(word: str) -> str:
    """Reduce a folded word to what its forms share: took, takes, taking give "take"."""
    known = IRREGULAR.get(word)
    return stem(known or _american(word))


def _american(word: str) -> str:
    """Write a word the American way: organised, colour, centre, defence."""
    for pattern, new in _AMERICAN:
        word = pattern.sub(new, word)
    return word


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """Read a text; nothing in it is too odd to be read."""
    tokens: list[Token] = []
    clause, opens, depth = 0, True, 0
    for match in _TOKEN.finditer(plain(text)):
        shown = match.group()
        possessive = shown.endswith("'s")
        shown = shown.removesuffix("'s") or shown
        low = _THOUSANDS.sub("", fold(shown) or shown)
        if low in BREAKS:
            clause += 1
        base = base_of(low) if shown[:1].isalpha() else low
        depth = max(0, depth + (low in {"(", "["}) - (low in {")", "]"}))
        tokens.append(Token(len(tokens), shown, low, base, clause, opens, possessive, depth > 0))
        opens = low in {".", "!", "?", '"', ":"} or (opens and not shown[:1].isalnum())
    reading = Reading(tokens)
    _sign(reading)
    return reading


def plain(text: str) -> str:
    """Write a text with one sort of quotation mark, hyphen, space, digit and abbreviation."""
    text = _INITIALS.sub(lambda m: m.group().replace(".", ""), unicodedata.normalize("NFKC", text))
    for pattern, new in _REWRITTEN:
        text = pattern.sub(new, text)
    return text


def _sign(reading: Reading) -> None:
    """Set every token's sign, and note the negations with the words they bear upon."""
    tokens = reading.tokens
    negated: set[int] = set()
    for token in tokens:
        if token.low in CLAUSE_NEGATORS and not _empty(tokens, token.at):
            if token.clause not in negated:  # "neither … nor" negates once
                negated.add(token.clause)
                _negate_clause(reading, token)
        elif is_negating(tokens, token):
            _negate_ahead(reading, token)


_BASES = frozenset(base_of(word) for word in NEGATING)
_CLAIMS = frozenset(  # "denied the claim that …" denies what follows
    base_of(word)
    for word in """claim talk idea notion suggestion view report charge allegation accusation rumour
    assertion argument belief theory speculation""".split()
)
_NEED_TO = frozenset(base_of(word) for word in ("fail", "failure", "decline", "omit"))


def is_negating(tokens: Sequence[Token], token: Token) -> bool:
    """Whether a word turns round what follows it: refused, ruled out, against filling."""
    after = tokens[token.at + 1].low if token.at + 1 < len(tokens) else ""
    against = token.low == "against" and after.endswith("ing")
    whole = token.base in _BASES and (token.base not in _NEED_TO or after == "to") and after != "-"
    return whole or against or _phrase(tokens, token)


def _empty(tokens: Sequence[Token], at: int) -> bool:
    after = tokens[at + 1].low if at + 1 < len(tokens) else "."
    return after in EMPTY_NEGATION | {".", ",", ";"} or (
        tokens[at].low == "no" and after == "longer"
    )


def _phrase(tokens: Sequence[Token], token: Token) -> bool:
    """Whether a negation of several words begins here, as in "ruled out"."""
    wanted = NEGATING_PHRASES.get(token.low) or NEGATING_PHRASES.get(token.base, ())
    rest = " ".join(t.low for t in tokens[token.at + 1 : token.at + 3])
    return any(rest == words or rest.startswith(words + " ") for words in wanted)


def _bears_weight(token: Token) -> bool:
    adverb = token.low in WEAK_ADVERBS or (token.low.endswith("ly") and len(token.low) > 5)
    return token.content and not adverb


def _negate_clause(reading: Reading, negator: Token) -> None:
    tokens, at = reading.tokens, negator.at
    lead = tokens[at - 1].low if at else ""
    bound = lead in {"with", "of", "in", "under", "by", "for", "at", "to", "from", "on"}
    only_ahead = negator.low == "no" and (bound or lead.endswith("ing"))
    span = _clause(tokens, negator)
    for token in span:
        if token.at > at or not only_ahead:
            token.sign = -token.sign
    ahead = [t for t in span if _bears_weight(t) and t.at > at]
    behind = [t for t in span if _bears_weight(t) and t.at < at]
    beyond = [t for t in tokens[at + 1 : at + 8] if _bears_weight(t)]
    if negator.low == "neither":  # "neither X nor Y was put to a vote" bears on its end
        focus = ahead[-1:]
    elif negator.low in {"nothing", "nobody", "none"} and behind:  # "offered nothing on the claims"
        focus = behind[-1:]
    else:
        focus = [*ahead[:1], *behind[-1:], *beyond[:1]][:1]
    for word in [*focus, *(_infinitive(tokens, focus[0]) if focus else ())]:
        reading.negations.append(Negation(at, word, tuple(ahead or behind)))


def _infinitive(tokens: Sequence[Token], token: Token) -> list[Token]:
    """What is not done where it is not sought, planned or agreed: cancel of "seek to cancel"."""
    after = [t.low for t in tokens[token.at + 1 : token.at + 2]]
    return (
        [t for t in tokens[token.at + 2 : token.at + 4] if t.content][:1] if after == ["to"] else []
    )


def _negate_ahead(reading: Reading, negator: Token) -> None:
    tokens, at = reading.tokens, negator.at
    after = at + (2 if _phrase(tokens, negator) else 1)
    rest = [t.low for t in tokens[after : after + 1]]
    lead = {t.low for t in tokens[max(0, at - 3) : at]}
    passive = negator.low.endswith(("ed", "ied")) or negator.low in {"ruled", "turned", "called"}
    if passive and (lead & BE or rest == ["by"]):
        turned = [t for t in _clause(tokens, negator) if t.at < at]
    else:
        that = next((t.at for t in tokens[after : after + 6] if t.low == "that"), 0)
        on = rest == ["that"] or (that and tokens[that - 1].base in _CLAIMS)
        clauses = {negator.clause, negator.clause + bool(on)}
        turned = [t for t in tokens[after : after + 12] if t.clause in clauses and t.low != "by"]
    for token in turned:
        token.sign = -token.sign
    span = tuple(t for t in turned if _bears_weight(t))
    inner = tuple(t for t in span if t.clause > negator.clause)
    for told in (span, inner if inner != span else ()):
        if told:
            reading.negations.append(Negation(at, told[0], told))


def _clause(tokens: Sequence[Token], token: Token) -> list[Token]:
    low = high = token.at
    while low > 0 and tokens[low - 1].clause == token.clause:
        low -= 1
    while high + 1 < len(tokens) and tokens[high + 1].clause == token.clause:
        high += 1
    return list(tokens[low : high + 1])
