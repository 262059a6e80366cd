"""The same words in several articles count once, and another figure or name is another text."""

import pytest
from fakes_llm import hits

from rag.reprints import without_reprints

FIRST = "The fleet will sail from Callao on 3 March with 40 ships, the admiral told reporters."


def kept(*texts):
    return [hit.sentence.text for hit in without_reprints(hits(*texts, logits=[1.0] * len(texts)))]


@pytest.mark.parametrize(
    "print_of_it",
    [
        FIRST,
        "The fleet will sail from Callao on 3 March with 40 ships, the admiral told reporters",
        "“The fleet will sail from Callao on 3 March with 40 ships”, the admiral told reporters.",
        f"LIMA, 2 March - {FIRST}",
        f"LIMA, March 3 (Reuters) — {FIRST}",
        f"SAN ISIDRO, Peru (AP) — {FIRST}",
        f"LIMA – {FIRST}",
    ],
)
def test_one_text_in_two_articles_is_kept_once_and_the_best_ranked(print_of_it):
    assert kept(FIRST, print_of_it) == [FIRST]
    assert kept(print_of_it, FIRST) == [print_of_it]


@pytest.mark.parametrize(
    "other",
    [
        FIRST.replace("40", "41"),
        FIRST.replace("Callao", "Paita"),
        f"The admiral, 3 March: {FIRST.replace('40', '41')}",
        "The admiral told reporters that with 40 ships the fleet will sail from Callao on 3 March.",
        "The fleet sails.",
    ],
)
def test_another_figure_name_or_wording_is_another_text(other):
    assert kept(FIRST, other) == [FIRST, other]


def test_short_sentences_are_compared_whole():
    assert kept("Nobody came.", "Nobody came!", "Somebody came.") == [
        "Nobody came.",
        "Somebody came.",
    ]
    assert kept() == []
