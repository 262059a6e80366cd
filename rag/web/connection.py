"""Work that ends when its client has left."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from starlette.requests import ClientDisconnect, Request

Done = TypeVar("Done")


async def while_connected(request: Request, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do something unless the client leaves, which cancels it; raises ClientDisconnect then.

    The request's body must have been read.
    """
    outcome: list[Done] = []
    problem: list[Exception] = []

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        try:
            outcome.append(await work())
        except Exception as raised:  # noqa: BLE001 - raised below, where no group wraps it
            problem.append(raised)
        group.cancel_scope.cancel()
    if problem:
        raise problem[0]
    if not outcome:
        raise ClientDisconnect
    return outcome[0]
