"""Other words for a question's words, out of a WordNet of a few lines."""

import random

import pytest
from eval_loader import load

synonyms = load("synonyms")

FILES = {
    "index.noun": "  1 licence\narmy n 1 1 @ 1 1 00000010\nforce n 1 0 1 1 00000020\n"
    "strength n 2 0 2 0 00000020 00000030\n",
    "data.noun": "  1 licence\n"
    "00000010 14 n 03 army 0 regular_army 0 Ground_Forces 0 001 @ 00000020 n 0000 | soldiers\n"
    "00000020 14 n 02 force 0 strength 0 000 | power\n"
    "00000030 14 n 02 strength 0 virtue 0 000 | good\n",
    "index.verb": "keep v 1 0 1 1 00000040\n",
    "data.verb": "00000040 31 v 02 keep 0 maintain 0 000 01 + 08 00 | hold\n",
    "index.adj": "",
    "data.adj": "",
}


@pytest.fixture
def thesaurus(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return synonyms.Thesaurus.open(tmp_path)


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("army", ["regular army", "force", "strength"]),  # names are left out
        ("armies", ["regular army", "force", "strength"]),
        ("keeping", ["maintain"]),
        ("kept", []),
        ("strength", ["force", "virtue"]),
        ("unknown", []),
    ],
)
def test_others_are_words_of_the_same_and_of_the_wider_meaning(thesaurus, word, others):
    assert thesaurus.others(word) == others


def test_question_is_said_in_other_words_where_it_repeats_the_sentence(thesaurus):
    question, sentence = "Did Peru keep its army?", "Peru keeps an army."
    told = {synonyms.reworded(question, sentence, thesaurus, random.Random(n)) for n in range(40)}
    assert "Did Peru maintain its force?" in told
    assert question in told  # now and then all words stay
    assert all(each.startswith("Did Peru ") for each in told)


def test_question_that_shares_no_word_stays(thesaurus):
    assert synonyms.reworded("Keep it?", "Nothing.", thesaurus, random.Random(1)) == "Keep it?"


def test_missing_wordnet_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"index\.noun"):
        synonyms.Thesaurus.open(tmp_path)


def test_fewer_words_leave_out_only_plain_ones_of_the_sentence():
    question, sentence = "Did Peru keep its big army?", "Peru keeps an army."
    told = {synonyms.thinned(question, sentence, random.Random(n)) for n in range(40)}
    assert told == {
        question,
        "Did Peru its big army?",
        "Did Peru keep its big",
        "Did Peru its big",
    }


def test_variants_differ_from_the_question_and_from_each_other(thesaurus):
    question, sentence = "Did Peru keep its army?", "Peru keeps an army."
    for n in range(20):
        told = synonyms.variants(question, sentence, thesaurus, random.Random(n))
        assert question not in told
        assert len(set(told)) == len(told) <= 3
    assert synonyms.variants("Why?", sentence, thesaurus, random.Random(1)) == ()
