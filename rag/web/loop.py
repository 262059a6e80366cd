"""Makes gradio's objects where they leave nothing behind."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


def inside_loop(make: Callable[[], Made]) -> Made:
    """Call ``make`` while an event loop runs.

    Outside of one, gradio opens a new loop for every lock it makes and never closes any.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:

        async def made() -> Made:
            return make()

        return asyncio.run(made())
    return make()
