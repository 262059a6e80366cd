"""Retrieval: three rankings fused, days respected, offsets exact, LangChain's contract kept."""

import asyncio
import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes import encode

from rag.calibration import Blend, Calibration, Gate
from rag.index import open_index
from rag.indexer import build_index
from rag.retriever import HEADING_CHARS, RANKINGS, QuotableRetriever, Retriever, fuse, hit_row

GATE = Gate({"best": 1.0}, 0.0, 0.5)
FILES = {
    "a.txt": "Army talks. Peace.",  # rows 0 and 1
    "b.txt": "Army border.",  # row 2
    "c.txt": "Army army talks.",  # row 3, without a date
    "articles.toml": '["a.txt"]\ntitle = "A"\ndate = 2025-12-01\n["b.txt"]\ndate = 2025-12-19\n',
}


class FakeReranker:
    """Likes what it is told to like."""

    def __init__(self, **logits: float) -> None:
        self.logits = logits
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []

    def score(self, question, passages):
        self.asked.append((question, list(passages)))
        return [self.logits.get(text.split()[-1].strip("."), -1.0) for text, _ in passages]


@pytest.fixture
def index(settings, sources, embedder):
    build_index([sources(FILES)], settings, embedder.open)
    opened = open_index(settings)
    yield opened
    opened.close()


@pytest.fixture
def retriever(index, embedder, settings):
    return Retriever(index, embedder, None, settings)


def texts(hits) -> list[str]:
    return [hit.sentence.text for hit in hits]


@pytest.mark.parametrize(
    ("rankings", "weights", "expected"),
    [
        ({}, {}, []),
        ({"a": [7]}, {"a": 1.0}, [(7, 1 / 11)]),
        (
            {"a": [1, 2], "b": [2, 1]},
            {"a": 1, "b": 1},
            [(1, 1 / 11 + 1 / 12), (2, 1 / 11 + 1 / 12)],
        ),
        ({"a": [1, 2], "b": [2]}, {"a": 1, "b": 1}, [(2, 1 / 12 + 1 / 11), (1, 1 / 11)]),
        (
            {"a": [1, 2], "b": [2, 1]},
            {"a": 3, "b": 1},
            [(1, 3 / 11 + 1 / 12), (2, 3 / 12 + 1 / 11)],
        ),
        ({"a": [5], "b": [3]}, {"a": 1, "b": 1}, [(3, 1 / 11), (5, 1 / 11)]),
    ],
)
def test_fusion_is_weighted_reciprocal_rank(rankings, weights, expected):
    found = fuse(rankings, weights, 10)
    assert [row for row, _ in found] == [row for row, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected])


def test_search_fuses_the_three_rankings(retriever, monkeypatch):
    assert set(RANKINGS) == {"meaning", "tokens", "words"}
    monkeypatch.setattr("rag.retriever.RANKINGS", {"meaning": 1.0, "tokens": 2.0, "words": 1.0})
    # Cosines with "army talks": 1, 3/sqrt(10), 1/2, 0; MaxSim: 1, 1, 1/2, 0; BM25: 0.48, 0.46, 0.16
    hits = retriever.search("army talks", 10)
    assert texts(hits) == ["Army talks.", "Army army talks.", "Army border.", "Peace."]
    assert [hit.score for hit in hits] == pytest.approx([4 / 11, 4 / 12, 4 / 13, 3 / 14])
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert [hit.relevance for hit in hits] == [None] * 4


def test_k_limits_what_is_given(retriever):
    assert texts(retriever.search("army talks", 2)) == ["Army talks.", "Army army talks."]


def test_every_hit_is_cut_exactly_out_of_its_article(retriever):
    for hit in retriever.search("army talks", 10):
        assert hit.article.text[hit.sentence.start : hit.sentence.end] == hit.sentence.text


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (datetime.date(2025, 11, 30), []),
        (datetime.date(2025, 12, 1), ["Army talks.", "Peace."]),
        (datetime.date(2025, 12, 18), ["Army talks.", "Peace."]),
        (datetime.date(2025, 12, 19), ["Army talks.", "Army border.", "Peace."]),
        (None, ["Army talks.", "Army army talks.", "Army border.", "Peace."]),
    ],
)
def test_as_of_leaves_out_later_and_undated_articles(retriever, as_of, expected):
    assert texts(retriever.search("army talks", 10, as_of)) == expected


@pytest.mark.parametrize(
    ("names", "as_of", "expected"),
    [
        ([], None, []),
        ({"a.txt", "gone.txt"}, None, ["Army talks.", "Peace."]),
        (("c.txt", "b.txt"), None, ["Army army talks.", "Army border."]),
        (("c.txt", "b.txt"), datetime.date(2025, 12, 31), ["Army border."]),
    ],
)
def test_only_named_articles_are_searched(retriever, names, as_of, expected):
    assert texts(retriever.search("army talks", 10, as_of, names)) == expected


def test_query_without_any_known_word_still_gives_ranked_sentences(retriever):
    assert len(retriever.search("elephants", 10)) == 4


def test_reranker_reads_text_and_what_stands_before_and_decides_with_the_fused_score(
    index, embedder, settings, monkeypatch
):
    monkeypatch.setattr(
        "rag.reranker.calibration",
        lambda: Calibration(Blend(1.0, 1.0, 0.0, 0.0, 0.0, 0.0), GATE, GATE),
    )
    reranker = FakeReranker(Peace=5.0, border=0.0)
    hits = Retriever(index, embedder, reranker, settings).search("army talks", 10)
    assert texts(hits) == ["Peace.", "Army border.", "Army talks.", "Army army talks."]
    assert [hit.relevance for hit in hits] == [5.0, 0.0, -1.0, -1.0]
    # the best fused score, 4/11, counts as one logit
    assert hits[0].score == pytest.approx(5 + (3 / 14) / (4 / 11))
    assert hits[2].score == pytest.approx(-1 + 1)
    question, pairs = reranker.asked[0]
    assert question == "army talks"
    assert ("Peace.", "A . Army talks.") in pairs
    assert ("Army talks.", "A") in pairs


@pytest.mark.parametrize(("k", "read"), [(1, 2), (3, 3)])
def test_reranker_reads_the_first_of_the_fused_sentences_and_what_follows_them(
    index, embedder, settings, k, read
):
    reranker = FakeReranker()
    few = settings.model_copy(update={"reranked": 2})
    fused = Retriever(index, embedder, None, few).search("army talks Ada", 10)
    assert len(fused) == 4
    hits = Retriever(index, embedder, reranker, few).search("army talks Ada", k)
    _, pairs = reranker.asked[0]
    behind = ["Peace."]  # it follows "Army talks."
    assert [text for text, _ in pairs] == [hit.sentence.text for hit in fused[:read]] + behind
    assert len(hits) == k


def test_sentence_behind_a_good_one_is_read_and_has_a_share_of_what_it_has(
    sources, embedder, settings, monkeypatch
):
    pinned = Calibration(Blend(1.0, 1.0, 0.0, 0.0, 0.5, 0.0), GATE, GATE)
    monkeypatch.setattr("rag.reranker.calibration", lambda: pinned)
    news = {"a.txt": "Army talks. He won. She lost. It rained.", "b.txt": "Army border. He hid."}
    build_index([sources(news)], settings, embedder.open)
    index = open_index(settings)
    few = settings.model_copy(update={"reranked": 1, "candidates": 1})
    reranker = FakeReranker(won=3.0, hid=4.0)
    hits = Retriever(index, embedder, reranker, few).search("army talks", 1)
    assert [text for text, _ in reranker.asked[0][1]] == ["Army talks.", "He won."]
    assert texts(hits) == ["He won."]
    assert hits[0].score == pytest.approx(3.0 + 0.5 * 1.0)
    assert hits[0].relevance == 3.0
    first = Retriever(index, embedder, None, few).search("army talks", 1)
    assert texts(first) == ["Army talks."]
    index.close()


def test_long_heading_leaves_room_for_the_sentence_before(sources, embedder, settings):
    long = "Heading " * 20
    told = f'["a.txt"]\ntitle = "{long}"\ndate = 2025-12-01\n'
    build_index([sources({"a.txt": "Army talks. He won.", "articles.toml": told})], settings,
                embedder.open)  # fmt: skip
    index = open_index(settings)
    reranker = FakeReranker()
    Retriever(index, embedder, reranker, settings).search("army talks", 2)
    contexts = dict(reranker.asked[0][1])
    assert contexts["Army talks."] == long[:HEADING_CHARS]
    assert contexts["He won."] == f"{long[:HEADING_CHARS]} . Army talks."
    index.close()


def test_query_encoder_ranks_and_the_embedder_tells_nearness(index, embedder, settings):
    class Peaceful:
        def encode(self, query):
            assert query == "army talks"
            return encode("peace")

    plain = Retriever(index, embedder, None, settings).search("army talks", 10)
    read = Retriever(index, embedder, None, settings, Peaceful()).search("army talks", 10)
    before, after = ({h.sentence.text: h.score for h in hits}["Peace."] for hits in (plain, read))
    assert before == pytest.approx((1 + 2) / 14)
    assert after == pytest.approx((1 + 2) / 11)  # first by meaning and by tokens
    assert {(hit.sentence.text, hit.nearness) for hit in read} == {
        (hit.sentence.text, hit.nearness) for hit in plain
    }


def test_search_without_reranking_never_asks_it(index, embedder, settings):
    reranker = FakeReranker()
    hits = Retriever(index, embedder, reranker, settings).search("army", 4, rerank=False)
    assert len(hits) == 4
    assert reranker.asked == []


def test_hit_row_is_the_contracts_row(retriever):
    row = hit_row(retriever.search("army talks", 1)[0])
    assert row == {
        "rank": 1,
        "article": "a.txt",
        "title": "A",
        "date": "2025-12-01",
        "start": 0,
        "end": 11,
        "text": "Army talks.",
        "score": pytest.approx(4 / 11),
    }


def test_langchain_gets_documents_with_offsets(retriever):
    documents = QuotableRetriever(search=retriever, k=3).invoke("army talks")
    assert [d.page_content for d in documents] == [
        "Army talks.",
        "Army army talks.",
        "Army border.",
    ]
    assert documents[1].metadata == hit_row(retriever.search("army talks", 2)[1])
    for document in documents:
        told = document.metadata
        assert FILES[told["article"]][told["start"] : told["end"]] == document.page_content


def test_langchain_retriever_keeps_its_settings_and_composes(retriever):
    day = datetime.date(2025, 12, 1)
    chain = QuotableRetriever(search=retriever, k=1, as_of=day) | (
        lambda docs: docs[0].page_content
    )
    assert chain.invoke("peace") == "Peace."
    assert chain.batch(["peace", "army"]) == ["Peace.", "Army talks."]


def test_langchain_retriever_works_in_async_code(retriever):
    documents = asyncio.run(QuotableRetriever(search=retriever, k=1).ainvoke("peace"))
    assert [d.page_content for d in documents] == ["Peace."]


def test_many_threads_get_the_same_hits(retriever):
    queries = ["army talks", "peace", "border"] * 20
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda q: texts(retriever.search(q, 2)), queries))
    assert found == [texts(retriever.search(q, 2)) for q in queries]
