"""At least, at most: what a source only bounds is no plain number."""

import re
from collections.abc import Sequence
from typing import Literal

from rag.support.align import Pair
from rag.support.numbers import is_number_word
from rag.support.tokens import Reading, Token

Bound = Literal["least", "most"]
_BOUNDS: dict[Bound, str] = {
    "least": "at least|more than|over|no fewer than|no less than|not less than|upwards of"
    "|in excess of|a minimum of",
    "most": "at most|no more than|not more than|up to|as many as|as much as|fewer than|less than"
    "|under|a maximum of",
}
_NEARLY = "about|around|some|roughly|nearly|almost|approximately|an estimated|just over|just under"
_PHRASES = {tuple(p.split()): bound for bound, told in _BOUNDS.items() for p in told.split("|")}
_LONGEST = max(map(len, _PHRASES))
_LEADS = re.compile(rf"\b(?:{'|'.join([*_BOUNDS.values(), _NEARLY])})\s*[$€£]?$", re.IGNORECASE)


def unbounded(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a number is told plainly, or bounded the other way, that its source only bounds."""
    for pair in pairs:
        if not _number(pair.said) or pair.said.base != pair.source.base:
            continue
        there = {_bound(source, t) for t in source.tokens if t.base == pair.source.base}
        if None not in there and _bound(said, pair.said) not in there:
            return True
    return False


def bound_before(text: str) -> str:
    """Give the words at the end of a text that bound or round the number behind it."""
    found = _LEADS.search(text.rstrip())
    return found[0] if found else ""


def _number(token: Token) -> bool:
    return token.low[:1].isdigit() or is_number_word(token.low)


def _bound(reading: Reading, number: Token) -> Bound | None:
    before = [t.low for t in reading.tokens[max(0, number.at - _LONGEST - 1) : number.at] if t.word]
    for many in range(min(_LONGEST, len(before)), 0, -1):  # "no more than" before "more than"
        if bound := _PHRASES.get(tuple(before[-many:])):
            return bound
    return None
