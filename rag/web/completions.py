"""The chat-completions protocol, which most programs already speak, over the same engine."""

import time
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import ServerSentEvent

from rag.answer import Answer, Finished, Found, Stated
from rag.citation import Citation
from rag.web.chat_requests import Completion
from rag.web.chat_text import annotations, statement_text, whole_text
from rag.web.connection import while_connected
from rag.web.events import Steps, Told, sent, streamed
from rag.web.limits import client_of
from rag.web.problems import Refused
from rag.web.requests import read
from rag.web.service import Service, final

MODEL = {"id": "quotable", "object": "model", "created": 0, "owned_by": "quotable-rag"}


class Completions:
    """The protocol's paths over one shared engine."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def models(self) -> Response:
        """List the one model there is."""
        return JSONResponse({"object": "list", "data": [MODEL]})

    async def model(self, model: str) -> Response:
        """Give the one model there is."""
        _check(model)
        return JSONResponse(MODEL)

    async def complete(self, request: Request) -> Response:
        """Answer the last user message, the messages before it being the history."""
        asked = await read(request, Completion)
        _check(asked.model)
        question, turns = asked.conversation(self.service.settings)
        steps = self.service.steps(client_of(request.client), question, turns, asked.as_of)
        base = str(request.base_url)
        if asked.stream:
            return await streamed(request, _in_chunks(steps, base))
        answer = await while_connected(request, lambda: final(steps))
        return JSONResponse(_completion(answer, base))


def _check(model: str) -> None:
    if model != MODEL["id"]:
        raise Refused(404, f"there is no model “{model[:100]}” here; ask “{MODEL['id']}”")


def _completion(answer: Answer, base: str) -> dict[str, Any]:
    text = whole_text(answer)
    message = {
        "role": "assistant",
        "content": text,
        "refusal": None,
        "annotations": annotations(text, answer.citations, base),
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    head = _head("chat.completion")
    return {**head, "choices": [choice], "citations": _plain(answer.citations)}


async def _in_chunks(steps: Steps, base: str) -> Told:
    """Write an answer as chunks: the likely quotes, each statement, then all that belongs to it.

    Statements are numbered for good when they come, so what was sent is the answer's beginning; if
    an answer should ever begin otherwise, the whole of it follows.
    """
    head = _head("chat.completion.chunk")
    so_far = ""

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: object) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sent({**head, "choices": [choice], **more})

    async with aclosing(steps):
        async for event in steps:
            match event:
                case Found(preliminary=True):
                    continue  # the first chunk cannot be taken back
                case Found(citations):
                    start = {"role": "assistant", "content": ""}
                    yield chunk(start, evidence=_plain(citations))
                case Stated(statement, citations):
                    piece = (" " if so_far else "") + statement_text(statement, citations)
                    so_far += piece
                    yield chunk({"content": piece})
                case Finished(answer):
                    text, begin = whole_text(answer), 0
                    if not text.startswith(so_far):
                        text, begin = f"{so_far}\n\n{text}", len(so_far)
                    notes = annotations(text, answer.citations, base, begin)
                    yield chunk({"content": text[len(so_far) :], "annotations": notes})
                    yield chunk({}, "stop", citations=_plain(answer.citations))
    yield ServerSentEvent("[DONE]", sep="\n")


def _head(kind: str) -> dict[str, Any]:
    created = int(time.time())
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": created,
        "model": MODEL["id"],
    }


def _plain(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    return [asdict(citation) for citation in citations]
