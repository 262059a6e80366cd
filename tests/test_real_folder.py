"""A folder of invented articles as a reader may have one: several formats and kinds of head.

Read with the real models, as `rag index FOLDER` and `rag ask` do it.
"""

from contextlib import closing
from pathlib import Path

import pytest

from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.settings import Settings

pytestmark = pytest.mark.real
FOLDER = Path(__file__).with_name("dam")


@pytest.fixture(scope="module")
def rag(home, tmp_path_factory):
    index = tmp_path_factory.mktemp("dam") / "index"
    settings = Settings(home=home, index=index, llm="none", threads=1)
    build_index([FOLDER], settings, open_embedder)
    with closing(Rag.from_settings(settings)) as opened:
        yield opened


def quotes(rag, question, history=()):
    return [citation.quote for citation in rag.ask(question, history).citations]


def test_every_article_has_its_title_and_day(rag):
    assert [(article.title, article.date) for article in rag.articles] == [
        ("Engineers find cracks in Harlow dam as snow melt begins", "2026-03-02"),
        ("Thousands leave Harlow as water rises behind cracked dam", "2026-03-05"),
        ("Who knew about the cracks?", "2026-03-09"),
        ("Residents return to Harlow, but not all", "2026-03-14"),
    ]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            "Who is Tomas Lindqvist?",
            "according to Tomas Lindqvist, the authority's chief engineer.",
        ),
        ("who is petra voss", "said opposition leader Petra Voss."),
        ("What is Norvolt?", "The power company Norvolt, which owns the turbines"),
        ("Who is the mayor of Harlow?", "Beatriz Oyelaran"),
        ("Who is the chief executive of Norvolt?", "Norvolt's chief executive, Jan Verhoeven"),
    ],
)
def test_somebody_is_introduced_first(rag, question, told):
    assert told in quotes(rag, question)[0]


def test_all_that_the_mayor_said_and_nothing_that_others_said(rag):
    answer = rag.ask("What did the mayor say?")
    assert {citation.speaker for citation in answer.citations} == {"Beatriz Oyelaran"}
    said = " ".join(citation.quote for citation in answer.citations)
    assert "We wrote two letters" in said
    assert "the last to go home" in said


def test_crack_that_grew_has_two_lengths_the_newest_first(rag):
    (conflict,) = rag.ask("How long is the crack?").conflicts
    assert [side.date for side in conflict.sides] == ["2026-03-05", "2026-03-02"]
    assert "17" in conflict.sides[0].text
    assert "14" in conflict.sides[1].text


def test_follow_up_means_whom_the_question_before_named(rag):
    before = ("Who is Ingrid Solheim?", "A spokeswoman.")
    (quote,) = quotes(rag, "What did she say?", [before])
    assert "a second firm had found the wall sound" in quote


def test_what_no_article_says_is_declined(rag):
    for question in ("Who is Angela Merkel?", "Who is the goalkeeper?"):
        assert rag.ask(question).citations == ()


@pytest.mark.xfail(strict=True, reason="without a model, 38 patients to be moved pass for the dead")
def test_number_of_the_same_people_is_not_that_of_the_dead(rag):
    assert rag.ask("How many patients died?").citations == ()
