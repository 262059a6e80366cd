"""Real models, real articles, real servers: the same answers wherever the index lives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from servers import KINDS, serving

from rag.embedder import open_embedder
from rag.indexer import build_index
from rag.pipeline import Rag
from rag.settings import Settings, resource

pytestmark = [
    pytest.mark.real,
    pytest.mark.servers,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

GOLD = [
    json.loads(line) for line in (resource("eval") / "gold.jsonl").read_text("utf-8").splitlines()
]
SEARCHED = GOLD[::20]
ASKED = GOLD[5::87]


@pytest.fixture(scope="module")
def place(home, tmp_path_factory):
    return Settings(home=home, index=tmp_path_factory.mktemp("index"), llm="none", threads=2)


@pytest.fixture(scope="module")
def folder(place):
    build_index([resource("seeds")], place, open_embedder)
    rag = Rag.from_settings(place)
    yield rag
    rag.close()


@pytest.fixture(scope="module", params=sorted(KINDS))
def shared(request, place, tmp_path_factory):
    """The same articles in a database; the app has nothing but its address."""
    with serving(request.param) as server:
        nowhere = tmp_path_factory.mktemp("none") / "index"
        own = place.model_copy(update={"store": server.spec, "index": nowhere})
        build_index([resource("seeds")], own, open_embedder)
        rag = Rag.from_settings(own)
        yield rag
        rag.close()


def test_gold_questions_find_the_same_sentences_in_the_same_order(folder, shared):
    for item in SEARCHED:
        ours, theirs = (
            [hit.sentence for hit in rag._search.search(item["question"], 48, rerank=False)]
            for rag in (folder, shared)
        )
        assert set(ours[:24]) == set(theirs[:24])
        assert ours[:8] == theirs[:8]


def test_gold_questions_are_answered_alike(folder, shared):
    for item in ASKED:
        ours, theirs = folder.ask(item["question"]), shared.ask(item["question"])
        assert (ours.status, ours.text, ours.citations) == (
            theirs.status, theirs.text, theirs.citations,
        )  # fmt: skip
        assert theirs.provenance["store"] != "faiss"
        kept = {k: v for k, v in theirs.provenance.items() if k != "store"}
        assert kept == {k: v for k, v in ours.provenance.items() if k != "store"}


def test_the_command_line_works_on_a_shared_index(shared, tmp_path):
    if not shared.settings.store.startswith("postgresql"):
        pytest.skip("the commands are the same for all; once is enough")
    rag = Path(sys.executable).parent / "rag"

    def run(*words):
        done = subprocess.run(
            [rag, *words, "--store", shared.settings.store],
            capture_output=True, text=True, cwd=tmp_path, env={**os.environ}, timeout=300,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    code, out, err = run("index", str(resource("seeds")))
    assert (code, "5 unchanged" in out) == (0, True), err
    code, out, err = run("ask", "Who took over from Yermak?", "--llm", "none", "--json")
    assert (code, json.loads(out)["status"]) == (0, "answered"), err
    saved = tmp_path / "answer.json"
    saved.write_text(out)
    assert run("verify", str(saved))[0] == 0
    saved.write_text(out.replace("Umerov", "Umarov"))
    assert run("verify", str(saved))[0] == 1
    code, out, _ = run("doctor")
    assert f"ok  the index in {shared.settings.store.partition(':')[0]}" in out
