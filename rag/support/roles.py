"""Who does what to whom: names around a word that statement and source share."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.support import lexicon
from rag.support.align import Pair
from rag.support.names import Run, runs
from rag.support.numbers import is_number_word
from rag.support.tokens import BREAKS, Reading, Token

_BEFORE, _AFTER = 7, 9
_JOINING = frozenset({"and", "or"})
_ASIDE = frozenset("in on at from of for near under over during after before since until".split())
_LINKS = frozenset({"of", "by", "in"})
_BEFORE_A_VERB = frozenset(
    "will would can could may might must should shall to did does do not".split()
)


@dataclass(frozen=True, slots=True)
class Roles:
    """Who acts and who is acted upon at a verb, as far as names stand there."""

    agent: Run | None
    patient: Run | None


def swapped(said: Reading, source: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether a statement has the names of its source in each other's places."""
    mine, theirs = runs(said), runs(source)
    return any(
        _crossed(said, pair, mine, source, theirs) or _other_owner(pair, said, mine, source, theirs)
        for pair in pairs
        if pair.relation > 0 and not _in_run(pair.said, mine)
    )


def _in_run(token: Token, found: Sequence[Run]) -> bool:
    return any(run.low <= token.at < run.high for run in found)


def _crossed(
    said: Reading, pair: Pair, mine: Sequence[Run], source: Reading, theirs: Sequence[Run]
) -> bool:
    """Whether who acts here is acted upon there, and nowhere is it told as here."""
    if not is_verb(said, pair.said, mine):
        return False
    here = _roles(said, pair.said, mine)
    if here.agent is None and here.patient is None:
        return False
    told = [_roles(source, t, theirs) for t in source.tokens if t.base == pair.source.base]
    there = _roles(source, pair.source, theirs)
    return _cross(here, there) and not any(_kept(here, other) for other in told)


def is_verb(reading: Reading, token: Token, found: Sequence[Run]) -> bool:
    """Whether a word is used as a verb, as far as its form and what stands before it tell.

    ``found`` are the names of the text.
    """
    if not token.low.isalpha() or is_number_word(token.low):
        return False
    at = token.at - 1
    while reading.low(at).endswith("ly") or reading.low(at) in {"not", "also", "still", "never"}:
        at -= 1
    lead = reading.low(at)
    if token.low.endswith("ed") or token.low in lexicon.PAST or lead in _BEFORE_A_VERB:
        return True
    after_name = any(run.high == at + 1 and not run.words[-1].possessive for run in found)
    return token.low.endswith("s") and (after_name or lead in lexicon.PRONOUNS)


def _kept(here: Roles, there: Roles) -> bool:
    return _same(here.agent, there.agent) or _same(here.patient, there.patient)


def _cross(here: Roles, there: Roles) -> bool:
    return _same(here.agent, there.patient) or _same(here.patient, there.agent)


def _same(one: Run | None, other: Run | None) -> bool:
    return one is not None and other is not None and one.same(other)


def _roles(reading: Reading, verb: Token, found: Sequence[Run]) -> Roles:
    """The names before and after a verb in its clause; turned round in the passive."""
    free = [r for r in found if not r.words[-1].possessive and not _aside(reading, r)]
    before = [r for r in free if r.high <= verb.at and _joined(reading, r.high, verb.at, _BEFORE)]
    after = [r for r in free if r.low > verb.at and _joined(reading, verb.at + 1, r.low, _AFTER)]
    first, second = before[-1] if before else None, after[0] if after else None
    lows = [t.low for t in reading.tokens[max(0, verb.at - 3) : verb.at]]
    participle = verb.low.endswith(("ed", "en")) or verb.low in lexicon.PAST
    if participle and any(low in lexicon.BE for low in lows):
        return Roles(second if second and _by(reading, verb, second) else None, first)
    if participle and second and _by(reading, verb, second):
        return Roles(second, first)
    return Roles(first, second)


def _aside(reading: Reading, run: Run) -> bool:
    """Whether a name only tells where, when or whose: "in Suva", "of the Netherlands"."""
    at = run.low - 1
    return reading.low(at - (reading.low(at) == "the")) in _ASIDE


def _by(reading: Reading, verb: Token, run: Run) -> bool:
    return any(t.low == "by" for t in reading.tokens[verb.at + 1 : run.low])


def _joined(reading: Reading, low: int, high: int, reach: int) -> bool:
    """Whether no clause ends between two places that are near each other."""
    between = reading.tokens[low:high]
    ends = (BREAKS - _JOINING) | lexicon.PRONOUNS
    return len(between) <= reach and not any(t.low in ends for t in between)


def _other_owner(
    pair: Pair, said: Reading, mine: Sequence[Run], source: Reading, theirs: Sequence[Run]
) -> bool:
    """Whether a noun goes with one name here ("Russian withdrawal") and another one there."""
    if is_verb(said, pair.said, mine):
        return False
    told = [t for t in source.tokens if t.base == pair.source.base]
    for link in ("", *_LINKS):
        here = _owner(said, pair.said, mine, link)
        there = _owner(source, pair.source, theirs, link)
        if (
            here
            and there
            and not any(
                run is not None and here.same(run)
                for other in told
                for way in ("", *_LINKS)
                for run in [_owner(source, other, theirs, way)]
            )
        ):
            return True
    return False


def _owner(reading: Reading, noun: Token, found: Sequence[Run], link: str) -> Run | None:
    """The name right before a noun, or behind "of", "by" or "in" right after it."""
    if not link:
        run = next((r for r in found if r.high == noun.at), None)
        opened = run and run.low and reading.tokens[run.low - 1].opens  # "In Italy health workers"
        return None if run and opened and not run.words[-1].possessive else run
    if reading.low(noun.at + 1) != link:
        return None
    start = noun.at + 2 + (reading.low(noun.at + 2) == "the")
    return next((r for r in found if r.low == start), None)
