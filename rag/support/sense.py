"""Whether a statement turns what its source says: negation, opposites, quantity, modality."""

from collections.abc import Iterable, Sequence

from rag.support import lexicon
from rag.support.align import Pair, contrasts
from rag.support.tokens import BREAKS, Reading, Token, base_of

_IDIOMS = {("at", "all"), ("after", "all"), ("above", "all"), ("of", "all"), ("not", "only")}
_UNREAL = frozenset(base_of(word) for word in lexicon.UNREAL)
_MOST = 0.6  # share of the paired words that must stand under "would", "planned", … to count
_REACH = 8


def turned(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a word that a negation bears upon, on either side, has the other sign there."""
    by_said = {pair.said.at: pair for pair in pairs}
    for negation in said.negations:
        focus = by_said.get(negation.focus.at)
        span = [by_said[t.at] for t in negation.span if t.at in by_said]
        if not (focus.agrees if focus else any(pair.agrees for pair in span)):
            return True
    focused = {negation.focus.at for negation in source.negations}
    bearing = [pair for pair in pairs if pair.source.at in focused or pair.relation < 0]
    return not all(pair.agrees for pair in bearing)


def contrasted(said: Reading, source: Reading) -> bool:
    """Whether a statement says weekly, years, summer where its source says otherwise."""
    return next(contrasts(said, source), None) is not None


def overstated(said: Reading, source: Reading) -> bool:
    """Whether a statement says all, always, only, never without a word for it in its source."""
    for word, accepted in lexicon.NEEDS_ONE_OF.items():
        for token in said.tokens:
            before = said.tokens[token.at - 1].low if token.at else ""
            if token.low != word or (before, word) in _IDIOMS:
                continue
            fitting = [t for t in source.tokens if t.low in accepted]
            if not fitting or (before not in lexicon.PARTLY and _all_partly(source, fitting)):
                return True
    return False


def _all_partly(source: Reading, found: Iterable[Token]) -> bool:
    """Whether each is held back, as in "nearly all"."""
    return all(t.at and source.tokens[t.at - 1].low in lexicon.PARTLY - {"not"} for t in found)


def unreal_made_real(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a statement tells as done what its source calls planned, wanted, possible or asked."""
    if source.lows & lexicon.WEAK and said.lows & lexicon.SURE - source.lows:
        return not said.lows & lexicon.WEAK
    if any(t.base in _UNREAL for t in said.tokens):
        return False
    heads = [pair for pair in pairs if _finite(said, pair.said)]
    if heads:
        return all(_unreal(source, pair.source) for pair in heads)
    told = [pair for pair in pairs if pair.said.content]
    unreal = [pair for pair in told if _unreal(source, pair.source)]
    return bool(told) and len(unreal) >= _MOST * len(told)


def _finite(reading: Reading, token: Token) -> bool:
    """Whether a word is a verb that tells something as done: "has said", "rejected"."""
    before = [t.low for t in reading.tokens[max(0, token.at - 3) : token.at]]
    aided = any(low in lexicon.AUXILIARY for low in before[-2:])
    past = token.low.endswith("ed") or token.low in lexicon.PAST
    return token.content and not token.capital and past and (aided or bool(before))


def _unreal(source: Reading, token: Token) -> bool:
    """Whether a word of the source stands behind "would", "demanded", "if" in its clause."""
    if token.base in _UNREAL:
        return False
    for at in range(token.at - 1, max(-1, token.at - _REACH - 1), -1):
        other = source.tokens[at]
        if other.low in BREAKS - {"that", "and", "if", "unless"} or other.low in lexicon.PRONOUNS:
            return False
        if other.base in _UNREAL and not other.capital:
            return True
    return False
