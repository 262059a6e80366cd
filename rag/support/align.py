"""Which word of a statement answers to which word of its source, and whether the sense agrees."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rag.support import lexicon
from rag.support.names import is_name, like
from rag.support.tokens import Reading, Token, base_of, is_negating

_SHORTEST_REST = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A word said and the word of the source; ``relation`` is -1 where they are opposites."""

    said: Token
    source: Token
    relation: int = 1

    @property
    def agrees(self) -> bool:
        """Whether both say the same once negation is counted."""
        return self.said.sign * self.relation == self.source.sign


def align(said: Reading, source: Reading) -> list[Pair]:
    """Pair each content word with the occurrence in the source whose surroundings fit best."""
    index: dict[str, list[Token]] = defaultdict(list)
    for token in source.tokens:
        if token.word:
            index[token.base].append(token)
    pairs = []
    for token in said.tokens:
        if not token.word or not (token.content or token.base in opposites()):
            continue
        found, relation = _candidates(said, token, source, index)
        if found:
            pairs.append(Pair(token, _best(said, token, source, found), relation))
    return pairs


def _candidates(
    said: Reading, token: Token, source: Reading, index: dict[str, list[Token]]
) -> tuple[list[Token], int]:
    direct = index.get(token.base) or index.get(degree(token.low)) or _graded(token, source)
    if not direct and is_name(said, token):
        direct = [t for t in source.tokens if t.capital and like(token.low, t.low)]
    if direct:
        return direct, 1
    likely = [t for base in alike().get(token.base, ()) for t in index.get(base, ())]
    if likely:
        return likely, 1
    if is_negating(said.tokens, token):
        return [t for t in source.tokens if is_negating(source.tokens, t)], 1
    turned = [t for t in source.tokens if t.word and opposed(token, t)]
    return [t for t in turned if not _told(said, t, index)], -1


def _told(said: Reading, other: Token, index: dict[str, list[Token]]) -> bool:
    """Whether the statement has a word of the source as often as the source has it."""
    return sum(t.base == other.base for t in said.tokens) >= len(index[other.base])


def _graded(token: Token, source: Reading) -> list[Token]:
    """Other degrees of one adjective: larger and largest."""
    plain = degree(token.low)
    return [t for t in source.tokens if t.word and degree(t.low) == plain] if plain else []


def _best(said: Reading, token: Token, source: Reading, found: Sequence[Token]) -> Token:
    around = {t.base for t in said.near(token.at)}

    def fit(other: Token) -> tuple[int, bool]:
        shared = sum(t.base in around for t in source.near(other.at))
        beside = sum(
            said.low(token.at + step) == source.low(other.at + step) != "" for step in (-1, 1)
        )
        return shared + 2 * beside, other.sign == token.sign

    return max(found, key=fit)


def opposed(one: Token, other: Token) -> bool:
    """Whether two words exclude each other: rise and fall, occupied and unoccupied."""
    if other.base in opposites().get(one.base, ()):
        return True
    a, b = degree(one.low), degree(other.low)
    if (a or b) and (b or other.base) in opposites().get(a or one.base, ()):
        return True
    return (
        _turned(one.low, other.low) or _turned(other.low, one.low) or _prefixed(one.low, other.low)
    )


def _turned(one: str, other: str) -> bool:
    """Whether the first word is the second with a prefix that turns it round."""
    return any(
        one.startswith(prefix)
        and len(one) - len(prefix) >= _SHORTEST_REST
        and base_of(one[len(prefix) :]) == base_of(other)
        for prefix in lexicon.TURNING_PREFIXES
    )


def _prefixed(one: str, other: str) -> bool:
    """Whether two words differ in prefixes that exclude each other: bilateral, trilateral."""
    for pair in lexicon.PREFIX_PAIRS:
        for a, b in (pair, pair[::-1]):
            rest, its = one[len(a) :], other[len(b) :]
            fits = one.startswith(a) and other.startswith(b) and len(rest) >= _SHORTEST_REST
            if fits and base_of(rest) == base_of(its):
                return True
    return False


@cache
def opposites() -> dict[str, frozenset[str]]:
    """Give the opposites of a base form."""
    found: dict[str, set[str]] = defaultdict(set)
    for pair in lexicon.OPPOSITES:
        one, other = map(base_of, pair.split("/"))
        if one != other:
            found[one].add(other)
            found[other].add(one)
    return {word: frozenset(others) for word, others in found.items()}


@cache
def alike() -> dict[str, frozenset[str]]:
    """Give the base forms of words used for the same thing."""
    found: dict[str, set[str]] = defaultdict(set)
    for group in lexicon.ALIKE:
        bases = {base_of(word) for word in group.split()}
        for base in bases:
            found[base] |= bases - {base}
    return {word: frozenset(others) for word, others in found.items()}


@cache
def degree(low: str) -> str:
    """Give the base of what a comparative or superlative compares, or nothing: larger, large."""
    for ending in ("est", "er"):
        if low.endswith(ending) and len(low) > len(ending) + 2:
            root = low[: -len(ending)]
            for made in (root, root + "e", root[:-1] + "y", root[:-1]):
                if base_of(made) in opposites():
                    return base_of(made)
    return ""


def contrasts(said: Reading, source: Reading) -> Iterator[tuple[str, str]]:
    """Give pairs of words where the source has one of a set and the statement another."""
    for group in lexicon.CONTRASTS:
        bases = {base_of(word) for word in group}
        mine, theirs = bases & said.bases, bases & source.bases
        for word in mine - theirs:
            if not alike().get(word, frozenset()) & source.bases and theirs - mine:
                yield word, next(iter(theirs - mine))
