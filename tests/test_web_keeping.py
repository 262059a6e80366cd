"""What readers take along: kept conversations, downloads, verdicts."""

import html
import json
import re

import gradio as gr
import pytest
from eval_loader import load
from fakes_chat import LOAVES, OVER, FakeEngine, clicked, request

from rag.answer import Answer
from rag.audit import audit
from rag.errors import AnswerError
from rag.web.desk import Desk
from rag.web.feedback import Feedback
from rag.web.handlers import Handlers
from rag.web.keeping import Keeping
from rag.web.turns import Conversation, from_plain, to_plain


@pytest.fixture
def desk(settings):
    desk = Desk(FakeEngine(), settings.model_copy(update={"llm": "none"}))
    yield desk
    desk.close()


@pytest.fixture
def do(desk):
    return Keeping(desk)


@pytest.fixture
def talk(desk):
    def run(*questions):
        asking, kept = Handlers(desk), Conversation()
        names = [article.name for article in desk.engines.first.articles]
        for question in questions:
            kept, *_ = asking.ask(question, kept, extras := {})
            kept, *_ = list(asking.answer(kept, extras, names, 9, "none", request()))[-1]
        return kept

    return run


def test_what_the_browser_keeps_comes_back_the_same(talk):
    kept = talk("What of the sea?", "broken", "Who walked on the moon?", "hill: differ")
    plain = json.loads(json.dumps(to_plain(kept)))
    back = from_plain(plain)
    assert [turn.number for turn in back.turns] == [1, 3, 4]  # what failed is not kept
    assert [turn.answer for turn in back.turns] == [t.answer for t in kept.turns if t.answer]
    assert back.id == kept.id
    assert back.asked("And?").open_turn.number == 5


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: None,
        lambda row: [],
        lambda row: {**row, "id": ""},
        lambda row: {**row, "id": 5},
        lambda row: {**row, "turns": "x"},
        lambda row: {**row, "turns": row["turns"] * 2},
        lambda row: {**row, "turns": row["turns"] * 500},
        lambda row: {**row, "turns": [{**row["turns"][0], "n": 0}]},
        lambda row: {**row, "turns": [{**row["turns"][0], "n": True}]},
        lambda row: {**row, "turns": [{**row["turns"][0], "question": None}]},
        lambda row: {**row, "turns": [{**row["turns"][0], "answer": {"status": "answered"}}]},
    ],
)
def test_what_is_not_whole_is_refused(talk, spoil):
    with pytest.raises(AnswerError, match=r"cannot be shown|not an answer object"):
        from_plain(spoil(to_plain(talk("What of the sea?"))))


def test_a_kept_conversation_is_opened_and_its_quotes_are_checked_again(do, talk, desk):
    record = to_plain(talk("What of the sea?", "And the hill?"))
    record["turns"][1]["answer"]["citations"][0]["quote"] = "the baker sold 900"
    kept, messages, _, viewer = do.reopen(clicked(record=record), {}, request())
    assert [turn.outdated for turn in kept.turns] == [False, True]
    assert "articles have changed" not in messages[1]["content"].value
    assert "articles have changed" in messages[3]["content"].value
    assert viewer == ""


def test_a_spoiled_conversation_opens_as_an_empty_one(do, monkeypatch):
    warned = []
    monkeypatch.setattr(gr, "Warning", warned.append)
    kept, messages, *_ = do.reopen(clicked(record={"id": "x"}), {}, request())
    assert (kept, messages) == (Conversation(), [])
    assert "cannot be shown" in warned[0]


def saved(do, kept, turn, kind):
    file = do.save(clicked(turn=turn, kind=kind, id=1), kept, request()).props["download"]
    return file["name"], file["text"]


def test_json_to_keep_holds_before_rag_verify(do, talk, desk):
    name, text = saved(do, talk("What of the sea?"), 1, "json")
    assert name == "what-of-the-sea.json"
    assert audit(Answer.from_json(text), desk.engines.first.articles) == []


def test_markdown_and_page_to_keep_have_the_quotes(do, talk):
    kept = talk("What of the sea?", "And the hill?")
    _, text = saved(do, kept, 2, "md")
    assert f"> {LOAVES}" in text
    name, page = saved(do, kept, 1, "html")
    assert name == "what-of-the-sea.html"
    assert html.unescape(re.search(r'<mark data-n="1">(.*?)</mark>', page)[1]) == OVER
    assert "hill.txt" not in page


@pytest.mark.parametrize("wanted", [{}, {"turn": 9, "kind": "json"}, {"turn": 1, "kind": "exe"}])
def test_what_cannot_be_saved_is_not(do, talk, wanted):
    assert do.save(clicked(**wanted), talk("What of the sea?"), request()) == gr.skip()


def lines(desk):
    return [json.loads(line) for line in desk.feedback.path.read_text("utf-8").splitlines()]


def test_a_verdict_is_kept_changed_and_taken_back(do, talk, desk):
    kept, extras = talk("What of the sea?", "And the hill?"), {}
    shown = do.judge(clicked(turn=2, verdict="up"), kept, extras)
    assert 'data-verdict="up" aria-pressed="true"' in shown[3]["content"].value
    assert 'aria-pressed="true"' not in shown[1]["content"].value
    do.judge(clicked(turn=1, verdict="down"), kept, extras)
    do.judge(clicked(turn=2, verdict="wrong quote", note="the wrong day"), kept, extras)
    assert [(row["verdict"], row["note"]) for row in lines(desk)] == [
        ("down", None),
        ("wrong quote", "the wrong day"),
    ]
    assert lines(desk)[1]["history"][0][0] == "What of the sea?"
    do.judge(clicked(turn=2, verdict="wrong quote"), kept, extras)
    assert [row["verdict"] for row in lines(desk)] == ["down"]
    assert desk.feedback.path.stat().st_mode & 0o777 == 0o600


def test_verdicts_become_gold_questions(do, talk, desk, tmp_path):
    convert = load("feedback").convert
    kept = talk("What of the sea?", "And the hill?", "Who walked on the moon?")
    for turn, verdict in ((1, "up"), (2, "wrong quote"), (3, "up")):
        do.judge(clicked(turn=turn, verdict=verdict), kept, {})
    assert convert(desk.feedback.path, tmp_path / "gold.jsonl") == (2, 1)


@pytest.mark.parametrize("wanted", [{}, {"turn": 1, "verdict": "x"}, {"turn": 7, "verdict": "up"}])
def test_what_is_no_verdict_is_not_kept(do, talk, desk, wanted):
    assert do.judge(clicked(**wanted), talk("What of the sea?"), {}) == gr.skip()
    assert not desk.feedback.path.exists()


def test_a_verdict_that_cannot_be_written_is_said_so(do, talk, desk, monkeypatch, tmp_path):
    warned, extras = [], {}
    monkeypatch.setattr(gr, "Warning", warned.append)
    (tmp_path / "file").write_text("")
    desk.feedback = Feedback(tmp_path / "file" / "feedback.jsonl")
    do.judge(clicked(turn=1, verdict="up"), talk("What of the sea?"), extras)
    assert "could not be stored" in warned[0]
    assert [extra.verdict for extra in extras.values()] == [None]
