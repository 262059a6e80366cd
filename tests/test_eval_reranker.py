"""Training the reranker, with a network of a few numbers."""

import hashlib
import json
import math
import random

import pytest
import torch
from eval_loader import load
from safetensors.torch import load_file
from training import clock, small_bert, squad1

from rag.reranker import Reranker

groups = load("groups")
scoring = load("scorer")
training = load("train_reranker")
PAIRS = [
    ("when was it", ("in 1911 .", "port vale")),
    ("who planned the line", ("the docks .", "")),
    ("who", ("line line line line line line", "port " * 90)),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_bert(tmp_path_factory.mktemp("base"))


@pytest.fixture
def scorer(base):
    torch.manual_seed(2)
    made = scoring.Scorer(base, "cpu")
    torch.nn.init.normal_(made.head.weight)
    return made


def test_score_depends_neither_on_order_nor_on_what_else_is_read(scorer, monkeypatch):
    together = scorer.score(PAIRS)
    assert len({round(logit, 4) for logit in together}) == 3
    assert scorer.score(PAIRS[::-1]) == pytest.approx(together[::-1], abs=1e-5)
    monkeypatch.setattr(scorer.words, "_at_once", 1)
    monkeypatch.setattr(scoring, "CHUNK", 2)
    assert scorer.score(PAIRS) == pytest.approx(together, abs=1e-5)
    assert scorer.score([]) == []


def test_saved_weights_are_the_products_and_pinned(scorer, base, tmp_path):
    path = tmp_path / "weights.safetensors"
    scorer.save(path)
    told = (tmp_path / "weights.safetensors.sha256").read_text()
    assert told == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  weights.safetensors\n"
    saved = load_file(path)
    assert {value.dtype for value in saved.values()} == {torch.float16}
    assert {name.partition(".")[0] for name in saved} == {"encoder", "head"}
    product = Reranker(base, path, threads=1)
    for question, pair in PAIRS:
        assert product.score(question, [pair]) == pytest.approx(
            scorer.score([(question, pair)]), abs=0.02
        )
    again = scoring.Scorer(base, "cpu")
    again.start(path)
    assert again.score(PAIRS) == pytest.approx(scorer.score(PAIRS), abs=0.02)


def test_meanings_are_unit_vectors_in_the_order_of_the_texts(base):
    meanings = scoring.Meanings(base, "cpu")
    texts = ["the docks were planned in port vale", "who", "in 1911"]
    found = meanings(texts)
    assert found.norm(dim=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    alone = torch.cat([meanings([text]) for text in texts])
    assert torch.allclose(found, alone, atol=1e-5)


def test_loss_is_minus_the_log_probability_of_what_answers_or_of_none():
    logits = torch.tensor([1.0, 0.0, 2.0, -1.0, 3.0])
    total = 1 + math.exp(1) + 1 + math.exp(2)
    answered = -math.log((math.exp(1) + 1) / total)
    unanswered = -math.log(1 / (1 + math.exp(-1) + math.exp(3)))
    told = training.group_loss(logits, [3, 2], [2, 0])
    assert told.item() == pytest.approx((answered + unanswered) / 2, abs=1e-5)


def test_look_alikes_weigh_thrice_and_covid_questions_of_many_sentences_nothing(tmp_path):
    (one,) = squad1(tmp_path)

    def like(source, gold=(0,), held_out=False):
        asked = groups.Asked("?", (), range(1), gold, ("a",), one.asked[0].nearness)
        return groups.Article("T", source, held_out, one.pairs, one.names, (asked,))

    others = [like(groups.SQUAD2), like(groups.COVID), like(groups.COVID, (0, 1, 2, 3)),
              like(groups.COVID, ()), like(groups.SQUAD2, held_out=True)]  # fmt: skip
    found = [article for article, _ in training.lessons([one, *others])]
    assert [found.count(article) for article in (one, *others)] == [3, 3, 3, 0, 0, 0]


def test_every_question_is_drawn_once_before_any_comes_again(tmp_path, scorer, monkeypatch):
    found = training.lessons(squad1(tmp_path))
    drawn = []
    real = training.drawn_group
    monkeypatch.setattr(
        training, "drawn_group", lambda *given: drawn.append(given[1].text) or real(*given)
    )
    steps = iter(training.Steps(found, scorer.words, 3, 1))
    step = next(steps)
    assert sorted(drawn) == sorted(asked.text for _, asked in found)
    assert sum(step.sizes) == sum(len(batch.rows) for batch in step.batches)
    next(steps)
    assert sorted(drawn[3:]) == sorted(drawn[:3])


def test_training_teaches_what_it_is_shown_and_leaves_the_embeddings(tmp_path, scorer, monkeypatch):
    monkeypatch.setattr(training, "time", clock(40))
    found = [lesson for lesson in training.lessons(squad1(tmp_path)) if lesson[1].text[0] == "W"]
    words = scorer.network.embeddings.word_embeddings.weight.clone()

    def loss():
        drawn = [
            groups.drawn_group(*lesson, random.Random(n)) for n in range(9) for lesson in found
        ]
        pairs = [(g.question, pair) for g in drawn for pair in (*g.positives, *g.negatives)]
        sizes = [len(g.positives) + len(g.negatives) for g in drawn]
        logits = torch.tensor(scorer.score(pairs))
        return training.group_loss(logits, sizes, [len(g.positives) for g in drawn]).item()

    before = loss()
    taken = training.train(scorer, training.Steps(found, scorer.words, 4, 1), 1, 3e-3)
    assert 30 <= taken <= 40
    assert loss() < before - 0.3
    assert torch.equal(scorer.network.embeddings.word_embeddings.weight, words)


def test_measure_is_the_rank_of_the_best_answer_and_the_auc_of_the_best_logit():
    class Fixed:
        def score(self, pairs):
            return [float(sentence) for _, (sentence, _) in pairs]

    def group(good, bad):
        good, bad = (tuple((str(n), "") for n in each) for each in (good, bad))
        return groups.Group("?", good, bad)

    given = [group([3, 1], [2]), group([0], [1, 4]), group([], [2, 1]), group([], [])]
    rank, area = training.measured(Fixed(), given)
    assert rank == pytest.approx((1 + 1 / 3) / 2)
    assert area == pytest.approx(1.0)  # 3 and 4 above 2
    assert math.isnan(training.measured(Fixed(), given[:2])[1])


def test_command_trains_and_saves(base, tmp_path, monkeypatch):
    article = {"title": "A", "context": "In 1911 . It was .", "question": "When?"}
    rows = [
        {**article, "answerable": True, "answers": [{"text": "1911", "start": 3}]},
        {**article, "answerable": False, "answers": []},
    ]
    (tmp_path / "squad2.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name in ("covidqa_questions.jsonl", "covidqa_articles.jsonl"):
        (tmp_path / name).write_text("")
    squad1(tmp_path)
    for kind in ("index", "data"):
        for part in ("noun", "verb", "adj"):
            (tmp_path / f"{kind}.{part}").write_text("")
    monkeypatch.setattr(load("train_options"), "locate", lambda *_: base)
    monkeypatch.setattr(training, "GROUPS", 2)
    monkeypatch.setattr(training, "time", clock(3))
    out = tmp_path / "out.safetensors"
    told = ["train", "--data", tmp_path, "--squad1", tmp_path / "train.json", "--out", out,
            "--wordnet", tmp_path, "--minutes", "1", "--device", "cpu"]  # fmt: skip
    monkeypatch.setattr("sys.argv", [str(word) for word in told])
    training.main()
    assert out.is_file()


def test_part_of_the_data_needs_what_was_retold(tmp_path, monkeypatch, capsys):
    told = ["train", "--data", tmp_path, "--squad1", tmp_path, "--out", tmp_path, "--part", "3"]
    monkeypatch.setattr("sys.argv", [str(word) for word in told])
    with pytest.raises(SystemExit):
        training.main()
    assert "add --retold FILE" in capsys.readouterr().err
