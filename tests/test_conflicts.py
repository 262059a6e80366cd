"""Where sources differ: invented news by hand, and outcomes on the real articles."""

from dataclasses import replace

import pytest
from fakes_llm import hits

from rag.conflicts import conflicts
from rag.embedder import embedder_folder, open_embedder
from rag.index import open_index
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.reranker import Reranker
from rag.retriever import Retriever
from rag.settings import Settings, resource


def sides(question, *texts, dates=None):
    evidence = hits(*texts, logits=[1.0] * len(texts))
    if dates:
        evidence = [
            replace(hit, article=replace(hit.article, date=day))
            for hit, day in zip(evidence, dates, strict=True)
        ]
    found = conflicts(question, evidence, [])
    return [[c.quote for side in d.sides for c in side.citations] for d in found]


NINETY = "The Peruvian peace plan has 90 points."
TWENTY = "The Peruvian peace plan has 20 points."


def test_two_numbers_for_one_thing_are_two_sides_newest_first():
    question = "How many points does the Peruvian peace plan have?"
    (quotes,) = sides(question, NINETY, TWENTY, dates=["2025-12-01", "2025-12-20"])
    assert quotes == [TWENTY, NINETY]


def test_agreement_and_reprints_are_no_conflict():
    question = "How many points does the Peruvian peace plan have?"
    assert sides(question, NINETY, NINETY) == []
    assert sides(question, NINETY, "It has 90 points, the Peruvian peace plan.") == []
    assert sides(question, NINETY) == []
    assert sides(question) == []


@pytest.mark.parametrize(
    "question",
    [
        "How many points does the Chilean budget have?",  # of something else
        "Who wrote the Peruvian peace plan?",  # not what differs
    ],
)
def test_other_questions_find_no_sides(question):
    assert sides(question, NINETY, TWENTY) == []


def test_settled_and_open_are_two_sides():
    found = sides(
        "Are the border talks settled?",
        "President Quispe said the border talks had been settled.",
        "The border talks remain unresolved, the ministry said.",
    )
    assert len(found) == 1
    assert len(found[0]) == 2


@pytest.fixture(scope="module")
def rag(home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conflicts")
    settings = Settings(home=home, index=folder / "index", llm="none", threads=2)
    embedder = open_embedder(settings)
    build_index([resource("seeds")], settings, lambda _: embedder)
    index = open_index(settings)
    reranker = Reranker(embedder_folder(settings))
    yield Rag(settings, index, Retriever(index, embedder, reranker, settings), None)
    index.close()


@pytest.mark.real
@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many points does the peace plan have?", {"28-point", "20-point"}),
        ("Would Russia accept peacekeepers in Ukraine?", {"would agree", "rejects"}),
    ],
)
def test_sides_on_the_real_articles_are_quoted_dated_and_exact(rag, question, wanted):
    answer = rag.ask(question)
    texts = {article.name: article.text for article in rag.articles}
    (conflict,) = answer.conflicts
    quotes = " ".join(answer.citations[n - 1].quote for s in conflict.sides for n in s.citations)
    assert all(words in quotes for words in wanted)
    assert all(side.date for side in conflict.sides)
    for citation in answer.citations:
        assert texts[citation.article][citation.start : citation.end] == citation.quote


@pytest.mark.real
@pytest.mark.parametrize(
    "question",
    [
        "How large an army did the EU suggest Ukraine keep?",
        "Who took over from Yermak?",
        "Who is Putin's press secretary?",
        "Which city is described as the new centre of American diplomacy?",
        "When is the Old New Year?",
        "Who headed the Ukrainian delegation in Miami?",
    ],
)
def test_plain_facts_of_the_real_articles_are_no_conflict(rag, question):
    assert rag.ask(question).conflicts == ()
