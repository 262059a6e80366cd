"""Offices read out of invented news, and questions that mean people by them."""

import json

import pytest

from rag.errors import IndexDamaged
from rag.offices import COUNTRIES, FILE, Holder, Offices

NEWS = """Norwegian Prime Minister Ingrid Solheim met Peru's President Carlos Quispe on Monday.
Jun Okada, the Japanese foreign minister, was absent.
The talks were led by two Peruvian envoys, Rosa Mamani and Luis Paredes.
Solheim's press secretary, Lars Vik, declined to comment.
Former Peruvian president Alberto Rojas called it a farce.
Political analyst Nadia Haddad was not impressed.
In Lima, the Peruvian president smiled. President Quispe left early.
Secretary of the National Defence Council Pavel Novak stayed."""


@pytest.fixture(scope="module")
def offices() -> Offices:
    return Offices.build([NEWS])


@pytest.mark.parametrize(
    ("name", "office", "country"),
    [
        ("Ingrid Solheim", "premier", "Norway"),
        ("Carlos Quispe", "president", "Peru"),
        ("Jun Okada", "diplomat", "Japan"),
        ("Rosa Mamani", "envoy", "Peru"),
        ("Luis Paredes", "envoy", "Peru"),
        ("Lars Vik", "spokesman", None),
        ("Nadia Haddad", "expert", None),
    ],
)
def test_office_is_read_where_the_article_tells_it(offices, name, office, country):
    assert Holder(name, office, country) in offices.holders


def test_former_holders_and_places_hold_nothing(offices):
    told = {holder.name for holder in offices.holders}
    assert told.isdisjoint({"Alberto Rojas", "Lima", "Monday", "Quispe"})


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What does Peru's leader want?", "Carlos Quispe"),
        ("What does the Peruvian head of state want?", "Carlos Quispe"),
        ("What does Lima's strongman want?", "Carlos Quispe"),
        ("What did the leader of Norway say?", "Ingrid Solheim"),
        ("Where was Japan's top diplomat?", "Jun Okada"),
        ("Where was Tokyo's chief diplomat?", "Jun Okada"),
        ("Who else came beside Quispe's emissary?", "Luis Paredes, Rosa Mamani"),
        ("Was the pundit impressed?", "Nadia Haddad"),
    ],
)
def test_question_gets_the_names_it_means(offices, question, names):
    assert offices.named(question) == f"{question} ({names})"


@pytest.mark.parametrize(
    "question",
    [
        "Who is the Chilean president?",  # nobody told
        "What did the pundit of Norpower say?",  # another's
        "What did President Quispe say?",  # named already
        "What did Quispe, the Peruvian president, say?",  # named already
        "Where did the experts meet?",  # many
        "What is the tax on windows?",
        "In which country is Okada ambassador?",  # envoys of no known country: more than one
        "How large is the Peruvian army?",
        "",
    ],
)
def test_other_questions_stay_as_they_are(offices, question):
    assert offices.named(question) == question


def test_spellings_of_one_name_become_one():
    offices = Offices.build(
        ["Ukrainian President Volodymyr Zelenskiy spoke. Ukrainian President Zelensky left.",
         "Ukrainian President Volodymyr Zelenskiy spoke again."]
    )  # fmt: skip
    assert {holder.name for holder in offices.holders} == {"Volodymyr Zelenskiy"}


def test_saved_and_opened_it_is_the_same(offices, tmp_path):
    offices.save(tmp_path)
    assert Offices.open(tmp_path) == offices


@pytest.mark.parametrize("content", ["", "{", "[1]", '[{"name": 1}]'])
def test_damaged_file_is_said(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    with pytest.raises(IndexDamaged, match="rag index"):
        Offices.open(tmp_path)


def test_no_word_stands_for_two_countries():
    lines = [line.split("\t") for line in COUNTRIES.read_text("utf-8").splitlines()]
    said = [word.casefold() for line in lines for word in dict.fromkeys(line)]
    assert len(said) == len(set(said)), json.dumps([w for w in said if said.count(w) > 1])
    assert len(lines) > 190


def test_country_of_two_words_with_an_article():
    held = Offices((Holder("Al Bo", "president", "United States"),))
    asked = "What did the president of the United States say?"
    assert held.named(asked) == f"{asked} (Al Bo)"
