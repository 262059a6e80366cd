"""An engine's blocking stream in a thread of its own, seen from an event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

from rag.answer import Event


class Work:
    """Steps of one answer as they are made; ``done`` is called when the thread has ended.

    Whoever stops reading need not wait for that: the thread goes on to its next step and ends
    there. It is a daemon, so that a step which hangs does not hold up the end of the process.
    """

    def __init__(self, start: Callable[[], Iterator[Event]], done: Callable[[], None]) -> None:
        self._start = start
        self._done = done
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[Event | BaseException | None] = asyncio.Queue()
        self._stopped = threading.Event()
        threading.Thread(target=self._run, name="answer", daemon=True).start()

    async def steps(self) -> AsyncIterator[Event]:
        """Give the steps; raises what the engine raises."""
        while (made := await self._made.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            yield made

    def stop(self) -> None:
        """Let the thread end at its next step."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            for event in self._start():
                if self._stopped.is_set():
                    break  # which closes the engine's generator
                self._tell(self._made.put_nowait, event)
            self._tell(self._made.put_nowait, None)
        except BaseException as problem:  # noqa: BLE001 - raised where the steps are read
            self._tell(self._made.put_nowait, problem)
        finally:
            self._tell(self._done)

    def _tell(self, call: Callable[..., None], *given: object) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody reads on
            self._loop.call_soon_threadsafe(call, *given)
