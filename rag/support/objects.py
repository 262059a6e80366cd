"""What is done to what: the object behind a verb that statement and source share."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from rag.support import lexicon
from rag.support.align import Pair
from rag.support.names import is_name, runs
from rag.support.roles import is_verb
from rag.support.tokens import BREAKS, Reading, Token

# Behind these a verb means something else: ran the city, ran for mayor.
_TURNING = frozenset("for from off over out after into without".split())
_NOT_OF = lexicon.PREPOSITIONS - {"of"}  # "the parts of the Donbas" is one object
_OPENING = frozenset("the a an his her its their this these those".split())


def other_object(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a statement's verb has an object that its source knows nothing of, or has not there.

    "Ada Novak runs the city" is not supported by a sentence in which she ran for something, nor by
    one that tells of no city.
    """
    paired, names = {pair.said.at: pair.source.at for pair in pairs}, runs(said)
    for pair in pairs:
        if pair.relation < 0 or not (_doing(said, pair.said) or is_verb(said, pair.said, names)):
            continue
        told = [token for token in _object(said, pair.said) if token.content]
        there = [paired[token.at] for token in told if token.at in paired]
        if told and (not there or _turned(pair, source, there)):
            return True
    return False


def _turned(pair: Pair, source: Reading, there: Sequence[int]) -> bool:
    """Whether the source has the same verb, but its object behind a word that turns the verb."""
    behind = {source.low(t.at + 1) for t in source.tokens if t.base == pair.source.base}
    same = pair.said.base == pair.source.base
    return same and behind <= _TURNING and min(there) > pair.source.at


def _doing(reading: Reading, token: Token) -> bool:
    return token.low.endswith("ing") and reading.low(token.at - 1) in lexicon.BE


def _object(reading: Reading, verb: Token) -> Iterator[Token]:
    """The words of the noun phrase right behind a verb; none where no such phrase begins."""
    first = reading.tokens[verb.at + 1 : verb.at + 2]
    if not first or not (first[0].low in _OPENING or is_name(reading, first[0])):
        return iter(())
    ends = BREAKS | _NOT_OF | lexicon.AUXILIARY
    rest = reading.tokens[verb.at + 2 : verb.at + 8]
    return iter([*first, *takewhile(lambda t: t.word and t.low not in ends, rest)])
