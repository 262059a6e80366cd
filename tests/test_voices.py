"""Whose word it is: told in the statement, in whatever way the speaker is called."""

import pytest

from rag.citation import Citation
from rag.voices import attributed, beside, voiced


def quote(speaker: str | None, text: str = "The talks will fail.") -> Citation:
    return Citation(1, "a.txt", "A", "2025-12-01", 0, len(text), text, speaker)


@pytest.mark.parametrize(
    ("text", "speaker", "told"),
    [
        ("The talks will fail.", "Ada Deniz", "According to Ada Deniz, the talks will fail."),
        ("Talks will fail.", "Ada Deniz", "According to Ada Deniz, talks will fail."),
        ("Norvik will fail.", "Ada Deniz", "According to Ada Deniz, Norvik will fail."),
        ("800 men.", "the EU", "According to the EU, 800 men."),
        ("The talks will fail.", "Doctors", "According to doctors, the talks will fail."),
        ("The talks will fail.", "Reuters", "According to Reuters, the talks will fail."),
        (
            "The talks will fail.",
            "Sources close to the talks",
            "According to sources close to the talks, the talks will fail.",
        ),
        (
            "The talks will fail.",
            "two ministers, according to the Herald",
            "According to the Herald, citing two ministers, the talks will fail.",
        ),
        ("He said the talks will fail.", "Ada Deniz", "Ada Deniz said the talks will fail."),
        ("It will fail.", "the bank", "According to the bank, it will fail."),
        ("It said the talks will fail.", "the bank", "The bank said the talks will fail."),
        ("He will fail.", "Ada Deniz", "According to Ada Deniz, he will fail."),
        ("US troops will stay.", "Ada Deniz", "According to Ada Deniz, US troops will stay."),
        # these say so themselves
        ("Deniz said the talks will fail.", "Ada Deniz", None),
        ("Kuznetsov fears the talks will fail.", "Ivan Kuznetzov", None),
        ("The EU says the talks will fail.", "the European Union", None),
        ("The talks will fail, experts say.", "experts of the Centre", None),
        ("The Herald says the talks will fail.", "two ministers, according to the Herald", None),
        ("The talks will fail.", None, None),
    ],
)
def test_statement_tells_whose_word_it_is(text, speaker, told):
    assert attributed(text, [quote(speaker)]) == (told or text)


def test_several_speakers_are_all_told():
    shown = attributed("The talks will fail.", [quote("Ada Deniz"), quote("the EU")])
    assert shown == "According to Ada Deniz and the EU, the talks will fail."


def test_statement_that_rests_on_the_reporter_too_is_partly_a_claim():
    shown = attributed("The talks will fail.", [quote("Ada Deniz"), quote(None)])
    assert shown == "Partly according to Ada Deniz, the talks will fail."


@pytest.mark.parametrize(
    ("text", "speaker", "told"),
    [
        ("“It is over.”", "Ada Deniz", "Ada Deniz: “It is over.”"),
        ("He said it was\n over.", "Ada Deniz", "Ada Deniz: He said it was over."),
        ("Deniz said it was over.", "Ada Deniz", "Deniz said it was over."),
        ("It is over.", None, "It is over."),
        ("Plan D is over.", "Deniz", "Deniz: Plan D is over."),  # an initial is no name
        ("Deniz said so.", "Ada Deniz and Ivan Blom", "Ada Deniz and Ivan Blom: Deniz said so."),
        ("Deniz and Blom said so.", "Ada Deniz and Ivan Blom", "Deniz and Blom said so."),
    ],
)
def test_quote_is_voiced_where_it_does_not_name_its_speaker(text, speaker, told):
    assert voiced(text, speaker) == told


def test_half_of_a_sentence_that_another_tells_is_anothers_word():
    said = quote("the union", "The union said 23 were ill; the firm said it knew of 14 cases.")
    assert beside("14 cases", said)
    assert not beside("23", said)
    nothing = quote("the union", "The union said 23 were ill; it was.")  # common words
    assert not beside("23", nothing)


@pytest.mark.parametrize(
    ("text", "may_be_anothers"),
    [
        ("Blom repeated the offer.", True),
        ("The dam would hold.", False),
        ("Ames: Blom repeated the offer.", False),  # it says whose word it is
        ("The dam holds and Blom repeated the offer.", True),
        ("On Friday, Blom repeated the offer of a dam that would hold.", True),
        ("The dam would hold, so the offer stands.", False),
    ],
)
def test_second_half_of_a_sentence_may_be_anothers_word(text, may_be_anothers):
    said = quote("Ada Ames", "Ames said the dam would hold, and Blom repeated the offer.")
    assert beside(text, said) is may_be_anothers
    assert not beside(text, quote(None, said.quote))
