"""The same words in several articles: agencies' texts are printed by many and are one source."""

from collections.abc import Sequence

from rag.retriever import Hit
from rag.words import WORD, fold, words

RUN = 5  # words
SHARE = 0.8  # of the runs of both, from which on two sentences are one text


def without_reprints(hits: Sequence[Hit]) -> list[Hit]:
    """Keep of each sentence the best ranked print; one with another figure or name is another.

    Two are the same where they share most runs of five words (w-shingling, Broder 1997).
    """
    kept: list[Hit] = []
    seen: list[tuple[frozenset[tuple[str, ...]], frozenset[str]]] = []
    for hit in hits:
        runs, telling = _runs(hit.sentence.text), _telling(hit.sentence.text)
        if not any(
            telling == other and len(runs & known) >= SHARE * len(runs | known)
            for known, other in seen
        ):
            seen.append((runs, telling))
            kept.append(hit)
    return kept


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    said = words(text)
    return frozenset(tuple(said[at : at + RUN]) for at in range(max(len(said) - RUN + 1, 1)))


def _telling(text: str) -> frozenset[str]:
    """A sentence's figures and its words with a capital, folded."""
    found = (match.group() for match in WORD.finditer(text))
    return frozenset(fold(word) for word in found if word[0].isdigit() or word[0].isupper())
