"""How a corpus introduces itself."""

import pytest
from fakes import article

from rag.citation import cite
from rag.web.examples import examples, following, introduction, proven

PORT = article(
    "port.txt",
    "On Monday the mayor Ada Deniz said that the harbour fees are too high. "
    "Ships from Norway wait. "
    "Critics of Ada Deniz say the harbour fees help Norway. She met Ola Berg in Norway. "
    "The harbour fees will be discussed in Bergen, Ola Berg said.",
    "The port",
    "2025-05-01",
)
HILL = article("hill.txt", "A hill. It is high. Nobody knows why.", "The hill", None)


def test_introduction_tells_size_and_days():
    assert introduction([]) == "There are no articles yet."
    assert introduction([HILL]) == "one article"
    assert introduction([PORT, HILL]) == "2 articles, 1 May 2025"
    late = article("x", "", None, "2025-06-30")
    assert introduction([late, PORT]) == "2 articles, 1 May 2025 to 30 June 2025"
    assert introduction([PORT] * 1234).startswith("1,234 articles")


def test_examples_ask_what_somebody_says_about_something_named_again_and_again():
    asked = examples([PORT, HILL])
    assert asked[0] == "What does Ada Deniz say about harbour fees?"
    assert "What does Ola Berg say about harbour fees?" in asked
    assert "What is reported about Norway?" in asked
    assert all("Monday" not in question for question in asked)
    assert len(asked) == len(set(asked))


def test_examples_take_turns_between_articles():
    other = article("other.txt", PORT.text.replace("Ada Deniz", "Eva Lind"), None, None)
    asked = examples([PORT, other])
    assert "Ada Deniz" in asked[0]
    assert any("Eva Lind" in question for question in asked[:3])


@pytest.mark.parametrize("corpus", [[], [HILL]])
def test_nothing_is_asked_where_nothing_is_named(corpus):
    assert examples(corpus) == []


def test_what_follows_is_asked_of_sentences_beside_the_quote():
    *_, last = PORT.sentences
    asked = list(following([PORT, HILL], [cite(PORT, PORT.sentences[0])]))
    assert asked[0] == "What does Ola Berg say about harbour fees?"
    assert asked[-1].startswith("What is reported about")
    assert list(following([HILL], [cite(PORT, last)])) == []


def test_only_what_the_gate_takes_for_an_answer_and_is_new_is_offered(monkeypatch):
    class Hit:
        def __init__(self, start):
            self.article, self.sentence = PORT, PORT.sentences[start]

    found = {"known?": [Hit(0)], "new?": [Hit(1)], "no?": [Hit(2)], "none?": []}
    monkeypatch.setattr("rag.web.examples.gate.answerable", lambda q, hits: q[:2] != "no")
    searched = []

    def search(question):
        searched.append(question)
        return found[question]

    offered = proven([*found, "new?"], search, {("port.txt", 0)})
    assert next(offered) == "new?"
    assert searched == ["known?", "new?"]  # no further than needed
    assert list(offered) == []
