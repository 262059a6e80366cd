"""The API over a real socket, with the real articles and real clients of other makers."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import httpx
import jsonschema
import openai
import pytest
from fakes_web import FakeEngine
from langchain_openai import ChatOpenAI
from mcp import Client, StdioServerParameters

from rag.answer import SCHEMA, Answer
from rag.audit import audit
from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.llm import open_llm
from rag.models import pull
from rag.pipeline import Rag
from rag.settings import PACKAGE, VERSION, Settings, resource
from rag.web.app import create_app
from rag.web.server import ChatServer, listen

pytestmark = [
    pytest.mark.real,
    # gradio 6 sets a pandas option that pandas 3 no longer wants
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting' is deprecated"),
]

ARMY = "How large an army did the EU suggest Ukraine keep?"
BREAD = "How do I bake sourdough bread?"
KEY = "a key for tests"
DOCS = PACKAGE.parent / "docs" / "api.md"


class Served:
    """An application on a real port, in a thread."""

    def __init__(self, engine, **settings):
        self.listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.server = ChatServer(create_app(engine, Settings(**settings)))
        run = {"sockets": [self.listener]}
        self.thread = threading.Thread(target=self.server.run, kwargs=run)
        self.thread.start()

    def __enter__(self):
        deadline = time.monotonic() + 60
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join(30)
        self.listener.close()
        assert not self.thread.is_alive(), "the server does not stop"


@pytest.fixture(scope="module")
def settings(home, tmp_path_factory):
    own = Settings(home=home, index=tmp_path_factory.mktemp("real-api"), llm="none", threads=2)
    build_index([resource("seeds")], own, open_embedder)
    return own


@pytest.fixture(scope="module")
def rag(settings):
    opened = Rag.from_settings(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def url(rag):
    with Served(rag) as served:
        yield served.url


@pytest.fixture(scope="module")
def locked(rag):
    with Served(rag, api_key=KEY) as served:
        yield served.url


def blocks(kind: str) -> list[str]:
    """Give the examples of one kind that docs/api.md shows."""
    return re.findall(rf"^```{kind}\n(.*?)^```", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def checked(data: dict, rag: Rag) -> Answer:
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8"))).validate(data)
    answer = Answer.from_dict(data)
    assert audit(answer, rag.articles) == []
    return answer


def test_answer_over_http_is_the_answer_of_the_library(url, rag):
    served = httpx.post(f"{url}/v1/answers", json={"question": ARMY}, timeout=60)
    assert served.status_code == 200
    answer = checked(served.json(), rag)
    assert answer.text == rag.ask(ARMY).text
    assert "800,000" in answer.text
    assert served.headers["x-content-type-options"] == "nosniff"


def test_abstention_and_follow_up(url, rag):
    told = httpx.post(f"{url}/v1/answers", json={"question": BREAD}, timeout=60).json()
    assert checked(told, rag).status == "abstained"
    history = [{"question": ARMY, "answer": rag.ask(ARMY).text}]
    asked = {"question": "And who suggested it?", "history": history}
    told = httpx.post(f"{url}/v1/answers", json=asked, timeout=60).json()
    assert ARMY in checked(told, rag).standalone_question


def test_events_over_a_socket_come_one_by_one():
    engine = FakeEngine()
    engine.gate.clear()
    with (
        Served(engine) as served,
        httpx.stream(
            "POST",
            f"{served.url}/v1/answers",
            json={"question": "slow?", "stream": True},
            timeout=20,
        ) as response,
    ):
        lines = response.iter_lines()
        assert next(lines) == "event: evidence"
        assert engine.running == 1  # the answer is not finished: nothing more comes until …
        engine.gate.set()
        names = [line for line in lines if line.startswith("event: ")]
        more = ["event: evidence"]  # read closely
        assert names == [*more, "event: statement", "event: statement", "event: answer"]


def test_client_that_hangs_up_ends_the_work():
    engine = FakeEngine()
    for stream in (True, False):
        engine.gate.clear()
        with Served(engine) as served:
            body = {"question": "slow?", "stream": stream}
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{served.url}/v1/answers", json=body, timeout=1.5)
            assert engine.running == 1
            time.sleep(0.5)  # the server is told
            engine.gate.set()
            deadline = time.monotonic() + 10
            while engine.running and time.monotonic() < deadline:
                time.sleep(0.02)
            assert engine.running == 0
    assert engine.finished == 0


def test_many_at_once_all_get_their_own_answer(url, rag):
    questions = [ARMY, BREAD, "Who took over from Yermak?", "Where did the talks take place?"] * 3

    def ask(question):
        return httpx.post(f"{url}/v1/answers", json={"question": question}, timeout=300)

    with ThreadPoolExecutor(8) as pool:
        served = list(pool.map(ask, questions))
    assert {response.status_code for response in served} == {200}
    for question, response in zip(questions, served, strict=True):
        assert response.json()["question"] == question
        assert response.json()["answer"] == rag.ask(question).text


def test_health_search_and_articles(url, rag):
    health = httpx.get(f"{url}/healthz").json()
    assert (health["status"], health["articles"]) == ("ready", 5)
    hits = httpx.post(f"{url}/v1/search", json={"query": "army", "k": 3}, timeout=60).json()["hits"]
    assert len(hits) == 3
    for hit in hits:
        text = httpx.get(f"{url}/v1/articles/{hit['article']}?format=text").text
        assert text[hit["start"] : hit["end"]] == hit["text"]
    listed = httpx.get(f"{url}/v1/articles").json()["articles"]
    assert [row["name"] for row in listed] == [article.name for article in rag.articles]


def test_page_is_there_beside_the_api(url):
    page = httpx.get(url)
    assert page.status_code == 200
    assert "Ask the articles" in page.text
    assert httpx.get(url, headers={"host": "evil.example"}).status_code == 421


def test_openais_own_client(locked, rag):
    with openai.OpenAI(base_url=f"{locked}/v1", api_key=KEY) as client:
        assert [model.id for model in client.models.list()] == ["quotable"]
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": ARMY}]
        told = client.chat.completions.create(model="quotable", messages=messages, temperature=0)
        message = told.choices[0].message
        assert "800,000" in message.content
        assert told.citations[0]["quote"] == rag.ask(ARMY).citations[0].quote
        note = message.annotations[0].url_citation
        assert message.content[note.start_index : note.end_index] == "[1]"
        pieces = client.chat.completions.create(model="quotable", messages=messages, stream=True)
        streamed = [chunk for chunk in pieces if chunk.choices]
        assert "".join(c.choices[0].delta.content or "" for c in streamed) == message.content
        later = [*messages, message, {"role": "user", "content": BREAD}]
        told = client.chat.completions.create(model="quotable", messages=later)
        assert "do not say" in told.choices[0].message.content


def test_openais_own_client_understands_our_errors(locked):
    messages = [{"role": "user", "content": "?"}]
    with openai.OpenAI(base_url=f"{locked}/v1", api_key=KEY, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match="the question is empty"):
            client.chat.completions.create(model="quotable", messages=messages)
        with pytest.raises(openai.NotFoundError, match="quotable"):
            client.chat.completions.create(model="gpt", messages=messages)
    with (
        openai.OpenAI(base_url=f"{locked}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="Bearer"),
    ):
        client.models.list()


def test_langchains_chat_model(url):
    model = ChatOpenAI(model="quotable", base_url=f"{url}/v1", api_key="unused")
    told = model.invoke([("system", "Be brief."), ("human", ARMY)])
    assert "800,000" in told.text
    assert "".join(chunk.text for chunk in model.stream(ARMY)) == told.text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_agent_over_http(url, rag, mode):
    async def talk():
        async with Client(f"{url}/mcp", mode=mode) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            told = await client.call_tool("ask", {"question": ARMY})
            found = await client.call_tool("search", {"query": "army", "k": 2})
            name = found.structured_content["hits"][0]["article"]
            read = await client.call_tool("read_article", {"name": name, "length": 200})
            wrong = await client.call_tool("ask", {"question": "?"})
        return tools, told, read, wrong

    tools, told, read, wrong = anyio.run(talk)
    assert tools == ["ask", "search", "read_article"]
    checked(told.structured_content, rag)
    assert "800,000" in told.content[0].text
    assert len(read.structured_content["text"]) == 200
    assert wrong.is_error
    assert "the question is empty" in wrong.content[0].text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_agent_over_standard_input_and_output(settings, rag, mode, tmp_path):
    configured = json.loads(blocks("json")[0])["mcpServers"]["quotable"]
    command = StdioServerParameters(
        command=str(Path(sys.executable).with_name(configured["command"])),
        args=configured["args"],
        env={"RAG_HOME": os.environ["RAG_HOME"], "RAG_INDEX": str(settings.index)},
        cwd=tmp_path,
    )

    async def talk():
        async with Client(command, mode=mode) as client:
            return await client.call_tool("ask", {"question": ARMY})

    told = anyio.run(talk)
    checked(told.structured_content, rag)
    assert "800,000" in told.content[0].text


def run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_examples_of_the_docs_work(url, number):
    code = blocks("python")[number].replace("http://127.0.0.1:7860", url)
    told = run([sys.executable, "-W", "error", "-c", code])
    assert told.strip() or "assert" in code


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("number", range(len(blocks("sh"))))
def test_curl_examples_of_the_docs_work(url, number):
    told = run(["bash", "-ec", blocks("sh")[number].replace("http://127.0.0.1:7860", url)])
    assert '"error"' not in told
    assert told.startswith(("{", "event: evidence"))


def test_shown_health_is_that_of_the_seeds(url):
    shown = json.loads(blocks("json")[-1])
    assert httpx.get(f"{url}/healthz").json() == {**shown, "version": VERSION}


def test_missing_index_is_said_before_an_agent_waits(tmp_path):
    rag = str(Path(sys.executable).with_name("rag"))
    command = [rag, "mcp", "--llm", "none", "--index", str(tmp_path)]
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "run `rag index`" in done.stderr


def test_local_model_answers_over_http_step_by_step(rag, settings):
    pull(["local"], settings.home)
    own = settings.model_copy(update={"llm": "local", "request_seconds": 500.0})
    writing = Rag(own, rag.index, rag._search, open_llm(own))
    try:
        with Served(writing) as served:
            deadline = time.monotonic() + 300
            while (health := httpx.get(f"{served.url}/healthz")).status_code == 503:
                assert health.json()["status"] == "warming up"
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert health.json()["status"] == "ready"
            body = {"question": ARMY, "stream": True}
            with httpx.stream("POST", f"{served.url}/v1/answers", json=body, timeout=500) as told:
                lines = [line for line in told.iter_lines() if line]
            names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
            assert names[0] == "evidence"
            assert names[-1] == "answer"
            assert "statement" in names
            checked(json.loads(lines[-1].removeprefix("data: ")), rag)
    finally:
        writing.llm.close()
