"""What a program may send that speaks the chat-completions protocol."""

from datetime import date
from typing import Any, Literal

from pydantic import Field, field_validator

from rag.errors import QuestionError
from rag.followup import Turn
from rag.settings import Settings
from rag.web.requests import Sent, checked


class TextPart(Sent):
    """A part of a message: text, and nothing else can be read here."""

    type: Literal["text"]
    text: str


class Message(Sent):
    """One message; what an assistant's message of ours carried may come back with it."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | tuple[TextPart, ...] | None = None
    name: str | None = None
    refusal: str | None = None
    annotations: Any = None
    citations: Any = None
    audio: None = None
    function_call: None = None
    tool_calls: None = None

    @property
    def text(self) -> str:
        """What the message says."""
        if isinstance(self.content, tuple):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class TextFormat(Sent):
    """The only format there is."""

    type: Literal["text"]


class Completion(Sent):
    """A chat-completions request.

    Its first fields count. Then come those that would change what is given, taken only where they
    ask for what is given anyway; then those that would change how a model writes, which are taken
    and change nothing, because the text is made of checked statements and quotes.
    """

    model: str
    messages: tuple[Message, ...]
    stream: bool | None = None
    as_of: date | None = Field(None, description="use articles up to this day only (YYYY-MM-DD)")

    n: Literal[1] | None = None
    response_format: TextFormat | None = None
    modalities: tuple[Literal["text"], ...] | None = None
    logprobs: Literal[False] | None = None
    tools: tuple[Any, ...] | None = None
    functions: tuple[Any, ...] | None = None
    tool_choice: Literal["none", "auto"] | None = None
    function_call: Literal["none", "auto"] | None = None

    frequency_penalty: float | None = None
    logit_bias: Any = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    metadata: Any = None
    parallel_tool_calls: bool | None = None
    prediction: Any = None
    presence_penalty: float | None = None
    prompt_cache_key: str | None = None
    reasoning_effort: str | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: str | None = None
    stop: Any = None
    store: bool | None = None
    stream_options: Any = None
    temperature: float | None = None
    top_logprobs: int | None = None
    top_p: float | None = None
    user: str | None = None
    verbosity: str | None = None

    @field_validator("tools", "functions")
    @classmethod
    def _none_called(cls, given: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
        if given:
            raise ValueError("no tools are called here; leave them out")
        return given

    def conversation(self, settings: Settings) -> tuple[str, list[Turn]]:
        """Give the question and the turns before it; what tells a model how to behave is left out.

        Raises QuestionError when the last message is not the user's, or the turns are too many.
        """
        spoken = [message for message in self.messages if message.role in ("user", "assistant")]
        if not spoken or spoken[-1].role != "user":
            raise QuestionError("the last message must be the user's: it is the question")
        turns: list[Turn] = []
        for message in spoken[:-1]:
            if message.role == "user":
                turns.append((message.text, ""))
            elif turns:
                turns[-1] = (turns[-1][0], message.text)
        return spoken[-1].text, checked(turns, settings)
