"""The gate: its probability by hand, and what a quotes-only answer shows."""

import math
from dataclasses import replace

import pytest
from fakes_llm import hits

from rag import gate
from rag.calibration import Blend, Calibration, Gate, calibration


def evidence(*logits: float | None):
    return hits(*(f"Sentence {n}." for n in range(len(logits))), logits=logits)


@pytest.fixture(autouse=True)
def pinned(monkeypatch):
    alone = Gate({"best": 1.0}, bias=0.0, threshold=0.5)
    asked = Gate({"best": 0.5, "model": 2.0}, bias=math.log(2), threshold=0.75)
    monkeypatch.setattr(
        gate,
        "calibration",
        lambda: Calibration(Blend(1.0, 4.0, 0.0, 0.0, 0.0, 0.0), alone, asked),
    )


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
    assert gate.answerability("Q?", evidence(*logits)) == pytest.approx(probability, abs=1e-8)


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
    assert gate.answerability("Q?", evidence(*logits), odds) == pytest.approx(probability)


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
    assert gate.answerable("Q?", evidence(*logits), odds) is good


@pytest.mark.parametrize("odds", [None, -9.0])
def test_words_that_the_question_quotes_are_shown_however_unlikely_an_answer(odds):
    asked = "Who wants “an army of 800,000 men”?"
    assert gate.answerable(asked, hits("No.", ARMY, logits=[-9.0, -9.0]), odds)
    assert not gate.answerable(asked, hits("No.", "An army of men.", logits=[-9.0, -9.0]), odds)
    assert not gate.answerable("Who wants men?", hits("No.", ARMY, logits=[-9.0, -9.0]), odds)


@pytest.mark.parametrize(
    ("logits", "odds", "doubt"),
    [
        ([0.0], None, False),  # 1/2
        ([-0.001], None, True),
        ([None], None, False),
        ([], None, True),
        ([0.0], -0.35, True),  # 2 e^-0.7 to 1
        ([0.0], -0.34, False),
    ],
)
def test_what_is_less_likely_than_not_an_answer_is_doubted(logits, odds, doubt):
    assert gate.doubtful("Q?", evidence(*logits), odds) is doubt


def test_numbers_that_were_fitted_make_sense():
    for fitted in (calibration().quotes_gate, calibration().model_gate):
        assert 0 < fitted.threshold < 1
        assert fitted.weights.get("best", 0) >= 0
        assert fitted.weights["near"] > 0
        assert fitted.weights.keys() <= gate.witnesses("Q?", ()).keys()
        assert fitted.weights.get("lacks", 0) <= 0
    assert "model" not in calibration().quotes_gate.weights
    assert calibration().model_gate.weights["model"] > 0


ARMY = "The European Union wants an army of 800,000 men."


@pytest.mark.parametrize(
    ("question", "sentences", "heard"),
    [
        ("How many men does the Union want?", [ARMY], {"lacks": 0}),
        ("How many men?", ["The Union wants men."], {"lacks": 1}),
        ("How many men?", ["No.", "No.", "90 men.", "No."], {"lacks": 0}),
        ("How many men?", ["No.", "No.", "No.", "90 men."], {"lacks": 1}),
        ("Does Kyiv want an army?", [ARMY], {"lacks": 0, "best": 0, "near": 0}),
        ("When?", [], {"lacks": 1, "best": -math.inf, "near": 0, "model": 0}),
    ],
)
def test_witnesses_by_hand(question, sentences, heard):
    told = gate.witnesses(question, hits(*sentences, logits=[0.0] * len(sentences)))
    assert {name: told[name] for name in heard} == pytest.approx(heard)
    assert told.keys() == {"best", "near", "lacks", "model"}


def test_every_witness_weighs_as_it_was_told(monkeypatch):
    weights = {"best": 1.0, "lacks": -2.0, "model": 3.0}
    rule = Gate(weights, bias=-5.0, threshold=0.5)
    monkeypatch.setattr(
        gate,
        "calibration",
        lambda: Calibration(Blend(1.0, 4.0, 0.0, 0.0, 0.0, 0.0), rule, rule),
    )
    told = hits("The Union wants men.", logits=[0.5])
    score = 0.5 - 2.0 + 3.0 * 1.5 - 5.0
    assert gate.answerability("How many men?", told, 1.5) == pytest.approx(
        1 / (1 + math.exp(-score))
    )


LIKE, FAR = math.log(gate.SHARE), math.log(gate.ELSEWHERE)


def worth(logits, articles=""):
    """Ranks of what is quoted; ``articles`` has a letter for each sentence's (else one's)."""
    found = evidence(*logits)
    of = {letter: replace(found[0].article, name=letter) for letter in set(articles)}
    if found:
        of |= {"": found[0].article}
    placed = [
        replace(hit, article=of[articles[at] if articles else ""]) for at, hit in enumerate(found)
    ]
    return [hit.rank for hit in gate.worth_quoting(placed)]


@pytest.mark.parametrize(
    ("logits", "ranks"),
    [
        ([], []),
        ([-9.0], [1]),
        ([2.0, 2.0 + LIKE + 0.01, 2.0 + LIKE - 0.01], [1, 2]),
        ([0.0, -9.0, -0.1], [1, 3]),
        ([1.0] * 6, [1, 2, 3, 4, 5]),
        ([4.0, 0.0, 4.0], [1, 3]),
        ([None, None], [1]),
        ([-5.0, -5.0], [1, 2]),
    ],
)
def test_quotes_are_the_best_sentence_and_those_nearly_as_likely(logits, ranks):
    assert (gate.QUOTES, gate.SHARE) == (5, 0.02)
    assert worth(logits) == ranks


@pytest.mark.parametrize(
    ("logits", "articles", "ranks"),
    [
        ([2.0, 2.0 + FAR + 0.01, 2.0 + FAR - 0.01], "abc", [1, 2]),
        ([2.0, 2.0 + FAR + 0.01, 2.0 + FAR + 0.01], "abb", [1, 2]),  # only its best
        ([2.0, 2.0 + LIKE - 0.01, 0.0], "aab", [1, 3]),
        ([2.0, 2.0, 2.0, 1.9, 1.8, 1.0], "aaaaab", [1, 2, 3, 4, 5]),  # only where room is left
        ([2.0, 2.0, 2.0 + FAR + 0.1, 1.0], "aabc", [1, 2, 4, 3]),
        ([2.0, 1.9, 1.9, 1.9, 1.9, 1.9], "abcdef", [1, 2, 3, 4, 5]),
        ([None, None], "ab", [1]),
    ],
)
def test_another_articles_best_sentence_may_be_less_likely(logits, articles, ranks):
    assert gate.ELSEWHERE == 0.01
    assert worth(logits, articles) == ranks


@pytest.mark.parametrize(
    ("theirs", "ranks"),
    [("ynyn", [1, 3]), ("yyyy", [1, 2, 3, 4]), ("nyny", [1, 2, 3, 4]), ("nnnn", [1, 2, 3, 4])],
)
def test_beside_the_words_asked_for_nobody_elses_are_quoted(theirs, ranks):
    found = evidence(2.0, 2.0, 2.0, 2.0)
    marked = [replace(hit, theirs=y == "y") for hit, y in zip(found, theirs, strict=True)]
    assert [hit.rank for hit in gate.worth_quoting(marked)] == ranks


@pytest.mark.parametrize(
    ("question", "ranks"),
    [
        ("How many men are there?", [1, 2]),  # the third has no number, the fourth is unlikely
        ("Why are there men?", [1, 2, 3]),
    ],
)
def test_beside_an_answer_in_words_only_what_may_be_another_one_is_quoted(question, ranks):
    texts = ("There are 90 men.", "There are 80 men.", "There are men.", "There are 70 men.")
    found = hits(*texts, logits=[2.0, 1.9, 1.9, 2.0 + math.log(gate.BESIDE) - 0.1])
    assert [hit.rank for hit in gate.worth_adding(question, found)] == ranks
