"""The real models over the real articles: every quote exact, every answer the same again."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import jsonschema
import pytest

from rag.answer import SCHEMA, Answer, Finished, Found, Stated
from rag.audit import audit
from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.llm import open_llm
from rag.models import pull
from rag.pipeline import Rag
from rag.settings import Settings, resource

pytestmark = pytest.mark.real

ARMY = "How large an army did the EU suggest Ukraine keep?"
WHO = "Who headed the Ukrainian delegation in Miami?"
GOLD = [json.loads(line) for line in (resource("eval") / "gold.jsonl").read_text().splitlines()]
ONE_OF_EACH = list({row["type"]: row for row in GOLD}.values())  # the last of every type
FIRST_OF_EACH = list({row["type"]: row for row in reversed(GOLD)}.values())
VARIED = [*ONE_OF_EACH, *FIRST_OF_EACH][:14]


@pytest.fixture(scope="module")
def settings(home, tmp_path_factory):
    """Settings with quotes only, and the seeds indexed in a folder of this module's own."""
    own = Settings(home=home, index=tmp_path_factory.mktemp("real-answer"), llm="none", threads=2)
    build_index([resource("seeds")], own, open_embedder)
    return own


@pytest.fixture(scope="module")
def quoting(settings):
    """Answers with quotes alone."""
    rag = Rag.from_settings(settings)
    yield rag
    rag.close()


@pytest.fixture(scope="module")
def writing(settings, quoting):
    """Answers with the local language model; index and retrieval are shared."""
    pull(["local"], settings.home)
    own = settings.model_copy(update={"llm": "local", "request_seconds": 500.0})
    rag = Rag(own, quoting.index, quoting._search, open_llm(own))
    yield rag
    rag.llm.close()


@pytest.fixture(scope="module")
def written(writing):
    """The model's answers to two questions, made once."""
    return {question: writing.ask(question) for question in (ARMY, WHO)}


def check(answer: Answer) -> None:
    """Check all that must hold of any answer, against the seeds as they lie on disk."""
    data = json.loads(answer.to_json())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(data)
    assert Answer.from_dict(data) == answer
    nearest = answer.abstention.nearest if answer.abstention else ()
    assert (answer.status == "answered") == bool(answer.citations) == bool(answer.statements)
    for citation in (*answer.citations, *nearest):
        text = (resource("seeds") / citation.article).read_bytes().decode("utf-8")
        assert text[citation.start : citation.end] == citation.quote != ""


def turns(row: dict) -> list[tuple[str, str]]:
    return [(turn["question"], turn["answer"]) for turn in row["history"]]


def test_armys_size_is_answered_with_its_sentence_quoted(quoting):
    answer = quoting.ask(ARMY)
    check(answer)
    assert answer.status == "answered"
    assert "800,000" in answer.text
    assert "800,000" in answer.citations[0].quote
    assert "army" in answer.citations[0].quote


def test_varied_questions_are_a_dozen_and_of_all_types():
    assert len(VARIED) >= 12
    assert {row["type"] for row in VARIED} == {row["type"] for row in GOLD}


@pytest.mark.parametrize("row", VARIED, ids=lambda row: row["id"])
def test_quotes_are_exact_and_an_alteration_by_one_character_is_found(quoting, row):
    answer = quoting.ask(row["question"], turns(row))
    check(answer)
    assert audit(answer, quoting.articles) == []
    for n, citation in enumerate(answer.citations):
        for changes in (
            {"quote": citation.quote[:-1] + "\u2026"},
            {"quote": citation.quote[1:]},
            {"start": citation.start + 1},
            {"end": citation.end - 1},
            {"article": citation.article[:-1] + "x"},
        ):
            cited = list(answer.citations)
            cited[n] = replace(citation, **changes)
            faults = audit(replace(answer, citations=tuple(cited)), quoting.articles)
            assert len(faults) == 1
            assert f"[{citation.n}]" in faults[0]


def test_question_off_the_corpus_is_an_abstention(quoting):
    answer = quoting.ask("Which recipe makes the best banana bread?")
    check(answer)
    assert answer.status == "abstained"
    assert 1 <= len(answer.abstention.nearest) <= 3


def test_same_question_gets_the_same_answer_from_quotes(quoting, settings):
    again = Rag.from_settings(settings)
    for question in (ARMY, WHO):
        first, second = quoting.ask(question).to_dict(), again.ask(question).to_dict()
        assert first | {"timings_ms": 0} == second | {"timings_ms": 0}
    again.close()


@pytest.mark.parametrize("question", [ARMY, WHO])
def test_models_answers_rest_on_exact_quotes(writing, written, question):
    answer = written[question]
    check(answer)
    assert audit(answer, writing.articles) == []
    assert answer.provenance["llm"] == "local"
    assert len(answer.provenance["llm_identity"]) == 64


def test_model_answers_the_armys_size(written):
    assert "800,000" in written[ARMY].text
    assert any("800,000" in citation.quote for citation in written[ARMY].citations)


def test_same_question_gets_the_same_answer_from_the_model(writing, written):
    first, second = written[ARMY].to_dict(), writing.ask(ARMY).to_dict()
    assert first | {"timings_ms": 0} == second | {"timings_ms": 0}


def test_yes_or_no_comes_with_its_probabilities(writing):
    asked = writing.llm.bind(logprobs=True, top_logprobs=5, max_tokens=1)
    reply = asked.invoke("Is Paris a city? Answer with one word, yes or no.")
    (token,) = reply.response_metadata["logprobs"]["content"]
    top = token["top_logprobs"]
    assert len(top) == 5
    assert reply.text.strip().casefold().startswith("yes")
    assert all(row["logprob"] <= 0 for row in top)
    assert [row["logprob"] for row in top] == sorted((r["logprob"] for r in top), reverse=True)
    assert "no" in {row["token"].strip().casefold() for row in top}


def test_streaming_stops_when_the_consumer_leaves(writing):
    class Counting:
        """Passes on to llama.cpp and counts what it writes."""

        written = 0

        def __init__(self, server):
            self.server = server

        def handle_chat_completions(self, request, on_chunk):
            def counted(chunk):
                self.written += 1
                return on_chunk(chunk)

            return self.server.handle_chat_completions(request, counted)

    model = writing.llm
    model.load()
    real, model._server = model._server, Counting(model._server)
    try:
        stream = model.bind(max_tokens=400).stream("Count from 1 to 300, one number a line.")
        for _ in range(3):
            next(stream)
        stream.close()
        assert model._lock.acquire(timeout=120)  # free again: the generation has ended
        model._lock.release()
        assert 3 <= model._server.written < 100
    finally:
        model._server = real


def test_events_come_in_order(quoting):
    glimpsed, found, *stated, last = quoting.stream(ARMY)
    assert isinstance(glimpsed, Found)
    assert isinstance(found, Found)
    assert (glimpsed.preliminary, found.preliminary) == (True, False)
    assert stated
    assert all(isinstance(event, Stated) for event in stated)
    assert isinstance(last, Finished)
    assert tuple(event.statement for event in stated) == last.answer.statements


OFFLINE = """
import socket, sys

def refuse(*_, **__):
    raise AssertionError("the network was used")

def connect(own, address, connect=socket.socket.connect):
    if own.family != socket.AF_UNIX:  # a file of this machine
        refuse()
    connect(own, address)

socket.socket.connect = connect
socket.socket.connect_ex = socket.getaddrinfo = refuse
from rag.cli import main
main()
"""


def run(settings: Settings, tmp_path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `rag` as a process of its own, with an empty hub cache and the network refused."""
    (tmp_path / "hub").mkdir()
    own = {"RAG_HOME": settings.home, "RAG_INDEX": settings.index, "HF_HUB_CACHE": tmp_path / "hub"}
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *words],
        env=os.environ | {name: str(value) for name, value in own.items()},
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert list((tmp_path / "hub").iterdir()) == []
    return done


def test_everything_works_with_the_network_refused_and_an_empty_hub_cache(
    settings, writing, tmp_path
):
    done = run(settings, tmp_path, "ask", ARMY, "--json", "--llm", "local")
    assert (done.returncode, done.stderr) == (0, "")
    answer = Answer.from_json(done.stdout)
    check(answer)
    assert "800,000" in answer.text


def test_batch_on_the_command_line_gives_every_answer_in_order(settings, quoting, tmp_path):
    rows = [{key: row[key] for key in ("id", "question", "history")} for row in VARIED[:5]]
    (tmp_path / "lines").write_text("\n".join(map(json.dumps, rows)))
    done = run(settings, tmp_path, "ask", "--batch", str(tmp_path / "lines"), "--llm", "none")
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.pop("id") for answer in answers] == [row["id"] for row in rows]
    for answer, row in zip(answers, VARIED, strict=False):
        check(Answer.from_dict(answer))
        assert audit(Answer.from_dict(answer), quoting.articles) == []
        same = quoting.ask(row["question"], turns(row)).to_dict()
        unlike = {"timings_ms", "provenance"}  # threads are the command's own
        assert {k: v for k, v in answer.items() if k not in unlike} == {
            k: v for k, v in same.items() if k not in unlike
        }
