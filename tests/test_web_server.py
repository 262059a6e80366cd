"""Serving: up at once, honest while warming up, and gone without a trace."""

import asyncio
import http.client
import socket
import threading
import time

import pytest
from fakes_chat import FakeEngine

from rag.errors import IndexMissing, RagError
from rag.settings import Settings
from rag.web.privacy import policy_for
from rag.web.server import ChatServer, Opening, listen, serve

pytestmark = pytest.mark.browser  # they connect to a server of their own


async def plain_app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"the chat"})


class Made:
    """An application whose start and end can be seen."""

    def __init__(self):
        self.router = self
        self.routes = ()
        self.life = []

    def lifespan_context(self, app):
        made = self

        class Life:
            async def __aenter__(self):
                made.life.append("began")

            async def __aexit__(self, *_):
                made.life.append("ended")

        return Life()

    async def __call__(self, scope, receive, send):
        await plain_app(scope, receive, send)


def get(port, path="/", accept="text/html"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Accept": accept})
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


@pytest.fixture
def running():
    """Give a function that serves an Opening in a thread; everything is stopped afterwards."""
    servers = []

    def run(make):
        listener = listen("127.0.0.1", 0)
        opening = Opening(make)
        server = ChatServer(opening)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        servers.append((server, thread, listener))
        return opening, listener.getsockname()[1]

    yield run
    for server, thread, listener in servers:
        server.should_exit = True
        thread.join(60)
        listener.close()
        assert not thread.is_alive()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_warming_up_is_said_until_the_application_is_made(running):
    go, made = threading.Event(), Made()
    opening, port = running(lambda: go.wait(20) and made)
    answer, body = get(port)
    assert answer.status == 200
    assert "Warming up" in body
    policy = answer.getheader("content-security-policy")
    assert "default-src 'none'" in policy
    assert "'sha256-" in policy
    assert answer.getheader("cache-control") == "no-store"
    program, body = get(port, "/v1/answers", "application/json")
    assert (program.status, body) == (503, '{"error": "warming up"}')
    assert program.getheader("retry-after") == "2"
    go.set()
    wait_for(lambda: opening.app is not None)
    answer, body = get(port)
    assert body == "the chat"
    assert answer.getheader("x-warming-up") is None
    assert made.life == ["began"]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: ",
    ],
)
def test_a_request_that_never_comes_ends_its_connection(running, monkeypatch, sent):
    monkeypatch.setattr("rag.web.patience.Impatient.head_seconds", 0.3)
    monkeypatch.setattr("rag.web.patience.Impatient.body_seconds", 0.3)
    opening, port = running(Made)
    wait_for(lambda: opening.app is not None)
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.settimeout(30)
        slow.sendall(sent)
        while slow.recv(4096):
            pass
    assert get(port)[0].status == 200


def test_an_answer_under_way_is_not_cut_off_by_patience(running, monkeypatch):
    monkeypatch.setattr("rag.web.patience.Impatient.head_seconds", 0.2)

    class Slow(Made):
        async def __call__(self, scope, receive, send):
            await asyncio.sleep(1)
            await super().__call__(scope, receive, send)

    opening, port = running(Slow)
    wait_for(lambda: opening.app is not None)
    assert get(port)[1] == "the chat"


def test_the_application_is_ended_with_the_server():
    made = Made()
    opening = Opening(lambda: made)
    server = ChatServer(opening)
    opening.told = lambda: setattr(server, "should_exit", True)
    with listen("127.0.0.1", 0) as listener:
        server.run(sockets=[listener])
    assert made.life == ["began", "ended"]


def test_a_server_told_to_end_while_warming_up_does_not_wait_for_it():
    go = threading.Event()
    server = ChatServer(Opening(lambda: go.wait(200) and Made()))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        get(listener.getsockname()[1])
        server.should_exit = True
        thread.join(100)
        assert not thread.is_alive()
    go.set()


def test_what_cannot_be_opened_ends_the_server_with_its_reason():
    def make():
        raise IndexMissing("there is no index")

    told = []
    with pytest.raises(IndexMissing, match="there is no index"):
        serve(make, Settings(port=0), told.append)
    assert len(told) == 1


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_the_address_is_told_first_and_then_that_it_is_ready(monkeypatch, host, shown):
    told = []

    def run(self, sockets):
        port = sockets[0].getsockname()[1]
        assert told == [f"Open http://{shown}:{port} (Ctrl-C ends it). Warming up …"]
        self.config.app.told()

    monkeypatch.setattr(ChatServer, "run", run)
    serve(Made, Settings(host=host, port=0), told.append)
    assert told[-1] == "Ready for questions."


def test_a_port_in_use_is_one_clear_line():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RagError, match=f"port {port}: Address already in use; .*--port"):
            listen("127.0.0.1", port)
    with pytest.raises(RagError, match=r"cannot serve on 192\.0\.2\.1 port"):
        listen("192.0.2.1", 0)


def test_only_the_page_s_own_scripts_are_allowed():
    page = b"<script>one</script><script type='module' src='x.js'></script><p onclick='two'></p>"
    policy = policy_for(page).decode()
    assert policy.count("'sha256-") == 1
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]


def test_an_application_over_a_fake_engine_serves_and_closes(running, settings):
    from rag.web.app import create_app

    _, port = running(lambda: create_app(FakeEngine(), settings))
    wait_for(lambda: "gradio" in get(port)[1], 200)
