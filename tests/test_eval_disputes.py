"""The benchmark of differing sources: its marks by hand, and the room over its invented news."""

import pytest
from eval_loader import load
from fakes import article

disputes = load("bench.disputes")

TOLL = "The Harren bridge toll will be 4 crowns."
DEARER = "The Harren bridge toll will be 6 crowns."


def case(sides, *texts):
    question = "How much will the toll on the Harren bridge be?"
    articles = tuple(article(f"{n}.txt", text) for n, text in enumerate(texts))
    return disputes.Case("hand", question, articles, sides)


@pytest.mark.parametrize(
    ("sides", "texts", "mark"),
    [
        ([["4 crowns"], ["6 crowns"]], (TOLL, DEARER), 1.0),
        ([["4 crowns"], ["7 crowns"]], (TOLL, DEARER), 0.0),  # not the sides that were wanted
        ([["4 crowns"], ["6 crowns"]], (TOLL, "It rained."), 0.0),  # nothing found
        ([], (TOLL, "It rained."), 1.0),
        ([], (TOLL, DEARER), 0.0),  # a false alarm
    ],
)
def test_marks_by_hand(sides, texts, mark):
    assert disputes.right(case(sides, *texts)) == mark


def test_evidence_is_in_order_of_the_rarest_shared_words():
    texts = ("The toll is old.", "The toll of the Harren bridge.", "The toll.")
    ranked = disputes.ranked(
        "the Harren toll", [article(f"{n}.txt", t) for n, t in enumerate(texts)]
    )
    assert [hit.article.name for hit in ranked] == ["1.txt", "0.txt", "2.txt"]


def test_every_side_of_the_invented_news_stands_in_its_articles():
    cases = list(disputes._invented())
    assert len(cases) == 132
    for each in cases:
        texts = " ".join(a.text for a in each.articles)
        assert all(words in texts for side in each.sides for words in side)


@pytest.mark.parametrize("differ", [True, False])
def test_room_over_the_invented_news(differ):
    marks = [disputes.right(c) for c in disputes._invented() if bool(c.sides) == differ]
    assert len(marks) == 66
    assert sum(marks) >= 0.9 * len(marks)
