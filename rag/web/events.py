"""An answer in steps as server-sent events."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from fastapi import FastAPI, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from rag.answer import Event, Finished, Found, Stated
from rag.web.connection import FINISHING, while_connected, while_open
from rag.web.problems import problem_of

FAREWELL_SECONDS = 2  # for the last event when the server is stopped
Told = AsyncGenerator[ServerSentEvent, None]
Steps = AsyncGenerator[Event, None]


def sent(data: Any, event: str | None = None) -> ServerSentEvent:  # noqa: ANN401 - any JSON
    """Write data as one event."""
    return ServerSentEvent(json.dumps(data, ensure_ascii=False), event=event, sep="\n")


def told(event: Event) -> ServerSentEvent:
    """Write a step of an answer: ``evidence``, ``statement`` or ``answer``."""
    match event:
        case Found(citations, preliminary):
            quotes = [asdict(c) for c in citations]
            return sent({"citations": quotes, "preliminary": preliminary}, "evidence")
        case Stated(statement, citations):
            quotes = [asdict(c) for c in citations]
            return sent({"statement": asdict(statement), "citations": quotes}, "statement")
        case Finished(answer):
            return sent(answer.to_dict(), "answer")


async def in_steps(steps: Steps) -> Told:
    """Write each step of an answer."""
    async with aclosing(steps):
        async for event in steps:
            yield told(event)


async def streamed(request: Request, lines: Told) -> EventSourceResponse:
    """Stream what is told, once its first event is there.

    Until then a failure still has its own HTTP status; later it is an event ``error``, the last.
    """
    first = await while_connected(request, lines.__anext__)
    following = _after(first, lines, request.app)
    return EventSourceResponse(following, shutdown_grace_period=FINISHING + FAREWELL_SECONDS)


async def _after(first: ServerSentEvent, lines: Told, app: FastAPI) -> Told:
    async with aclosing(lines):
        line: ServerSentEvent | None = first
        try:
            while line is not None:
                yield line
                line = await while_open(app, lambda: anext(lines, None))
        except Exception as problem:  # noqa: BLE001 - told, and logged where nobody foresaw it
            yield sent(problem_of(problem).to_dict(), "error")
