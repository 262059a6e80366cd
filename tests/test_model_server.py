"""A real model server over HTTP that misbehaves: the reader gets quotes and a note, in time."""

import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from fakes_llm import CountingReranker, drafts, fix_calibration

from rag import attempt
from rag.audit import audit
from rag.index import open_index
from rag.indexer import build_index
from rag.llm import open_llm
from rag.markup import answer_html
from rag.pipeline import Rag
from rag.render import answer_text
from rag.retriever import Retriever

pytestmark = pytest.mark.real  # it opens sockets

ARMY = "The EU wants an army of 800,000 men."
QUESTION = "How large an army?"
GOOD = drafts(("It wants 800,000 men.", [1]))
WORDS = "It wants 800,000 men. [1]"
LIMIT = 3.0
FAILED = "The language model failed; this answer is made without it, of quotes alone."
LATE = "The language model did not answer within 3 s; this answer is made without it"
EITHER = "The language model "  # the client's own limit may come a moment before ours


class Model(BaseHTTPRequestHandler):
    """Speaks OpenAI's protocol as far as ChatOpenAI streams it, in a good way and many bad ones."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        getattr(self, self.server.way.replace(" ", "_"))()

    role: ClassVar = {"role": "assistant"}  # of the first piece alone

    def begin(self, status=200, kind="text/event-stream", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.close_connection = True
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def say(self, text, finish=None):
        delta = {**self.role, "content": text}
        self.role = {}
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        row = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self.wfile.write(f"data: {json.dumps({**row, 'choices': [choice]})}\n\n".encode())
        self.wfile.flush()

    def wait(self):
        self.server.released.wait(60)

    def write(self, text):
        self.begin()
        for at in range(0, len(text), 5):
            self.say(text[at : at + 5])
        self.say("", "stop")
        self.wfile.write(b"data: [DONE]\n\n")

    def good(self):
        self.write(GOOD)

    def hangs(self):
        self.wait()

    def hangs_after_the_headers(self):
        self.begin()
        self.wait()

    def hangs_in_the_middle(self):
        self.begin()
        self.say(GOOD[:20])
        self.wait()

    def never_ends(self):
        self.begin()
        self.say('{"statements": [')
        try:
            while not self.server.released.wait(0.01):
                self.say(" ")
        except OSError:
            self.server.left.set()  # we hung up

    def drips(self):
        self.begin()
        try:
            while not self.server.released.wait(0.2):
                self.wfile.write(b":")
        except OSError:
            pass

    def writes_prose(self):
        self.write("I am sorry, Dave.")

    def writes_another_shape(self):
        self.write('{"answer": 800000}')

    def writes_binary(self):
        self.begin()
        self.wfile.write(bytes(range(256)) * 50)

    def sends_a_web_page(self):
        self.begin(200, "text/html")
        self.wfile.write(b"<html>Welcome to nginx!</html>")

    def sends_broken_events(self):
        self.begin()
        self.wfile.write(b'data: {"choices": [{"del\n\ndata: 5\n\n')

    def sends_no_choices(self):
        self.begin()
        self.wfile.write(b'data: {"id": "x", "choices": null}\n\ndata: [DONE]\n\n')

    def is_out_of_order(self):
        self.begin(500, "application/json")
        self.wfile.write(b'{"error": {"message": "CUDA out of memory on host secret-7"}}')

    def asks_to_come_back_later(self):
        self.begin(429, "application/json", Retry_After="3600")
        self.wfile.write(b"{}")

    def does_not_know_us(self):
        self.begin(401, "application/json")
        self.wfile.write(b'{"error": {"message": "Incorrect API key: secret-key"}}')

    def dies_before_it_answers(self):
        self.die()

    def dies_in_the_middle(self):
        self.begin()
        self.say(GOOD[:20])
        self.die()

    def die(self):
        """Reset the connection, as a killed process does."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


@pytest.fixture
def server(monkeypatch):
    opened = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    opened.daemon_threads = True
    opened.way, opened.asked = "good", 0
    opened.released, opened.left = threading.Event(), threading.Event()
    opened.handle_error = lambda *_: None  # broken pipes are what this is about
    thread = threading.Thread(target=opened.serve_forever)
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{opened.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    yield opened
    opened.released.set()
    opened.shutdown()
    opened.server_close()
    thread.join()
    for left in threading.enumerate():  # or it goes on in the next test, which may not connect
        if left.name == "attempt":
            left.join(60)


@pytest.fixture
def rag(monkeypatch, server, settings, sources, embedder):
    fix_calibration(monkeypatch)
    build_index([sources({"a.txt": f"{ARMY} Peace talks begin."})], settings, embedder.open)
    own = settings.model_copy(update={"llm": "openai:m", "request_seconds": LIMIT})
    index = open_index(own)
    yield Rag(own, index, Retriever(index, embedder, CountingReranker(), own), open_llm(own))
    index.close()


@contextmanager
def in_time():
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LIMIT + 3


def patient(rag: Rag) -> Rag:
    """Give time for all that is loaded at the first request."""
    rag.settings = rag.settings.model_copy(update={"request_seconds": 60.0})
    return rag


def test_server_that_works_writes_the_answer(rag, server):
    answer = patient(rag).ask(QUESTION)
    assert answer.text == WORDS
    assert answer.note is None
    assert server.asked == 1


WAYS = {
    "hangs": EITHER,
    "hangs after the headers": EITHER,
    "hangs in the middle": EITHER,
    "never ends": LATE,
    "drips": LATE,
    "writes prose": FAILED,
    "writes another shape": FAILED,
    "writes binary": FAILED,
    "sends a web page": FAILED,
    "sends broken events": FAILED,
    "sends no choices": FAILED,
    "is out of order": FAILED,
    "asks to come back later": EITHER,
    "does not know us": FAILED,
    "dies before it answers": EITHER,
    "dies in the middle": FAILED,
}


@pytest.mark.parametrize(("way", "note"), WAYS.items(), ids=WAYS)
def test_reader_gets_quotes_and_a_note_in_time(rag, server, caplog, way, note):
    server.way = way
    with in_time():
        answer = rag.ask(QUESTION)
    assert server.asked >= 1
    assert (answer.status, answer.text) == ("answered", f"{ARMY} [1]")
    assert audit(answer, rag.articles) == []
    assert answer.note.startswith(note)
    for shown in (answer_text(answer), answer_html(answer), answer.to_json()):
        assert "is made without it" in " ".join(shown.split())
        assert "secret" not in shown
    assert caplog.text  # whoever runs the server learns more


def test_follow_up_is_in_time_too(rag, server):
    server.way = "hangs"
    with in_time():
        answer = rag.ask("How large is it?", [(QUESTION, "The EU wants one.")])
    assert answer.standalone_question == f"{QUESTION} How large is it?"
    assert answer.text == f"{ARMY} [1]"


def test_server_that_is_gone_costs_moments(rag, server, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    rag.llm = open_llm(rag.settings)
    with in_time():
        assert rag.ask(QUESTION).note is not None


def test_answer_that_never_ends_is_hung_up_on(rag, server):
    server.way = "never ends"
    rag.ask(QUESTION)
    assert server.left.wait(10)


def test_server_that_keeps_failing_is_left_alone_and_then_tried_again(rag, server):
    server.way = "writes prose"
    for _ in range(attempt.FAILURES):
        patient(rag).ask(QUESTION)
    asked = server.asked
    began = time.monotonic()
    notes = {rag.ask(QUESTION).note for _ in range(5)}
    assert time.monotonic() - began < LIMIT  # nobody waits
    assert server.asked == asked
    assert [note for note in notes if "left alone for a moment" not in note] == []
    server.way = "good"
    rag._breaker._rests_until = 0.0  # it has rested
    assert rag.ask(QUESTION).note is None
    assert rag.ask(QUESTION).text == WORDS


def test_one_that_hangs_does_not_hold_up_the_others(rag, server):
    server.way = "hangs"
    with in_time():
        readers = [threading.Thread(target=rag.ask, args=(QUESTION,)) for _ in range(6)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
