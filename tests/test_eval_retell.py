"""Retelling questions in other words, to train the reranker on."""

from types import SimpleNamespace

import pytest
import torch
from eval_loader import load
from training import clock, squad1

groups = load("groups")
retelling = load("retell")


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Of the invented article: what was opened, when was it, who planned the line."""
    articles = squad1(tmp_path_factory.mktemp("squad"))
    return retelling.questions(articles)


def test_question_comes_with_the_sentence_that_answers_it_or_the_nearest(told):
    assert [each.sentence for each in told] == [
        "The old docks were opened by Ann Hale in 1911.",
        "The old docks were opened by Ann Hale in 1911.",
        "Its line was planned by Otto Brandt.",
    ]
    article, asked = told[0].article, told[0].asked
    nobody = groups.replace(asked, gold=())
    (other,) = retelling.questions([groups.replace(article, asked=(nobody,))])
    assert other.sentence == article.pairs[asked.near[0]][0]


def test_words_to_avoid_are_those_of_the_sentence_but_common_ones():
    sentence = "The mayor resigned when the bridges closed."
    assert retelling.shared("When did the Mayor resign and who resigned?", sentence) == [
        "Mayor", "resign", "resigned",
    ]  # fmt: skip
    assert retelling.shared("Who left?", sentence) == []


def test_prompt_has_examples_and_ends_with_the_models_turn():
    text = retelling.prompt("Who closed the bridge?", ["closed", "bridge"])
    assert text.count("<|im_start|>user") == len(retelling.EXAMPLES) + 1
    assert text.endswith(
        "Question: Who closed the bridge?\nAvoid: closed, bridge<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    ("written", "nearness", "worth"),
    [
        ("What did the engineer inaugurate?", 0.7, True),
        ("What did the engineer inaugurate", 0.7, False),  # no question
        ("What was it?\nAnd who?", 0.7, False),  # two
        ("What did the engineer inaugurate?", 0.2, False),  # another matter
        ("What was opened by Ann Hale?", 0.99, False),  # the same
        ("What had been opened by Ann Hale?", 0.9, False),  # as many words of the sentence
        ("Did the engineer inaugurate the old docks?", 0.7, False),  # gives the answer away
    ],
)
def test_what_teaches_is_another_wording_of_one_question(told, written, nearness, worth):
    assert retelling.teaches(written, told[0], nearness) is worth


def test_only_what_teaches_is_kept(told):
    class Says:
        def encode(self, texts):
            return texts

        def write(self, prompts, most, warmth):
            assert (most, warmth) == (retelling.WRITTEN, retelling.WARMTH)
            return [" Which thing did she inaugurate? ", "It was then.", "Nobody."]

    def vectors(texts):
        return torch.stack([torch.tensor([0.6, 0.8, 0.0]) for _ in texts]) * 0.9

    found = list(retelling.retold(Says(), told, vectors))
    assert found == [(told[0], "Which thing did she inaugurate?")]


def test_those_held_out_come_first_and_all_once_before_any_again(told, monkeypatch):
    monkeypatch.setattr(retelling, "AT_ONCE", 2)
    monkeypatch.setattr(retelling, "time", clock(7))
    held = told[2]._replace(article=groups.replace(told[2].article, held_out=True))
    asked = [*told[:2], held]
    found = list(retelling.rounds(asked, 1))
    assert found[0][0] is held
    assert [len(some) for some in found] == [2, 1, 2, 1, 2, 1]
    assert {each.asked.text for some in found[:2] for each in some} == {
        each.asked.text for each in asked
    }


def test_file_gives_each_question_its_other_words_once(told, tmp_path):
    path = tmp_path / "retold.jsonl"
    title, question = told[0].article.title, told[0].asked.text
    retelling.write({(title, question): ["What else?", "What else?", "Ünd what?"]}, path)
    assert len(path.read_text("utf-8").splitlines()) == 1
    known = groups.read_retold(path)
    assert known == {("Port_Vale", question): ("What else?", "Ünd what?")}
    article = groups.told_anew(told[0].article, known)
    assert [asked.retold for asked in article.asked] == [("What else?", "Ünd what?"), (), ()]
    assert article.asked[0].near == told[0].asked.near


def test_time_over_before_the_first_round_gives_nothing(told, monkeypatch):
    monkeypatch.setattr(retelling, "time", SimpleNamespace(monotonic=lambda: 0.0))
    assert list(retelling.rounds(told, 0)) == []
    assert list(retelling.rounds([], 1)) == []
