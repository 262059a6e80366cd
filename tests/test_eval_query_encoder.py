"""Training the query encoder, with a network of a few numbers."""

import json
import math
import random
from dataclasses import replace

import pytest
import torch
from eval_loader import load
from training import clock, small_bert, squad1

from rag.embedder import BertEmbedder
from rag.queryencoder import QueryEncoder
from rag.store.tokens import maxsim

groups = load("groups")
networks = load("query_network")
training = load("train_query_encoder")
QUERIES = ["when was it", "who planned the line", "the docks in port vale"]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = small_bert(tmp_path_factory.mktemp("base"))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')
    return folder


@pytest.fixture
def articles(tmp_path):
    return squad1(tmp_path)


@pytest.fixture
def embedder(base):
    return BertEmbedder(base, "small", 1)


@pytest.fixture
def pages(embedder):
    return lambda article: networks.read_page(article, embedder).on("cpu")


@pytest.fixture
def asker(base):
    torch.manual_seed(2)
    return networks.Asker(base, "cpu")


def trained(asker):
    for each in asker.added.values():
        torch.nn.init.normal_(each.adapter.b, std=0.3)
    torch.nn.init.normal_(asker.heed.weight)
    return asker


def compared(read, article, embedder):
    """MaxSim and cosine of queries and an article's sentences, as the product compares them."""
    sentences = list(embedder.encode([sentence for sentence, _ in article.pairs]))
    found = [
        [(maxsim(query.tokens, s.tokens), float(query.vector @ s.vector)) for s in sentences]
        for query in read
    ]
    return torch.tensor(found).unbind(-1)


def test_untrained_it_is_the_embedder(asker, articles, embedder, pages):
    want = compared(embedder.encode(QUERIES), articles[0], embedder)
    for mine, theirs in zip(asker(QUERIES, pages(articles[0])), want, strict=True):
        assert mine.shape == (3, len(articles[0].pairs))
        assert torch.allclose(mine, theirs, atol=2e-3)  # pages are kept as halves


def test_product_reads_queries_with_what_was_saved(
    base, asker, articles, embedder, pages, tmp_path
):
    before = asker(QUERIES, pages(articles[0]))
    after = trained(asker)(QUERIES, pages(articles[0]))
    assert (after[0] - before[0]).abs().max() > 0.05
    asker.save(tmp_path / "w.safetensors")
    product = QueryEncoder(base, tmp_path / "w.safetensors")
    want = compared([product.encode(query) for query in QUERIES], articles[0], embedder)
    for mine, theirs in zip(after, want, strict=True):
        assert torch.allclose(mine, theirs, atol=0.01)


def test_lesson_marks_what_answers_and_what_may(articles):
    (article,) = articles
    asked = article.asked[1]  # "When was it?": 1911, in the first sentence
    twice = replace(article, pairs=(*article.pairs, ("He left in 1911.", "")))
    given = training.lesson(twice, [asked], ["When?"])
    assert given.good.nonzero().tolist() == [[0, asked.gold[0]]]
    assert given.doubtful.nonzero().tolist() == [[0, len(article.pairs)]]


def test_searched_paragraphs_leave_no_doubt(articles):
    asked = replace(articles[0].asked[0], gold=(1,), place=range(3))
    assert groups.may_answer(articles[0], asked, 0)
    assert not groups.may_answer(replace(articles[0], source=groups.SQUAD2), asked, 0)


def test_every_question_once_before_any_comes_again_and_no_held_out_one(articles, monkeypatch):
    monkeypatch.setattr(training, "QUESTIONS", 2)
    apart = replace(articles[0], held_out=True, title="Apart")
    empty = replace(articles[0], asked=(), title="Empty")
    drawn = training.lessons([apart, *articles, empty], random.Random(1))
    first, second, third, fourth = (next(drawn) for _ in range(4))
    every = sorted(asked.text for asked in articles[0].asked)
    assert sorted(first.queries + second.queries) == every == sorted(third.queries + fourth.queries)
    assert {given.article.title for given in (first, second, third, fourth)} == {"Port_Vale"}
    assert list(training.lessons([apart, empty], random.Random(1))) == []


def test_two_of_three_questions_come_retold(articles):
    asked = replace(articles[0].asked[0], retold=("What did she open?",))
    dice = random.Random(3)
    told = [training._worded(asked, dice) for _ in range(1000)]
    assert 600 < told.count("What did she open?") < 700
    assert training._worded(replace(asked, retold=()), dice) == asked.text


def test_loss_is_minus_the_log_probability_of_what_answers(articles):
    scores = torch.tensor([[1.0, 0.0, 5.0], [2.0, 2.0, -1.0]])
    good = torch.tensor([[True, False, False], [True, True, False]])
    doubtful = torch.tensor([[False, False, True], [False, False, False]])
    given = training.Lesson(articles[0], [], good, doubtful)
    first = -math.log(math.exp(1) / (math.exp(1) + 1))
    second = -math.log(2 * math.exp(2) / (2 * math.exp(2) + math.exp(-1)))
    assert training.loss_of(scores, given).item() == pytest.approx((first + second) / 2, abs=1e-5)


def test_training_teaches_what_it_is_shown_and_leaves_the_matrices(
    asker, articles, pages, monkeypatch
):
    monkeypatch.setattr(training, "time", clock(60))
    monkeypatch.setattr(training, "WARM_UP", 5)
    monkeypatch.setattr(training, "RATE", 0.02)
    whole = training.lesson(
        articles[0], articles[0].asked, [each.text.lower() for each in articles[0].asked]
    )
    matrix = next(iter(asker.added.values())).matrix.weight.clone()

    def loss():
        with torch.no_grad():
            late, cosine = asker(whole.queries, pages(articles[0]))
        return training.loss_of(10 * (2 * late + cosine), whole).item()

    before = loss()
    drawn = training.lessons(articles, random.Random(1))
    lower = (each._replace(queries=[q.lower() for q in each.queries]) for each in drawn)
    assert 50 <= training.train(asker, lower, pages, 1) <= 60
    assert loss() < before - 0.3
    assert torch.equal(next(iter(asker.added.values())).matrix.weight, matrix)


def test_measure_is_the_rank_among_all_sentences_of_held_out_articles(articles):
    asked = [replace(each, retold=("told",) if each.text[0] == "T" else ()) for each in
             (replace(articles[0].asked[0], text="The?", gold=(0, 2)),
              replace(articles[0].asked[1], text="When?", gold=(1,)))]  # fmt: skip
    apart = replace(articles[0], held_out=True, asked=tuple(asked))
    cosines = torch.tensor([[0.1, 0.9, 0.5], [0.1, 0.9, 0.5], [0.9, 0.1, 0.5]])

    def fixed(queries, page):
        assert queries == ["The?", "When?", "told"]
        return cosines, -cosines

    found = training.measured(fixed, [*articles, apart], lambda article: None)
    assert found == pytest.approx(
        {"asked, tokens": 0.75, "asked, meaning": (1 + 1 / 3) / 2,
         "retold, tokens": 1.0, "retold, meaning": 1 / 2}
    )  # fmt: skip


def test_command_trains_and_saves(base, tmp_path, monkeypatch, embedder):
    rows = [{"title": title, "context": "In 1911 . It was .", "question": "When?",
             "answerable": True, "answers": [{"text": "1911", "start": 3}]}
            for title in ("A", "B")]  # fmt: skip
    (tmp_path / "squad2.jsonl").write_text("\n".join(map(json.dumps, rows)))
    told = {"title": "B", "question": "When?", "retold": ["What year?"]}
    (tmp_path / "retold.jsonl").write_text(json.dumps(told))
    squad1(tmp_path)
    for kind in ("index", "data"):
        for part in ("noun", "verb", "adj"):
            (tmp_path / f"{kind}.{part}").write_text("")
    monkeypatch.setattr(load("train_options"), "locate", lambda *_: base)
    monkeypatch.setattr(training, "open_embedder", lambda _: embedder)
    monkeypatch.setattr(training, "time", clock(3))
    out = tmp_path / "out.safetensors"
    said = ["train", "--data", tmp_path, "--squad1", tmp_path / "train.json", "--out", out,
            "--wordnet", tmp_path, "--minutes", "1", "--device", "cpu", "--part", "1",
            "--retold", tmp_path / "retold.jsonl"]  # fmt: skip
    monkeypatch.setattr("sys.argv", [str(word) for word in said])
    training.main()
    assert QueryEncoder(base, out).encode("when was it").vector.shape == (16,)
