"""The same words in several articles: agencies' texts are printed by many and are one source."""

from collections.abc import Sequence
from functools import lru_cache

from rag.datelines import without_dateline
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
        runs, telling = _print(hit.sentence.text)
        if not any(
            telling == other and len(runs & known) >= SHARE * len(runs | known)
            for known, other in seen
        ):
            seen.append((runs, telling))
            kept.append(hit)
    return kept


@lru_cache(maxsize=4096)  # a question's sentences are looked at three times
def _print(text: str) -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    """A sentence's runs of words; its figures and words with a capital, folded.

    The dateline tells where and when it was sent, which differs from print to print.
    """
    text = without_dateline(text)
    said = words(text)
    runs = frozenset(tuple(said[at : at + RUN]) for at in range(max(len(said) - RUN + 1, 1)))
    found = (match.group() for match in WORD.finditer(text))
    return runs, frozenset(fold(w) for w in found if w[0].isdigit() or w[0].isupper())
