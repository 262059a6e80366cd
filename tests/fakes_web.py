"""An engine whose answers can be worked out by hand, and clients of the API without a socket."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import anyio
from fakes import article
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag.answer import Abstention, Answer, Claim, Conflict, Finished, Found, Side, Stated, number
from rag.citation import Citation
from rag.corpus import Sentence
from rag.errors import ModelFailed, QuestionError
from rag.retriever import Hit
from rag.settings import Settings
from rag.web.api import add_api

EVIL = "<script>alert(1)</script> ![x](http://evil.example/?q=1) [here](javascript:alert(1))"
SEA = f"The sea rose by 3 metres. Ada said: “It is not over.” Then came {EVIL} and the end."
HILL = "İzmir’s hill stood still. The baker sold 800 loaves."


def cited(of, words, speaker=None) -> Citation:
    start = of.text.index(words)
    return Citation(1, of.name, of.title, of.date, start, start + len(words), words, speaker)


class FakeEngine:
    """Answers by a word of the question; ``calls`` keeps what was asked.

    hill, evil: two statements each; moon: an abstention; broken, down: a QuestionError, a
    ModelFailed; crash: an error nobody foresaw, after the quotes. A question with "slow" waits for
    ``gate`` after its quotes. ``running`` and ``most`` count streams going on, ``finished`` those
    that came to their answer, ``ended`` those that ended in any way.
    """

    def __init__(self) -> None:
        self.articles = (
            article("hill [1].txt", HILL, "The hill", None),
            article("sea.txt", SEA, f"The sea {EVIL}", "2025-05-01"),
        )
        self.state = "ready"
        self.calls: list[Any] = []
        self.gate = threading.Event()
        self.gate.set()
        self.running = self.most = self.finished = self.ended = 0
        self.renumber = False
        self._lock = threading.Lock()

    def claims(self, question: str) -> list[Claim]:
        hill, sea = self.articles
        if "hill" in question:
            loaves = cited(hill, "The baker sold 800 loaves.")
            return [
                Claim("Bread was sold.", (loaves,), "partial"),
                Claim("The sea rose by 3 metres.", (cited(sea, "The sea rose by 3 metres."),)),
            ]
        if "evil" in question:
            return [Claim(f"It said {EVIL} [7].", (cited(sea, f"Then came {EVIL} and the end."),))]
        return [
            Claim("It goes on, Ada says.", (cited(sea, "“It is not over.”", "Ada"),)),
            Claim("It rose.", (cited(sea, "The sea rose by 3 metres."),)),
        ]

    def stream(self, question, history=(), as_of=None):
        with self._lock:
            self.calls.append((question, list(history), as_of))
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            yield from self._stream(question, as_of)
            self.finished += 1
        finally:
            with self._lock:
                self.running -= 1
                self.ended += 1

    def _stream(self, question, as_of):
        for word, problem in (("broken", QuestionError("ask it otherwise")), ("down", DOWN)):
            if word in question:
                raise problem
        claims = self.claims(question)
        found = tuple(c.citations[0].numbered(n) for n, c in enumerate(claims[::-1], 1))
        yield Found(tuple(c.numbered(n) for n, c in enumerate(found[::-1], 1)), preliminary=True)
        yield Found(found)
        if "slow" in question:
            assert self.gate.wait(30)
        if "crash" in question:
            raise RuntimeError("secret path /etc/passwd")
        until = as_of.isoformat() if as_of else None
        if "moon" in question:
            no = Abstention("The 2 articles do not say.", (claims[0].citations[0],))
            yield Finished(Answer(question, question, until, "abstained", no.reason, abstention=no))
            return
        for count in range(1, len(claims) + 1):
            _, statements, citations = number(claims[:count])
            last = statements[-1]
            yield Stated(last, tuple(citations[n - 1] for n in last.citations))
        text, statements, citations = number(claims[::-1] if self.renumber else claims)
        sides = (Side("It rose.", (1,), "2025-05-01"), Side("It fell.", (1,)))
        conflicts = (Conflict("the sea", sides),) if "differ" in question else ()
        yield Finished(
            Answer(
                question,
                f"{question} (sea)" if "it" in question.split() else question,
                until,
                "answered",
                text,
                statements,
                citations,
                conflicts,
                provenance={"note": "The model <b>failed</b>."} if "quiet" in question else {},
                timings_ms={"retrieve": 1.0, "first_token": 2.0, "total": 3.0},
            )
        )

    def search(self, query, k=10, as_of=None):
        self.calls.append((query, k, as_of))
        if "crash" in query:
            raise RuntimeError("secret path /etc/passwd")
        of = self.articles[1]
        whole = Sentence(of.name, 0, 0, 25, of.text[:25], 0, heading=False)
        return [Hit(1, of, whole, "", 0.5, 1.0)][:k]


DOWN = ModelFailed("the language model took too long; use --llm none")


def application(engine: FakeEngine, **settings: Any) -> FastAPI:
    """Give a page that says "page", with the API beside it."""
    app = FastAPI(openapi_url=None)

    @app.get("/{path:path}")
    def page(path: str) -> str:
        return "page"

    add_api(app, engine, Settings(**settings))
    return app


@contextmanager
def client_for(engine: FakeEngine, **settings: Any):
    with TestClient(
        application(engine, **settings), "http://localhost", raise_server_exceptions=False
    ) as client:
        yield client


class Wire:
    """One request straight to an application, in pieces: ``sent`` grows while it is answered.

    Starlette's TestClient hands a response over only when it is whole.
    """

    def __init__(self, body: bytes, path: str = "/v1/answers", **headers: str) -> None:
        given = {"host": "localhost", "content-type": "application/json", **headers}
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in given.items()],
            "client": ("127.0.0.1", 5000),
            "server": ("localhost", 80),
        }
        self._in = [{"type": "http.request", "body": body, "more_body": False}]
        self.left = anyio.Event()
        self.sent: list[dict[str, Any]] = []
        self.more = anyio.Event()

    async def receive(self) -> dict[str, Any]:
        if self._in:
            return self._in.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        self.more.set()
        self.more = anyio.Event()

    @property
    def text(self) -> str:
        return b"".join(message.get("body", b"") for message in self.sent).decode()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that changes with what is sent, or soon after."""
        with anyio.fail_after(20):
            while not holds():
                with anyio.move_on_after(0.05):
                    await self.more.wait()
