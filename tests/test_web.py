"""The web chat without a browser: the served page, and what happens when something is asked."""

import datetime
import re
import socket
from dataclasses import replace

import gradio as gr
import pytest
from fakes_chat import HILL, OVER, SEA, FakeEngine, clicked, request
from starlette.testclient import TestClient

from rag.web import turns
from rag.web.app import create_app
from rag.web.contents import contents_html, start_html
from rag.web.desk import GONE, Desk
from rag.web.handlers import NOTHING, Handlers
from rag.web.page import build
from rag.web.turns import Conversation, Extra

EMPTY = Conversation()


@pytest.fixture
def fake():
    return FakeEngine()


@pytest.fixture
def own(settings):
    return settings.model_copy(update={"llm": "none"})


@pytest.fixture
def desk(fake, own):
    desk = Desk(fake, own)
    yield desk
    desk.close()


@pytest.fixture
def do(desk):
    return Handlers(desk)


@pytest.fixture
def steps(do, fake):
    """Give a function that asks something and gives all states of the page."""

    def run(question, kept=EMPTY, extras=None, names=None, day=99, who=None):
        names = [a.name for a in fake.articles] if names is None else names
        extras = {} if extras is None else extras
        kept, *_ = do.ask(question, kept, extras)
        who = who or request()
        return list(do.answer(kept, extras, names, day, "none", who))

    return run


@pytest.fixture
def talk(steps):
    """Give a function that asks several things, and gives the conversation and its messages."""

    def run(*questions, **how):
        kept, shown = EMPTY, []
        for question in questions:
            kept, shown, *_ = steps(question, kept, **how)[-1]
        return kept, [row["content"].value for row in shown]

    return run


def html_of(step):
    return step[1][-1]["content"].value


def test_building_the_page_calls_nobody(fake, own, monkeypatch):
    def refuse(*_):
        raise AssertionError("the page wants to call somebody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    page = build(fake, own)
    assert isinstance(page, gr.Blocks)
    assert page.analytics_enabled is False


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/look/chat.css", "/look/chat.js"])
@pytest.mark.parametrize("encoding", ["identity", "gzip, br"])
def test_served_page_names_no_outside_host(fake, own, path, encoding):
    with TestClient(create_app(fake, own), "http://localhost") as client:
        served = client.get(path, headers={"Accept-Encoding": encoding})
    assert served.status_code == 200
    text = served.text.replace("xmlns='http://www.w3.org/2000/svg'", "")  # a name, not a place
    hosts = set(re.findall(r"(?:https?:)?//([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+)", text))
    assert hosts <= {"127.0.0.1", "localhost"}
    policy = served.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    if path == "/":
        assert "Quotable" in served.text
        assert "og:image" not in served.text


JOIN = "/gradio_api/queue/join"
UPLOAD = {"files": ("a.txt", b"Talks.", "text/plain")}


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"origin": "http://localhost"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost:1234"}, False),
        ({"origin": "https://news.example", "sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://news.example", "x-forwarded-host": "news.example"}, True),
        ({"origin": "https://own.example"}, True),
        ({"origin": "http://evil.example", "sec-fetch-site": "cross-site"}, False),
    ],
)
def test_a_page_of_another_place_may_not_send_anything(fake, own, headers, taken):
    named = own.model_copy(update={"host_names": ("own.example",)})
    with TestClient(create_app(fake, named), "http://localhost") as client:
        for served in (
            client.post("/gradio_api/upload", files=UPLOAD, headers=headers),
            client.post(JOIN, json={"data": [], "session_hash": "s"}, headers=headers),
            client.post("/login", data={"username": "u", "password": "p"}, headers=headers),
        ):
            assert (served.status_code != 403) is taken
        read = client.get("/config", headers=headers)
        assert read.status_code == 200
        assert "access-control-allow-origin" not in read.headers
        assert "access-control-allow-credentials" not in read.headers


def test_the_page_takes_no_request_without_or_beyond_a_size(fake, own):
    with TestClient(create_app(fake, own), "http://localhost") as client:
        kind = {"content-type": "application/json"}
        large = client.post(JOIN, content=b'{"a":"' + b"a" * 4_000_000 + b'"}', headers=kind)
        assert large.status_code == 413
        assert "4,000,000 are taken" in large.json()["error"]["message"]
        unsaid = client.post(JOIN, content=iter([b"{", b"}"]), headers=kind)
        assert unsaid.status_code == 411
        for size in ("-1", "x", "9" * 30):
            served = client.post(JOIN, content=b"{}", headers={**kind, "content-length": size})
            assert served.status_code == 411


def test_nothing_is_offered_as_an_api(fake, own):
    with TestClient(create_app(fake, own), "http://localhost") as client:
        assert client.get("/gradio_api/info").json() == {
            "named_endpoints": {},
            "unnamed_endpoints": {},
        }
        assert client.get("/docs").status_code == 404


def test_a_question_is_on_the_page_before_anything_is_found(do):
    kept, messages, *_ = do.ask("What of the sea?", EMPTY, {})
    assert messages[0]["role"] == "user"
    assert '<h2 class="rag-question" dir="auto">What of the sea?</h2>' in (
        messages[0]["content"].value
    )
    assert '<li class="rag-now" aria-current="step">Finding</li>' in html_of((kept, messages))
    assert len(kept.turns) == 1
    assert len(kept.id) == 16


def test_events_become_quotes_then_statements_then_the_answer(steps):
    pages = map(html_of, steps("What of the sea?")[1:])
    glimpsed, waited, found, first, second, final, told = pages
    assert "Likely quotes, being checked" in glimpsed
    over_first = [
        page.index("It is not over") < page.index("Last came") for page in (glimpsed, found)
    ]
    assert over_first == [True, False]
    assert "Likely quotes, being checked" in found
    assert "rag-marker" not in found
    assert "Reading</li>" in re.search('<li class="rag-now".*?</li>', found)[0]
    assert waited == glimpsed
    assert first.count('class="rag-marker"') == 1
    assert "Checking</li>" in re.search('<li class="rag-now".*?</li>', first)[0]
    assert second.count('class="rag-marker"') == 2
    assert "In the articles’ own words" in final
    assert final == told
    assert "Likely quotes" not in final
    assert not any("<script" in page or "<img" in page for page in (found, first, second, final))


def test_the_browser_is_told_to_keep_an_answer_once(steps):
    kept = [step[3] for step in steps("What of the sea?")]
    records = [update.props["record"] for update in kept if isinstance(update, gr.HTML)]
    assert len(records) == 1
    assert records[0]["turns"][0]["answer"]["status"] == "answered"


def test_each_answer_keeps_its_own_ids_and_places(talk):
    _, shown = talk("What of the sea?", "And the hill?")
    assert 'id="a1-c1"' in shown[1]
    assert 'data-article="sea.txt"' in shown[1]
    assert 'id="a2-c1"' in shown[3]
    assert "hill.txt" not in shown[1]


def test_history_is_what_was_answered(talk, fake):
    talk("What of the sea?", "broken", "And the hill?", day=0)
    question, history, as_of, articles = fake.calls[-1]
    assert question == "And the hill?"
    assert [q for q, _ in history] == ["What of the sea?"]
    assert "[1]" in history[0][1]
    assert as_of == datetime.date(2025, 5, 1)
    assert articles is None


def test_only_the_chosen_articles_are_asked(talk, fake):
    talk("What of the sea?", names=["sea.txt"])
    assert fake.calls[-1][3] == {"sea.txt"}


@pytest.mark.parametrize(
    ("names", "told"), [([], "no article is chosen"), (["sea.txt", "yours/x.txt"], GONE)]
)
def test_a_choice_that_cannot_be_asked_is_said_so(talk, fake, names, told):
    _, shown = talk("What of the sea?", names=names)
    assert told in shown[1]
    assert not fake.calls


def test_errors_are_one_calm_line(talk):
    _, shown = talk("broken <b>x</b>")
    assert '<p class="rag-problem" role="alert" dir="auto">' in shown[1]
    assert "this cannot be asked: broken &lt;b&gt;x&lt;/b&gt;" in shown[1]


def test_a_blank_question_changes_nothing(do, fake):
    assert do.ask("  \n", EMPTY, {}) == NOTHING
    assert list(do.answer(EMPTY, {}, [], 0, "none", request())) == []
    assert not fake.calls


def test_half_a_character_does_not_break_the_page(do):
    kept, *_ = do.ask("What \ud800?", EMPTY, {})
    assert kept.turns[0].question == "What ??"


def test_stop_keeps_what_stands_and_ends_the_turn(do, fake):
    asked, *_ = do.ask("What of the sea?", EMPTY, extras := {})
    events = do.answer(asked, extras, [a.name for a in fake.articles], 0, "none", request())
    assert next(events)[2]["stop_btn"] is True  # it can be stopped as soon as it has begun
    kept, *_ = next(events)
    events.close()
    kept, *shown = do.stop(kept, {})
    page = html_of((kept, shown[0]))
    assert turns.STOPPED in page
    assert "Likely quotes" in page
    assert "rag-now" not in page
    assert do.stop(kept, {})[0] == kept
    assert kept.history() == []


def test_stop_gives_the_place_in_line_back(do, fake, desk):
    for _ in range(9):  # more than there are places
        asked, *_ = do.ask("What of the sea?", EMPTY, extras := {})
        events = do.answer(asked, extras, [a.name for a in fake.articles], 0, "none", request())
        next(events)
        next(events)
        events.close()
    with desk.line("none").ticket("next") as ticket:
        assert list(ticket.positions()) == []


def test_asking_again_puts_the_new_answer_in_the_old_one_s_place(do, talk):
    kept, _ = talk("What of the sea?", "And the hill?")
    again, messages, *_ = do.ask_again(clicked(turn=1), kept, {})
    assert [turn.question for turn in again.turns] == ["What of the sea?"]
    assert again.open_turn.number == 1
    assert again.id == kept.id
    assert len(messages) == 2
    edited, *_ = do.ask_again(clicked(turn=2, question="And the hill, then?"), kept, {})
    assert [turn.question for turn in edited.turns] == ["What of the sea?", "And the hill, then?"]
    assert do.ask_again(clicked(turn=7), kept, {}) == NOTHING


def test_a_question_offered_by_the_page_is_asked(do):
    kept, *_ = do.ask_given(clicked(question="And the hill?"), EMPTY, {})
    assert kept.open_turn.question == "And the hill?"


def test_readers_get_their_share_and_no_more(do, talk, fake, desk):
    kept, shown = talk(*["What of the sea?"] * desk.settings.questions_per_minute, "One more?")
    assert "questions" not in shown[-1]
    assert "requests in a minute; wait" in shown[-1]
    assert kept.turns[-1].answer is None
    assert len(fake.calls) == desk.settings.questions_per_minute
    _, shown = talk("And the hill?", who=request(host="192.0.2.8"))
    assert "800 loaves" in shown[-1]


def test_a_marker_opens_its_article_with_the_quote_marked(do):
    start = SEA.index(OVER)
    page = do.show(clicked(article="sea.txt", start=start, end=start + len(OVER)), request())
    assert re.search("<mark[^>]*>(.*)</mark>", page)[1] == OVER
    assert "<script" not in page


def test_a_title_opens_its_article_and_the_masthead_the_list(do):
    page = do.show(clicked(article="hill.txt"), request())
    assert HILL[:20] in page
    assert "<mark" not in page
    listed = do.show(clicked(contents=True), request())
    assert re.findall('data-article="([^"]*)"', listed) == ["hebrew.txt", "sea.txt", "hill.txt"]


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"article": "../secret", "start": 0, "end": 1},
        {"article": ["sea.txt"], "start": 0, "end": 1},
        {"article": "sea.txt", "start": "0", "end": 1},
        {"article": "sea.txt", "start": True, "end": 1},
        {"article": "sea.txt", "start": -1, "end": 1},
        {"article": "sea.txt", "start": 5, "end": 5},
        {"article": "sea.txt", "start": 0, "end": 10**9},
    ],
)
def test_a_place_that_is_none_is_said_so(do, place):
    page = do.show(clicked(**place), request())
    assert "no longer in" in page
    assert "<mark" not in page


def test_clear_forgets_everything(do):
    extras = {"x/1": Extra("up")}
    kept, messages, _, viewer = do.clear(extras)
    assert (kept, messages, viewer, extras) == (EMPTY, [], "", {})


def test_what_failed_unforeseen_ends_the_turn_and_is_logged(talk, fake, monkeypatch, caplog):
    monkeypatch.setattr(fake, "stream", lambda *_: {}["what nobody foresaw"])
    kept, _ = talk("What of the sea?")
    assert kept.open_turn is None
    assert "did not work" in kept.turns[0].problem
    assert "what nobody foresaw" in caplog.text


@pytest.mark.parametrize(
    "leave",
    [
        lambda do, kept, extras: do.stop(kept, extras),
        lambda do, kept, extras: do.clear(extras),
        lambda do, kept, extras: do.ask_given(clicked(question="And the hill?"), kept, extras),
        lambda do, kept, extras: do.ask_again(clicked(turn=1), kept, extras),
    ],
)
def test_what_is_left_is_not_written_any_more(do, fake, leave):
    """The browser cannot always cancel: it may not yet know the name of what it asked for."""
    asked, *_ = do.ask("What of the sea?", EMPTY, extras := {})
    names = [article.name for article in fake.articles]
    begun = do.answer(asked, extras, names, 0, "none", request())
    next(begun)
    shown, *_ = next(begun)
    left = leave(do, shown, extras)
    (last,) = begun
    assert last == NOTHING or html_of(last) == html_of(left)


def test_a_question_is_answered_once(do, fake):
    asked, *_ = do.ask("What of the sea?", EMPTY, extras := {})
    again = do.ask("What of the sea?", asked, extras)
    assert again == NOTHING
    names = [article.name for article in fake.articles]
    begun = do.answer(asked, extras, names, 0, "none", request())
    next(begun)
    assert list(do.answer(asked, extras, names, 0, "none", request())) == []


def test_what_is_left_before_it_begins_does_not_begin(do, fake):
    asked, *_ = do.ask("What of the sea?", EMPTY, extras := {})
    do.clear(extras)
    assert list(do.answer(asked, extras, ["sea.txt"], 0, "none", request())) == []


def test_start_page_tells_what_is_there_and_what_may_be_asked(fake):
    page = start_html(fake.articles, ["Who <b>won</b>?"])
    assert "3 articles, 1 May 2025 to 9 May 2025" in page
    assert 'data-question="Who &lt;b&gt;won&lt;/b&gt;?"' in page
    assert re.findall('data-article="([^"]*)"', page) == ["hebrew.txt", "sea.txt", "hill.txt"]
    assert "<script" not in page
    assert "There are no articles yet." in start_html((), [])


def test_a_long_list_of_articles_is_cut(fake):
    many = [replace(fake.articles[1], name=f"{n}.txt") for n in range(205)]
    page = contents_html(many)
    assert page.count("data-article") == 200
    assert "And 5 earlier ones" in page
