"""The tools for agents, with the protocol's own client."""

import json
import threading
from contextlib import asynccontextmanager

import anyio
import jsonschema
import pytest
from fakes_web import EVIL, HILL, SEA, FakeEngine, client_for
from mcp import Client

from rag.answer import Answer
from rag.settings import Settings
from rag.web.mcp_server import create_server
from rag.web.service import Service


@pytest.fixture(params=["legacy", "auto"])
def mode(request):
    """The protocol's two ways: a handshake first, or every request on its own."""
    return request.param


@pytest.fixture
def engine():
    return FakeEngine()


@asynccontextmanager
async def agent(engine, mode, **settings):
    service = Service(lambda: engine, Settings(**settings))
    async with Client(create_server(service), mode=mode) as client:
        yield client


def call(engine, mode, tool, **arguments):
    """Call one tool and give its result, whose data the client has checked against its schema."""

    async def once():
        async with agent(engine, mode) as client:
            return await client.call_tool(tool, arguments)

    return anyio.run(once)


def test_tools_say_what_they_take_and_give(engine, mode):
    async def listed():
        async with agent(engine, mode) as client:
            return (await client.list_tools()).tools

    tools = anyio.run(listed)
    assert [tool.name for tool in tools] == ["ask", "search", "read_article"]
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert tool.input_schema["additionalProperties"] is False
        assert tool.annotations.read_only_hint
        assert tool.description
        assert "question" in tools[0].input_schema["required"]


def test_ask_gives_the_contracts_answer_and_readable_text(engine, mode):
    history = [{"question": "Before?", "answer": "Yes."}]
    told = call(engine, mode, "ask", question="The sea?", history=history, as_of="2025-05-02")
    assert not told.is_error
    answer = Answer.from_dict(told.structured_content)
    assert [c.quote for c in answer.citations] == ["“It is not over.”", "The sea rose by 3 metres."]
    assert "It goes on, Ada says. [1]" in told.content[0].text
    assert "[2] “The sea rose by 3 metres.”" in told.content[0].text
    (asked,) = engine.calls
    assert asked[:2] == ("The sea?", [("Before?", "Yes.")])
    assert asked[2].isoformat() == "2025-05-02"


def test_progress_is_told_on_the_way(engine, mode):
    seen = []

    async def note(progress, total, message):
        seen.append(message)

    async def once():
        async with agent(engine, mode) as client:
            await client.call_tool("ask", {"question": "The sea?"}, progress_callback=note)

    anyio.run(once)
    assert seen == ["2 likely quotes, being checked", "It goes on, Ada says.", "It rose."]


def test_search_gives_hits_and_names(engine, mode):
    told = call(engine, mode, "search", query="sea", k=1)
    assert told.structured_content["hits"][0]["article"] == "sea.txt"
    assert told.content[0].text == "1. The sea rose by 3 metres.\n(sea.txt, 2025-05-01)"


def test_article_is_read_whole_or_in_part(engine, mode):
    told = call(engine, mode, "read_article", name="hill [1].txt")
    assert told.structured_content["text"] == HILL
    assert told.content[0].text == f"The hill, undated\n\n{HILL}"
    part = call(engine, mode, "read_article", name="sea.txt", start=4, length=8)
    assert part.structured_content == {
        "name": "sea.txt",
        "title": f"The sea {EVIL}",
        "date": "2025-05-01",
        "start": 4,
        "end": 12,
        "characters": len(SEA),
        "text": SEA[4:12],
    }
    assert part.content[0].text.endswith("(goes on at character 12)")
    beyond = call(engine, mode, "read_article", name="sea.txt", start=10**9)
    assert beyond.structured_content["text"] == ""


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": ""}, "the question is empty"),
        ("ask", {"question": "x" * 2001}, "may have 2,000"),
        ("ask", {"question": "broken"}, "ask it otherwise"),
        ("ask", {"question": "down"}, "took too long"),
        ("ask", {"question": "crash"}, "nobody foresaw"),
        ("ask", {"question": "x", "llm": "none"}, "llm: Extra inputs"),
        ("ask", {"question": "x", "as_of": "2025-13-01"}, "as_of:"),
        ("ask", {"question": "x", "history": [{"question": "y"}] * 51}, "51 earlier turns"),
        ("search", {"query": "x", "k": 0}, "k:"),
        ("search", {"query": "x", "k": "3"}, "k:"),
        ("search", {"query": "x", "k": 1.5}, "k:"),
        ("read_article", {"name": "gone.txt"}, "no article of this name"),
        ("read_article", {"name": "../../etc/passwd"}, "no article of this name"),
        ("read_article", {"name": "sea.txt", "start": -1}, "start:"),
        ("read_article", {"name": "sea.txt", "length": 10**6}, "length:"),
        ("delete", {}, "no tool “delete”"),
    ],
)
def test_mistake_is_told_to_the_agent_in_one_line(engine, mode, tool, arguments, message):
    told = call(engine, mode, tool, **arguments)
    assert told.is_error
    text = told.content[0].text
    assert message in text
    assert "\n" not in text
    assert "secret" not in text


def test_agents_wait_in_the_same_line_as_other_programs(engine, mode):
    engine.gate.clear()

    async def look():
        async with (
            agent(engine, mode, answers_at_once=1, answers_waiting=0) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(client.call_tool, "ask", {"question": "slow?"})
            while not engine.running:
                await anyio.sleep(0.01)
            told = await client.call_tool("ask", {"question": "The sea?"})
            engine.gate.set()
        assert told.is_error
        assert "in line" in told.content[0].text

    anyio.run(look)


def test_call_that_is_cancelled_ends_the_work(engine, mode):
    engine.gate.clear()

    async def look():
        async with agent(engine, mode) as client:
            opener = threading.Timer(1.0, engine.gate.set)  # the engine comes to its next step
            opener.start()
            with anyio.move_on_after(0.3) as patience:
                await client.call_tool("ask", {"question": "slow?"})
            assert patience.cancelled_caught
            with anyio.fail_after(10):
                while not engine.ended:
                    await anyio.sleep(0.01)

    anyio.run(look)
    assert engine.finished == 0


# --- over HTTP, without a socket --------------------------------------------------------------


def rpc(client, method, params=None, **headers):
    given = {"accept": "application/json, text/event-stream", **headers}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
    return client.post("/mcp", json=body, headers=given)


def test_mounted_server_answers_without_a_session(engine):
    with client_for(engine) as client:
        served = rpc(client, "tools/call", {"name": "ask", "arguments": {"question": "The sea?"}})
        assert served.status_code == 200
        assert "mcp-session-id" not in served.headers
        lines = [line for line in served.text.split("\n") if line.startswith("data: {")]
        result = json.loads(lines[-1].removeprefix("data: "))["result"]
        assert Answer.from_dict(result["structuredContent"]).status == "answered"


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[" * 50_000, 400), (b"[]", 400), (b"5", 400)]
)
def test_what_is_no_message_is_refused(engine, body, status):
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    with client_for(engine) as client:
        served = client.post("/mcp", content=body, headers=headers)
        assert served.status_code == status
        assert "Traceback" not in served.text
        large = client.post("/mcp", content=b"x" * 300_000, headers=headers)
        assert large.status_code == 413
