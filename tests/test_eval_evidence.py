"""Evidence sets and drafts, which the local model's adapter is trained on."""

import json

import pytest
from eval_loader import load
from training import cut, squad1

sets = load("evidence_sets")
drafts = load("drafts")
groups = load("groups")
OPENED = "The old docks were opened by Ann Hale in 1911."


def flat(pairs):
    return [0.0] * len(pairs)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Sets of many draws, chosen by a reranker that knows nothing."""
    articles = squad1(tmp_path_factory.mktemp("squad")) * 60
    return sets.evidence_sets(articles, flat)


def test_set_is_answered_where_a_sentence_with_the_answer_is_shown(made):
    answered = [each for each in made if each.gold]
    assert answered
    for each in answered:
        number = each.gold[0]
        words = each.answers[0]
        assert words in each.sentences[number - 1]
        assert len(each.sentences) <= sets.QUOTES


def test_set_whose_answer_was_taken_away_has_its_words_nowhere(made):
    taken = [each for each in made if each.question == "Who planned the line?" and not each.gold]
    assert taken
    assert not [s for each in taken for s in each.sentences if "Otto Brandt" in s]


def test_set_that_asks_for_another_name_is_not_answered(made):
    other = [each for each in made if each.question == "What was opened by Otto Brandt?"]
    assert other
    assert not any(each.gold for each in other)
    assert any(OPENED in each.sentences for each in other)
    assert not [s for each in other for s in each.sentences if "Otto Brandt" in s]


def test_the_rerankers_best_stand_first_and_what_is_worth_little_is_left_out(tmp_path):
    row = {"question": "Who left?", "paragraph": 0, "answers": [{"text": "Ann", "start": 0}]}
    text = "Ann left. Ben stayed. Cleo slept. Dan sang."
    made = cut(groups.Text("T", groups.SQUAD2, True, [text], [row]))
    worth = {"Ann left.": 1.0, "Ben stayed.": 2.0, "Cleo slept.": -1.5, "Dan sang.": -2.5}
    (found,) = sets.evidence_sets([made], lambda pairs: [worth[s] for _, (s, _) in pairs])
    assert found.sentences == ("Ben stayed.", "Ann left.", "Cleo slept.")
    assert found.gold == (2,)
    assert found.held_out


def test_set_that_answers_perhaps_is_left_out(tmp_path):
    row = {"question": "Who left?", "paragraph": 0, "answers": [{"text": "Ann", "start": 0}]}
    made = cut(groups.Text("T", groups.SQUAD2, True, ["Ann left. Ann stayed."], [row]))
    assert (
        sets.evidence_sets([made], lambda pairs: [9.0 * ("st" in s) for _, (s, _) in pairs]) == []
    )


def test_few_questions_of_squad1_are_taken_others_twice(tmp_path):
    ones = squad1(tmp_path) * 5
    row = {"question": "Who left?", "paragraph": 0, "answers": [{"text": "Ann", "start": 0}]}
    other = cut(groups.Text("T", groups.SQUAD2, False, ["Ann left. Ben stayed."], [row]))
    made = sets.evidence_sets([*ones, other], flat, ones=4)
    assert sum(each.source == groups.SQUAD2 for each in made) == 2
    assert sum(each.source == groups.SQUAD1 for each in made) <= 4


GIVEN = sets.EvidenceSet(
    "Who opened the old docks?", ("Ships left.", OPENED), (2,), ("Ann Hale",), "squad1", False
)


def test_draft_is_what_the_model_wrote_up_to_the_end_of_its_text():
    written = 'Ann Hale opened the old docks in 1911."}, {"citations": [1], "text": "x"}]}'
    draft = drafts.draft_of(GIVEN, written)
    assert json.loads(draft) == {
        "statements": [{"citations": [2], "text": "Ann Hale opened the old docks in 1911."}]
    }
    assert draft.startswith(drafts.lead(2))


@pytest.mark.parametrize(
    "statement",
    [
        "Ann Hale",  # too short
        "The old docks were opened.",  # lacks the answer
        "Ann Hale opened the old docks in 1912.",  # another number
        "Ann Hale of Hull opened the docks.",  # another name
        "ann hale was surely glad when people opened docks",  # words of its own
        "Ann Hale opened the old \\docks",  # no text in JSON
        "Ann Hale " * 16,  # too long
    ],
)
def test_draft_that_teaches_nothing_is_left_out(statement):
    assert drafts.draft_of(GIVEN, statement) is None


def test_long_sentence_over_again_is_no_short_statement():
    sentence = " ".join(f"w{n}" for n in range(40))
    begins = " ".join(f"w{n}" for n in range(21))
    assert not drafts.teaches(begins, sentence, "?", ("w1",))
    assert drafts.teaches(begins[: begins.index("w20")], sentence, "?", ("w1",))
    middling = " ".join(f"w{n}" for n in range(16))
    turned = " ".join(f"w{n}" for n in reversed(range(15)))
    assert not drafts.teaches(turned, middling, "?", ("w1",))
