"""What may be asked."""

import pytest

from rag.errors import QuestionError
from rag.question import clean_question


@pytest.mark.parametrize(
    "question",
    ["", " ", "\n\t \u3000\u00a0", "???", "🙂🙃", "👩\u200d👧", "\x00\x1b", "\u202e", "—…"],
)
def test_question_with_nothing_to_read_is_refused(settings, question):
    with pytest.raises(QuestionError, match="the question is empty; write what you want to know"):
        clean_question(question, settings)


def test_question_of_20_000_characters_is_refused_with_both_numbers(settings):
    with pytest.raises(QuestionError, match=r"has 20,000 characters and may have 2,000"):
        clean_question("w" * 20_000, settings)


def test_longest_question_is_a_setting(settings):
    shorter = settings.model_copy(update={"max_question_chars": 5})
    assert clean_question("12345", shorter) == "12345"
    with pytest.raises(QuestionError, match="may have 5"):
        clean_question("123456", shorter)


@pytest.mark.parametrize("question", [None, 5, b"bytes", ["text"]])
def test_question_that_is_no_text_is_refused_with_its_type(settings, question):
    with pytest.raises(QuestionError, match=f"not {type(question).__name__}"):
        clean_question(question, settings)


@pytest.mark.parametrize(
    ("question", "cleaned"),
    [
        ("  Who\n\n said\tit? ", "Who said it?"),
        ("Who\x00 said\x07 it?", "Who said it?"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("a\x85b\u2028c\x1cd", "a b c d"),
        ("lone \ud800 half", "lone half"),
        ("private \ue000 use", "private use"),
        ("Ze\u0301", "Zé"),
        ("Peace 🙂?", "Peace 🙂?"),
        ("من قال ذلك؟", "من قال ذلك؟"),
        ("\u200fמי אמר?", "\u200fמי אמר?"),
        ("👩\u200d👧 x", "👩\u200d👧 x"),
        ("谁说的?", "谁说的?"),
        ("5", "5"),
    ],
)
def test_question_comes_out_on_one_line_without_control_characters(settings, question, cleaned):
    assert clean_question(question, settings) == cleaned


def test_question_error_is_wrong_usage():
    assert QuestionError.exit_code == 2
