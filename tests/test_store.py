"""Stores: exact search by inner product, and late interaction of token vectors."""

import numpy as np
import pytest

from rag.errors import IndexDamaged, SettingsError
from rag.store import CREATE, OPEN, kind_of_store
from rag.store.faiss import FILE, FaissStore
from rag.store.tokens import BOUNDS, VECTORS, TokenVectors, write_tokens

ROWS = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], dtype=np.float32)
EAST = np.array([1, 0], dtype=np.float32)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


@pytest.fixture(params=["made", "saved"])
def store(request, tmp_path):
    made = CREATE["faiss"](2)
    made.add(ROWS[:3])
    made.add(ROWS[3:])
    if request.param == "made":
        return made
    made.save(tmp_path)
    return OPEN["faiss"](tmp_path)


def test_search_gives_cosines_best_first(store):
    found = store.search(EAST, 3, None)
    assert [row for row, _ in found] == [0, 3, 1]
    assert [score for _, score in found] == pytest.approx([1.0, 0.8, 0.6])


def test_search_for_more_than_there_is_gives_all(store):
    assert [row for row, _ in store.search(EAST, 50, None)] == [0, 3, 1, 2]


def test_search_stays_within_the_allowed_rows(store):
    assert [row for row, _ in store.search(EAST, 50, rows(1, 2))] == [1, 2]
    assert [row for row, _ in store.search(EAST, 1, rows(1, 2))] == [1]
    assert store.search(EAST, 5, rows()) == []


def test_equal_scores_come_in_the_order_of_rows():
    store = FaissStore.create(2)
    store.add(ROWS[[2, 0, 2, 0]])
    assert [row for row, _ in store.search(EAST, 4, None)] == [1, 3, 0, 2]


def test_get_gives_vectors_back_bit_for_bit(store):
    assert store.get(rows(3, 0)).tolist() == ROWS[[3, 0]].tolist()
    assert store.get(rows()).shape == (0, 2)


def test_empty_store_finds_nothing():
    assert FaissStore.create(2).search(EAST, 5, None) == []


@pytest.mark.parametrize("keep", [None, 0, 10, 40])
def test_missing_or_short_vector_file_is_damaged(tmp_path, keep):
    store = FaissStore.create(2)
    store.add(ROWS)
    store.save(tmp_path)
    file = tmp_path / FILE
    data = file.read_bytes()
    file.unlink()
    if keep is not None:
        file.write_bytes(data[:keep])
    with pytest.raises(IndexDamaged, match="run `rag index`") as caught:
        FaissStore.open(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spec", ["", "elastic", "faiss:", "faiss:http://x", "FAISS"])
def test_unknown_store_is_refused_by_name(spec):
    with pytest.raises(SettingsError, match=f"unknown --store '{spec}'; this version has: faiss"):
        kind_of_store(spec)


def test_faiss_is_known():
    assert kind_of_store("faiss") == "faiss"
    assert CREATE.keys() == OPEN.keys()


TOKENS = [
    np.array([[1, 0], [0, 1]], dtype=np.float32),
    np.empty((0, 2), dtype=np.float32),
    np.array([[0.5, 0.25]], dtype=np.float32),  # exact in 16 bits
]


@pytest.fixture
def tokens(tmp_path):
    write_tokens(tmp_path, iter(TOKENS), 2)
    return TokenVectors(tmp_path)


def test_token_vectors_come_back_by_row(tokens):
    for row, expected in enumerate(TOKENS):
        found = tokens.get(row)
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        assert found.tolist() == expected.tolist()


def test_maxsim_is_the_mean_of_each_query_tokens_best_match(tokens):
    query = np.array([[1, 0], [0.8, 0.6]], dtype=np.float32)
    # row 0: best 1.0 and 0.8; row 2: 0.5 and 0.8 * 0.5 + 0.6 * 0.25 = 0.55; row 1 has no tokens
    assert tokens.maxsim(query, [2, 0, 1]) == pytest.approx([0.525, 0.9, 0.0])
    assert tokens.maxsim(query, []) == []


def test_query_without_tokens_scores_nothing(tokens):
    assert tokens.maxsim(np.empty((0, 2), dtype=np.float32), [0, 1]) == [0.0, 0.0]


def test_no_texts_at_all_can_be_written(tmp_path):
    write_tokens(tmp_path, [], 3)
    assert np.load(tmp_path / VECTORS).shape == (0, 3)
    assert TokenVectors(tmp_path).maxsim(np.ones((1, 3), dtype=np.float32), []) == []


@pytest.mark.parametrize("name", [VECTORS, BOUNDS])
@pytest.mark.parametrize("keep", [None, 0, 20, -1])
def test_missing_or_short_token_file_is_damaged(tmp_path, name, keep):
    write_tokens(tmp_path, TOKENS, 2)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if keep is not None:
        (tmp_path / name).write_bytes(data[:keep])
    with pytest.raises(IndexDamaged, match="run `rag index`"):
        TokenVectors(tmp_path)


def test_pickled_token_file_is_never_loaded(tmp_path):
    write_tokens(tmp_path, TOKENS, 2)
    np.save(tmp_path / VECTORS, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(IndexDamaged):
        TokenVectors(tmp_path)
