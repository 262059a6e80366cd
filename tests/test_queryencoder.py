"""The query encoder: how its additions are read, and the real weights."""

import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from rag.embedder import open_embedder
from rag.errors import ModelDamaged
from rag.models import locate
from rag.queryencoder import (
    WEIGHTS,
    QueryEncoder,
    open_query_encoder,
    query_encoder_identity,
)
from rag.settings import Settings
from rag.shipped import PINNED, shipped_sha256
from rag.store.tokens import maxsim

QUERY = "How many soldiers may the country keep?"
# The same in other words, beside what shares words with the question and does not answer it
ASKED = [
    ("When did the factory shut its doors?", "The plant was closed in 1987.",
     "The doors of the factory were painted green."),
    ("Who leads the firm now?", "Ms. Okafor took over as chief executive in March.",
     "The firm leads its rivals in sales of tyres."),
    ("How many people lost their lives?", "The collapse killed 43 workers.",
     "Many people live near the valley."),
    ("Why was the match put off?", "Heavy rain forced organisers to postpone the game.",
     "The match was watched by forty thousand people."),
]  # fmt: skip


@pytest.fixture(scope="module")
def base(home):
    return locate("minilm", home)


@pytest.fixture(scope="module")
def embedder(home):
    return open_embedder(Settings(home=home))


@pytest.fixture(scope="module")
def queries(home):
    return open_query_encoder(Settings(home=home))


def test_other_embedders_read_queries_themselves(tmp_path):
    assert open_query_encoder(Settings(home=tmp_path, embedder="mpnet")) is None
    assert query_encoder_identity(Settings(embedder="mpnet")) is None
    assert query_encoder_identity(Settings()) == shipped_sha256(WEIGHTS)


@pytest.mark.real
def test_real_query_is_a_unit_vector_and_its_tokens_count_one_on_average(queries, embedder):
    read = queries.encode(QUERY)
    (plain,) = embedder.encode([QUERY])
    assert np.linalg.norm(read.vector) == pytest.approx(1, abs=1e-5)
    assert read.tokens.shape == plain.tokens.shape
    counts = np.linalg.norm(read.tokens, axis=1)
    assert counts.mean() == pytest.approx(1, abs=1e-5)
    assert counts.max() > 1.2 * counts.min()
    assert 0.3 < read.vector @ plain.vector < 0.999


@pytest.mark.real
def test_real_nothing_added_is_the_embedder(base, embedder, tmp_path):
    nothing = {name: np.zeros_like(value) for name, value in load_file(WEIGHTS).items()}
    save_file(nothing, tmp_path / "nothing.safetensors")
    read = QueryEncoder(base, tmp_path / "nothing.safetensors").encode(QUERY)
    (plain,) = embedder.encode([QUERY])
    assert read.vector == pytest.approx(plain.vector, abs=1e-5)
    assert read.tokens == pytest.approx(plain.tokens, abs=1e-4)


@pytest.mark.real
def test_real_other_words_come_nearer_than_before(queries, embedder):
    def lead(read, answer, aside):
        (good,), (bad,) = embedder.encode([answer]), embedder.encode([aside])
        return maxsim(read.tokens, good.tokens) - maxsim(read.tokens, bad.tokens)

    gains = [
        lead(queries.encode(question), answer, aside)
        - lead(next(iter(embedder.encode([question]))), answer, aside)
        for question, answer, aside in ASKED
    ]
    assert np.mean(gains) > 0.02


@pytest.mark.real
@pytest.mark.parametrize("query", ["", "?", "why " * 2_000, "İstanbul 🙂 \x00"])
def test_real_odd_queries_are_read_like_the_embedder_reads_them(queries, embedder, query):
    read, (plain,) = queries.encode(query), embedder.encode([query])
    assert read.vector.shape == plain.vector.shape
    assert read.tokens.shape == plain.tokens.shape
    assert np.isfinite(read.tokens).all()


@pytest.mark.real
@pytest.mark.parametrize("how", ["empty", "half", "narrow matrix lost", "of another network"])
def test_damaged_weights_are_refused_in_one_line(base, tmp_path, how):
    weights = tmp_path / WEIGHTS.name
    state = load_file(WEIGHTS)
    if how == "narrow matrix lost":
        state.pop(next(name for name in state if name.endswith(".b")))
    elif how == "of another network":
        state = {name.replace("layer.0", "layer.11"): value for name, value in state.items()}
    save_file(state, weights)
    if how in ("empty", "half"):
        weights.write_bytes(weights.read_bytes()[: {"empty": 0, "half": 9_000}[how]])
    with pytest.raises(ModelDamaged, match=r"queryencoder\.safetensors cannot be loaded") as caught:
        QueryEncoder(base, weights)
    assert "\n" not in str(caught.value)


def test_one_flipped_bit_is_found_by_the_sha256_beside_the_weights(tmp_path):
    weights = tmp_path / WEIGHTS.name
    shutil.copy(WEIGHTS.with_name(WEIGHTS.name + PINNED), tmp_path)
    data = bytearray(WEIGHTS.read_bytes())
    data[-1000] ^= 4
    weights.write_bytes(bytes(data))
    with pytest.raises(ModelDamaged, match=r"its sha256 is \w{64}, .* says \w{64}"):
        QueryEncoder(tmp_path, weights)
