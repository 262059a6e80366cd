"""Who or what a verb is told of: the subject of a verb that statement and source share."""

from collections.abc import Iterable, Iterator, Sequence

from rag.support import lexicon
from rag.support.align import Pair, alike
from rag.support.names import Run, like, runs
from rag.support.roles import is_verb
from rag.support.tokens import BREAKS, Reading, Token, base_of

_PASSED = frozenset("not never also still now again already even all just then so far".split())
_JOINING = frozenset("and but or".split())
_RELATIVE = frozenset("who which that".split())
_STAND_INS = frozenset("those that one ones others another".split())
_SAYING = frozenset("say says tell tells".split())  # these are in no list of the past
# "A meeting is expected", "they are expected to meet": whose subject is free.
_RAISING = frozenset(map(base_of, "expected planned scheduled thought believed reported".split()))
_REACH = 6  # words behind a verb or a "by" that are looked at


def other_subject(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a statement's verb has a subject that in its source stands elsewhere.

    "The bank met the condition" is not supported by "the bank said that the board's recommendation
    met the condition". Where the source's subject cannot be told, by a pronoun or an infinitive,
    nothing is objected.
    """
    paired = {pair.said.at for pair in pairs}
    for verb, places in _shared_verbs(said, source, pairs):
        mine = _heads(said, verb)
        known = any(token.at in paired for token in mine)
        spans = [_subject(source, place, said, verb) for place in places] if known else []
        if spans and all(spans) and not any(_among(mine, span) for span in spans):
            return True
    return False


def _shared_verbs(
    said: Reading, source: Reading, pairs: Sequence[Pair]
) -> Iterator[tuple[Token, list[Token]]]:
    """The verbs of a statement, each with all places of the source that have it too."""
    names = runs(said)
    for pair in pairs:
        if pair.said.base == pair.source.base and _told(said, pair.said, names):
            yield pair.said, [t for t in source.tokens if t.base == pair.source.base]


def _told(said: Reading, token: Token, names: Sequence[Run]) -> bool:
    """Whether a word of a statement is a verb that has a subject before it."""
    lead = said.low(_before(said, token.at))
    odd = not token.low.isalpha() or token.low in _PASSED or token.base in _RAISING
    if odd or lead in {"to", "having"}:
        return False
    formed = token.low.endswith(("ed", "ing")) or token.low in lexicon.PAST
    if lead in lexicon.AUXILIARY:
        return formed or lead not in lexicon.BE
    bare = token.low.endswith("ed") or not formed  # "signed in Lisbon", "Pacific states in"
    return is_verb(said, token, names) and (not bare or _object_follows(said, token))


def _object_follows(reading: Reading, verb: Token) -> bool:
    after = reading.low(verb.at + 1)
    return after not in lexicon.PREPOSITIONS | BREAKS | lexicon.AUXILIARY | {""}


def _before(reading: Reading, at: int) -> int:
    """Where the word stands that comes before a place, adverbs passed over."""
    at -= 1
    while reading.low(at) in _PASSED or (reading.low(at).endswith("ly") and at > 0):
        at -= 1
    return at


def _group(reading: Reading, at: int) -> int:
    """Where the auxiliaries before a verb begin."""
    while reading.low(before := _before(reading, at)) in lexicon.AUXILIARY:
        at = before
    return at


def _passive(reading: Reading, verb: Token) -> bool:
    lows = {t.low for t in reading.tokens[_group(reading, verb.at) : verb.at]}
    return bool(lows & lexicon.BE) and not verb.low.endswith("ing")


def _ends(token: Token) -> bool:
    """Whether a subject cannot reach over a token: a mark, a joining word, another verb."""
    mark = token.low in BREAKS and not token.aside and token.low != ")"
    verb = token.low in lexicon.PAST | lexicon.AUXILIARY | _SAYING
    return mark or verb or (token.low.endswith("ed") and not token.capital)


def _stretch(reading: Reading, high: int) -> list[Token]:
    """The words before a place, back to what a subject cannot reach over, asides left out."""
    low = high
    while low > 0 and not _ends(reading.tokens[low - 1]):
        low -= 1
    return [token for token in reading.tokens[low:high] if token.word and not token.aside]


def _heads(said: Reading, verb: Token) -> list[Token]:
    """The content words of a verb's subject up to its first preposition, owners left out."""
    stretch = _stretch(said, _before(said, _group(said, verb.at)) + 1)
    if not stretch or stretch[0].low in lexicon.PREPOSITIONS:  # "At the meeting the envoys …"
        return []
    if said.low(stretch[0].at - 1) in _JOINING:  # "Egypt and Sudan left"
        return []
    end = next((k for k, t in enumerate(stretch) if t.low in lexicon.PREPOSITIONS), len(stretch))
    return [token for token in stretch[:end] if token.content and not token.possessive]


def _subject(source: Reading, place: Token, said: Reading, verb: Token) -> list[Token]:
    """The words among which the subject of a source's verb is; none where that cannot be told.

    What stands behind the verb is among them where the statement has no object: "the talks ended"
    is supported by "they ended the talks".
    """
    has_object = _object_follows(said, verb)
    if has_object and source.low(place.at + 1) in BREAKS:  # "with the seat lost, she left"
        return []
    found = _before_verb(source, place, passive=_passive(said, verb))
    behind = source.tokens[place.at + 1 : place.at + 1 + _REACH]
    return found if has_object or not found else [*found, *behind]


def _before_verb(source: Reading, verb: Token, *, passive: bool) -> list[Token]:
    begin = _group(source, verb.at)
    at = _before(source, begin)
    lead = source.low(at)
    if begin == verb.at and not is_verb(source, verb, runs(source)):
        return []
    if begin == verb.at and (agent := _agent(source, verb)):
        return [] if passive else agent
    if passive != _passive(source, verb) or at < 0 or lead in lexicon.PRONOUNS - _RELATIVE:
        return []
    if lead in _RELATIVE:
        return _stretch(source, at - (source.low(at - 1) == ","))
    if lead in _JOINING or lead == ",":  # of an earlier verb, or beyond an aside
        opened = max((t.at for t in source.tokens[:at] if t.low in {".", ";"}), default=-1)
        return source.tokens[opened + 1 : verb.at]
    if lead in lexicon.PREPOSITIONS or _ends(source.tokens[at]):
        return []
    found = _stretch(source, at + 1)
    part = bool(found) and source.low(found[0].at - 1).endswith("ed")  # "experts polled by X said"
    return [] if part or any(t.low in _STAND_INS for t in found) else found


def _agent(source: Reading, verb: Token) -> list[Token]:
    """X and what follows of "the days allowed by X"."""
    for token in source.tokens[verb.at + 1 : verb.at + 5]:
        if token.low == "by" and not source.low(token.at + 1).endswith("ing"):
            return source.tokens[token.at + 1 : token.at + 1 + _REACH]
    return []


def _among(mine: Iterable[Token], theirs: Sequence[Token]) -> bool:
    """Whether one of some words stands among others, in some form or spelling."""
    bases = {t.base for t in theirs}
    return any(
        token.base in bases
        or not bases.isdisjoint(alike().get(token.base, ()))
        or any(t.capital and token.capital and like(token.low, t.low) for t in theirs)
        for token in mine
    )
