"""The HTTP API without a socket: a fake engine behind the real application."""

import datetime
import json
import logging
from urllib.parse import quote

import anyio
import jsonschema
import pytest
from fakes_web import EVIL, HILL, SEA, FakeEngine, Wire, application, client_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from rag.answer import SCHEMA, Answer
from rag.settings import Settings
from rag.web import connection
from rag.web.app import create_app
from rag.web.connection import closing

CONTRACT = json.loads(SCHEMA.read_text("utf-8"))
QUESTION = {"question": "What of the sea?"}
JSON = {"content-type": "application/json"}


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def client(engine):
    with client_for(engine) as opened:
        yield opened


def events(text: str) -> list[tuple[str, dict]]:
    """Read server-sent events: (name, data)."""
    blocks = [block for block in text.strip().split("\n\n") if not block.startswith(":")]
    rows = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(row["event"], json.loads(row["data"])) for row in rows]


def error(response, status: int, kind: str) -> str:
    """Check the one shape that errors have and give the message."""
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    told = response.json()
    assert list(told) == ["error"]
    assert sorted(told["error"]) == ["message", "type"]
    assert told["error"]["type"] == kind
    assert "Traceback" not in response.text
    return told["error"]["message"]


def test_api_stands_beside_the_real_page(engine):
    with TestClient(create_app(engine, Settings()), "http://localhost") as client:
        assert "Ask the articles" in client.get("/").text
        assert client.get("/healthz").json()["status"] == "ready"
        assert client.post("/v1/answers", json=QUESTION).json()["status"] == "answered"
        assert client.get("/", headers={"host": "evil.example"}).status_code == 421


# --- answers ----------------------------------------------------------------------------------


def test_answer_is_the_contracts_object(client, engine):
    asked = {
        **QUESTION,
        "history": [{"question": "Before?", "answer": "Yes [1]."}, {"question": "And?"}],
        "as_of": "2025-05-02",
    }
    served = client.post("/v1/answers", json=asked)
    assert served.status_code == 200
    jsonschema.validate(served.json(), CONTRACT)
    answer = Answer.from_dict(served.json())
    assert answer.text == "It goes on, Ada says. [1] It rose. [2]"
    assert [SEA[c.start : c.end] == c.quote for c in answer.citations] == [True, True]
    day = datetime.date(2025, 5, 2)
    assert engine.calls == [
        ("What of the sea?", [("Before?", "Yes [1]."), ("And?", "")], day),
    ]


@pytest.mark.parametrize(
    ("body", "headers", "streams"),
    [
        ({"stream": True}, {}, True),
        ({}, {"accept": "text/event-stream"}, True),
        ({}, {"accept": "application/json, text/event-stream;q=0.5"}, True),
        ({"stream": False}, {"accept": "text/event-stream"}, False),
        ({"stream": None}, {}, False),
        ({}, {"accept": "*/*"}, False),
    ],
)
def test_steps_come_as_events_when_asked_for(client, body, headers, streams):
    served = client.post("/v1/answers", json={**QUESTION, **body}, headers=headers)
    kind = "text/event-stream; charset=utf-8" if streams else "application/json"
    assert served.headers["content-type"] == kind
    if not streams:
        return
    names = [name for name, _ in events(served.text)]
    assert names == ["evidence", "evidence", "statement", "statement", "answer"]
    (_, glimpsed), (_, found), (_, first), _, (_, answer) = events(served.text)
    assert (glimpsed["preliminary"], found["preliminary"]) == (True, False)
    quotes = ["The sea rose by 3 metres.", "“It is not over.”"]
    assert [c["quote"] for c in found["citations"]] == quotes
    assert [c["quote"] for c in glimpsed["citations"]] == quotes[::-1]
    assert first["statement"] == {
        "text": "It goes on, Ada says.",
        "citations": [1],
        "support": "supported",
    }
    assert first["citations"][0]["speaker"] == "Ada"
    jsonschema.validate(answer, CONTRACT)


def test_abstention_is_an_answer(client):
    served = client.post("/v1/answers", json={"question": "Who is on the moon?"})
    assert served.status_code == 200
    assert served.json()["status"] == "abstained"


def test_first_event_is_sent_before_the_answer_is_finished(engine):
    engine.gate.clear()
    wire = Wire(json.dumps({"question": "slow?", "stream": True}).encode())

    async def look() -> None:
        app = application(engine)
        async with anyio.create_task_group() as group:
            group.start_soon(app, wire.scope, wire.receive, wire.send)
            await wire.until(lambda: "event: evidence" in wire.text)
            assert "event: statement" not in wire.text
            assert engine.running == 1
            engine.gate.set()
            await wire.until(lambda: "event: answer" in wire.text)

    anyio.run(look)
    assert engine.ended == 1


@pytest.mark.parametrize("stream", [True, False])
def test_client_that_leaves_ends_the_work(engine, stream):
    engine.gate.clear()
    wire = Wire(json.dumps({"question": "slow?", "stream": stream}).encode())

    async def look() -> None:
        app = application(engine, answers_at_once=1)
        async with anyio.create_task_group() as group:
            group.start_soon(app, wire.scope, wire.receive, wire.send)
            await wire.until(lambda: engine.running == 1)
            wire.left.set()
            await anyio.sleep(0.05)
            engine.gate.set()  # the engine comes to its next step, and is stopped there
            await wire.until(lambda: engine.ended == 1)
        after = Wire(json.dumps(QUESTION).encode())  # the turn was given back
        await app(after.scope, after.receive, after.send)
        assert after.sent[0]["status"] == 200

    anyio.run(look)
    assert wire.text.count("event: statement") <= 1  # the step it was at
    assert "event: answer" not in wire.text


def test_client_that_leaves_the_line_makes_room(engine):
    engine.gate.clear()
    body = json.dumps({"question": "slow?"}).encode()
    first, second, third = Wire(body), Wire(body), Wire(body)

    async def look() -> None:
        app = application(engine, answers_at_once=1, answers_waiting=1)
        async with anyio.create_task_group() as group:
            group.start_soon(app, first.scope, first.receive, first.send)
            await first.until(lambda: engine.running == 1)
            group.start_soon(app, second.scope, second.receive, second.send)
            await anyio.sleep(0.1)
            second.left.set()
            await anyio.sleep(0.1)
            group.start_soon(app, third.scope, third.receive, third.send)
            await anyio.sleep(0.1)
            assert not third.sent  # it waits, and was not refused
            engine.gate.set()
            await third.until(lambda: bool(third.sent))
        assert third.sent[0]["status"] == 200

    anyio.run(look)
    assert len(engine.calls) == 2


def test_an_answer_that_is_being_made_still_comes_when_the_server_stops(engine):
    engine.gate.clear()
    wire = Wire(json.dumps({"question": "slow?"}).encode())

    async def look() -> None:
        app = application(engine, answers_at_once=1)
        async with anyio.create_task_group() as group:
            group.start_soon(app, wire.scope, wire.receive, wire.send)
            while not engine.running:
                await anyio.sleep(0.01)
            closing(app).set()
            await anyio.sleep(0.1)
            engine.gate.set()

    anyio.run(look)
    assert wire.sent[0]["status"] == 200


def test_server_that_stops_tells_everybody_and_waits_for_nobody_for_long(engine, monkeypatch):
    monkeypatch.setattr(connection, "FINISHING", 0.2)
    engine.gate.clear()
    body = json.dumps({"question": "slow?"}).encode()
    answered, waiting = Wire(body), Wire(body)
    streamed = Wire(json.dumps({"question": "slow?", "stream": True}).encode())

    async def look() -> None:
        app = application(engine, answers_at_once=2)
        async with anyio.create_task_group() as group:
            for wire in (answered, streamed, waiting):
                group.start_soon(app, wire.scope, wire.receive, wire.send)
                await anyio.sleep(0.05)
            await streamed.until(lambda: "event: evidence" in streamed.text)
            closing(app).set()
            with anyio.fail_after(5):
                while not (answered.sent and waiting.sent and "event: error" in streamed.text):
                    await anyio.sleep(0.01)

    anyio.run(look)
    assert engine.running == 2  # the threads still hang, and hold up nobody
    for wire in (answered, waiting):
        assert wire.sent[0]["status"] == 503
        assert "being stopped" in wire.text
    assert not streamed.sent[-1].get("more_body")
    engine.gate.set()


# --- what goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_users_mistake_has_its_status_even_when_streamed(client, engine, stream):
    for question, message in (("  ", "empty"), ("x" * 2001, "2,001"), ("broken?", "otherwise")):
        asked = {"question": question, "stream": stream}
        assert message in error(client.post("/v1/answers", json=asked), 400, "invalid_request")
    down = client.post("/v1/answers", json={"question": "down?", "stream": stream})
    assert "took too long" in error(down, 503, "unavailable")


def test_unforeseen_error_is_logged_and_not_told(client, caplog):
    served = client.post("/v1/answers", json={"question": "crash?"})
    assert "nobody foresaw" in error(served, 500, "internal")
    assert "nobody foresaw" in error(
        client.post("/v1/search", json={"query": "crash"}), 500, "internal"
    )
    streamed = client.post("/v1/answers", json={"question": "crash?", "stream": True})
    names = [name for name, _ in events(streamed.text)]
    assert names == ["evidence", "evidence", "error"]
    assert events(streamed.text)[-1][1]["error"]["type"] == "internal"
    assert "secret" not in served.text + streamed.text
    assert "secret path" in caplog.text


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Invalid JSON"),
        (b"{", "Invalid JSON"),
        (b"null", "object"),
        (b"[]", "object"),
        (b'"x"', "object"),
        (b"{}", "question: Field required"),
        (b'{"question": 5}', "question: Input should be a valid string"),
        (b'{"question": null}', "question:"),
        (b'{"question": NaN}', "question:"),
        (b'{"question": "x", "stream": 1}', "stream:"),
        (b'{"question": "x", "llm": "none"}', "llm: Extra inputs"),
        (b'{"question": "x", "as_of": "yesterday"}', "as_of:"),
        (b'{"question": "x", "as_of": "2025-02-30"}', "as_of:"),
        (b'{"question": "x", "as_of": 20250101}', "as_of:"),
        (b'{"question": "x", "as_of": 1e999}', "as_of:"),
        (b'{"question": "x", "history": "y"}', "history:"),
        (b'{"question": "x", "history": [{"answer": "y"}]}', "history.0.question:"),
        (b'{"question": "x", "history": [{"question": "y", "z": 1}]}', "history.0.z:"),
        (b'{"question": "\xff"}', "Invalid JSON"),
        (b'{"question": "\\ud800"}', "Invalid JSON"),
        (b'{"question": "x" "y"}', "Invalid JSON"),
        (b'\xef\xbb\xbf{"question": "x"}', "Invalid JSON"),
        (b"[" * 50_000, "recursion"),
        (b'{"question":' + b'{"a":' * 50_000, "recursion"),
        (b'{"question": ' + b"9" * 50_000 + b"}", ""),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(client, engine, body, message):
    told = error(client.post("/v1/answers", content=body, headers=JSON), 400, "invalid_request")
    assert message in told
    assert "\n" not in told
    assert not engine.calls


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
def test_other_content_types_are_refused(client, kind):
    served = client.post(
        "/v1/answers", content=b'{"question": "x"}', headers={"content-type": kind}
    )
    assert "application/json" in error(served, 415, "unsupported_media_type")


def test_content_type_may_name_its_charset(client):
    kind = {"content-type": "Application/JSON; charset=utf-8"}
    body = json.dumps(QUESTION).encode()
    assert client.post("/v1/answers", content=body, headers=kind).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/answers", "POST"),
        ("PUT", "/v1/chat/completions", "POST"),
        ("OPTIONS", "/v1/answers", "POST"),
        ("DELETE", "/v1/articles/sea.txt", "GET"),
        ("POST", "/healthz", "GET, HEAD"),
    ],
)
def test_wrong_method_names_the_right_one(client, method, path, allowed):
    served = client.request(method, path)
    error(served, 405, "method_not_allowed")
    assert sorted(served.headers["allow"].split(", ")) == allowed.split(", ")
    assert "access-control-allow-origin" not in served.headers


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/answers/", "/v1/docs"])
def test_unknown_path_is_told_in_the_same_shape(client, path):
    error(client.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/", "/v1x", "/v2/answers", "/healthz2", "/config"])
def test_other_paths_are_the_pages(client, path):
    assert client.get(path).json() == "page"


def test_large_body_is_refused_whether_its_size_is_declared_or_not(engine):
    with client_for(engine, max_request_bytes=2000) as client:
        body = json.dumps({"question": "x", "history": [{"question": "y" * 3000}]}).encode()
        error(client.post("/v1/answers", content=body, headers=JSON), 413, "too_large")
        pieces = (body[at : at + 100] for at in range(0, len(body), 100))
        error(client.post("/v1/answers", content=pieces, headers=JSON), 413, "too_large")
        lying = {**JSON, "content-length": "9" * 5000}
        error(client.post("/v1/answers", content=b"{}", headers=lying), 413, "too_large")
        assert client.post("/v1/answers", json=QUESTION).status_code == 200


def test_long_history_is_refused(engine):
    with client_for(engine, max_history=1) as client:
        turns = [{"question": "x"}, {"question": "y"}]
        served = client.post("/v1/answers", json={**QUESTION, "history": turns})
        assert "2 earlier turns and may have 1" in error(served, 400, "invalid_request")


# --- who may ask ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:7860", "127.0.0.1:7860", "[::1]:7860", "192.168.1.5", "a.localhost",
        "localhost.", "news.example", "news.example:8443",
    ],
)  # fmt: skip
def test_own_names_and_addresses_are_let_in(engine, host):
    with client_for(engine, host_names=("news.example",)) as client:
        assert client.get("/healthz", headers={"host": host}).status_code == 200
        assert client.get("/", headers={"host": host}).json() == "page"


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "xlocalhost", "1"]
)
def test_other_names_are_turned_away_from_page_and_api(client, engine, host):
    for path in ("/", "/healthz", "/v1/models", "/mcp"):
        assert host in error(client.get(path, headers={"host": host}), 421, "misdirected")
    error(client.post("/v1/answers", json=QUESTION, headers={"host": host}), 421, "misdirected")
    assert not engine.calls


@pytest.mark.parametrize("host", ["", "a b", "localhost:port", "local/host", "user@localhost", "ü"])
def test_rubbish_for_a_host_is_refused(client, host):
    error(client.get("/healthz", headers=[("host", host.encode())]), 400, "invalid_request")


def test_two_hosts_or_none_are_refused(engine):
    for hosts in ([], [(b"host", b"localhost"), (b"host", b"evil.example")]):
        wire = Wire(b"{}")
        wire.scope["headers"] = hosts
        anyio.run(application(engine), wire.scope, wire.receive, wire.send)
        assert wire.sent[0]["status"] == 400


def test_page_of_another_place_may_not_ask(client, engine):
    for origin in ("http://evil.example", "null", "http://localhost:1234", "https://localhost:99"):
        served = client.post("/v1/answers", json=QUESTION, headers={"origin": origin})
        error(served, 403, "forbidden")
        error(client.post("/mcp", json={}, headers={"origin": origin}), 403, "forbidden")
    assert not engine.calls
    own = {"origin": "http://localhost"}
    assert client.post("/v1/answers", json=QUESTION, headers=own).status_code == 200


def test_token_is_asked_for_where_one_is_set(engine):
    with client_for(engine, api_key="correct horse ü") as client:
        for wrong in ("", "Bearer", "Bearer wrong", "Basic correct horse ü", "Bearer correct"):
            headers = {"authorization": wrong.encode()}
            for path in ("/v1/models", "/v1/openapi.json", "/v1/nothing", "/mcp"):
                served = client.get(path, headers=headers)
                error(served, 401, "unauthorized")
                assert served.headers["www-authenticate"] == "Bearer"
        right = {"authorization": "bearer correct horse ü".encode()}
        assert client.get("/v1/models", headers=right).status_code == 200
        assert client.get("/healthz").status_code == 200
        assert client.get("/").json() == "page"


def test_requests_of_one_client_are_counted(engine):
    with client_for(engine, requests_per_minute=2, api_key="12345678") as client:
        for _ in range(2):
            error(client.get("/v1/models"), 401, "unauthorized")
        served = client.get("/v1/models", headers={"authorization": "Bearer 12345678"})
        error(served, 429, "too_many_requests")  # a token cannot be guessed at leisure
        assert 1 <= int(served.headers["retry-after"]) <= 60
        assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(("waiting", "status"), [(1, 503), (8, 429)])
def test_full_line_says_when_to_try_again(engine, waiting, status):
    engine.gate.clear()
    many = [Wire(json.dumps({"question": "slow?"}).encode()) for _ in range(5)]

    async def look() -> None:
        app = application(engine, answers_at_once=1, answers_waiting=waiting)
        async with anyio.create_task_group() as group:
            for wire in many:
                group.start_soon(app, wire.scope, wire.receive, wire.send)
            refused = many[3 if waiting == 8 else 2]
            await refused.until(lambda: bool(refused.sent))
            assert refused.sent[0]["status"] == status
            assert int(dict(refused.sent[0]["headers"])[b"retry-after"]) > 0
            engine.gate.set()
        assert [wire.sent[0]["status"] for wire in many].count(200) == 1 + max(1, waiting // 4)

    anyio.run(look)
    assert engine.most == 1


# --- search, articles, health -----------------------------------------------------------------


def test_search_gives_the_contracts_hits(client, engine):
    served = client.post("/v1/search", json={"query": "sea", "k": 3, "as_of": "2025-05-02"})
    assert served.json() == {
        "query": "sea",
        "hits": [
            {
                "rank": 1,
                "article": "sea.txt",
                "title": f"The sea {EVIL}",
                "date": "2025-05-01",
                "start": 0,
                "end": 25,
                "text": "The sea rose by 3 metres.",
                "score": 0.5,
            }
        ],
    }
    assert engine.calls == [("sea", 3, datetime.date(2025, 5, 2))]
    for wrong in ({"query": ""}, {"query": "x", "k": 0}, {"query": "x", "k": 10**30}, {"k": 1}):
        error(client.post("/v1/search", json=wrong), 400, "invalid_request")


def test_articles_are_listed_in_pages_and_read(client):
    first = client.get("/v1/articles?limit=1").json()
    assert first["total"] == 2
    assert [row["name"] for row in first["articles"]] == ["hill [1].txt"]
    second = client.get("/v1/articles", params={"limit": 1, "after": first["next"]}).json()
    assert [row["name"] for row in second["articles"]] == ["sea.txt"]
    assert second["next"] is None
    assert client.get("/v1/articles", params={"after": "zzz"}).json()["articles"] == []
    one = client.get(f"/v1/articles/{quote(first['next'])}").json()
    assert (one["text"], one["title"], one["date"]) == (HILL, "The hill", None)
    plain = client.get("/v1/articles/sea.txt?format=text")
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    assert plain.text == SEA


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/articles/gone.txt", 404),
        ("/v1/articles/../sea.txt", 404),
        ("/v1/articles/..%2Fsea.txt", 404),
        ("/v1/articles/SEA.TXT", 404),
        ("/v1/articles/sea.tx", 404),
        ("/v1/articles/", 404),
        ("/v1/articles/%00", 404),
        ("/v1/articles/sea.txt?format=html", 400),
        ("/v1/articles?limit=0", 400),
        ("/v1/articles?limit=x", 400),
        ("/v1/articles?limit=1e99", 400),
        (f"/v1/articles?after={'x' * 1001}", 400),
    ],
)
def test_articles_that_are_none(client, path, status):
    error(client.get(path), status, "not_found" if status == 404 else "invalid_request")


@pytest.mark.parametrize(
    ("state", "status"), [("ready", 200), ("warming up", 503), ("failed", 503)]
)
def test_health_tells_state_version_and_corpus(client, engine, state, status):
    engine.state = state
    served = client.get("/healthz")
    assert served.status_code == status
    assert served.json() == {
        "status": state,
        "version": served.json()["version"],
        "articles": 2,
        "characters": len(SEA) + len(HILL),
        "first_date": "2025-05-01",
        "last_date": "2025-05-01",
    }
    assert client.head("/healthz").status_code == status


def test_api_describes_itself(client):
    told = client.get("/v1/openapi.json").json()
    assert sorted(told["paths"]) == [
        "/v1/answers",
        "/v1/articles",
        "/v1/articles/{name}",
        "/v1/chat/completions",
        "/v1/models",
        "/v1/models/{model}",
        "/v1/search",
    ]
    asked = told["components"]["schemas"]["Asked"]
    assert asked["required"] == ["question"]
    assert asked["additionalProperties"] is False
    text = json.dumps(told)
    for name in {ref.split('"')[0] for ref in text.split('"#/components/schemas/')[1:]}:
        assert name in told["components"]["schemas"]


# --- anything at all --------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["question", "history", "as_of", "stream", "query", "k", "model", "messages", "role", "content"]
)
PATHS = st.sampled_from(["/v1/answers", "/v1/search", "/v1/chat/completions", "/mcp"])
KNOWN = {200, 202, 400, 404, 406, 415}


@pytest.fixture(scope="module")
def open_client():
    logging.getLogger("rag.web").setLevel(logging.DEBUG)
    with client_for(FakeEngine(), requests_per_minute=10**6) as opened:
        yield opened


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=PATHS, body=st.binary(max_size=200))
def test_any_bytes_are_answered_with_a_known_status(open_client, path, body):
    served = open_client.post(path, content=body, headers=JSON)
    assert served.status_code in KNOWN


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=PATHS, body=st.dictionaries(FIELDS | st.text(max_size=5), VALUES, max_size=4))
def test_any_json_is_answered_with_a_known_status(open_client, path, body):
    content = json.dumps(body).encode()  # NaN, Infinity and lone surrogates are among it
    served = open_client.post(path, content=content, headers=JSON)
    assert served.status_code in KNOWN
    if served.status_code == 200 and path == "/v1/answers" and not body.get("stream"):
        jsonschema.validate(served.json(), CONTRACT)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    question=st.text(min_size=1, max_size=60), history=st.lists(st.text(max_size=30), max_size=3)
)
def test_any_question_comes_back_as_asked(open_client, question, history):
    asked = {"question": question, "history": [{"question": q} for q in history]}
    served = open_client.post("/v1/answers", json=asked)
    assert served.status_code in (200, 400, 503)
    if served.status_code == 200:
        assert served.json()["question"] == question


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(host=st.text(alphabet="abc.-:[]@/ %019é\t", min_size=1, max_size=20))
def test_any_host_is_let_in_only_if_it_is_ours(open_client, host):
    served = open_client.get("/healthz", headers=[("host", host.encode())])
    assert served.status_code in (200, 400, 421)
    if served.status_code == 200:  # an address: nobody else's name
        bare = host.strip(" \t").rpartition(":")[0] if host.count(":") == 1 else host
        assert not any(c in bare for c in "ac@/ %é-")
