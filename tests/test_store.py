"""Stores: search by inner product, small and large, and late interaction of token vectors."""

import numpy as np
import pytest

from rag.errors import IndexDamaged, SettingsError
from rag.store import coded as codes
from rag.store import create_vectors, kind_of_store, open_vectors
from rag.store.coded import CodedStore
from rag.store.faiss import FILE, FaissStore
from rag.store.rows import Rows
from rag.store.tokens import BOUNDS, VECTORS, TokenVectors

ROWS = np.array([[1, 0], [0.6, 0.8], [0, 1], [0.8, 0.6]], dtype=np.float32)
EAST = np.array([1, 0], dtype=np.float32)


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def saved(folder, vectors, monkeypatch=None):
    """Save vectors, as those of a large index where there is a patch that says what is small."""
    if monkeypatch:
        monkeypatch.setattr("rag.store.SMALL", len(vectors) - 1)
    store = create_vectors(folder, vectors.shape[1], len(vectors))
    for vector in vectors:
        store.add(vector[None, :])
    store.save(folder)
    return open_vectors(folder)


@pytest.fixture(params=["made", "saved"])
def store(request, tmp_path):
    if request.param == "saved":
        return saved(tmp_path, ROWS)
    made = FaissStore.create(2)
    made.add(ROWS[:3])
    made.add(ROWS[3:])
    return made


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


# A large index


MANY, WIDE, K = 3000, 128, 10


@pytest.fixture(scope="module")
def crowd():
    """Unit vectors, each between two of 60 directions as a text is between topics, and queries."""
    chance = np.random.default_rng(1)
    ends = chance.normal(size=(60, WIDE))
    one, other = chance.integers(60, size=(2, MANY + 50))
    near = ends[one] + ends[other] + chance.normal(size=(MANY + 50, WIDE)) / 2
    unit = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    return unit[:MANY], unit[MANY:]


@pytest.fixture
def large(crowd, tmp_path, monkeypatch):
    monkeypatch.setattr(codes, "SCANNED", 100)
    opened = saved(tmp_path, crowd[0], monkeypatch)
    yield opened
    opened.close()


def exact(vectors, query, allowed):
    scores = vectors[allowed] @ query
    return [int(row) for row in allowed[np.lexsort((allowed, -scores))][:K]]


def found(store, query, allowed):
    return [row for row, _ in store.search(query, K, allowed)]


def recall(store, crowd, allowed):
    """Share of the exact best that the store finds, over all queries."""
    vectors, queries = crowd
    every = np.arange(len(vectors)) if allowed is None else allowed
    pairs = [(set(found(store, q, allowed)), set(exact(vectors, q, every))) for q in queries]
    return np.mean([len(one & other) / len(other) for one, other in pairs])


def test_large_index_finds_nearly_all_of_the_exact_best(large, crowd):
    assert isinstance(large, CodedStore)
    assert large.kind == "pq32x4fs"
    assert recall(large, crowd, None) >= 0.97


def test_scores_of_a_large_index_are_exact_cosines_best_first(large, crowd):
    vectors, queries = crowd
    best = large.search(queries[0], K, None)
    scores = [score for _, score in best]
    assert scores == sorted(scores, reverse=True)
    assert scores == pytest.approx([float(vectors[row] @ queries[0]) for row, _ in best])


def test_what_the_codes_miss_is_seen_where_none_are_spare(large, crowd, monkeypatch):
    monkeypatch.setattr(codes, "SPARE", 1)
    monkeypatch.setattr(codes, "LEAST", 1)
    assert recall(large, crowd, None) < 0.9


@pytest.mark.parametrize("many", [1, 5, 10, 100, 101, 400, 1500, MANY])
def test_filter_gives_as_many_as_are_wanted_and_the_right_ones(large, crowd, many):
    allowed = np.sort(np.random.default_rng(many).choice(MANY, many, replace=False))
    for query in crowd[1]:
        rows = found(large, query, allowed)
        assert len(set(rows)) == min(K, many)
        assert set(rows) <= set(allowed.tolist())
    assert recall(large, crowd, allowed) >= (1.0 if many <= 100 else 0.97)


def test_filter_that_allows_only_what_is_far_away_gives_all_that_is_wanted(large, crowd):
    vectors, queries = crowd
    for query in queries[:10]:
        allowed = np.sort(np.argsort(vectors @ query)[:150])  # the least near
        assert len(found(large, query, allowed)) == K


def test_two_builds_of_a_large_index_find_the_same(large, crowd, tmp_path, monkeypatch):
    (tmp_path / "again").mkdir()
    again = saved(tmp_path / "again", crowd[0], monkeypatch)
    for query in crowd[1]:
        assert again.search(query, K, None) == large.search(query, K, None)
    again.close()


@pytest.mark.parametrize("name", [codes.FILE, codes.EXACT])
@pytest.mark.parametrize("keep", [None, 0, 40, -1])
def test_missing_or_short_file_of_a_large_index_is_damaged(
    crowd, tmp_path, monkeypatch, name, keep
):
    saved(tmp_path, crowd[0], monkeypatch).close()
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if keep is not None:
        (tmp_path / name).write_bytes(data[:keep])
    with pytest.raises(IndexDamaged, match="run `rag index`"):
        CodedStore.open(tmp_path)


def test_rows_lie_as_numpy_would_write_them(tmp_path):
    table = np.arange(60, dtype=np.float32).reshape(20, 3)
    rows = Rows.create(tmp_path / "a.npy", "<f4", 3)
    rows.append(table[:7])
    assert rows.span(5, 7).tolist() == table[5:7].tolist()  # read while it is written
    rows.append(table[7:])
    rows.close()
    np.save(tmp_path / "b.npy", table)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    rows = Rows.open(tmp_path / "a.npy")
    for numbers in ([], [4], [0, 1, 2], [19, 3, 4, 3], list(range(20))):
        assert rows.take(np.array(numbers, dtype=np.int64)).tolist() == table[numbers].tolist()
    rows.close()


# Token vectors


TOKENS = [
    np.array([[1, 0], [0, 1]], dtype=np.float32),
    np.empty((0, 2), dtype=np.float32),
    np.array([[0.5, 0.25]], dtype=np.float32),  # exact in 16 bits
]


def write_tokens(folder, texts, dimension, *, coded=False):
    made = TokenVectors.create(folder, dimension, coded=coded)
    for text in texts:
        made.append(text)
    made.save()


@pytest.fixture
def tokens(tmp_path):
    write_tokens(tmp_path, TOKENS, 2)
    opened = TokenVectors.open(tmp_path, 2)
    yield opened
    opened.close()


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
    opened = TokenVectors.open(tmp_path, 3)
    assert opened.maxsim(np.ones((1, 3), dtype=np.float32), []) == []
    opened.close()


@pytest.mark.parametrize("name", [VECTORS, BOUNDS])
@pytest.mark.parametrize("keep", [None, 0, 20, -1])
def test_missing_or_short_token_file_is_damaged(tmp_path, name, keep):
    write_tokens(tmp_path, TOKENS, 2)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if keep is not None:
        (tmp_path / name).write_bytes(data[:keep])
    with pytest.raises(IndexDamaged, match="run `rag index`"):
        TokenVectors.open(tmp_path, 2)


def test_pickled_token_file_is_never_loaded(tmp_path):
    write_tokens(tmp_path, TOKENS, 2)
    np.save(tmp_path / VECTORS, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(IndexDamaged):
        TokenVectors.open(tmp_path, 2)


@pytest.fixture
def coded(tmp_path):
    """Token vectors of eight texts, in 64 dimensions, kept whole and as codes."""
    drawn = np.random.default_rng(0).normal(size=(8, 6, 64)).astype(np.float32)
    texts = drawn / np.linalg.norm(drawn, axis=2, keepdims=True)
    write_tokens(tmp_path, texts, 64, coded=True)
    opened = TokenVectors.open(tmp_path, 64)
    yield texts, opened
    opened.close()


def test_codes_take_a_quarter_of_the_room_and_stay_near(coded, tmp_path):
    texts, tokens = coded
    assert np.load(tmp_path / VECTORS).shape == (48, 32)  # 64 numbers of four bits
    for row, text in enumerate(texts):
        cosines = (tokens.get(row) * text).sum(axis=1) / np.linalg.norm(tokens.get(row), axis=1)
        assert cosines.min() > 0.98
        same = tokens.maxsim(text, range(8))
        assert same.index(max(same)) == row


def test_codes_that_are_read_and_written_again_stay_as_they_are(coded, tmp_path):
    _, tokens = coded
    (tmp_path / "again").mkdir()
    write_tokens(tmp_path / "again", [tokens.get(row) for row in range(8)], 64, coded=True)
    for name in (VECTORS, BOUNDS):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_dimension_that_fills_no_whole_bytes_is_coded_too(tmp_path):
    one = np.full((1, 3), 3**-0.5, dtype=np.float32)
    write_tokens(tmp_path, [one, one[:0], -one], 3, coded=True)
    tokens = TokenVectors.open(tmp_path, 3)
    assert [tokens.get(row).shape for row in range(3)] == [(1, 3), (0, 3), (1, 3)]
    assert tokens.get(0) == pytest.approx(one, abs=0.05)
    assert tokens.get(2) == pytest.approx(-one, abs=0.05)
    tokens.close()
