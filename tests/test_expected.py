"""What a question asks for, and what a sentence offers."""

import pytest

from rag.expected import have_quoted, kind_of, lacks, offers
from rag.units import tells_anothers_age


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many troops are there?", "number"),
        ("how large an army did they keep", "number"),
        ("What is the number of seats?", "number"),
        ("What is the population of Arica?", "number"),
        ("What was the death toll?", "number"),
        ("what's the latest price", "number"),
        ("What's the mayor's answer?", None),
        ("Who's the mayor?", "person"),
        ("What is Ada Blom's yearly salary?", "number"),
        ("At what speed did it sail?", "number"),
        ("And at which age did she leave?", "number"),
        ("What is the budget dispute about?", None),
        ("What did the population think?", None),
        ("Exactly how much did it cost?", "number"),
        ("When does it begin?", "time"),
        ("On what day was the vote?", "time"),
        ("Until when is it open?", "time"),
        ("In which year did she leave?", "time"),
        ("Who took over?", "person"),
        ("So whom did she meet?", "person"),
        ("Where did they meet?", "place"),
        ("In which city did they meet?", "place"),
        ("After the talks in Lima, where did they go?", "place"),
        ("How did they react?", None),
        ("What did the man who left say?", None),
        ("Is it known when it begins?", None),
        ("Why?", None),
        ("", None),
    ],
)
def test_kind_is_read_from_the_opening(question, kind):
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("kind", "sentence", "question", "good"),
    [
        ("number", "It has 800,000 men.", "How many men?", True),
        ("number", "It has ninety men.", "How many men?", True),
        ("number", "It has men.", "How many men?", False),
        ("number", "In 2025 it had men.", "How many men were there in 2025?", False),
        ("time", "They met on Sunday.", "When did they meet?", True),
        ("time", "They met in 1998.", "When did they meet?", True),
        ("time", "They met in Lima.", "When did they meet?", False),
        ("person", "It was Ada Deniz.", "Who was it?", True),
        ("person", "The man left.", "Who left?", False),
        ("person", "Deniz left.", "Who left Deniz?", False),
        ("place", "They met in Lima.", "Where did they meet?", True),
        ("place", "They met at a resort.", "Where did they meet?", False),
        ("place", "They met on Sunday.", "Where did they meet?", False),
    ],
)
def test_sentence_offers_what_the_question_did_not_bring(kind, sentence, question, good):
    assert offers(kind, sentence, question) is good


@pytest.mark.parametrize(
    ("question", "sentence", "lacking"),
    [
        ("How many ships waited?", "On the 9th, 58 ships waited.", False),
        ("How many ships waited?", "All 58 of these ships waited.", False),
        ("How many ships waited?", "The ships left the old harbour after 12 days.", True),
        ("How many ships waited?", "The ships waited.", True),
        ("How many of the ships waited?", "Two ships did.", False),
        ("How many dockers were there?", "It said 4,200 of its members came.", False),
        ("How many dockers were there?", "It said 4,200 boxes came.", True),
        ("How many dockers were hurt?", "About 30 were hurt.", False),
        ("How many percent were for it?", "It was 71%.", False),
        ("How many percent were for it?", "It was 71 dockers.", True),
        ("How many times bigger is it?", "It is three times bigger.", False),
        ("How many times did it grow?", "It grew 5-fold.", False),
        ("How many times did it grow?", "On behalf of 9 others it sometimes grew.", True),
        ("How many minutes did they talk?", "The 2 men had a lengthy talk.", True),
        ("How many are there?", "There are 5 boxes.", False),
        ("How large is it?", "It has 5 boxes.", False),
        ("When was it?", "It was in Lima.", True),
        ("What is it?", "Nothing.", False),
    ],
)
def test_sentence_lacks_what_is_asked_for(question, sentence, lacking):
    assert lacks(question, [sentence]) == [lacking]


@pytest.mark.parametrize(
    ("question", "sentence", "anothers"),
    [
        ("How old is Ilse Vandermeer?", "Tomas Reyk, a 34-year-old docker, was hurt.", True),
        ("how old is vandermeer", "Tomas Reyk, 34, was hurt.", True),
        ("At what age did Vandermeer retire?", "The 34-year-old docker Tomas Reyk left.", True),
        ("How old is Ilse Vandermeer?", "Ilse van der Meer, 61, leads it.", False),
        ("How old is Tomas Reyk?", "Tomas Reyk, 34, was hurt.", False),
        ("How old is the docker?", "Tomas Reyk, a 34-year-old docker, was hurt.", False),
        ("How old is Ilse Vandermeer?", "She is 61, her office said.", False),
        ("How old is Ilse Vandermeer?", "The 34-year-old was hurt.", False),
        ("Who is Ilse Vandermeer?", "Tomas Reyk, 34, was hurt.", False),
    ],
)
def test_anothers_age_is_none(question, sentence, anothers):
    assert tells_anothers_age(question, sentence) is anothers
    if anothers:
        assert lacks(question, [sentence]) == [True]


@pytest.mark.parametrize(
    ("question", "has"),
    [
        ('Who called it "a very careful sentence"?', True),
        ("Who called it “a very careful sentence”?", True),
        ("who called it 'a very careful sentence'", True),
        ("Who called it «A Very Careful Sentence»?", True),
        ('Who called it "a careful sentence"?', False),
        ('Who called it "careful"?', False),
        ("Who called it a very careful sentence?", False),
        ("Is Krael's answer the ministers' very careful sentence?", False),
        ('Who called it "?', False),
        ("Who called it “”?", False),
        ("Who said 'it's a very careful'?", True),
    ],
)
def test_sentence_has_the_words_that_a_question_quotes(question, has):
    told = "Krael, of the opposition, said: it’s a very careful sentence."
    assert have_quoted(question, [told]) == [has]
    assert lacks(question, ["Krael spoke.", told]) == [has, False]


@pytest.mark.parametrize(
    ("question", "there", "elsewhere"),
    [
        ("How far is Midford from Harlow?", "Midford lies 9 miles away.", "Midford has 9 shops."),
        ("How far can the bus go?", "It goes 300 km on a charge.", "The bus has 40 seats."),
        ("How old is the mill?", "The mill was built in 1960.", "The mill has 700 jobs."),
        ("How old is Ada Blom?", "Ada Blom, 79, said so.", "Ada Blom has 31 percent."),
        ("How long is the crack?", "It is 12 metres long.", "It has 3 parts."),
        ("How long did it take?", "It took 12 weeks.", "It took 12 men."),
        ("How much did it cost?", "It cost €300.", "It has 300 seats."),
        ("How much does the mill owe?", "It owes 190mn crowns.", "It has 700 jobs."),
        ("What is Ada Blom's salary?", "She earns 90 cents an hour.", "She holds 16 per cent."),
        ("What's the price?", "It costs 31 crowns.", "It took 12 men."),
        ("What is Ada Blom's salary?", "She earns 90,000 crowns a year.", "She holds 16 percent."),
    ],
)
def test_a_measure_has_its_unit(question, there, elsewhere):
    assert lacks(question, [there, elsewhere]) == [False, True]
