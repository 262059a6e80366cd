"""Whether a statement turns what its source says: negation, opposites, quantity, modality."""

from collections.abc import Iterable, Sequence
from itertools import takewhile

from rag.support import lexicon
from rag.support.align import Pair, contrasts
from rag.support.numbers import is_number_word
from rag.support.tokens import BREAKS, Reading, Token, base_of

_IDIOMS = {("at", "all"), ("after", "all"), ("above", "all"), ("of", "all"), ("not", "only")}
_UNREAL = frozenset(base_of(word) for word in lexicon.UNREAL)
_COPULAS = lexicon.BE | frozenset("has have had remain remains stay stays".split())
_PASSED = frozenset({"that", "and", "if", "unless", '"', ","})  # what "would" reaches beyond
_BETWEEN = frozenset("not never also already still now been be then".split())
_CONDITIONS = frozenset("if unless whether lest provided providing until once".split())
_REACH = 8
_SIGN_REACH = 4
_ROOT = 5  # letters
_AGE_DIGITS = 4
_PLAIN_BE = frozenset("is are was were".split())


def turned(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a word that a negation bears upon, on either side, has the other sign there."""
    by_said = {pair.said.at: pair for pair in pairs}
    for negation in said.negations:
        focus = by_said.get(negation.focus.at)
        span = [by_said[t.at] for t in negation.span if t.at in by_said]
        if not (focus.agrees if focus else any(pair.agrees for pair in span)):
            return True
    focused = {negation.focus.at for negation in source.negations} | _not_seen(source)
    bearing = [pair for pair in pairs if pair.source.at in focused or pair.relation < 0]
    return not all(pair.agrees for pair in bearing)


def cut_out(said: Reading, source: Reading) -> bool:
    """Whether a clause stands in its source word for word, but without its "not" or "if" there.

    Words without a verb ("1,200 questions") say nothing that could be negated.
    """
    wanted = [t.low for t in said.tokens if t.word]
    there = [t for t in source.tokens if t.word]
    if not any(low in lexicon.AUXILIARY | lexicon.PAST or low.endswith("ed") for low in wanted):
        return False
    starts = range(len(there) - len(wanted) + 1)
    places = [k for k in starts if [t.low for t in there[k : k + len(wanted)]] == wanted]
    spans = [(there[k].at, there[k + len(wanted) - 1].at) for k in places]
    return bool(spans) and all(_held_back(source, low, high) for low, high in spans)


def _held_back(source: Reading, low: int, high: int) -> bool:
    """Whether words outside a stretch of the source, first and last place given, negate it."""
    outside = [n.focus.at for n in source.negations if not low <= n.at <= high]
    return source.low(low - 1) in _CONDITIONS or any(low <= at <= high for at in outside)


def _not_seen(source: Reading) -> set[int]:
    """Where the words stand of which a source says that there is no sign: "no sign of fraud"."""
    places: set[int] = set()
    for token in source.tokens:
        behind = [source.low(token.at + step) for step in (1, 2)]
        if token.low == "no" and behind[0] in lexicon.SIGNS and behind[1] == "of":
            reach = source.tokens[token.at + 3 : token.at + 3 + _SIGN_REACH]
            places |= {t.at for t in takewhile(lambda t: t.low not in BREAKS, reach)}
    return places


def unfounded(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether all that a statement says of something behind its last "is" has no counterpart.

    "The vote was fraudulent" is not supported by a sentence that only has the vote. A word that
    begins alike will do: bankrupt, bankruptcy.
    """
    denied = _not_seen(source)
    roots = {t.low[:_ROOT] for t in source.tokens if t.word and t.at not in denied}
    copula = next((t.at for t in reversed(said.tokens) if t.low in _PLAIN_BE), None)
    told = [t for t in said.content if copula is not None and t.at > copula]
    paired = {pair.said.at for pair in pairs}
    return bool(told) and not any(t.at in paired or t.low[:_ROOT] in roots for t in told)


def contrasted(said: Reading, source: Reading) -> bool:
    """Whether a statement says weekly, years, summer where its source says otherwise."""
    return next(contrasts(said, source), None) is not None


def overstated(said: Reading, source: Reading) -> bool:
    """Whether a statement says all, only, never, the same or bigger than unlike its source."""
    if _compares(said) and not source.lows & lexicon.COMPARING:
        return True
    for word, accepted in lexicon.NEEDS_ONE_OF.items():
        for token in said.tokens:
            before = said.tokens[token.at - 1].low if token.at else ""
            held_back = {"but", "except"} & {said.low(token.at + step) for step in (1, 2, 3)}
            if token.low != word or held_back or (before, word) in _IDIOMS:
                continue
            fitting = [t for t in source.tokens if t.low in accepted]
            if not fitting or (before not in lexicon.PARTLY and _all_partly(source, fitting)):
                return True
    return False


def aged(said: Reading, source: Reading) -> bool:
    """Whether so many years of a source are made how old somebody is: "after twelve years"."""
    old = (
        any(t.low == "old" and said.low(t.at - 1) in {"year", "years", "-"} for t in said.tokens)
        or "aged" in said.lows
    )
    return old and source.lows.isdisjoint(lexicon.OF_AGE) and not _age_beside(source)


def _age_beside(source: Reading) -> bool:
    """Whether an age stands behind a name: "Tomas Reyk, 34, …"."""
    return any(
        t.low.isdigit()
        and len(t.low) < _AGE_DIGITS
        and source.low(t.at - 1) == ","
        and source.low(t.at + 1) in {",", ";", ")", ".", ""}
        for t in source.tokens
    )


def _compares(said: Reading) -> bool:
    """Whether a statement compares two things: "smaller than the other", not "more than 60"."""
    return any(
        token.low == "than"
        and said.low(token.at - 1) not in {"rather", "other"}
        and not is_number_word(said.low(token.at + 1))
        and not said.low(token.at + 1)[:1].isdigit()
        for token in said.tokens
    )


def _all_partly(source: Reading, found: Iterable[Token]) -> bool:
    """Whether each is held back, as in "nearly all"."""
    return all(
        source.low(t.at - 1) in lexicon.PARTLY - {"not"}
        or source.low(t.at + 1) in {"but", "except"}
        for t in found
    )


def unreal_made_real(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a statement tells as done what its source calls planned, wanted, possible or asked.

    Looked at are its verbs behind an auxiliary, else its verbs in the past, else verbs such as
    "keeps" before any "is", else what follows "is". "800,000 men" and "it is 800,000 men" assert
    nothing: what is meant stands in the question.
    """
    told = _asserted(said, pairs)
    if not told:
        return False
    if not said.lows & (lexicon.WEAK | lexicon.OPEN | {"if"}):
        weak = all(_governed(source, pair.source, lexicon.WEAK | lexicon.OPEN) for pair in told)
        if weak and said.lows & lexicon.SURE:
            return True
    if said.lows & lexicon.TOLD - {"said", "say", "says"} or any(
        t.base in _UNREAL for t in said.tokens
    ):
        return False
    return all(_governed(source, pair.source, _UNREAL) for pair in told)


def made_conditional(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a statement says what would be, and its source only tells what is.

    Asked what would happen, a language model puts "would" before whatever it was shown.
    """
    would = next((t.at for t in said.tokens if t.at and t.low == "would"), None)
    if would is None or said.lows & lexicon.TOLD:
        return False
    ends = next((t.at for t in said.tokens if t.at > would and t.low in BREAKS), len(said.tokens))
    told = [p for p in pairs if p.said.content and would < p.said.at < ends]
    return bool(told) and not any(_governed(source, pair.source, _UNREAL) for pair in told)


def _asserted(said: Reading, pairs: Sequence[Pair]) -> list[Pair]:
    """The paired words that carry what a statement asserts."""
    free = [pair for pair in pairs if pair.said.content and not pair.said.capital]
    aided = [p for p in free if _aided(said, p.said) and _verbal(p.said.low)]
    if aided:
        return aided
    past = [p for p in free if p.said.at and _past(said, p.said)]
    if past:
        return past
    is_at = next((t.at for t in said.tokens if t.low in _COPULAS), None)
    present = [pair for pair in free if _third_person(pair)]
    if present and (is_at is None or present[0].said.at < is_at):
        return present
    if is_at is None:
        return []
    subject = {t.low for t in said.tokens[:is_at]}
    return (
        [p for p in free if p.said.at > is_at]
        if subject - lexicon.PRONOUNS - {"that", "this"}
        else []
    )


def _past(said: Reading, token: Token) -> bool:
    """Whether a word is a verb of the past: asked, took, and "cut" right behind its subject."""
    before = said.tokens[token.at - 1]
    bare = token.low in lexicon.SAME_PAST and (before.capital or before.low in lexicon.PRONOUNS)
    return token.low.endswith("ed") or token.low in lexicon.PAST or bare


def _third_person(pair: Pair) -> bool:
    """Whether a word is a verb of the present: "keeps" of "wants Ukraine to keep"."""
    return pair.said.low.endswith("s") and pair.said.low in {
        pair.source.low + "s",
        pair.source.low + "es",
    }


def _aided(reading: Reading, token: Token) -> bool:
    """Whether an auxiliary stands before a word, adverbs between them passed over."""
    at = token.at - 1
    while reading.low(at) in _BETWEEN or reading.low(at).endswith("ly"):
        at -= 1
    return reading.low(at) in lexicon.AUXILIARY


def _verbal(low: str) -> bool:
    formed = low.endswith(("ed", "ing", "en")) or low in lexicon.PAST
    return low.isalpha() and (formed or not low.endswith(("s", "ly")))


def _governed(source: Reading, token: Token, words: frozenset[str]) -> bool:
    """Whether a word of the source stands behind "would", "demanded", "if" in its clause."""
    for at in range(token.at - 1, max(-1, token.at - _REACH - 1), -1):
        other = source.tokens[at]
        if not other.capital and (other.base in words or other.low in words):
            return True
        if other.low in BREAKS - _PASSED or other.low in lexicon.PRONOUNS:
            return False
    return False
