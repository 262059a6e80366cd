"""Questions for nothing in particular: which they are, and what answers them."""

import pytest
from fakes import article

from rag.evidence import Bounds, gather
from rag.overview import asks_for_all
from rag.retriever import Hit
from rag.timewords import timing

NEWEST = "2025-05-06"  # a Tuesday
OLD = article("a.txt", "Dam opens\n\nThe dam opened. It is wide.", "Dam opens", "2025-05-01")
NEW = article(
    "b.txt", "Dam shuts\n\nThe dam shut on Sunday. It leaks. Nobody knew.", "Dam shuts", NEWEST
)
UNDATED = article("c.txt", "Fish swim. On 4 May 2025 they fled.", "Fish", None)


@pytest.mark.parametrize(
    ("question", "broad"),
    [
        ("What are these articles about?", True),
        ("Summarise the articles.", True),
        ("Give me a short overview of the documents, please.", True),
        ("What is the latest news?", True),
        ("What topics do your sources cover?", True),
        ("What happened on May 4?", True),
        ("Did anything happen on 4 May 2025?", True),
        ("What are these articles about the dam?", False),
        ("What do the articles say about Lima?", False),
        ("What happened to the dam on May 4?", False),
        ("What happened?", False),
        ("What is new?", False),
        ("Who?", False),
    ],
)
def test_a_question_for_nothing_in_particular_is_known(question, broad):
    assert asks_for_all(question, timing(question, NEWEST).period, NEWEST) is broad


class Search:
    def search(self, query, k, as_of=None, articles=None, *, rerank=True):
        assert not rerank
        return [Hit(n, a, a.sentences[-1], "", 1.0) for n, a in enumerate((OLD, UNDATED, NEW), 1)]


def shown(question, many=8):
    (found,) = gather(Search(), [question], Bounds(), NEWEST, many)
    assert [hit.rank for hit in found.shown] == list(range(1, len(found.shown) + 1))
    return found.broad, [hit.sentence.text for hit in found.shown]


def test_what_the_articles_are_about_their_first_sentences_tell_newest_first():
    leads = ["The dam shut on Sunday.", "The dam opened.", "Fish swim."]
    assert shown("What are these articles about?") == ("articles", leads)
    assert shown("What are these articles about?", many=2)[1] == leads[:2]


def test_what_happened_on_a_day_is_what_is_dated_so_in_a_sentence():
    assert shown("What happened on May 4?") == (
        "day",
        ["On 4 May 2025 they fled.", "The dam shut on Sunday."],
    )


def test_an_article_of_that_day_tells_of_it_by_its_first_sentence():
    assert shown("What happened on May 1?")[1] == ["The dam opened."]


def test_nothing_is_told_of_a_day_that_no_article_names():
    assert shown("What happened on June 1, 2024?") == ("day", [])


def test_a_month_holds_its_days():
    assert shown("What happened in May 2025?")[1] == [
        "On 4 May 2025 they fled.",
        "The dam opened.",
        "The dam shut on Sunday.",
    ]
