"""The word index against BM25 worked out in the test, and its widening of questions."""

import math
from collections import Counter

import numpy as np
import pytest

from rag.errors import IndexDamaged
from rag.wordindex import FOLDER, VOCABULARY, WordIndex

TEXTS = [
    "Army army border.",
    "Border talks.",
    "Miami.",
    "Peace talks talks talks.",
    "🙂",  # a passage without any word
]
# The terms of TEXTS; a passage without any word counts as one term that no question has.
ROWS = [["armi", "armi", "border"], ["border", "talk"], ["miami"], ["peac"] + ["talk"] * 3, [""]]


def bm25(question: list[str], row: int) -> float:
    """Lucene's BM25 with k1 = 1.2 and b = 0.75, in plain Python."""
    mean = sum(map(len, ROWS)) / len(ROWS)  # 11 terms in 5 rows
    score = 0.0
    for term in question:
        having = sum(term in terms for terms in ROWS)
        tf = Counter(ROWS[row])[term]
        idf = math.log(1 + (len(ROWS) - having + 0.5) / (having + 0.5))
        score += idf * tf / (tf + 1.2 * (1 - 0.75 + 0.75 * len(ROWS[row]) / mean))
    return score


@pytest.fixture(params=["built", "saved"])
def index(request, tmp_path):
    made = WordIndex.build(TEXTS)
    if request.param == "built":
        return made
    made.save(tmp_path)
    return WordIndex.open(tmp_path)


def test_score_worked_out_by_hand(index):
    # one of 5 rows has "miami": idf = ln(1 + 4.5/1.5) = ln 4; length 1 of mean 2.2
    by_hand = math.log(4) / (1 + 1.2 * (0.25 + 0.75 / 2.2))
    assert index.search("Miami", 5) == [(2, pytest.approx(by_hand, rel=1e-5))]


@pytest.mark.parametrize(
    ("question", "terms", "order"),
    [
        ("border talks", ["border", "talk"], [1, 3, 0]),
        ("talk", ["talk"], [3, 1]),
        ("the armies at the border", ["armi", "border"], [0, 1]),
        ("talks talks", ["talk", "talk"], [3, 1]),
    ],
)
def test_scores_and_order_are_plain_bm25(index, question, terms, order):
    expected = {row: bm25(terms, row) for row in order}
    assert order == sorted(order, key=lambda row: -expected[row])
    found = index.search(question, 10)
    assert [row for row, _ in found] == order
    assert dict(found) == pytest.approx(expected, rel=1e-5)


def test_rows_sharing_no_word_are_left_out(index):
    assert [row for row, _ in index.search("Miami", 10)] == [2]
    assert index.search("elephants", 10) == []
    assert index.search("what did they say", 10) == []
    assert index.search("", 10) == []
    assert index.search("🙂", 10) == []


def test_k_and_allowed_rows_limit_the_search(index):
    assert [row for row, _ in index.search("border talks", 2)] == [1, 3]
    allowed = np.array([0, 3], dtype=np.int64)
    assert [row for row, _ in index.search("border talks", 5, allowed)] == [3, 0]
    assert index.search("Miami", 5, allowed) == []
    assert index.search("Miami", 5, np.array([], dtype=np.int64)) == []


def test_equal_scores_come_in_the_order_of_rows():
    index = WordIndex.build(["Talks.", "Talks begin.", "Talks begin Monday."] * 50)
    found = [row for row, _ in index.search("talks", 150)]
    assert found == [*range(0, 150, 3), *range(1, 150, 3), *range(2, 150, 3)]  # shorter is better


def test_question_is_widened_to_the_corpus_spellings():
    index = WordIndex.build(["Talks in Kyiv.", "Zelenskiy spoke.", "The kiev of old."])
    assert index.widen("Kiev") == ["kiev", "kyiv"]
    assert [row for row, _ in index.search("Zelensky", 5)] == [1]
    assert {row for row, _ in index.search("Kiev", 5)} == {0, 2}


def test_word_once_seen_in_lower_case_is_no_name():
    index = WordIndex.build(["Baltic trade", "The baltac", "Baltac and Boltec here"])
    assert index.widen("Baltec") == ["baltec", "baltic", "boltec"]


def test_typo_is_mended_and_a_known_word_left_alone():
    index = WordIndex.build(["Negotiations went on.", "A border opened."])
    assert [row for row, _ in index.search("negotations", 5)] == [0]
    assert index.widen("negotiations") == ["negoti"]


@pytest.mark.parametrize("gone", [VOCABULARY, f"{FOLDER}/data.csc.index.npy"])
def test_word_index_that_is_not_whole_is_damaged(tmp_path, gone):
    WordIndex.build(TEXTS).save(tmp_path)
    (tmp_path / gone).unlink()
    with pytest.raises(IndexDamaged, match="run `rag index`"):
        WordIndex.open(tmp_path)


@pytest.mark.parametrize("data", ["", "{", "{}", "[]"])
def test_vocabulary_of_another_shape_is_damaged(tmp_path, data):
    WordIndex.build(TEXTS).save(tmp_path)
    (tmp_path / VOCABULARY).write_text(data, "utf-8")
    with pytest.raises(IndexDamaged):
        WordIndex.open(tmp_path)


@pytest.mark.parametrize(
    ("question", "strange"),
    [
        ("Are there talks about an army?", []),
        ("Do elephants talk in Miami or Miami Beach?", ["Beach"]),  # a name
        ("Do elephants dance in Miami?", ["elephants", "dance"]),  # most of it
        ("Peace talks of 90 in Miami?", ["90"]),
        ("What of armies and borders?", []),  # other forms of its words
        ("Elephants, elephants!", ["Elephants", "elephants"]),
        ("Is it so?", []),
        ("", []),
    ],
)
def test_strangers_are_names_and_where_most_is_strange_all_words_that_no_passage_has(
    index, question, strange
):
    assert index.strangers(question) == strange
