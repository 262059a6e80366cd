"""Whether a source says what a statement says: every number, name, date, negation and role.

Rules over words, no model. They are made to say no where in doubt: a statement that is dropped
costs a sentence, one that is wrongly shown costs the reader's trust.
"""

from collections.abc import Callable, Sequence

from rag.support.align import Pair, align
from rag.support.bare import strays
from rag.support.bounds import bound_before, unbounded
from rag.support.names import doubled, unknown_names
from rag.support.numbers import unknown_numbers
from rag.support.objects import other_object
from rag.support.places import misplaced
from rag.support.roles import swapped
from rag.support.sense import (
    aged,
    contrasted,
    cut_out,
    made_conditional,
    overstated,
    turned,
    unfounded,
    unreal_made_real,
)
from rag.support.subjects import other_subject
from rag.support.tokens import Reading, read
from rag.words import words

__all__ = ["bound_before", "objection", "strays", "supported"]

OVERLAP = 0.6  # share of a statement's content words that its source must have


def supported(text: str, source: str) -> bool:
    """Whether a source says what a text says.

    What stands in it word for word is, but for a clause cut out from behind a "not" or an "if".
    """
    return objection(text, source) is None


def objection(text: str, source: str) -> str | None:
    """Name what keeps a source from supporting a text, or give None."""
    said, whole = words(text), words(source)
    if not said:
        return "says nothing"
    if f" {' '.join(said)} " in f" {' '.join(whole)} ":
        return "context" if cut_out(read(text), read(source)) else None
    return _objection(read(text), read(source))


def _objection(said: Reading, source: Reading) -> str | None:
    if unknown_numbers(said, source):
        return "number"
    if unknown_names(said, source) or doubled(said, source):
        return "name"
    pairs = align(said, source)
    return next((why for why, fails in _CHECKS if fails(said, source, pairs)), None)


def _apart(said: Reading, _: Reading, pairs: Sequence[Pair]) -> bool:
    """Whether too few of a statement's words have a counterpart."""
    paired = {pair.said.at for pair in pairs}
    found = sum(token.at in paired for token in said.content)
    return not said.content or found < OVERLAP * len(said.content)


# What a statement whose numbers and names are known may still do to its source, cheapest first.
_CHECKS: tuple[tuple[str, Callable[[Reading, Reading, list[Pair]], bool]], ...] = (
    ("overlap", _apart),
    ("predicate", unfounded),
    ("negation", turned),
    ("contrast", lambda said, source, _: contrasted(said, source)),
    ("quantity", lambda said, source, _: overstated(said, source)),
    ("quantity", lambda said, source, _: aged(said, source)),
    ("quantity", unbounded),
    ("modality", unreal_made_real),
    ("modality", made_conditional),
    ("roles", swapped),
    ("subject", other_subject),
    ("object", other_object),
    ("place", lambda said, source, _: misplaced(said, source)),
)
