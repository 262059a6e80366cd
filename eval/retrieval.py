"""The product's search beside plain ones, on the same sentences and the same questions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rag.corpus import Sentence
from rag.embedder import Embedder
from rag.followup import standalone
from rag.pipeline import Rag

from .gold import Gold
from .rankers import Bm25, Cosine, one_line, reciprocal_rank_fusion
from .ranking import evidence_recall, ndcg, reciprocal_rank
from .rows import Found, Row, found_of
from .scoring import Corpus, K
from .stats import mean_figure, paired_permutation

Ranker = Callable[[str], list[tuple[int, float]]]
Progress = Callable[[int, int], None]
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One method's ranking for one item, and what it is worth."""

    item: Gold
    recall: float
    rr: float
    ndcg: float


Comparison = dict[str, list[Ranked]]


def compare(
    corpus: Corpus,
    items: Sequence[Gold],
    embedder: Embedder,
    ours: Callable[[Gold], tuple[str, Sequence[Found]]],
    progress: Progress,
) -> Comparison:
    """Rank every answerable question's sentences with each method, to the depth of 8.

    ``ours`` gives the standalone question and the product's ranking for it; all methods get that
    question and the sentences up to the as-of day, so that only the ranking differs.
    """
    asked = [item for item in items if item.evidence]
    rankers = _plain(corpus, embedder)
    result: Comparison = {name: [] for name in (*rankers, OURS)}
    for done, item in enumerate(asked, 1):
        question, found = ours(item)
        result[OURS].append(_rate(item, found[:K], corpus))
        for name, ranker in rankers.items():
            places = (corpus.sentences[row] for row, _ in ranker(question))
            known = [Found(s.article, s.start, s.end) for s in places if _known(s, item, corpus)]
            result[name].append(_rate(item, known[:K], corpus))
        progress(done, len(asked))
    return result


def from_rag(rag: Rag) -> Callable[[Gold], tuple[str, Sequence[Found]]]:
    """Let the product search for an item, without a language model."""

    def ours(item: Gold) -> tuple[str, Sequence[Found]]:
        question = standalone(item.question, item.history, None)
        hits = rag.search(question, K, item.day)
        return question, [found_of(hit) for hit in hits]

    return ours


def from_rows(rows: Sequence[Row]) -> Callable[[Gold], tuple[str, Sequence[Found]]]:
    """Take the product's rankings from its rows; an error has found nothing."""
    by_id = {row.id: row for row in rows}

    def ours(item: Gold) -> tuple[str, Sequence[Found]]:
        row = by_id[item.id]
        return row.standalone or standalone(item.question, item.history, None), row.found or ()

    return ours


def _plain(corpus: Corpus, embedder: Embedder) -> dict[str, Ranker]:
    texts = [one_line(sentence) for sentence in corpus.sentences]
    cosine, bm25 = Cosine(texts, embedder), Bm25(texts)
    return {
        "MiniLM cosine": cosine.rank,
        "BM25": bm25.rank,
        "plain RRF": lambda q: reciprocal_rank_fusion(cosine.rank(q), bm25.rank(q)),
    }


def _known(sentence: Sentence, item: Gold, corpus: Corpus) -> bool:
    day = corpus.dates[sentence.article]
    return item.as_of is None or (day is not None and day <= item.as_of)


def _rate(item: Gold, found: Sequence[Found], corpus: Corpus) -> Ranked:
    sentences = corpus.sentences
    return Ranked(
        item,
        evidence_recall(item, found, K),
        reciprocal_rank(item, found, sentences),
        ndcg(item, found, sentences, K),
    )


def as_data(result: Comparison) -> dict[str, dict[str, float | None]]:
    """Give each method's figures, rounded, and its p value against ours (recall, paired)."""
    data = {}
    for name, ranked in result.items():
        recall = mean_figure([r.recall for r in ranked])
        gap = mean_figure([r.recall for r in ranked if r.item.lexical_gap])
        figures = {
            f"recall@{K}": recall.value,
            "low": recall.low,
            "high": recall.high,
            "mrr": mean_figure([r.rr for r in ranked]).value,
            f"ndcg@{K}": mean_figure([r.ndcg for r in ranked]).value,
            f"recall@{K} without shared words": gap.value,
            "p": None
            if name == OURS
            else paired_permutation([r.recall for r in ranked], [r.recall for r in result[OURS]]),
        }
        data[name] = {key: None if v is None else round(v, 4) for key, v in figures.items()}
    return data


def table(data: Mapping[str, Mapping[str, float | None]]) -> str:
    """Write the figures as a Markdown table."""
    head = f"| search | recall@{K} | 95 % | MRR@{K} | nDCG@{K} | no shared words | p against ours |"
    lines = [head, "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, row in data.items():
        recall, low, high, mrr, gain, gap, p = row.values()
        spread = f"{_show(low)}-{_show(high)}"
        told = " | ".join([_show(recall), spread, _show(mrr), _show(gain), _show(gap), _show(p)])
        lines.append(f"| {name} | {told} |")
    return "\n".join(lines)


def _show(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
