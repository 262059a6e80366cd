"""Questions that ask several things, about invented matters."""

import pytest

from rag.parts import MOST, parts


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Which pier burned down, and what did the harbour master blame?",
            ["Which pier burned down?", "what did the harbour master blame?"],
        ),
        (
            "Who won the vote in May and how many ballots were spoilt?",
            ["Who won the vote in May?", "how many ballots were spoilt?"],
        ),
        (
            "The new tram: what does it cost, who pays for it and when will it run?",
            [
                "The new tram: what does it cost?",
                "The new tram: who pays for it?",
                "The new tram: when will it run?",
            ],
        ),
        (
            "What did the bishop say about the roof and about the bells?",
            ["What did the bishop say about the roof?", "What did the bishop say about the bells?"],
        ),
        (
            "What has the council turned down: the bridge, the new school and a car park?",
            [
                "What has the council turned down: the bridge?",
                "What has the council turned down: the new school?",
                "What has the council turned down: a car park?",
            ],
        ),
    ],
)
def test_question_is_cut_where_it_asks_anew(question, expected):
    assert list(parts(question)) == expected


def test_part_that_points_back_gets_the_first_part_before_it():
    assert parts("Who sank the ferry, and why?") == (
        "Who sank the ferry?",
        "Who sank the ferry why?",
    )
    assert parts("What did the union demand and what did it get?")[1] == (
        "What did the union demand what did it get?"
    )


def test_she_of_a_part_is_whom_the_first_part_names():
    assert parts("What did Ada Blom demand and what did she get?") == (
        "What did Ada Blom demand?",
        "what did Ada Blom get?",
    )


@pytest.mark.parametrize(
    "question",
    [
        "Who leads the union?",
        "What did Blom, who spoke in Oslo, say about fish?",  # a relative clause
        "When and where was the ferry built?",  # the first part says nothing alone
        "Did salt and vinegar sell out?",
        "Tell me who sank the ferry and why it sank.",  # no question word opens it
        "What happened in Oslo and Bergen?",
        "The mayor said: fish, chips and peas",
        "Which towns: Oslo?",
        "",
        "   ",
        "?",
        "and what",
        ": :",
        "Who ate the " + ", ".join("fish" for _ in range(300)),
        "Who won: " + ", ".join("town" for _ in range(MOST + 1)) + "?",  # too many to ask alone
    ],
)
def test_other_questions_stay_whole(question):
    assert parts(question) == (question,)


def test_long_questions_take_no_time():
    assert parts("who " + "and about a b c " * 5000) != ()
