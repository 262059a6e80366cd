"""The groups that the reranker is trained on, out of an invented article in SQuAD 1.1's form."""

import json

import pytest
from fakes import FakeEmbedder

from eval.groups import squad1_groups

DOCKS = "The old docks were opened by Ann Hale in 1911. They closed after the flood. Ships left."
TRAMS = "The tram reached the hill in 1934. Its line was planned by Otto Brandt. It still runs."


def asked(context, *pairs):
    return {
        "context": context,
        "qas": [
            {"question": q, "answers": [{"text": a, "answer_start": context.index(a)}]}
            for q, a in pairs
        ],
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Groups of many draws."""
    article = {
        "title": "Port_Vale",
        "paragraphs": [
            asked(DOCKS, ("What was opened by Ann Hale?", "old docks"), ("When was it?", "1911")),
            asked(TRAMS, ("Who planned the line?", "Otto Brandt")),
        ],
    }
    path = tmp_path_factory.mktemp("squad") / "train.json"
    path.write_text(json.dumps({"data": [article]}), "utf-8")
    return [group for seed in range(60) for group in squad1_groups(path, FakeEmbedder(), seed)]


def test_answered_group_has_the_sentence_with_the_answer(made):
    groups = [group for group in made if group.positives and group.question == "When was it?"]
    assert groups
    for group in groups:
        assert [sentence for sentence, _ in group.positives] == [
            "The old docks were opened by Ann Hale in 1911."
        ]
        assert len(group.negatives) == 5
        assert not group.held_out


def test_removed_answer_stands_in_no_sentence_left(made):
    groups = [g for g in made if not g.positives and g.question == "Who planned the line?"]
    assert groups
    assert not [s for g in groups for s, _ in g.negatives if "Otto Brandt" in s]


def test_swapped_name_is_of_another_paragraph_and_the_old_sentence_is_no_answer(made):
    groups = [group for group in made if group.question == "What was opened by Otto Brandt?"]
    assert groups
    for group in groups:
        assert not group.positives
        assert group.negatives[0][0] == "The old docks were opened by Ann Hale in 1911."
        assert not [s for s, _ in group.negatives if "Otto Brandt" in s]


def test_question_without_a_name_keeps_its_answer_in_place_of_a_swap(made):
    share = sum(bool(g.positives) for g in made if g.question == "Who planned the line?")
    assert 40 <= share <= 56  # of 60: only what was removed is missing


def test_same_seed_makes_the_same_groups(tmp_path):
    path = tmp_path / "train.json"
    article = {"title": "T", "paragraphs": [asked(TRAMS, ("Who planned it?", "Otto Brandt"))]}
    path.write_text(json.dumps({"data": [article] * 5}), "utf-8")
    first, again = (list(squad1_groups(path, FakeEmbedder(), 3)) for _ in range(2))
    assert first == again
