"""Chat models that say what they are told to say, and evidence for them to read."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fakes import article
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import JsonOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field, PrivateAttr

from rag.calibration import Blend, Calibration, Gate
from rag.corpus import Sentence
from rag.llm import LocalChat
from rag.retriever import Hit
from rag.words import terms

Reply = str | Exception | Iterable[str]


class RanOut(BaseException):
    """The model was asked more often than it has answers for; nothing may swallow this."""


class ScriptedChat(BaseChatModel):
    """Replays its replies in order, or makes each from the prompt's text by ``rule``.

    A reply is text (streamed in pieces of ``piece`` characters), an exception (raised), or an
    iterable of pieces. ``asked`` keeps the messages of every call, ``told`` its keywords, ``sent``
    the pieces that were taken.
    """

    replies: list[Any] = Field(default_factory=list)
    rule: Callable[[str], Reply] | None = None
    piece: int = 4
    asked: list[list[BaseMessage]] = Field(default_factory=list)
    told: list[dict[str, Any]] = Field(default_factory=list)
    sent: list[str] = Field(default_factory=list)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def with_structured_output(self, schema: dict[str, Any], **_: object) -> Runnable[Any, Any]:
        return self.bind(response_format=schema) | JsonOutputParser()

    def _pieces(self, messages: list[BaseMessage], told: dict[str, Any]) -> Iterator[str]:
        with self._lock:
            self.asked.append(messages)
            self.told.append(told)
            if self.rule is not None:
                reply = self.rule(messages[-1].text)
            elif self.replies:
                reply = self.replies.pop(0)
            else:
                raise RanOut(messages[-1].text)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, str):
            reply = [reply[at : at + self.piece] for at in range(0, len(reply), self.piece)]
        for piece in reply:
            self.sent.append(piece)
            yield piece

    def _generate(self, messages, stop=None, run_manager=None, **told):
        text = "".join(self._pieces(messages, told))
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text))])

    def _stream(self, messages, stop=None, run_manager=None, **told):
        for piece in self._pieces(messages, told):
            yield ChatGenerationChunk(message=AIMessageChunk(piece))


def says(*replies: Reply) -> ScriptedChat:
    return ScriptedChat(replies=list(replies))


def drafts(*statements: tuple[str, list[int]]) -> str:
    """Write a draft as the model writes it."""
    rows = [{"citations": ranks, "text": text} for text, ranks in statements]
    return json.dumps({"statements": rows})


# What a broken model may do; none of these is a draft.
NO_DRAFTS = {
    "garbage": "I am sorry, Dave.",
    "control characters": "\x00\x1b[2J\ufffd",
    "another shape": '{"answer": "800,000"}',
    "no list": '{"statements": "800,000"}',
    "a list": "[1, 2]",
    "a number": "5",
    "empty": "",
    "white space": "  \n",
    "an error": RuntimeError("connection lost\nand more"),
}


def hangs(*pieces: str, seconds: float = 20.0) -> tuple[Iterator[str], threading.Event]:
    """Give a reply that stops after its first piece until the event is set (or seconds pass)."""
    go = threading.Event()

    def reply() -> Iterator[str]:
        yield pieces[0]
        go.wait(seconds)
        yield from pieces[1:]

    return reply(), go


def hits(*texts: str, date: str | None = None, logits: Iterable[float] | None = None) -> list[Hit]:
    """Give evidence: each text is the one sentence of an article of its own, in this order."""
    logits = list(logits) if logits is not None else [None] * len(texts)
    found = []
    for rank, (text, logit) in enumerate(zip(texts, logits, strict=True), 1):
        of = article(f"{rank}.txt", text, date=date)
        sentence = Sentence(of.name, 0, 0, len(text), text, 0, heading=False)
        found.append(Hit(rank, of, sentence, "", 1.0 / rank if logit is None else logit, logit))
    return found


class CountingReranker:
    """A logit of 5 for every word a sentence shares with the question, less 5."""

    def score(self, question: str, passages: Iterable[tuple[str, str]]) -> list[float]:
        asked = set(terms(question))
        return [5.0 * len(asked & set(terms(text))) - 5.0 for text, _ in passages]


def fix_calibration(monkeypatch) -> None:
    """Pin what is fitted anew with every training of the reranker."""
    gate = Gate(weights={"best": 1.0}, bias=0.0, threshold=0.3)
    pinned = Calibration(Blend(1.0, 1.0, 0.0, 0.0, 0.0, 0.0), gate, gate)
    monkeypatch.setattr("rag.gate.calibration", lambda: pinned)
    monkeypatch.setattr("rag.reranker.calibration", lambda: pinned)


USAGE = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
YES = [{"token": "yes", "logprob": -0.1}]


class FakeServer:
    """Answers like llama.cpp's server object; ``endless`` writes until it is told to stop."""

    def __init__(self, *pieces: str, error=None, endless=False, silent=0.0) -> None:
        self.pieces, self.error, self.endless, self.silent = pieces, error, endless, silent
        self.requests: list[dict] = []
        self.stopped = threading.Event()

    def handle_chat_completions(self, request, on_chunk=None):
        self.requests.append(request)
        if isinstance(self.error, Exception):
            raise self.error
        if on_chunk is None:
            return self._whole()
        time.sleep(self.silent)
        if self.error:
            on_chunk({"error": self.error})
            return None
        for piece in self._endlessly() if self.endless else self.pieces:
            if on_chunk({"choices": [{"delta": {"content": piece}}]}):
                self.stopped.set()
                return None
        on_chunk({"choices": [{"delta": {}}]})
        on_chunk({"choices": [], "usage": USAGE})
        return None

    def _endlessly(self):
        for _ in range(2000):
            time.sleep(0.005)
            yield "x"

    def _whole(self):
        if self.error:
            return {"error": self.error}
        return {
            "choices": [
                {
                    "message": {"content": "".join(self.pieces)},
                    "finish_reason": "stop",
                    "logprobs": {"content": [{"token": "yes", "top_logprobs": YES}]},
                }
            ],
            "usage": USAGE,
        }


def chat(server: FakeServer, tmp_path, **settings) -> LocalChat:
    model = LocalChat(path=tmp_path / "m.gguf", **settings)
    model._server = server
    return model
