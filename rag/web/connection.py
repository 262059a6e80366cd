"""Work that ends when nobody waits for it any more, or the server is being stopped."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn, TypeVar

import anyio
from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request

from rag.web.problems import Refused

FINISHING = 7.0  # seconds that answers being made are given when the server is told to stop
Done = TypeVar("Done")


def closing(app: FastAPI) -> asyncio.Event:
    """Give the event that is set when the server begins to stop."""
    if not hasattr(app.state, "closing"):
        app.state.closing = asyncio.Event()
    event: asyncio.Event = app.state.closing
    return event


async def while_connected(request: Request, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do something unless the client leaves, which cancels it; raises ClientDisconnect then.

    Raises Refused when the server is being stopped and it takes longer than ``FINISHING``. The
    request's body must have been read.
    """

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect

    return await _first(work, left, lambda: _closed(request.app))


async def while_open(app: FastAPI, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do something; raises Refused when the server is being stopped and it takes too long."""
    return await _first(work, lambda: _closed(app))


async def _closed(app: FastAPI) -> NoReturn:
    await closing(app).wait()
    await asyncio.sleep(FINISHING)
    raise Refused(503, "the server is being stopped")


async def _first(work: Callable[[], Awaitable[Done]], *ends: Callable[[], Awaitable[None]]) -> Done:
    """Do the work until one of its possible ends raises; what is raised is not put in a group."""
    outcome: list[Done] = []
    problems: list[Exception] = []

    async def attempt(part: Callable[[], Awaitable[Any]], kept: list[Any]) -> None:
        try:
            kept.append(await part())
        except Exception as problem:  # noqa: BLE001 - raised below
            problems.append(problem)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for end in ends:
            group.start_soon(attempt, end, [])
        await attempt(work, outcome)
    if outcome:
        return outcome[0]
    raise problems[0]
