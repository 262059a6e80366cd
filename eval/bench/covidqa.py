"""COVID-QA (Möller et al. 2020): the search inside long articles, against plain searches.

No published figure fits this form (sentences over all articles at once); plain searches in the
same run stand beside ours. The reranker's training has seen these questions: ours is flattered.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.corpus import Article
from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.progress import bar

from ..gold import Gold, Span
from ..retrieval import OURS, Comparison, compare, from_rag
from ..scoring import Corpus, K
from ..stats import Figure, mean_figure
from .asking import Task
from .data import read, spread
from .report import Measure, Report

ARTICLES = "covidqa_articles.jsonl"


def run(task: Task) -> Report:
    """Compare recall, MRR and nDCG of the search with plain ones; without a limit 200 questions."""
    every = read(task.data, "covidqa_questions.jsonl")
    read(task.data, ARTICLES)
    questions = spread(every, task.limit or 200)
    with tempfile.TemporaryDirectory() as temporary:
        local = task.settings.model_copy(update={"index": Path(temporary), "llm": "none"})
        with bar("embedding passages") as progress:
            build_index([task.data / ARTICLES], local, open_embedder, progress)
        rag = Rag.from_settings(local)
        try:
            corpus = Corpus(rag.articles)
            by_name = {article.name: article for article in rag.articles}
            items = [item for row in questions if (item := _item(row, by_name))]
            with bar("searching") as progress:
                embedder = open_embedder(local)
                ranked = compare(corpus, items, embedder, from_rag(rag), progress)
        finally:
            rag.close()
    size = f"{len(corpus.articles)} long articles, {len(corpus.sentences):,} sentences"
    title = f"COVID-QA, search in {size}: {len(items)} of {len(every)} questions"
    lost = len(questions) - len(items)
    notes = [f"{lost} answers do not stand in the article as loaded; left out."] if lost else []
    return Report("covidqa", title, list(_lines(ranked)), notes, _rows(ranked))


def _lines(ranked: Comparison) -> Iterator[tuple[Measure, Figure]]:
    for label, name in ((f"recall@{K}", "recall"), (f"MRR@{K}", "rr"), (f"nDCG@{K}", "ndcg")):
        means = {
            method: mean_figure([getattr(each, name) for each in found])
            for method, found in ranked.items()
        }
        plain = (f"{method} {figure.value or 0.0:.3f}"
                 for method, figure in means.items() if method != OURS)  # fmt: skip
        yield Measure("search", label, lambda _: Figure(None), ", ".join(plain)), means[OURS]


def _rows(ranked: Comparison) -> list[dict[str, Any]]:
    return [
        {"id": r.item.id, "question": r.item.question,
         "marks": {"recall": r.recall, "rr": r.rr, "ndcg": r.ndcg}}
        for r in ranked[OURS]
    ]  # fmt: skip


def _item(row: dict[str, Any], articles: dict[str, Article]) -> Gold | None:
    """Make a gold question; None where the answer's place is not in the article as loaded."""
    article = articles.get(f"{ARTICLES}#{row['document']}")
    if article is None:
        return None
    spans = tuple(s for answer in row["answers"] if (s := _span(answer, article)))
    if not spans:
        return None
    return Gold(
        id=str(row["id"]),
        type="covidqa",
        question=" ".join(row["question"].split()),
        history=(),
        as_of=None,
        answerable=True,
        abstention_ok=False,
        answers=tuple((span.quote,) for span in spans[:1]),
        forbidden=(),
        evidence=(spans,),
        lexical_gap=False,
        sides=(),
    )


def _span(answer: dict[str, Any], article: Article) -> Span | None:
    """Find an answer in the article; loading may have moved it, so the nearest place counts."""
    text, wanted = str(answer["text"]), int(answer["start"])
    places = []
    at = article.text.find(text)
    while at >= 0 and text:
        places.append(at)
        at = article.text.find(text, at + 1)
    if not places:
        return None
    start = min(places, key=lambda place: abs(place - wanted))
    return Span(article.name, start, start + len(text), text)
