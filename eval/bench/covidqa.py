"""COVID-QA (Möller et al. 2020): the search inside long articles, against plain searches.

No published figure fits this form (sentences over all articles at once), so none is shown.
"""

import tempfile
from pathlib import Path
from typing import Any

from rag.corpus import Article
from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.progress import bar
from rag.settings import Settings

from ..gold import Gold, Span
from ..retrieval import as_data, compare, from_rag
from ..retrieval import table as search_table
from ..scoring import Corpus
from .data import read, spread

ARTICLES = "covidqa_articles.jsonl"


def run(settings: Settings, folder: Path, limit: int) -> str:
    """Give a Markdown table of recall, MRR and nDCG for each search; ``limit`` 0 asks 200."""
    questions = spread(read(folder, "covidqa_questions.jsonl"), limit or 200)
    read(folder, ARTICLES)
    with tempfile.TemporaryDirectory() as temporary:
        local = settings.model_copy(update={"index": Path(temporary), "llm": "none"})
        with bar("embedding passages") as progress:
            build_index([folder / ARTICLES], local, open_embedder, progress)
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
    count = f"{len(items)} questions, {len(corpus.articles)} articles"
    return f"COVID-QA, {count}, {len(corpus.sentences):,} sentences.\n\n" + search_table(
        as_data(ranked)
    )


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
