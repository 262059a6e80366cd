"""The real articles with the real embedder: found, and updated by exactly what changed."""

import json
import shutil
from contextlib import closing

import pytest

from rag.embedder import open_embedder
from rag.index import open_index
from rag.indexer import Change, build_index
from rag.models import locate
from rag.pipeline import Rag
from rag.reranker import open_reranker
from rag.retriever import Retriever
from rag.settings import Settings, resource

pytestmark = pytest.mark.real

QUESTION = "How large an army did the EU suggest Ukraine keep?"


@pytest.fixture(scope="module")
def place(home, tmp_path_factory):
    """Settings whose index holds a copy of the seeds, and the copy."""
    folder = tmp_path_factory.mktemp("real")
    seeds = folder / "seeds"
    shutil.copytree(resource("seeds"), seeds)
    settings = Settings(home=home, index=folder / "index", threads=1)
    build_index([seeds], settings, open_embedder)
    return settings, seeds


@pytest.fixture
def own(place, tmp_path):
    """The same, to be changed."""
    settings, seeds = place
    shutil.copytree(seeds, tmp_path / "seeds")
    shutil.copytree(settings.index, tmp_path / "index")
    return settings.model_copy(update={"index": tmp_path / "index"}), tmp_path / "seeds"


@pytest.fixture(scope="module")
def retriever(place):
    settings, _ = place
    index = open_index(settings)
    reranker = open_reranker(settings)
    yield Retriever(index, open_embedder(settings), reranker, settings)
    index.close()


def test_sentence_with_the_number_is_found_first(retriever):
    hits = retriever.search(QUESTION, 3)
    assert "800,000" in hits[0].sentence.text
    assert hits[0].article.text[hits[0].sentence.start : hits[0].sentence.end] == (
        hits[0].sentence.text
    )


def test_other_spellings_and_typos_find_the_same(retriever):
    def best(query: str) -> set[tuple[str, int]]:
        hits = retriever.search(query, 8, rerank=False)
        return {(hit.article.name, hit.sentence.number) for hit in hits}

    first = best("What did Zelensky say in Kyiv about the Donbas?")
    second = best("What did Zelenskyy say in Kiev about the Donbass?")
    assert len(first & second) >= 5


def test_every_passage_is_an_exact_cut_of_an_article_as_given(place):
    settings, seeds = place
    index = open_index(settings)
    rows = index.texts.rows()
    assert len(index.articles) == 5
    assert 100 < len(rows) <= 159
    for row in rows:
        article, passage = index.texts.passage(row)
        sentence = article.sentences[passage.sentence]
        given = (seeds / article.name).read_bytes().decode("utf-8")
        assert given[sentence.start : sentence.end] == sentence.text
        assert " ".join(sentence.text.split()) == passage.text
    index.close()


def test_unchanged_seeds_open_no_model(own):
    settings, _ = own
    copied = settings.index.with_name("seeds")

    def refuse(_: Settings) -> None:
        pytest.fail("the model was opened")

    report = build_index([copied], settings, refuse)
    assert (report.articles, report.embedded) == (Change(unchanged=5), 0)


def test_one_edited_one_added_one_removed_are_exactly_those(own):
    settings, seeds = own
    edited, removed, *_ = sorted(seeds.glob("*.txt"))
    gone = removed.name
    removed.unlink()
    with edited.open("a", encoding="utf-8") as file:
        file.write("\n\nThe harbour of Atlantis was reopened on Sunday.\n")
    (seeds / "new.txt").write_text("A parrot was elected mayor of Atlantis.\n", "utf-8")
    report = build_index([seeds], settings, open_embedder)
    assert report.articles == Change(added=1, changed=1, removed=1, unchanged=3)
    assert report.passages.added == report.embedded == 2
    index = open_index(settings)
    hits = Retriever(index, open_embedder(settings), None, settings).search("mayor of Atlantis", 2)
    assert hits[0].article.name == "new.txt"
    assert hits[1].article.name == edited.name
    assert gone not in [article.name for article in index.articles]
    index.close()


def test_another_embedder_finds_and_the_pinned_reranker_orders(home, tmp_path):
    folder = tmp_path / "other"
    shutil.copytree(locate("minilm", home), folder)
    shape = json.loads((folder / "config.json").read_text("utf-8"))
    shape.update(hidden_act="gelu_new", num_hidden_layers=5)  # no network of ours
    (folder / "config.json").write_text(json.dumps(shape), "utf-8")
    settings = Settings(
        home=home, index=tmp_path / "index", embedder=str(folder), llm="none", threads=1
    )
    build_index([resource("seeds")], settings, open_embedder)
    with closing(Rag.from_settings(settings)) as rag:
        answer = rag.ask(QUESTION)
    assert any("800,000" in citation.quote for citation in answer.citations)
