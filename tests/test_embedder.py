"""The embedder: found, named by its bytes, and with the real weights."""

import hashlib

import numpy as np
import pytest

from rag.embedder import embedder_folder, fingerprint, open_embedder
from rag.errors import ModelDamaged, ModelMissing
from rag.models import MODELS
from rag.settings import Settings


@pytest.fixture
def own(settings, tmp_path):
    """Settings with an embedder folder of the user's own."""
    folder = tmp_path / "own"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling" / "config.json").write_bytes(b"{}")
    (folder / "weights").write_bytes(b"weights")
    return settings.model_copy(update={"embedder": str(folder)})


def test_named_embedder_is_its_pinned_checksum_whether_fetched_or_not(settings):
    assert fingerprint(settings) == MODELS["minilm"].sha256


def test_own_folder_is_named_by_all_its_bytes(own, tmp_path):
    parts = b"".join(hashlib.sha256(data).digest() for data in (b"{}", b"weights"))
    assert fingerprint(own) == hashlib.sha256(parts).hexdigest()
    (tmp_path / "own" / "weights").write_bytes(b"Weights")
    assert fingerprint(own) != hashlib.sha256(parts).hexdigest()


def test_own_folder_is_used_as_it_is(own, tmp_path):
    assert embedder_folder(own) == tmp_path / "own"


@pytest.mark.parametrize("name", ["nowhere", "local"])
def test_unknown_embedder_is_refused_by_name(settings, name):
    wrong = settings.model_copy(update={"embedder": name})
    with pytest.raises(ModelMissing, match=f"no embedder '{name}'"):
        open_embedder(wrong)


def test_embedder_that_is_not_fetched_says_what_to_do(settings):
    with pytest.raises(ModelMissing, match="rag models pull"):
        open_embedder(settings)


@pytest.mark.real
def test_folder_that_holds_no_model_is_damaged(own):
    with pytest.raises(ModelDamaged, match="cannot be loaded"):
        open_embedder(own)


@pytest.fixture(scope="module")
def minilm(home):
    return open_embedder(Settings(home=home, threads=1))


@pytest.mark.real
def test_real_vectors_have_length_one_and_one_token_vector_a_word_piece(minilm):
    (encoded,) = minilm.encode(["The army stays."])
    assert encoded.vector.shape == (minilm.dimension,) == (384,)
    assert np.linalg.norm(encoded.vector) == pytest.approx(1.0, abs=1e-5)
    assert encoded.tokens.shape == (4, 384)  # the, army, stays, full stop
    assert np.linalg.norm(encoded.tokens, axis=1) == pytest.approx(np.ones(4), abs=1e-5)


@pytest.mark.real
def test_real_vectors_bring_like_meanings_together(minilm):
    peace, truce, cake = (
        e.vector
        for e in minilm.encode(
            ["They agreed on peace.", "A truce was signed.", "Bake the cake for an hour."]
        )
    )
    assert peace @ truce > peace @ cake + 0.2


@pytest.mark.real
def test_real_texts_come_back_in_order_over_batches(minilm):
    texts = [f"Number {n} " + "is long " * (n % 7) for n in range(70)]
    vectors = [e.vector for e in minilm.encode(texts)]
    assert len(vectors) == 70
    for n in (0, 5, 63, 64, 69):
        (alone,) = minilm.encode([texts[n]])
        assert alone.vector == pytest.approx(vectors[n], abs=1e-4)
    assert list(minilm.encode([])) == []


@pytest.mark.real
def test_real_model_takes_empty_and_endless_text(minilm):
    empty, endless = minilm.encode(["", "peace " * 5_000])
    assert empty.tokens.shape == (0, 384)
    assert 0 < len(endless.tokens) < 600
    assert np.isfinite(empty.vector).all()
