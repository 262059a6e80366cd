"""Whether a source says what a statement says: every number, name, date, negation and role.

Rules over words, no model. They are made to say no where in doubt: a statement that is dropped
costs a sentence, one that is wrongly shown costs the reader's trust.
"""

from rag.support.align import align
from rag.support.bare import strays
from rag.support.names import doubled, unknown_names
from rag.support.numbers import unknown_numbers
from rag.support.places import misplaced
from rag.support.roles import swapped
from rag.support.sense import (
    contrasted,
    made_conditional,
    overstated,
    turned,
    unfounded,
    unreal_made_real,
)
from rag.support.tokens import Reading, read
from rag.words import words

__all__ = ["objection", "strays", "supported"]

OVERLAP = 0.6  # share of a statement's content words that its source must have


def supported(text: str, source: str) -> bool:
    """Whether a source says what a text says; what stands in it word for word always is."""
    return objection(text, source) is None


def objection(text: str, source: str) -> str | None:
    """Name what keeps a source from supporting a text, or give None."""
    said, whole = words(text), words(source)
    if not said:
        return "says nothing"
    if f" {' '.join(said)} " in f" {' '.join(whole)} ":
        return None
    return _objection(read(text), read(source))


def _objection(said: Reading, source: Reading) -> str | None:
    if unknown_numbers(said, source):
        return "number"
    if unknown_names(said, source) or doubled(said, source):
        return "name"
    pairs = align(said, source)
    content = said.content
    paired = {pair.said.at for pair in pairs}
    if not content or sum(t.at in paired for t in content) < OVERLAP * len(content):
        return "overlap"
    if unfounded(said, source, pairs):
        return "predicate"
    if turned(said, source, pairs):
        return "negation"
    if contrasted(said, source):
        return "contrast"
    if overstated(said, source):
        return "quantity"
    if unreal_made_real(said, source, pairs) or made_conditional(said, source, pairs):
        return "modality"
    if swapped(said, source, pairs):
        return "roles"
    return "place" if misplaced(said, source) else None
