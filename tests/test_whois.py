"""Who somebody is: which questions ask that, and what describes a name; all names are invented."""

from dataclasses import replace

import pytest
from fakes_llm import hits

from rag.offices import Holder, Offices
from rag.whois import (
    asked_name,
    asked_office,
    asked_role,
    describes,
    holder,
    holders,
    introductions,
)

HELD = Offices((Holder("Ana Ruiz", "president", "Peru"), Holder("Ida Blom", "mayor", None)))


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who is Rosa Hale?", "Rosa Hale"),
        ("who is rosa hale", "rosa hale"),
        ("And who was Judge Hale?", "Hale"),
        ("Who's Rosa Hale?", "Rosa Hale"),
        ("who is yusuf al hale", "yusuf al hale"),
        ("What is Norpower?", "Norpower"),
        ("What is the Bank of Marrow?", "Bank of Marrow"),
        ("What is Hale & Sons?", "Hale & Sons"),
    ],
)
def test_question_for_a_name_and_nothing_else(question, name):
    assert " ".join(asked_name(question)) == name


@pytest.mark.parametrize(
    "question",
    [
        "Who is to blame?",
        "Who is in charge?",
        "Who is the mayor of Marrow?",
        "Who is Hale's lawyer?",
        "What is the council's plan?",
        "What is new?",
        "Who is going to meet whom in Marrow?",
        "Who led the talks?",
        "Who is he?",
        "Is Rosa Hale the mayor?",
        "Who is Rosa Hale, and what did she say?",
    ],
)
def test_question_for_more_or_for_no_name(question):
    assert asked_name(question) == ()


@pytest.mark.parametrize(
    ("sentence", "rate"),
    [
        ("Rosa Hale is a judge.", 4),
        ("So said Rosa Hale, the port's chief engineer.", 4),
        ("So said Rosa Hale, chief executive of Norpower, on Monday.", 4),
        ("Its director, Rosa Hale, said no.", 4),
        ("A spokeswoman for the port, Rosa Hale, said no.", 4),
        ("Norpower's chief executive, Rosa Hale, said no.", 4),
        ("Hale, the engineer, offered to resign.", 3),
        ("So said opposition leader Rosa Hale.", 3),
        ("Mayor Hale said no.", 2),
        # these tell of her
        ("Rosa Hale said no.", 0),
        ("Hale was in Marrow.", 0),
        ("He met Rosa Hale, and the dam held.", 0),
        ("He told the officer, Hale said.", 0),
        ("They met Ruiz, Hale and Blom, the reporter said.", 0),
        # and these of others
        ("So said Ida Hale, the mayor.", 0),
        ("Hale's lawyer, Ida Blom, said no.", 0),
        ("The hale old judge is a friend.", 0),
    ],
)
def test_what_describes_a_name(sentence, rate):
    assert describes(sentence, ("Rosa", "Hale")) == rate


def test_company_is_described_by_its_kind():
    assert describes("The power company Norpower lost money.", ("Norpower",)) == 2
    assert describes("So said Norpower, which owns the dam.", ("Norpower",)) == 1


def test_introductions_are_few_the_clearest_first_and_reprints_once():
    found = hits(
        "Hale said no.",
        "Mayor Hale said no.",
        "Hale, the engineer, stayed away.",
        "Rosa Hale is a judge.",
        "Rosa Hale is a judge.",
        "Judge Hale slept.",
    )
    chosen = introductions(found, ("Rosa", "Hale"))
    assert [hit.sentence.text for hit in chosen] == [
        "Rosa Hale is a judge.",
        "Hale, the engineer, stayed away.",
        "Mayor Hale said no.",
    ]
    assert [hit.rank for hit in chosen] == [1, 2, 3]


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Who is the Peruvian president?", "Ana Ruiz"),
        ("Who's the president of Peru?", "Ana Ruiz"),
        ("who is the mayor", "Ida Blom"),
        ("Who is the Peruvian president going to meet?", ""),
        ("Who is the president of Chile?", ""),
        ("Who met the Peruvian president?", ""),
    ],
)
def test_office_asked_for(question, name):
    assert " ".join(asked_office(question, HELD)) == name


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who is the captain?", (("captain",), frozenset())),
        (
            "Who's the current head coach of Marrow Rovers?",
            (("head", "coach"), {"marrow", "rovers"}),
        ),
        ("Who was the judge at Marrow?", (("judge",), {"marrow"})),
        ("Who is the president of Peru?", None),
        ("Who is the Peruvian president?", None),
        ("Who is the winner?", (("winner",), frozenset())),
        ("Who is going to pay?", None),
        ("What is the captain?", None),
        ("Who is Rosa Hale?", None),
    ],
)
def test_role_asked_for(question, asked):
    assert asked_role(question) == asked


@pytest.mark.parametrize(
    ("sentence", "names"),
    [
        ("On Monday captain Rosa Hale slept.", ["hale"]),
        ("Captain Rosa Hale slept.", ["hale"]),
        ("Rosa Hale, the team's captain, slept.", ["hale"]),
        ("Its captain, Rosa Hale, slept.", ["hale"]),
        ("Rosa Hale was named captain on Monday.", ["hale"]),
        ("Rosa Hale resigned as captain.", ["hale"]),
        ("Former captain Rosa Hale slept.", []),
        ("Rosa Hale, a former captain, slept.", []),
        ("Rosa Hale met the captain.", []),
        ("The captain slept.", []),
        ("Rosa Hale was named captain of Ashdown.", []),
        ("Rosa Hale was named captain of Marrow.", ["hale"]),
    ],
)
def test_who_holds_a_role(sentence, names):
    assert holder(sentence, ["captain"], frozenset({"marrow"})) == names


def test_holders_come_newest_first_and_each_once():
    found = hits("Captain Rosa Hale slept.", "Hale, the captain, woke.", "Captain Ida Blom left.")
    days = ["2026-01-01", "2026-01-02", "2026-01-03"]
    dated = [
        replace(hit, article=replace(hit.article, date=day))
        for hit, day in zip(found, days, strict=True)
    ]
    chosen = holders(dated, ["captain"], frozenset())
    assert [hit.sentence.text for hit in chosen] == [
        "Captain Ida Blom left.",
        "Hale, the captain, woke.",
    ]
    assert holders(dated, ["captain"], frozenset({"ashdown"})) == []
