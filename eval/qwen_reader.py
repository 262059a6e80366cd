"""The local model in torch reads and writes text: how likely a yes is, what comes next."""

from collections.abc import Sequence
from typing import Any

import torch

from .qwen import Cache, Qwen

TURN_ENDS = "<|im_end|>"
TOKENS = 20_480  # read at once, with padding
AT_ONCE = 1024  # texts written side by side
LIKELIEST = 40  # words among which one is drawn

Tokens = list[int]


def chat(turns: Sequence[tuple[str, str]]) -> str:
    """Write (role, text) turns as Qwen's chat template does, up to the model's next turn."""
    told = "".join(f"<|im_start|>{role}\n{text}{TURN_ENDS}\n" for role, text in turns)
    return told + "<|im_start|>assistant\n"


class Reader:
    """The model with its tokenizer, and what it says."""

    def __init__(self, model: Qwen, tokenizer: Any) -> None:  # noqa: ANN401 - has no types
        self.model, self._tokenizer = model, tokenizer
        self.yes, self.no = (self.encode([word])[0] for word in ("yes", "no"))
        vocabulary = tokenizer.get_vocab()
        # Whatever is read as a yes or a no: with a space before it, with a capital.
        self._said = [
            [i for word, i in vocabulary.items() if word.replace("Ġ", "").lower() == meant]
            for meant in ("yes", "no")
        ]
        (self._end,) = self.encode([TURN_ENDS])[0]

    def encode(self, texts: Sequence[str]) -> list[Tokens]:
        """Give the numbers of each text's tokens."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [each.ids for each in encoded]

    @torch.no_grad()
    def odds(self, prompts: Sequence[Tokens]) -> list[float]:
        """Give ln(P(yes)/P(no)) for the first token after each prompt."""
        found = [0.0] * len(prompts)
        for rows in packs([len(each) for each in prompts], TOKENS):
            texts = [prompts[i] for i in rows]
            logits = self._next(texts)
            yes, no = (logits[:, ids].logsumexp(1) for ids in self._said)
            for i, value in zip(rows, (yes - no).tolist(), strict=True):
                found[i] = value
        return found

    @torch.no_grad()
    def write(self, prompts: Sequence[Tokens], most: int, warmth: float = 0.0) -> list[str]:
        """Write at most so many tokens after each prompt, always the likeliest.

        With ``warmth`` (the temperature) one of the likeliest few is drawn instead.
        """
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        written = [""] * len(prompts)
        for at in range(0, len(order), AT_ONCE):
            rows = order[at : at + AT_ONCE]
            for i, tokens in zip(
                rows, self._continued([prompts[i] for i in rows], most, warmth), strict=True
            ):
                written[i] = self._tokenizer.decode(tokens, skip_special_tokens=False)
        return written

    def _continued(self, prompts: Sequence[Tokens], most: int, warmth: float) -> list[Tokens]:
        lengths = torch.tensor([len(each) for each in prompts], device=self.model.device)
        cache = Cache(self.model.layers, lengths, most)
        token = _drawn(self._next(prompts, cache), warmth)
        told, ended = [token], token == self._end
        while len(told) < most and not ended.all():
            state = self.model(token[:, None], cache)
            cache.ends = cache.ends + 1
            token = _drawn(self.model.logits(state[:, 0]), warmth)
            ended = ended | (token == self._end)
            told.append(token)
        rows = torch.stack(told, 1).tolist()
        return [row[: row.index(self._end)] if self._end in row else row for row in rows]

    def _next(self, texts: Sequence[Tokens], cache: Cache | None = None) -> torch.Tensor:
        state = self.model(self.padded(texts), cache)
        last = torch.tensor([len(each) - 1 for each in texts], device=self.model.device)
        return self.model.logits(state[torch.arange(len(texts), device=self.model.device), last])

    def padded(self, texts: Sequence[Tokens]) -> torch.Tensor:
        """Give token numbers, shape (n, t), padded behind."""
        ids = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
        for row, each in enumerate(texts):
            ids[row, : len(each)] = torch.tensor(each)
        return ids.to(self.model.device)


def packs(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Put texts of like lengths together, so many that they have so many tokens with padding."""
    found, now = list[list[int]](), list[int]()
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if now and (len(now) + 1) * lengths[i] > tokens:
            found.append(now)
            now = []
        now.append(i)
    return [*found, now] if now else found


def _drawn(logits: torch.Tensor, warmth: float) -> torch.Tensor:
    """Give the likeliest token of each row, or draw one of the likeliest few."""
    if not warmth:
        return logits.argmax(-1)
    best, which = logits.topk(min(LIKELIEST, logits.shape[-1]), -1)
    chosen = torch.multinomial((best / warmth).softmax(-1), 1)
    return which.gather(-1, chosen).squeeze(-1)
