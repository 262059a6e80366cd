"""Tokens a language model reads and writes for an answer, as the model itself counts them."""

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult


def metered(llm: BaseChatModel | None) -> "TokenMeter":
    """Hang a new meter into a model; without a model it stays empty."""
    meter = TokenMeter()
    if llm is not None:
        llm.callbacks = [meter]
    return meter


class TokenMeter(BaseCallbackHandler):
    """Adds up the usage that a chat model reports with each reply.

    A reply that was left early, or a provider that tells no usage, adds nothing.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Start from nothing."""
        self._read = self._written = self._calls = 0

    def counts(self) -> dict[str, int]:
        """Give tokens ``in`` and ``out`` since the last ``clear``; empty where none were told."""
        return {"in": self._read, "out": self._written} if self._calls else {}

    def on_llm_end(self, response: LLMResult, **_: Any) -> None:  # noqa: ANN401 - LangChain's
        """Take the usage of one reply."""
        for generation in (each for group in response.generations for each in group):
            message = generation.message if isinstance(generation, ChatGeneration) else None
            usage = message.usage_metadata if isinstance(message, AIMessage) else None
            if usage:
                self._read += usage["input_tokens"]
                self._written += usage["output_tokens"]
                self._calls += 1
