"""Words: folding, stemming, and the spellings of one name."""

import random
from pathlib import Path

import pytest

from rag.words import (
    WORD,
    by_letter,
    fold,
    is_typo,
    same_name,
    skeleton,
    sound,
    stem,
    terms,
    variants,
    words,
)

ROOT = Path(__file__).parents[1]
SAME = [
    ("Kyiv", "Kiev"),
    ("Kyiv", "Київ"),
    ("Zelensky", "Zelenskiy"),
    ("Zelensky", "Zelenskyy"),
    ("Zelenskyy", "Zelenskiy"),
    ("Zelensky", "Zelenskyj"),
    ("Zelensky", "Зеленский"),
    ("Donbas", "Donbass"),
    ("Donbas", "Донбас"),
    ("Ryabkov", "Rybakov"),
    ("Ryabkov", "Riabkov"),
    ("Yermak", "Ermak"),
    ("Kharkiv", "Kharkov"),
    ("Lviv", "Lvov"),
    ("Odesa", "Odessa"),
    ("Sergey", "Sergei"),
    ("Lukashenko", "Lukashenka"),
    ("Gorbachev", "Gorbachov"),
    ("Yanukovych", "Yanukovich"),
    ("Tchaikovsky", "Chaikovsky"),
    ("Tchaikovsky", "Tschaikowski"),
    ("Khrushchev", "Hruschev"),
    ("Putin", "Poutine"),
    ("Peskov", "Peskow"),
    ("Mohamed", "Mohammed"),
    ("Łódź", "Lodz"),
    ("Erdoğan", "Erdogan"),
    ("Qaddafi", "Gaddafi"),
    ("Mohammed", "Muhammad"),
    ("Zelensky", "Selenskyj"),
    ("Zelensky", "Selenski"),
    ("Qassem", "Kassem"),
]
OTHERS = [
    ("Vladimir", "Volodymyr"),
    ("Iran", "Iraq"),
    ("Austria", "Australia"),
    ("Korea", "Kenya"),
    ("Umarov", "Umerenko"),
    ("Miami", "Mumbai"),
    ("Slovakia", "Slovenia"),
    ("Syria", "Serbia"),
    ("Paris", "Peres"),
    ("Moscow", "Mexico"),
    ("Kellogg", "Kallas"),
    ("Johnson", "Jensen"),
    ("Rome", "Oman"),
    ("Kim", "Kam"),
    ("Xi", "Xu"),
    ("Niger", "Nigeria"),
    ("Alexander", "Alexandra"),
    ("Oleksandr", "Oleksandra"),
    ("Kerry", "Gerry"),
    ("Gates", "Yates"),
    ("Sander", "Zander"),
    ("Brandon", "Brendan"),
    ("Toronto", "Taranto"),
    ("Albert", "Alberta"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_name_are_the_same_either_way_round(one, other):
    assert same_name(fold(one), fold(other))
    assert same_name(fold(other), fold(one))


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_different_names_stay_apart_either_way_round(one, other):
    assert not same_name(fold(one), fold(other))
    assert not same_name(fold(other), fold(one))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_question_reaches_the_corpus_spelling_of_a_name(one, other):
    word, name = fold(one), fold(other)
    assert variants(word, {skeleton(name): [name]}, by_letter([name])) == {name} - {word}


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("Łódź", "lodz"),
        ("Київ", "kiiv"),
        ("İstanbul", "istanbul"),
        ("ZÜRICH", "zurich"),
        ("straße", "strasse"),
        ("\ufb01re", "fire"),
    ],
)
def test_fold_gives_plain_lower_case_latin(word, folded):
    assert fold(word) == folded


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The EU's 800,000 troops.", ["the", "eu", "s", "800,000", "troops"]),
        ("5.5 per cent, in 2025.", ["5.5", "per", "cent", "in", "2025"]),
        ("Article 5-like guarantees", ["article", "5", "like", "guarantees"]),
        ("snake_case", ["snake", "case"]),
        ("Zelensky’s plan", ["zelensky", "s", "plan"]),
        ("🙂 … —", []),
        ("", []),
    ],
)
def test_words_keep_numbers_whole_and_drop_marks(text, expected):
    assert words(text) == expected


def test_stem_joins_forms_but_never_touches_numbers():
    assert stem("talks") == stem("talk") == stem("talking") == "talk"
    assert stem("800,000") == "800,000"
    assert stem("1990s") == "1990s"


def test_terms_leave_stop_words_out():
    assert terms("What did the armies say about talks?") == ["armi", "talk"]
    assert terms("Who said that it was so?") == []


def test_sound_and_skeleton_are_as_told():
    assert sound("kyiv") == "kiv"
    assert sound("khrushchev") == "hrusev"
    assert sound("zelenskyy") == "zelenski"
    assert skeleton("kyiv") == skeleton("kiev") == "kv"
    assert skeleton("odessa") == "ods"


@pytest.mark.parametrize(
    ("one", "other", "slip"),
    [
        ("ukrane", "ukraine", True),  # one letter lost
        ("witkof", "witkoff", True),
        ("uktaine", "ukraine", True),  # one letter wrong
        ("urkaine", "ukraine", True),  # two swapped
        ("negotations", "negotiations", True),
        ("negotatons", "negotiations", True),  # two slips in a long word
        ("uktane", "ukraine", False),  # two slips in a short one
        ("wars", "bars", False),  # too short to tell
        ("peace", "talks", False),
    ],
)
def test_typo_is_one_slip_and_two_in_long_words(one, other, slip):
    assert is_typo(one, other) is slip
    assert is_typo(other, one) is slip


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("kiev", {"kyiv"}),  # a variant
        ("kyiv", set()),  # the corpus's own spelling
        ("negotations", {"negotiations"}),  # unknown, so taken for a typo
        ("negotiation", {"negotiations"}),
        ("1234567", set()),  # numbers have no typos
        ("zzzzzz", set()),
    ],
)
def test_variants_are_names_of_the_corpus_or_mended_typos(word, expected):
    vocabulary = frozenset({"kyiv", "negotiations", "1234568"})
    assert variants(word, {"kv": ["kyiv"]}, by_letter(vocabulary)) == expected


def test_typos_are_those_that_comparing_every_word_would_find():
    words_there = sorted(
        {fold(w) for w in WORD.findall((ROOT / "README.md").read_text("utf-8")) if len(w) > 3}
    )
    chance = random.Random(0)
    for _ in range(300):
        letters = list(chance.choice(words_there))
        for _ in range(chance.randint(1, 2)):
            letters[chance.randrange(len(letters))] = chance.choice("aeiorstn")
        word = "".join(letters)
        every = {w for w in words_there if w[:1] == word[:1] and is_typo(word, w)}
        expected = set() if word in words_there else every
        if not any(letter.isdigit() for letter in word):
            assert variants(word, {}, by_letter(words_there)) == expected


def test_known_word_is_no_typo_of_another():
    assert variants("border", {}, by_letter(["border", "borders", "boarder"])) == set()
