"""Small things to train on: an invented SQuAD article, a tiny BERT, a clock that ends."""

import json
from pathlib import Path
from types import SimpleNamespace

import torch
from eval_loader import load
from fakes import encode
from tokenizers import Tokenizer, models, pre_tokenizers, processors

DOCKS = "The old docks were opened by Ann Hale in 1911. They closed after the flood. Ships left."
WORDS = (
    "[PAD] [UNK] [CLS] [SEP] when was it who planned the line in 1911 docks | . port vale".split()
)
TRAMS = "The tram reached the hill in 1934. Its line was planned by Otto Brandt. It still runs."


def asked(context: str, *pairs: tuple[str, str]) -> dict:
    """A paragraph in SQuAD 1.1's form with (question, answer) pairs."""
    return {
        "context": context,
        "qas": [
            {"question": q, "answers": [{"text": a, "answer_start": context.index(a)}]}
            for q, a in pairs
        ],
    }


ARTICLE = {
    "title": "Port_Vale",
    "paragraphs": [
        asked(DOCKS, ("What was opened by Ann Hale?", "old docks"), ("When was it?", "1911")),
        asked(TRAMS, ("Who planned the line?", "Otto Brandt")),
    ],
}


def small_bert(folder: Path) -> Path:
    """Fill a folder with a very small BERT."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=128,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    words = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def vectors(texts):
    """The bag of eight words of the fake embedder."""
    return torch.stack([torch.tensor(encode(text).vector) for text in texts])


def no_thesaurus():
    synonyms = load("synonyms")
    return synonyms.Thesaurus(
        {part: {} for part in synonyms.PARTS}, {part: {} for part in synonyms.PARTS}
    )


def cut(text):
    return load("groups").cut(text, no_thesaurus(), vectors)


def squad1(folder: Path, *articles: dict):
    path = folder / "train.json"
    path.write_text(json.dumps({"data": articles or (ARTICLE,)}), "utf-8")
    return [cut(text) for text in load("groups").squad1_texts(path)]


def clock(steps: int) -> SimpleNamespace:
    """A stand-in for ``time`` by which one minute is over after so many steps."""
    ticks = iter(range(1, 10_000))
    return SimpleNamespace(monotonic=lambda: 60 * next(ticks) / steps)
