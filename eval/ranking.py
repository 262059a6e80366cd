"""How well a ranking of sentences finds the evidence; through ir_measures where it fits."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import ir_measures
from ir_measures import RR, nDCG

from .gold import Gold, Span


class Place(Protocol):
    """Anything with an article and half-open offsets in it."""

    @property
    def article(self) -> str:
        """The article's name."""

    @property
    def start(self) -> int:
        """First code point."""

    @property
    def end(self) -> int:
        """One past the last code point."""


def touches(place: Place, spans: Iterable[Span]) -> bool:
    """Whether a place shares a character with one of the spans."""
    return any(span.overlaps(place.article, place.start, place.end) for span in spans)


def evidence_recall(item: Gold, found: Sequence[Place], k: int) -> float:
    """Share of evidence groups of which some alternative is among the first k sentences.

    With one group this is success@k; with several it is recall@k over groups (the alternatives
    of a group are worth the same, so finding one is finding it). 0 to 1.
    """
    met = [any(touches(place, group) for place in found[:k]) for group in item.evidence]
    return sum(met) / len(met)


def reciprocal_rank(item: Gold, found: Sequence[Place], corpus: Sequence[Place]) -> float:
    """1 / rank of the first sentence that overlaps an evidence span, 0 if none (Voorhees 1999)."""
    return _measure(RR, item, found, corpus)


def ndcg(item: Gold, found: Sequence[Place], corpus: Sequence[Place], k: int) -> float:
    """nDCG@k with binary gain over all sentences that overlap a span (Järvelin 2002), 0 to 1."""
    return _measure(nDCG @ k, item, found, corpus)


def relevant(item: Gold, corpus: Iterable[Place]) -> set[str]:
    """Names of the sentences of a corpus that overlap one of the item's evidence spans."""
    spans = [span for group in item.evidence for span in group]
    return {name(place) for place in corpus if touches(place, spans)}


def name(place: Place) -> str:
    """Name a sentence by its place."""
    return f"{place.article}:{place.start}-{place.end}"


def _measure(
    measure: ir_measures.Measure, item: Gold, found: Sequence[Place], corpus: Sequence[Place]
) -> float:
    wanted = relevant(item, corpus)
    ranked = list(dict.fromkeys(map(name, found)))
    if not wanted or not ranked:
        return 0.0
    qrels = [ir_measures.Qrel(item.id, doc, 1) for doc in sorted(wanted)]
    run = [ir_measures.ScoredDoc(item.id, doc, -float(at)) for at, doc in enumerate(ranked)]
    return float(ir_measures.calc_aggregate([measure], qrels, run)[measure])
