"""What questions say about time, and what that does to the evidence."""

import datetime
from dataclasses import replace

import pytest
from fakes_llm import hits

from rag.timewords import Timing, prefer, timing

DAY = datetime.date(2025, 12, 19)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many men are there?", {}),
        ("What was known as of 20 December?", {"until": datetime.date(2025, 12, 20)}),
        ("What is the latest position of Peru?", {"prefers": "newest"}),
        ("How many points did the original plan have?", {"prefers": "oldest"}),
        ("How much was Lakeside's first offer?", {"prefers": "oldest"}),
        ("What was the final offer?", {"prefers": "newest"}),
        ("How many cases were there in the end?", {"prefers": "newest"}),
        ("Whom did the first lady meet?", {}),
        ("What happened in the first few days?", {}),
        ("What did he say on December 19?", {"period": (DAY, DAY)}),
        (
            "What did he say before the Lima meeting?",
            {"relation": "before", "event": "the Lima meeting"},
        ),
        ("Did it happen before or after the vote?", {}),
    ],
)
def test_words_of_time_are_read(question, expected):
    said = timing(question, "2025-12-30")
    assert replace(said, query="") == Timing("", **expected)


def test_words_that_bound_the_articles_are_not_searched_for():
    assert timing("What was known as of 20 December?", "2025-12-30").query == "What was known?"


def dated(*days):
    found = hits(*(f"Sentence {n}." for n in range(len(days))), logits=[1.0] * len(days))
    return [
        replace(hit, article=replace(hit.article, date=day))
        for hit, day in zip(found, days, strict=True)
    ]


@pytest.mark.parametrize(
    ("prefers", "first"), [("newest", "2025-12-20"), ("oldest", "2025-12-01"), (None, "2025-12-10")]
)
def test_of_equal_evidence_the_preferred_comes_first(prefers, first):
    evidence = dated("2025-12-10", "2025-12-01", "2025-12-20")
    ranked = prefer(evidence, Timing("", prefers=prefers))
    assert ranked[0].article.date == first
    assert {hit.sentence.text for hit in ranked} == {hit.sentence.text for hit in evidence}
    assert [hit.rank for hit in ranked] == [1, 2, 3]
