"""Whose words are asked for, and which sentences have them; all names are invented."""

import pytest
from fakes_llm import hits

from rag.offices import Holder, Offices
from rag.whosewords import all_they_said, asked_speaker, asks_for_all_words, prefer_theirs

HELD = Offices(
    (
        Holder("Ana Ruiz", "president", "Peru"),
        Holder("Ida Blom", "mayor", "Norway"),
        Holder("Ada Okoye", "envoy", "Nigeria"),
    )
)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Ana Ruiz say about the dam?", ("ruiz",)),
        ("what has Ruiz told reporters so far", ("ruiz",)),
        ("How did the Peruvian fisheries minister describe the talks?", ("peruvian",)),
        ("What do European leaders really think of it?", ("european",)),
        ("How many ships will sail, according to Okoye?", ("okoye",)),
        ("What was Ana Ruiz’s reaction to the offer?", ("ruiz",)),
        ("Why, in Blom's words, did the dam break?", ("blom",)),
        ("What did the White House say?", ("white house",)),
        ("Did Ruiz and Blom say the same?", ("ruiz", "blom")),
        ("How did Ana Ruiz and Norway describe it?", ("ruiz", "norway")),
        ("What did President Ruiz announce?", ("ruiz",)),
        ("What do Peru's ministers say?", ("peru",)),
        ("What did the Peruvian minister Ana Ruiz announce?", ("ruiz",)),
    ],
)
def test_a_question_after_somebodys_words_names_them(question, names):
    assert asked_speaker(question) == names


@pytest.mark.parametrize(
    "question",
    [
        "Who said that the dam would hold?",
        "What did he say?",
        "What do the experts say?",
        "What did Peru offer to pay for the ships?",
        "What does the joint plan of Peru and Chile say about fish?",
        "Is the Peruvian promise still good?",
        "What happened in Lima?",
        "What does the report say?",
        "",
    ],
)
def test_other_questions_ask_for_nobodys_words(question):
    assert asked_speaker(question) == ()


def order(question, *texts, offices=HELD):
    found = prefer_theirs(hits(*texts, logits=[3.0, 2.0, 1.5]), question, offices)
    assert [hit.rank for hit in found] == [1, 2, 3]
    return [(texts.index(hit.sentence.text), hit.theirs) for hit in found]


BLOM = "Ida Blom said on Monday that the dam was safe."
RUIZ = "“The dam is not safe”, Ana Ruiz told reporters."
NOBODY = "The dam was closed on Monday."


def test_what_another_said_comes_later_and_is_marked():
    assert order("What did Ana Ruiz say about the dam?", BLOM, RUIZ, NOBODY) == [
        (1, True),
        (0, False),
        (2, False),
    ]


def test_who_holds_an_office_speaks_for_a_country_and_for_europe():
    asked = "What did the Peruvian government say about the dam?"
    assert order(asked, BLOM, RUIZ, NOBODY)[0] == (1, True)
    assert order(asked, BLOM, RUIZ, NOBODY, offices=Offices(()))[0] == (0, False)
    europe = "What did European leaders say about the dam?"
    assert order(europe, RUIZ, BLOM, NOBODY)[0] == (1, True)


def test_a_country_does_not_speak_for_a_person():
    asked = "What did Ana Ruiz say about the dam?"
    other = "The Peruvian government said that the dam was safe."
    assert order(asked, other, NOBODY, BLOM, offices=HELD) == [
        (0, False),
        (1, False),
        (2, False),
    ]


def test_a_first_name_alone_is_nobody():
    asked, other = "What did Ana Okoye say about the dam?", "Ana Ruiz said the dam was safe."
    assert order(asked, other, NOBODY, BLOM) == [(0, False), (1, False), (2, False)]


def test_the_reporter_may_tell_of_them():
    told = "Ana Ruiz has been silent on the dam since Monday."
    assert order("What did Ruiz say about the dam?", BLOM, told, NOBODY)[0] == (1, True)


def test_who_speaks_comes_before_whom_the_reporter_tells_of():
    told = "Ana Ruiz has been silent on the dam since Monday."
    assert order("What did Ruiz say about the dam?", told, RUIZ, BLOM) == [
        (1, True),
        (0, True),
        (2, False),
    ]


def test_a_people_is_its_country():
    asked = "What do Peruvians say about the dam?"
    assert order(asked, BLOM, RUIZ, NOBODY)[0] == (1, True)


def test_nothing_is_moved_where_nobodys_words_are_asked_for_or_nothing_was_read():
    assert order("Is the dam safe?", BLOM, RUIZ, NOBODY) == [(0, True), (1, True), (2, True)]
    unread = hits(BLOM, RUIZ)
    assert prefer_theirs(unread, "What did Ana Ruiz say?", HELD) == unread


def test_office_asked_for_is_its_holder():
    assert asked_speaker("What did the mayor say about the dam?", HELD) == ("blom",)
    assert asked_speaker("What did the mayor say about the dam?") == ()
    assert asked_speaker("What did the doctor say about the dam?", HELD) == ()
    assert asked_speaker("What did the Peruvian head of state say?", HELD) == ("ruiz",)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What did Ana Ruiz say?", ("ruiz",)),
        ("What has the mayor said so far?", ("blom",)),
        ("What exactly did Ruiz say then?", ("ruiz",)),
        ("What did Ana Ruiz say about the dam?", ()),
        ("What did Ana Ruiz build?", ()),
        ("What did he say?", ()),
        ("Who said it?", ()),
    ],
)
def test_question_for_all_that_somebody_said(question, names):
    assert asks_for_all_words(question, HELD) == names


def test_all_they_said_is_what_they_say_in_order():
    found = hits(NOBODY, RUIZ, "Ana Ruiz came by train.", BLOM, "Ana Ruiz said no.")
    told = all_they_said(found, ("ruiz",), HELD)
    assert [hit.sentence.text for hit in told] == [RUIZ, "Ana Ruiz said no."]
    assert [hit.rank for hit in told] == [1, 2]
