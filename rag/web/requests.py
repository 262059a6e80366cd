"""What other programs may send: strict models, read straight from the bytes of a body.

Reading with pydantic's own parser refuses NaN, broken UTF-8, lone surrogates and absurdly deep
nesting in one place.
"""

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from rag.errors import QuestionError
from rag.followup import Turn
from rag.settings import Settings
from rag.web.problems import Refused

JSON = "application/json"


class Sent(BaseModel):
    """Something a program sends: nothing unknown in it, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Earlier(Sent):
    """One earlier turn of a conversation."""

    question: str
    answer: str = ""


class Question(Sent):
    """A question, with what it may lean on."""

    question: str = Field(description="what you want to know")
    history: tuple[Earlier, ...] = Field((), description="earlier turns, oldest first")
    as_of: date | None = Field(None, description="use articles up to this day only (YYYY-MM-DD)")

    def turns(self, settings: Settings) -> list[Turn]:
        """Give the history as the engine takes it; raises QuestionError when it is too long."""
        return checked([(turn.question, turn.answer) for turn in self.history], settings)


class Asked(Question):
    """A question over HTTP, whose answer may be streamed."""

    stream: bool | None = Field(None, description="true: server-sent events instead of one object")


class Searched(Sent):
    """A search for sentences."""

    query: str = Field(description="what to look for")
    k: int = Field(10, ge=1, le=1000, description="how many sentences at most")
    as_of: date | None = Field(None, description="use articles up to this day only (YYYY-MM-DD)")


Model = TypeVar("Model", bound=Sent)


async def read(request: Request, kind: type[Model]) -> Model:
    """Read a request's body; raises Refused for another content type, or ValidationError."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != JSON:
        raise Refused(415, f"send the body as {JSON}, and say so in the header Content-Type")
    return kind.model_validate_json(await request.body())


def checked(turns: Sequence[Turn], settings: Settings) -> list[Turn]:
    """Give earlier turns back when they are not too many; raises QuestionError."""
    if len(turns) > settings.max_history:
        raise QuestionError(
            f"the conversation has {len(turns)} earlier turns and may have "
            f"{settings.max_history}; leave out the oldest"
        )
    return list(turns)
