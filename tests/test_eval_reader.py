"""Training the local model's adapter, with a network of a few numbers in a GGUF file."""

import math
import random

import numpy as np
import pytest
import torch
from eval_loader import load
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, TokenType
from gguf.quants import dequantize, quantize
from tokenizers import pre_tokenizers
from training import clock

qwen = load("qwen")
reading = load("train_reader")
speaking = load("qwen_reader")
sets = load("evidence_sets")
WIDTH, LAYERS, HEADS, GROUPS, INNER = 32, 2, 4, 2, 64
WORDS = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "ye", "yes", "no", "Ġno"]
MARKS = ["<|im_start|>", "<|im_end|>"]


def shapes():
    """The matrices as torch has them: rows are what comes out."""
    told = {"token_embd.weight": (len(WORDS + MARKS), WIDTH), "output_norm.weight": (WIDTH,)}
    told["output.weight"] = told["token_embd.weight"]
    narrow = WIDTH // HEADS * GROUPS
    for layer in range(LAYERS):
        for name, shape in {
            "attn_q": (WIDTH, WIDTH), "attn_k": (narrow, WIDTH), "attn_v": (narrow, WIDTH),
            "attn_output": (WIDTH, WIDTH), "ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH),
            "ffn_down": (WIDTH, INNER), "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,),
        }.items():  # fmt: skip
            told[f"blk.{layer}.{name}.weight"] = shape
            if name in ("attn_q", "attn_k", "attn_v"):
                told[f"blk.{layer}.{name}.bias"] = shape[:1]
    return told


@pytest.fixture(scope="module")
def weights():
    made = np.random.default_rng(3)
    return {n: made.normal(0, 0.3, shape).astype(np.float32) for n, shape in shapes().items()}


@pytest.fixture(scope="module")
def path(tmp_path_factory, weights):
    """A GGUF file whose large matrices are quantised."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = GGUFWriter(path, "qwen2")
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10_000.0)
    writer.add_token_list([*WORDS, *MARKS])
    writer.add_token_merges(["y e", "ye s", "n o", "Ġ no"])
    writer.add_token_types([TokenType.NORMAL] * len(WORDS) + [TokenType.CONTROL] * len(MARKS))
    for name, values in weights.items():
        kind = GGMLQuantizationType.Q8_0
        if values.ndim == 2:
            writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def reader(path):
    torch.manual_seed(1)
    return speaking.Reader(*qwen.open_qwen(path, "cpu"))


@pytest.fixture
def adapted(reader):
    """The same with adapters that do something."""
    for adapter in reader.model.adapters.values():
        torch.nn.init.normal_(adapter.b, std=0.1)
    return reader


def read(model, *ids, cache=None):
    with torch.no_grad():
        return model(torch.tensor(ids), cache)


def test_network_is_qwen2_as_transformers_has_it(reader, weights):
    from transformers import Qwen2Config, Qwen2Model

    other = Qwen2Model(
        Qwen2Config(
            vocab_size=len(WORDS + MARKS), hidden_size=WIDTH, intermediate_size=INNER,
            num_hidden_layers=LAYERS, num_attention_heads=HEADS, num_key_value_heads=GROUPS,
            rms_norm_eps=1e-6, attn_implementation="eager",
        )
    ).eval()  # fmt: skip
    names = {
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "attn_norm": "input_layernorm",
        "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
    }  # fmt: skip
    state = {}
    for name, values in weights.items():
        whole = values
        if values.ndim == 2:
            kind = GGMLQuantizationType.Q8_0
            whole = dequantize(quantize(values, kind), kind)
        if name.startswith("blk."):
            _, layer, part, end = name.split(".")
            state[f"layers.{layer}.{names[part]}.{end}"] = torch.tensor(whole)
    state["embed_tokens.weight"] = torch.tensor(
        dequantize(quantize(weights["token_embd.weight"], kind), kind)
    )
    state["norm.weight"] = torch.tensor(weights["output_norm.weight"])
    other.load_state_dict(state)
    ids = [list(range(5, 25)), list(range(40, 60))]
    with torch.no_grad():
        wanted = other(torch.tensor(ids)).last_hidden_state
    assert torch.allclose(read(reader.model, *ids), wanted, atol=1e-4)


def test_adapters_change_nothing_until_they_are_trained_or_where_they_are_off(reader):
    ids = list(range(30))
    fresh = read(reader.model, ids)
    reader.model.adapted = False
    plain = read(reader.model, ids)
    assert torch.equal(fresh, plain)
    for adapter in reader.model.adapters.values():
        torch.nn.init.normal_(adapter.b)
    assert torch.equal(read(reader.model, ids), plain)
    reader.model.adapted = True
    assert not torch.allclose(read(reader.model, ids), plain, atol=0.1)


def test_only_adapters_are_trained_and_each_adds_two_over_what_it_says(reader):
    model = reader.model
    assert len(list(model.parameters())) == 2 * len(qwen.TARGETS) * LAYERS
    adapter = model.adapters["0 attn_v"]
    torch.nn.init.normal_(adapter.b)
    given = torch.randn(1, WIDTH)
    wanted = given @ adapter.a.T @ adapter.b.T * qwen.ALPHA / qwen.RANK
    assert torch.allclose(adapter(given), wanted, atol=1e-4)


def test_writing_on_from_a_cache_is_reading_it_all_anew(adapted):
    model = adapted.model
    texts = [[3, 4, 5, 6, 7], [9, 8]]
    cache = qwen.Cache(LAYERS, torch.tensor([5, 2]), room=3)
    first = read(model, texts[0], [9, 8, 0, 0, 0], cache=cache)
    assert torch.allclose(first[1, :2], read(model, texts[1])[0], atol=1e-4)
    for token in (11, 12, 13):
        texts = [[*text, token] for text in texts]
        state = read(model, [token], [token], cache=cache)
        cache.ends = cache.ends + 1
        for row, text in enumerate(texts):
            assert torch.allclose(state[row, 0], read(model, text)[0, -1], atol=1e-4)


def test_adapter_file_has_the_names_and_shapes_that_llama_cpp_reads(adapted, tmp_path):
    path = tmp_path / "adapter.gguf"
    qwen.save_adapter(adapted.model, path)
    file = GGUFReader(path)
    told = {name: file.fields[name].contents() for name in file.fields}
    assert told["general.architecture"] == "qwen2"
    assert (told["general.type"], told["adapter.type"]) == ("adapter", "lora")
    assert told["adapter.lora.alpha"] == 16.0
    found = {tensor.name: tensor.data for tensor in file.tensors}
    assert len(found) == 2 * len(qwen.TARGETS) * LAYERS
    assert found["blk.1.ffn_down.weight.lora_a"].shape == (8, INNER)
    assert found["blk.1.ffn_down.weight.lora_b"].shape == (WIDTH, 8)
    assert found["blk.0.attn_v.weight.lora_b"].dtype == np.float16
    kept = adapted.model.adapters["0 attn_v"].b.detach().half().numpy()
    assert np.array_equal(found["blk.0.attn_v.weight.lora_b"], kept)


def test_tokenizer_has_the_files_numbers_and_its_marks(reader):
    text = "yes, ünd no<|im_end|>\n"
    (ids,) = reader.encode([text])
    assert ids[0] == WORDS.index("yes")
    assert WORDS.index("Ġno") in ids
    assert ids[-2] == len(WORDS) + 1
    assert (reader.yes, reader.no) == ([WORDS.index("yes")], [WORDS.index("no")])


def test_prompt_is_the_products_in_qwens_form():
    told = reading.prompt("gate", "[1] A {b}.", "Who?")
    assert told.startswith("<|im_start|>system\nYou answer")
    assert "<|im_end|>\n<|im_start|>user\n[1] A {b}.\n\nQuestion: Who?\n" in told
    assert told.endswith("yes or no only.<|im_end|>\n<|im_start|>assistant\n")


def test_evidence_is_numbered_and_often_dated_in_one_year():
    told = [reading.dated(["A.", "B."], random.Random(n)) for n in range(60)]
    assert 10 <= told.count("[1] A.\n[2] B.") <= 32
    for each in told:
        years = {line.rpartition("(")[2][:4] for line in each.split("\n") if "(" in line}
        assert len(years) <= 1


def test_odds_are_of_all_that_is_read_as_yes_against_all_that_is_read_as_no(adapted):
    prompts = adapted.encode(["a long prompt", "short"])
    found = adapted.odds(prompts)
    for each, ids in zip(found, prompts, strict=True):
        chance = adapted.model.logits(read(adapted.model, ids)[0, -1]).softmax(-1)
        yes = chance[WORDS.index("yes")]
        no = chance[WORDS.index("no")] + chance[WORDS.index("Ġno")]
        assert each == pytest.approx(math.log(yes / no), abs=1e-3)


def test_model_writes_the_likeliest_tokens_up_to_the_end_of_its_turn(adapted, monkeypatch):
    prompts = adapted.encode(["a long prompt", "short"])
    told = adapted.write(prompts, 6)
    for text, ids in zip(told, prompts, strict=True):
        wanted = list(ids)
        for _ in range(6):
            wanted.append(int(adapted.model.logits(read(adapted.model, wanted)[0, -1]).argmax()))
        end = len(WORDS) + 1
        said = wanted[len(ids) :]
        said = said[: said.index(end)] if end in said else said
        assert adapted.encode([text])[0] == said or "\ufffd" in text
    ends = torch.zeros_like(adapted.model._weights["output.weight"])
    state = read(adapted.model, prompts[0])[0, -1]
    ends[end] = state / state.norm()
    monkeypatch.setitem(adapted.model._weights, "output.weight", ends)
    assert adapted.write(prompts[:1], 6) == [""]


def test_warm_model_draws_among_the_likeliest_the_likelier_the_more_often():
    torch.manual_seed(2)
    logits = torch.zeros(400, 60)
    logits[:, 7], logits[:, 9] = 6.0, 5.0
    drawn = speaking._drawn(logits, 1.0)
    counts = drawn.bincount(minlength=60)
    assert counts[7] > counts[9] > counts[11]
    assert (counts > 0).sum() <= speaking.LIKELIEST
    assert (speaking._drawn(logits, 0.05) == 7).all()
    assert (speaking._drawn(logits, 0.0) == 7).all()


def test_packs_have_texts_of_like_lengths_and_no_more_tokens_than_allowed():
    lengths = [5, 1, 9, 5, 2, 30]
    found = speaking.packs(lengths, 10)
    assert sorted(i for pack in found for i in pack) == list(range(6))
    assert found == [[1, 4], [0, 3], [2], [5]]  # one too long for all stands alone
    assert speaking.packs([], 10) == []


def test_examples_come_once_before_any_comes_again():
    given = [([n] * (n % 5 + 1), [0]) for n in range(50)]
    packs = reading.endless(given, random.Random(1))
    first = []
    while len(first) < 50:
        first += next(packs)
    assert sorted(read[0] for read, _ in first) == list(range(50))


def test_loss_weighs_a_draft_as_two_verdicts(adapted):
    pack = [([1, 2, 3], [4]), ([5, 6], [7, 8, 9, 10])]

    def minus_log(text, at, token):
        return -float(adapted.model.logits(read(adapted.model, text)[0, at]).log_softmax(-1)[token])

    draft = [5, 6, 7, 8, 9, 10]
    parts = [minus_log(draft, at, draft[at + 1]) for at in range(1, 5)]
    wanted = (minus_log([1, 2, 3], 2, 4) + 2 * sum(parts) / 4) / 3
    assert reading.loss_of(adapted, pack).item() == pytest.approx(wanted, rel=1e-4)


def answered(question, *gold):
    return sets.EvidenceSet(question, ("Ann left.",), gold, ("Ann",), "squad1", False)


def test_training_teaches_yes_and_no(reader, monkeypatch):
    monkeypatch.setattr(reading, "time", clock(60))
    monkeypatch.setattr(reading, "RATE", 1e-2)
    given = [answered("Who left?", 1), answered("Who came?")]
    examples = reading.gate_examples(reader, given, ["[1] Ann left."] * 2)
    assert [said for _, said in examples] == [reader.yes, reader.no]
    before = reading.loss_of(reader, [*examples]).item()
    taken, seen = reading.train(reader, examples, 1)
    assert 50 <= taken <= 60
    assert seen == 2 * taken
    assert reading.loss_of(reader, [*examples]).item() < before - 0.5


def test_drafts_are_asked_only_where_an_answer_is_shown_and_learnt_only_where_they_hold(
    reader, monkeypatch
):
    asked = []

    def write(prompts, most):
        assert most == reading.WRITTEN
        asked.extend(reader._tokenizer.decode(each, skip_special_tokens=False) for each in prompts)
        return ['Ann was the one who left."}]}', 'Ben left."}]}']

    monkeypatch.setattr(reader, "write", write)
    given = [answered("Who was the one?", 1), answered("Who came?"), answered("Who left?", 1)]
    covid = sets.EvidenceSet("Who?", ("Ann left.",), (1,), ("Ann",), "covid", False)
    found = reading.draft_examples(reader, [*given, covid], ["[1] Ann left."] * 4)
    assert len(asked) == 2
    assert all(each.endswith('{"statements": [{"citations": [1], "text": "') for each in asked)
    ((_, said),) = found
    assert reader._tokenizer.decode(said, skip_special_tokens=False) == (
        '{"statements": [{"citations": [1], "text": "Ann was the one who left."}]}<|im_end|>'
    )


def test_another_kind_of_network_is_refused(tmp_path):
    writer = GGUFWriter(tmp_path / "other.gguf", "llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(KeyError, match="qwen2"):
        qwen.open_qwen(tmp_path / "other.gguf", "cpu")
