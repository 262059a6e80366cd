"""The network on ONNX Runtime: the same numbers as torch, and other networks refused."""

import json
import shutil

import numpy as np
import pytest
from tokenizers import Tokenizer

from rag.bert import Bert, Shape
from rag.embedder import BertEmbedder, SentenceEmbedder, is_plain_bert, open_embedder
from rag.models import locate
from rag.reranker import CONTEXT_CHARS, WEIGHTS, Reranker
from rag.settings import Settings

SAID = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 8,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "vocab_size": 30,
    "max_position_embeddings": 12,
    "layer_norm_eps": 1e-12,
}
TEXTS = [
    "",
    "The army stays.",
    "Zelenskyy met Witkoff in Miami, and \u201cthorny issues\u201d remain: 800,000 men.",
    "\u0130stanbul \u4e2d\u6587 \U0001f600 na\u00efve",
    "peace talks " * 400,
]
QUESTION = "How many soldiers may the country keep?"
PASSAGES = [
    ("The country may keep 600,000 soldiers under the plan.", "The plan"),
    ("The minister drank coffee.", "Lobby " * 80),
    ("", ""),
]


@pytest.mark.parametrize(
    "other",
    [
        {"model_type": "roberta"},
        {"model_type": "mpnet", "hidden_act": "relu"},
        {"hidden_act": "relu"},
        {"position_embedding_type": "relative_key"},
    ],
)
def test_another_network_is_refused(tmp_path, other):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(SAID))
    assert Shape.read(config).places == 12
    config.write_text(json.dumps({**SAID, **other}))
    with pytest.raises(ValueError, match="another network"):
        Shape.read(config)


def test_folder_without_a_network_is_no_plain_bert(tmp_path):
    assert not is_plain_bert(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    assert not is_plain_bert(tmp_path)


@pytest.fixture(scope="module")
def minilm(home):
    return locate("minilm", home)


@pytest.mark.real
@pytest.mark.parametrize("heads", [1, 4])
def test_real_graph_gives_what_torch_gives_for_any_size(tmp_path, minilm, heads):
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    shutil.copy(minilm / "tokenizer.json", tmp_path)
    torch.manual_seed(7)
    config = BertConfig(**{**SAID, "vocab_size": 30_522, "num_attention_heads": heads})
    network = BertModel(config).eval()
    network.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(str(minilm))
    fed = tokenizer(TEXTS[:3], padding=True, truncation=True, max_length=12, return_tensors="pt")
    with torch.inference_mode():
        want = network(**fed).last_hidden_state.numpy()
    got, lengths = Bert(tmp_path, 12, 1).read(TEXTS[:3])
    assert lengths == fed["attention_mask"].sum(dim=1).tolist() == [2, 6, 12]
    for mine, theirs, length in zip(got, want, lengths, strict=True):
        assert mine[:length] == pytest.approx(theirs[:length], abs=1e-4)


@pytest.mark.real
@pytest.mark.parametrize("heads", [1, 4])
def test_real_mpnet_graph_gives_what_torch_gives(tmp_path, minilm, heads):
    import torch
    from transformers import MPNetConfig, MPNetModel

    shutil.copy(minilm / "tokenizer.json", tmp_path)
    torch.manual_seed(7)
    said = {**SAID, "vocab_size": 30_522, "num_attention_heads": heads}
    config = MPNetConfig(**{**said, "model_type": "mpnet", "max_position_embeddings": 402})
    network = MPNetModel(config).eval()
    network.save_pretrained(tmp_path)
    texts = [*TEXTS[:3], TEXTS[4]]  # one long enough for all distances
    got, lengths = Bert(tmp_path, 400, 1).read(texts)
    tokenizer = Tokenizer.from_file(str(minilm / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(400)
    for text, mine, length in zip(texts, got, lengths, strict=True):
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.inference_mode():
            want = network(ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0].numpy()
        assert mine[:length] == pytest.approx(want, abs=1e-4)


@pytest.mark.real
def test_real_vectors_are_those_of_sentence_transformers(home, minilm):
    settings = Settings(home=home, threads=2)
    ours = open_embedder(settings)
    assert isinstance(ours, BertEmbedder)
    theirs = SentenceEmbedder(minilm, "minilm", 2)
    assert ours.dimension == theirs.dimension == 384
    for mine, want in zip(ours.encode(TEXTS), theirs.encode(TEXTS), strict=True):
        assert mine.vector == pytest.approx(want.vector, abs=1e-5)
        assert mine.tokens.shape == want.tokens.shape
        assert mine.tokens == pytest.approx(want.tokens, abs=1e-4)


@pytest.mark.real
def test_real_folder_with_another_pooling_is_left_to_sentence_transformers(home, minilm, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(minilm, own)
    pooling = own / "1_Pooling" / "config.json"
    said = json.loads(pooling.read_text())
    said.update(pooling_mode_mean_tokens=False, pooling_mode_cls_token=True)
    pooling.write_text(json.dumps(said))
    opened = open_embedder(Settings(home=home, embedder=str(own)))
    assert isinstance(opened, SentenceEmbedder)
    (by_opening,) = opened.encode(["The army stays."])
    (by_mean,) = open_embedder(Settings(home=home)).encode(["The army stays."])
    assert by_opening.vector @ by_mean.vector < 0.99


@pytest.mark.real
def test_real_reranker_gives_what_torch_gives(minilm):
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModel, AutoTokenizer

    state = {name: value.float() for name, value in load_file(WEIGHTS).items()}
    weight, bias = state.pop("head.weight"), state.pop("head.bias")
    network = AutoModel.from_pretrained(str(minilm)).eval()
    network.load_state_dict(state, strict=False)
    fed = AutoTokenizer.from_pretrained(str(minilm))(
        [QUESTION] * 3,
        [f"{text} | {context[:CONTEXT_CHARS]}" for text, context in PASSAGES],
        truncation="longest_first",
        max_length=128,
        padding=True,
        return_tensors="pt",
    )
    with torch.inference_mode():
        want = (network(**fed).last_hidden_state[:, 0] @ weight.T + bias)[:, 0].numpy()
    assert Reranker(minilm).score(QUESTION, PASSAGES) == pytest.approx(want.tolist(), abs=1e-4)


@pytest.mark.real
def test_real_text_means_the_same_whatever_stands_beside_it(minilm):
    network = Bert(minilm, 256, 1)
    (alone,), (length,) = network.read([TEXTS[1]])
    beside, _ = network.read(TEXTS)
    assert np.abs(beside[1][:length] - alone[:length]).max() < 1e-4
