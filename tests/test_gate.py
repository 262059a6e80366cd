"""The gate: its probability by hand, and what a quotes-only answer shows."""

import math

import pytest
from fakes_llm import hits

from rag import gate
from rag.calibration import Calibration, Gate, calibration


def evidence(*logits: float | None):
    return hits(*(f"Sentence {n}." for n in range(len(logits))), logits=logits)


@pytest.fixture(autouse=True)
def pinned(monkeypatch):
    alone = Gate(reranker=1.0, model=0.0, bias=0.0, threshold=0.5)
    asked = Gate(reranker=0.5, model=2.0, bias=math.log(2), threshold=0.75)
    monkeypatch.setattr(gate, "calibration", lambda: Calibration(4.0, alone, asked))


@pytest.mark.parametrize(
    ("logits", "probability"),
    [
        ([0.0], 1 / 2),
        ([0.0, 0.0, 0.0], 1 / 2),
        ([math.log(3)], 3 / 4),
        ([math.log(1 / 2), math.log(2)], 2 / 3),
        ([-math.log(9)], 1 / 10),
        ([-1000.0], 0.0),
        ([1000.0], 1.0),
        ([], 0.0),
    ],
)
def test_without_a_model_it_is_the_best_sentence_against_none_of_these(logits, probability):
    assert gate.answerability(evidence(*logits)) == pytest.approx(probability, abs=1e-8)


@pytest.mark.parametrize(
    ("logits", "odds", "probability"),
    [
        ([0.0], 0.0, 2 / 3),
        ([math.log(4)], 0.0, 4 / 5),
        ([math.log(4)], math.log(1 / 2), 1 / 2),
        ([math.log(4), math.log(2)], math.log(3), 36 / 37),
    ],
)
def test_with_a_model_its_odds_of_yes_are_weighed_in(logits, odds, probability):
    assert gate.answerability(evidence(*logits), odds) == pytest.approx(probability)


@pytest.mark.parametrize(
    ("logits", "odds", "good"),
    [
        ([0.0], None, True),
        ([-0.001], None, False),
        ([-1.0, -1.0], None, False),
        ([-0.6, 0.6], None, True),
        ([None], None, True),
        ([-9.0, None], None, True),
        ([], None, False),
        ([], 9.0, False),
        ([0.0], 0.21, True),
        ([0.0], 0.20, False),
    ],
)
def test_answer_is_tried_from_the_threshold_on(logits, odds, good):
    assert gate.answerable(evidence(*logits), odds) is good


def test_numbers_that_were_fitted_make_sense():
    for fitted in (calibration().quotes_gate, calibration().model_gate):
        assert 0 < fitted.threshold < 1
        assert fitted.reranker >= 0
    assert calibration().quotes_gate.model == 0
    assert calibration().model_gate.model > 0


LIKE = math.log(gate.SHARE)


@pytest.mark.parametrize(
    ("logits", "ranks"),
    [
        ([], []),
        ([-9.0], [1]),
        ([2.0, 2.0 + LIKE + 0.01, 2.0 + LIKE - 0.01], [1, 2]),
        ([0.0, -9.0, -0.1], [1, 3]),
        ([1.0, 1.0, 1.0, 1.0], [1, 2, 3]),
        ([0.0, 3.0, 0.0], [1, 2]),
        ([None, None], [1]),
        ([-5.0, -5.0], [1, 2]),
    ],
)
def test_quotes_are_the_best_sentence_and_those_nearly_as_likely(logits, ranks):
    assert (gate.QUOTES, gate.SHARE) == (3, 0.3)
    assert [hit.rank for hit in gate.worth_quoting(evidence(*logits))] == ranks
