"""What a gate could go by: numbers about one question and its evidence, by name."""

import math
from collections.abc import Sequence

from rag import gate
from rag.embedder import Embedder
from rag.index import Index
from rag.retriever import Hit
from rag.words import STOPWORDS, WORD, fold, same_name, stem, terms, words

from ..systems import Judged

TOP = 3


def features_of(index: Index, embedder: Embedder, judged: Sequence[Judged]) -> dict[str, float]:
    """Give the features of one question, of its surest part; none where nothing was found.

    ``relevance_n`` are the reranker's logits, largest first; ``relevance_all`` the log of their
    summed exponents; ``named`` and ``covered`` the shares of the question's names and of its
    content words that the first sentences or their contexts have; ``gate`` is the probability that
    the present gate gives; ``model`` is left out without a language model.
    """
    evidence, heard = max(judged, key=lambda each: each.sure)
    question, hits = evidence.query, evidence.hits
    if not hits:
        return {}
    logits = sorted((h.relevance for h in hits if h.relevance is not None), reverse=True)
    found = {
        **{f"relevance_{n}": value for n, value in enumerate(logits[:TOP], 1)},
        "relevance_all": _log_sum(logits),
        "score_1": max(hit.score for hit in hits),
        **_search_scores(index, embedder, question),
        **_shared_words(question, hits),
        **_known_words(question, hits[: gate.HEARD]),
        **gate.witnesses(question, hits, heard),
        "gate": gate.answerability(question, hits, heard),
    }
    if heard is None:
        found.pop("model")
    return {name: round(value, 5) for name, value in found.items()}


def _search_scores(index: Index, embedder: Embedder, question: str) -> dict[str, float]:
    """Scores of the plain rankings over all sentences: cosine, MaxSim of tokens, BM25."""
    encoded = next(iter(embedder.encode([question])))
    near = index.vectors.search(encoded.vector, TOP, None)
    rows = index.texts.rows()
    words = index.words.search(question, 1)
    return {
        **{f"cosine_{n}": score for n, (_, score) in enumerate(near, 1)},
        "maxsim_1": max(index.tokens.maxsim(encoded.tokens, rows)),
        "bm25_1": words[0][1] if words else 0.0,
        "sentences": float(len(rows)),
    }


def _shared_words(question: str, hits: Sequence[Hit]) -> dict[str, float]:
    """Shares of the question's content words in the first sentence, and in all the evidence."""
    wanted = set(terms(question))
    have = [set(terms(f"{hit.context} {hit.sentence.text}")) for hit in hits]
    share = max(len(wanted), 1)
    return {
        "words": float(len(wanted)),
        "shared_1": len(wanted & have[0]) / share,
        "shared_all": len(wanted & set().union(*have)) / share,
    }


def _known_words(question: str, hits: Sequence[Hit]) -> dict[str, float]:
    there = words(" ".join(f"{hit.sentence.text} {hit.context}" for hit in hits))
    return {
        "named": _share(_names(question), there),
        "covered": _share([word for word in words(question) if word not in STOPWORDS], there),
    }


def _names(question: str) -> list[str]:
    """A question's capitalised words, folded, but for the one that opens it."""
    found = [m.group() for m in WORD.finditer(question) if m.start() > 0]
    return [fold(word) for word in found if word[0].isupper() and fold(word) not in STOPWORDS]


def _share(wanted: Sequence[str], there: Sequence[str]) -> float:
    """Share of words that stand among others in some form or spelling; 1 where none is wanted."""
    have = {stem(word) for word in there}
    found = [w for w in wanted if stem(w) in have or any(same_name(w, word) for word in there)]
    return len(found) / len(wanted) if wanted else 1.0


def _log_sum(values: Sequence[float]) -> float:
    top = max(values, default=0.0)
    return top + math.log(sum(math.exp(value - top) for value in values)) if values else 0.0
