"""The groups that the reranker is trained on, out of invented articles."""

import json
import random

import pytest
from eval_loader import load
from training import ARTICLE, DOCKS, TRAMS, asked, cut, no_thesaurus, squad1, vectors

groups = load("groups")
OPENED = "The old docks were opened by Ann Hale in 1911."


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    (made,) = squad1(tmp_path_factory.mktemp("squad"))
    return made


def drawn(article, number, times=60):
    """Groups of one question, drawn often."""
    dice = random.Random(4)
    return [groups.drawn_group(article, article.asked[number], dice) for _ in range(times)]


def test_sentences_of_the_whole_article_have_title_and_sentence_before_as_context(article):
    assert [sentence for sentence, _ in article.pairs[:2]] == [
        OPENED,
        "They closed after the flood.",
    ]
    assert article.pairs[1][1] == f"Port Vale . {OPENED}"
    assert article.pairs[3][1] == "Port Vale . "  # the next paragraph
    assert [each.gold for each in article.asked] == [(0,), (0,), (4,)]
    assert all(len(each.nearness) == 6 for each in article.asked)


def test_nearest_sentences_come_first_and_are_few():
    text = groups.Text(
        "T", groups.SQUAD1, False, ["Troops left. " * 60 + "Peace came."],
        [{"question": "Peace?", "paragraph": 0, "answers": [{"text": "Troops", "start": 0}]}],
    )  # fmt: skip
    made = cut(text)
    near = made.asked[0].near
    assert len(near) == groups.NEAR
    assert made.pairs[near[0]][0] == "Peace came."
    assert groups.negatives(made, made.asked[0]) == [60]  # all others have the answer's words


def test_answered_group_has_the_sentence_with_the_answer(article):
    found = [group for group in drawn(article, 1) if group.positives]
    assert found
    for group in found:
        assert [sentence for sentence, _ in group.positives] == [OPENED]
        assert len(group.negatives) == 5
        assert OPENED not in [sentence for sentence, _ in group.negatives]


def test_removed_answer_stands_in_no_sentence_left(article):
    found = [group for group in drawn(article, 2) if not group.positives]
    assert found
    assert not [s for group in found for s, _ in group.negatives if "Otto Brandt" in s]


def test_swapped_name_is_of_another_paragraph_and_the_old_sentence_is_no_answer(article):
    found = [g for g in drawn(article, 0) if g.question == "What was opened by Otto Brandt?"]
    assert found
    for group in found:
        assert not group.positives
        assert group.negatives[0][0] == OPENED
        assert not [s for s, _ in group.negatives if "Otto Brandt" in s]


def test_question_without_a_name_keeps_its_answer_in_place_of_a_swap(article):
    share = sum(bool(group.positives) for group in drawn(article, 2))
    assert 40 <= share <= 56  # of 60: only what was removed is missing


def test_answered_question_is_asked_in_fewer_words_now_and_then(article):
    assert article.asked[0].variants == ("What was by Ann Hale?",)
    said = {group.question for group in drawn(article, 0) if group.positives}
    assert said == {"What was opened by Ann Hale?", "What was by Ann Hale?"}


def test_context_is_left_out_now_and_then(article):
    bare = [all(not context for _, context in group.negatives) for group in drawn(article, 1)]
    assert 2 <= sum(bare) <= 20  # of 60


def test_same_dice_draw_the_same_groups(article):
    assert drawn(article, 0) == drawn(article, 0)


def test_at_most_three_answers_and_eight_of_fourteen_negatives_are_shown():
    answers = " ".join(f"Troops {n} came." for n in range(5))
    others = " ".join(f"Peace {n} held." for n in range(20))
    row = {"question": "Who came?", "paragraph": 0, "answers": [
        {"text": "Troops", "start": answers.index(f"Troops {n}")} for n in range(5)]}  # fmt: skip
    made = cut(groups.Text("T", groups.COVID, False, [f"{answers} {others}"], [row]))
    whole = groups.whole_group(made, made.asked[0], "Who came?")
    assert (len(whole.positives), len(whole.negatives)) == (5, 14)
    shown = groups.drawn_group(made, made.asked[0], random.Random(1))
    assert (len(shown.positives), len(shown.negatives)) == (3, 8)
    sentences = [sentence for sentence, _ in whole.negatives]
    assert [sentence for sentence, _ in shown.negatives[:4]] == sentences[:4]


def rows(*given):
    return "\n".join(json.dumps(row) for row in given)


def test_squad2_is_held_out_by_title_and_its_own_paragraph_gives_negatives(tmp_path):
    context = "Ann Hale came. Ann Hale left. Nobody stayed."
    held = {"title": "A", "context": DOCKS, "question": "Why?", "answerable": False, "answers": []}
    told = {"title": "B", "question": "Who came?", "answerable": True, "context": context,
            "answers": [{"text": "Ann Hale", "start": 0}]}  # fmt: skip
    wrong = {**told, "answers": []}
    path = tmp_path / "squad2.jsonl"
    path.write_text(rows(told, held, {**told, "context": DOCKS}, wrong), "utf-8")
    first, second = (cut(text) for text in groups.squad2_texts(path))
    assert (first.held_out, second.held_out) == (True, False)
    assert first.asked[0].gold == ()
    assert len(second.asked) == 2  # marks that contradict each other are left out
    left = {second.pairs[j][0] for j in groups.negatives(second, second.asked[0])}
    assert "Ann Hale left." in left  # somebody has looked at it
    assert OPENED not in left  # nobody has looked at this one for that question


def test_covid_questions_are_of_one_long_paragraph(tmp_path):
    (tmp_path / "a").write_text(rows({"id": 1, "text": f"Trams\n{TRAMS}"}), "utf-8")
    start = f"Trams\n{TRAMS}".index("1934")
    row = {"document": 1, "question": " When? ", "answers": [{"text": "1934", "start": start}]}
    (tmp_path / "q").write_text(rows(row), "utf-8")
    ((title, source, *_),) = texts = list(groups.covid_texts(tmp_path / "q", tmp_path / "a"))
    assert (title, source) == ("Trams", groups.COVID)
    (question,) = cut(texts[0]).asked
    assert question.text == "When?"
    assert question.place == range(len(cut(texts[0]).pairs))


def test_article_without_questions_is_none_to_ask_of(tmp_path):
    (made,) = squad1(tmp_path, {"title": "T", "paragraphs": [asked(TRAMS)]})
    assert made.asked == ()


def test_question_is_asked_in_a_language_models_words_where_they_are_known(article):
    asked = groups.replace(article.asked[0], retold=("Which thing did she inaugurate?",))
    dice = random.Random(4)
    drawn = [groups.drawn_group(article, asked, dice) for _ in range(200)]
    said = [group for group in drawn if group.question == "Which thing did she inaugurate?"]
    assert 40 <= len(said) <= 100  # of 200: not where another name is put in its place
    # Other words do not tell whether there is an answer.
    assert any(not group.positives for group in said)
    assert any(group.positives for group in said)


def test_part_of_the_articles_has_only_what_was_retold_and_what_is_held_out(tmp_path):
    others = [{**ARTICLE, "title": f"A{n}"} for n in range(3)]
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"data": others}), "utf-8")
    row = {"title": "B", "question": "Who came?", "answerable": True, "context": "Ann Hale came.",
           "answers": [{"text": "Ann Hale", "start": 0}]}  # fmt: skip
    held = {**row, "title": "A"}
    (tmp_path / "squad2.jsonl").write_text(rows(row, held), "utf-8")
    question = ARTICLE["paragraphs"][0]["qas"][0]["question"]
    retold = {(f"A{n}", question): ("What else?",) for n in range(3)}
    found = groups.read_articles(tmp_path, path, no_thesaurus(), vectors, retold, part=2)
    assert [(a.source, len(a.asked)) for a in found] == [
        (groups.SQUAD1, 1), (groups.SQUAD1, 1), (groups.SQUAD2, 1), (groups.SQUAD2, 0),
    ]  # fmt: skip
    assert found[2].held_out
    assert all(len(asked.nearness) == len(a.pairs) for a in found for asked in a.asked)
