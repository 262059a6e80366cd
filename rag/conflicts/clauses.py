"""A sentence as tokens, clauses and the cues of ``rag.conflicts.opposites`` in it."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.conflicts.opposites import CUES, NEEDS
from rag.words import fold

# "US-Ukraine" are two names, "20-point" and "so-called" one word
_TOKEN = re.compile(r"\w+(?:(?:[.,’']|-(?![A-Z]))\w+)*|[^\w\s]")
_MARKS = frozenset(", ; ( ) — –".split())
_JOINTS = frozenset("but while although though whereas however".split())


class Token(NamedTuple):
    """A word or mark: as written, folded, and where it stands in the text."""

    text: str
    low: str
    start: int
    end: int

    @property
    def capital(self) -> bool:
        """Whether it is written with a capital."""
        return self.text[:1].isupper()

    @property
    def owns(self) -> bool:
        """Whether a possessive ending was cut off."""
        return self.end - self.start > len(self.text)


class Cue(NamedTuple):
    """Words at ``clause[at : at + length]`` that stand for one end of an axis."""

    at: int
    length: int
    axis: str
    sign: int


def tokens(text: str) -> list[Token]:
    """Cut text into words and marks; a possessive loses its ending, "n't" is a word of its own."""
    found = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        word = match.group().replace("’", "'").removesuffix("'s")
        if word.endswith("n't") and len(word) > 3:
            found.append(Token(word[:-3], word[:-3].lower(), start, end))
            word = "n't"
        low = word.lower() if word.isascii() else fold(word)
        found.append(Token(word, low or word, start, end))
    return found


def clauses(toks: Sequence[Token]) -> Iterator[list[Token]]:
    """Cut a sentence where marks and conjunctions of contrast stand."""
    clause: list[Token] = []
    for token in toks:
        if token.low in _MARKS or token.low in _JOINTS:
            if clause:
                yield clause
            clause = []
        else:
            clause.append(token)
    if clause:
        yield clause


def cues(clause: Sequence[Token]) -> Iterator[Cue]:
    """Find the cues; of phrases that begin at one word the longest count."""
    lows = [token.low for token in clause]
    there = frozenset(lows)
    at = 0
    while at < len(lows):
        fits = [
            Cue(at, len(entry.phrase), entry.axis, entry.sign)
            for entry in CUES.get(lows[at], ())
            if tuple(lows[at : at + len(entry.phrase)]) == entry.phrase
            and (entry.axis != "settled" or lows[at] not in NEEDS or NEEDS[lows[at]] & there)
        ]
        longest = max((cue.length for cue in fits), default=1)
        yield from (cue for cue in fits if cue.length == longest)
        at += longest
