"""The web chat without a browser: a fake engine, the served page, events turned into HTML."""

import datetime
import re
import socket
import threading
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.testclient import TestClient

from rag.answer import Abstention, Answer, Claim, Finished, Found, Stated, number
from rag.citation import Citation
from rag.corpus import Article
from rag.errors import QuestionError, RagError
from rag.settings import Settings
from rag.web import turns
from rag.web.app import ChatServer, build, create_app, listen, serve
from rag.web.examples import examples, introduction
from rag.web.handlers import NOTHING_OPEN, Handlers

EVIL = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
SEA = (
    "The sea rose. İzmir’s mayor, Ada Deniz, said: “It is not over.”\n"
    + "Nothing else happened that day. " * 60
    + f"\nLast came {EVIL} ${{1}} {{{{x}}}} and the end.\nA ship with Ada Deniz left."
)
HILL = "The hill stood still.\nOn Monday the baker Ada Deniz sold 800 loaves. " + "Quiet. " * 99


def article(name, text, title, date):
    return Article(name, text, title, date, name, "0" * 64)


def quote(of, words, speaker=None):
    start = of.text.index(words)
    return Citation(1, of.name, of.title, of.date, start, start + len(words), words, speaker)


class Fake:
    """An engine whose answers are fixed by a word of the question."""

    def __init__(self):
        self.articles = (
            article("sea.txt", SEA, f"The sea {EVIL}", "2025-05-01"),
            article("hill.txt", HILL, "The hill", None),
        )
        self.calls = []
        self.gate = threading.Event()  # a question with "slow" waits for it after its quotes
        self.gate.set()

    def claims(self, question):
        sea, hill = self.articles
        if "hill" in question:
            return [
                Claim("The baker sold 800 loaves.", (quote(hill, "the baker Ada Deniz sold 800"),)),
                Claim("The sea rose.", (quote(sea, "The sea rose."),), "partial"),
            ]
        return [
            Claim("The mayor says it goes on.", (quote(sea, "“It is not over.”", "Ada Deniz"),)),
            Claim(f"Last came {EVIL}.", (quote(sea, f"Last came {EVIL} ${{1}} {{{{x}}}}"),)),
        ]

    def stream(self, question, history=(), as_of=None):
        self.calls.append((question, tuple(history), as_of))
        if "broken" in question:
            raise QuestionError(f"this cannot be asked: {question}")
        claims = self.claims(question)
        yield Found(tuple(c.citations[0].numbered(n) for n, c in enumerate(claims[::-1], 1)))
        if "slow" in question:
            self.gate.wait(30)
        until = as_of.isoformat() if as_of else None
        if "moon" in question:
            no = Abstention("The 2 articles do not say who walked.", (claims[0].citations[0],))
            yield Finished(Answer(question, question, until, "abstained", no.reason, abstention=no))
            return
        for count in range(1, len(claims) + 1):
            _, statements, citations = number(claims[:count])
            last = statements[-1]
            yield Stated(last, tuple(citations[n - 1] for n in last.citations))
        text, statements, citations = number(claims)
        yield Finished(Answer(question, question, until, "answered", text, statements, citations))


@pytest.fixture
def fake():
    return Fake()


@pytest.fixture
def do(fake):
    return Handlers(fake)


def html_of(messages):
    return messages[-1]["content"].value


def conversation(do, *questions, as_of=""):
    kept = ()
    for question in questions:
        asked, _, _ = do.ask(question, kept)
        kept, messages = list(do.answer(asked, as_of))[-1]
    return kept, messages


def test_building_the_page_calls_nobody(fake, monkeypatch):
    def refuse(*_):
        raise AssertionError("the page wants to call somebody")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    page = build(fake, Settings())
    assert isinstance(page, gr.Blocks)
    assert page.analytics_enabled is False


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/manifest.json"])
@pytest.mark.parametrize("encoding", ["identity", "gzip, br"])
def test_served_page_names_no_outside_host(fake, path, encoding):
    with TestClient(create_app(fake, Settings())) as client:
        served = client.get(path, headers={"Accept-Encoding": encoding})
    assert served.status_code in (200, 404)
    text = served.text.replace("xmlns='http://www.w3.org/2000/svg'", "")  # a name, not a place
    hosts = set(re.findall(r"(?:https?:)?//([a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+)", text))
    assert hosts <= {"127.0.0.1", "localhost"}
    policy = served.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    if path == "/":
        assert served.status_code == 200
        assert "Ask the articles" in served.text
        assert "og:image" not in served.text


def test_nothing_is_offered_as_an_api(fake):
    with TestClient(create_app(fake, Settings())) as client:
        assert client.get("/gradio_api/info").json() == {
            "named_endpoints": {},
            "unnamed_endpoints": {},
        }
        assert client.get("/docs").status_code == 404


def test_a_question_is_on_the_page_before_anything_is_found(do):
    kept, messages, _ = do.ask("What of the sea?", ())
    assert messages[0]["role"] == "user"
    assert messages[0]["content"].value == '<p class="rag-question" dir="auto">What of the sea?</p>'
    assert turns.FINDING in html_of(messages)
    assert len(kept) == 1


def test_events_become_quotes_then_statements_then_the_answer(do):
    kept, _, _ = do.ask("What of the sea?", ())
    pages = [html_of(messages) for _, messages in do.answer(kept, "")]
    found, first, second, final = pages
    assert "Likely quotes, being checked" in found
    assert "rag-marker" not in found
    assert first.count('class="rag-marker"') == 1
    assert second.count('class="rag-marker"') == 2
    assert "Quotes, word for word" in final
    assert "Likely quotes" not in final
    assert not any("<script" in page or "<img" in page for page in pages)


def test_each_answer_keeps_its_own_ids_and_places(do):
    _, messages = conversation(do, "What of the sea?", "And the hill?")
    first, second = messages[1]["content"].value, messages[3]["content"].value
    assert 'id="a1-c1"' in first
    assert 'data-article="sea.txt"' in first
    assert 'id="a2-c1"' in second
    assert "hill.txt" not in first


def test_history_is_what_was_answered(do, fake):
    conversation(do, "What of the sea?", "broken", "And the hill?", as_of="2025-05-02")
    question, history, as_of = fake.calls[-1]
    assert question == "And the hill?"
    assert [q for q, _ in history] == ["What of the sea?"]
    assert "[1]" in history[0][1]
    assert as_of == datetime.date(2025, 5, 2)


def test_errors_are_one_calm_line(do):
    _, messages = conversation(do, "broken <b>x</b>")
    page = html_of(messages)
    assert '<p class="rag-problem" role="alert" dir="auto">' in page
    assert "this cannot be asked: broken &lt;b&gt;x&lt;/b&gt;" in page


def test_a_day_that_is_none_is_said_so(do, fake):
    _, messages = conversation(do, "What of the sea?", as_of="yesterday")
    assert "“yesterday” is not a day" in html_of(messages)
    assert not fake.calls


def test_a_blank_question_changes_nothing(do, fake):
    assert do.ask("  \n", ())[:2] == ((), [])
    assert list(do.answer((), "")) == [((), [])]
    assert not fake.calls


def test_half_a_character_does_not_break_the_page(do):
    kept, _, _ = do.ask("What \ud800?", ())
    assert kept[0].question == "What ??"


def test_stop_keeps_what_stands_and_ends_the_turn(do):
    kept, _, _ = do.ask("What of the sea?", ())
    events = do.answer(kept, "")
    kept, _ = next(events)
    events.close()
    kept, messages, _ = do.stop(kept)
    assert turns.STOPPED in html_of(messages)
    assert "Likely quotes" in html_of(messages)
    assert turns.CHECKING not in html_of(messages)
    assert do.stop(kept)[0] == kept
    assert turns.history(kept) == []


def clicked(**data):
    return SimpleNamespace(_data=data)


def test_a_marker_opens_its_article_with_the_quote_marked(do):
    start = SEA.index("“It is not over.”")
    page = do.show(clicked(article="sea.txt", start=start, end=start + 17))
    assert re.search("<mark[^>]*>(.*)</mark>", page)[1] == "“It is not over.”"
    assert "<script" not in page


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"article": "../secret", "start": 0, "end": 1},
        {"article": ["sea.txt"], "start": 0, "end": 1},
        {"article": "sea.txt", "start": "0", "end": 1},
        {"article": "sea.txt", "start": -1, "end": 1},
        {"article": "sea.txt", "start": 5, "end": 5},
        {"article": "sea.txt", "start": 0, "end": 10**9},
    ],
)
def test_a_place_that_is_none_is_said_so(do, place):
    page = do.show(clicked(**place))
    assert "no longer in" in page
    assert "<mark" not in page


def test_clear_forgets_everything(do):
    kept, messages, _, viewer = do.clear()
    assert (kept, messages, viewer) == ((), [], NOTHING_OPEN)


def test_introduction_tells_size_and_dates(fake):
    one, two = fake.articles
    assert introduction([]) == "There are no articles yet."
    assert introduction([two]).startswith("Ask one article. ")
    assert introduction([one, two]).startswith("Ask 2 articles from 1 May 2025. ")
    late = article("x", "", None, "2025-06-30")
    assert "from 1 May 2025 to 30 June 2025" in introduction([late, one])


def test_examples_come_from_names_and_titles(fake):
    asked = examples(fake.articles)
    assert asked[0] == "What do the articles say about Ada Deniz?"
    assert "What is reported under “The hill”?" in asked
    assert len(examples(fake.articles * 9)) <= 6
    assert examples([]) == []


def test_a_port_in_use_is_one_clear_line():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RagError, match=f"port {port}: Address already in use; .*--port"):
            listen("127.0.0.1", port)
    with pytest.raises(RagError, match=r"cannot serve on 192\.0\.2\.1 port"):
        listen("192.0.2.1", 0)


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_serving_tells_its_address_first(fake, monkeypatch, host, shown):
    told = []

    def run(self, sockets):
        port = sockets[0].getsockname()[1]
        assert told == [f"http://{shown}:{port}"]
        told.append("served")

    monkeypatch.setattr(ChatServer, "run", run)
    serve(fake, Settings(), host, 0, ready=told.append)
    assert told[-1] == "served"
