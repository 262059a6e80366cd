"""Follow-up questions: resolved by the model's words or plainly, and nothing is invented."""

import pytest
from fakes_llm import says

from rag.errors import ModelFailed
from rag.followup import TURNS, leans_on_history, standalone

ASKED = "Who led the Ukrainian delegation in Miami?"
HISTORY = [(ASKED, "Rustem Umerov led the Ukrainian team.")]


@pytest.mark.parametrize(
    "question",
    [
        "What did he say about Donbas?",
        "When did they meet Witkoff there?",
        "Why?",
        "And the Russian one?",
        "What about Turkey?",
        "But who paid the Russian team?",
        "Was this agreed in Berlin by Merz?",
        "Whose role did He take over?",
    ],
)
def test_question_that_points_back_or_says_too_little_leans_on_history(question):
    assert leans_on_history(question)


@pytest.mark.parametrize(
    "question",
    [
        "How large an army did the EU suggest Ukraine keep?",
        "Which country hosts the Paris meeting in January?",
        "What did Russia and Ukraine discuss with Witkoff?",
        "Did Zelenskiy or Trump mention elections?",
        "Why is Moscow so sure about Donbas?",
    ],
)
def test_question_that_names_its_matter_does_not(question):
    assert not leans_on_history(question)


@pytest.mark.parametrize("question", ["Which country hosts the Paris meeting?", "Did Merz fly?"])
def test_change_of_topic_stays_untouched_and_costs_no_model_call(question):
    assert standalone(question, HISTORY, says()) == question


def test_without_history_nothing_is_changed():
    assert standalone("Why?", [], says()) == "Why?"


def test_without_a_model_the_question_before_is_put_in_front():
    assert standalone("Why?", HISTORY, None) == f"{ASKED} Why?"
    assert standalone("Why?", [("First?", "1"), ("Second?", "2")], None) == "Second? Why?"
    assert standalone("Why?", [("", "")], None) == "Why?"


@pytest.mark.parametrize(
    ("question", "rewritten"),
    [
        ("What did he say?", "What did Rustem Umerov say?"),
        ("What did he say?", "What did Rustem Umerow say?"),  # the same name, transliterated
        ("And the Russian one?", "Who led the Russian delegation in Miami?"),
        ("Why?", "Why was Rustem Umerov with the Ukrainian team?"),
    ],
)
def test_models_version_is_taken_when_all_its_words_come_from_the_conversation(question, rewritten):
    assert standalone(question, HISTORY, says(f' "{rewritten}"\n')) == rewritten


@pytest.mark.parametrize(
    "invented",
    [
        "What did Kirill Dmitriev say?",
        "What did Rustem Umerov say in 2024?",
        "Did Rustem Umerov murder someone?",
        "",
        "   \n",
        "Umerov " * 100,
    ],
)
def test_invented_name_or_number_or_nothing_falls_back_to_the_plain_way(invented):
    question = "What did he say?"
    assert standalone(question, HISTORY, says(invented)) == f"{ASKED} {question}"


def test_failing_provider_costs_the_rewriting_but_not_the_answer():
    assert standalone("Why?", HISTORY, says(ConnectionError("gone"))) == f"{ASKED} Why?"


def test_failing_local_model_is_told():
    with pytest.raises(ModelFailed, match="no memory"):
        standalone("Why?", HISTORY, says(ModelFailed("no memory")))


def test_model_reads_the_last_turns_only_and_answers_cut_short():
    history = [(f"Question {n}?", "a" * 500) for n in range(10)]
    model = says("Question 9?")
    assert standalone("Why?", history, model) == "Question 9?"
    prompt = model.asked[0][-1].text
    assert TURNS == 3
    assert [f"Question {n}?" in prompt for n in (6, 7, 8, 9)] == [False, True, True, True]
    assert prompt.count("a" * 300) == 3
    assert "a" * 301 not in prompt
    assert prompt.endswith("Last question: Why?")
    assert model.told == [{"max_tokens": 80}]


def test_braces_in_the_conversation_are_only_text():
    model = says("What is {x}?")
    assert standalone("What is it?", [("{question} {x}?", "{0}")], model) == "What is {x}?"
    assert "Reader: {question} {x}?\nAnswer: {0}" in model.asked[0][-1].text


@pytest.mark.parametrize(
    ("before", "question", "meant"),
    [
        ("Who is Rosa Hale?", "What did she say?", "What did Rosa Hale say?"),
        ("Who is Rosa Hale?", "And what does she want?", "What does Rosa Hale want?"),
        ("Who is Rosa Hale?", "What is her job?", "What is Rosa Hale's job?"),
        ("Who is Rosa Hale?", "Who met her in Oslo?", "Who met Rosa Hale in Oslo?"),
        ("What did Olav Lie say in Marrow?", "Where is his boat?", "Where is Olav Lie's boat?"),
        ("What did Olav Lie say in Oslo?", "Did he meet Blom?", "Did Olav Lie meet Blom?"),
    ],
)
def test_name_takes_the_place_of_he_and_she(before, question, meant):
    assert standalone(question, [(before, "An answer.")], None) == meant


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("Did Hale call Blom?", "When did she call?"),  # which of the two?
        ("Who broke the dam?", "What did he say?"),  # nobody is named
        ("Who succeeded Rosa Hale?", "What did she say?"),  # perhaps the one the answer named
        ("Who is Rosa Hale's lawyer?", "What did she say?"),
        ("Whom did Rosa Hale meet?", "What did she say?"),
        ("Which judge met Rosa Hale?", "What did she say?"),
        ("Did a judge join the Rotary?", "Was she hopeful?"),  # a body
        ("Who is Rosa Hale?", "Why did she?"),  # did what?
        ("How long is the crack in Oslo?", "When did he see it?"),  # a place
    ],
)
def test_he_and_she_stay_where_nobody_or_more_than_one_is_meant(before, question):
    assert standalone(question, [(before, "An answer.")], None) == f"{before} {question}"


def test_name_is_looked_for_in_earlier_questions_too():
    turns = [("Who is Rosa Hale?", "A judge."), ("What did she say?", "No.")]
    assert standalone("When did she say it?", turns, None) == "When did Rosa Hale say it?"
