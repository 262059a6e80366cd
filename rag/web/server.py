"""The server: its address, a page that says so while models load, and an end without loss.

Nothing heavy is imported here, so that the page is up long before the models are.
"""

import asyncio
import base64
import hashlib
import os
import socket
import threading
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import uvicorn

from rag.errors import RagError
from rag.settings import Settings
from rag.web.patience import Impatient

GRACE = 10  # seconds that answers under way are given when the server is told to end
_PAGE = Path(__file__).with_name("static") / "warming.html"

Scope = MutableMapping[str, Any]
Channel = Callable[..., Any]


class App(Protocol):
    """What is served in the end: a FastAPI application."""

    router: Any
    routes: Any

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> None:
        """Serve one request."""


class Opening:
    """ASGI application that is made while it already answers, with a page that says so."""

    def __init__(self, make: Callable[[], App]) -> None:
        self.app: App | None = None
        self.problem: BaseException | None = None
        self._make = make
        self.told: Callable[[], None] = lambda: None  # called when it is open, or cannot be

    async def __call__(self, scope: Scope, receive: Channel, send: Channel) -> None:
        """Serve one request, or live through start and end."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif self.app is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await _say_warming(scope, send)

    async def _live(self, receive: Channel, send: Channel) -> None:
        await receive()
        ending = asyncio.Event()
        task = asyncio.create_task(self._open(ending))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        ending.set()
        if self.app is None:
            task.cancel()
        await asyncio.wait([task])
        await send({"type": "lifespan.shutdown.complete"})

    async def _open(self, ending: asyncio.Event) -> None:
        try:
            app = await _in_thread(self._make)
            async with app.router.lifespan_context(app):
                self.app = app
                self.told()
                await ending.wait()
        except Exception as problem:  # noqa: BLE001 - carried over to whoever serves
            self.problem = problem
            self.told()


async def _in_thread(make: Callable[[], App]) -> App:
    """Call in a thread that does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[App] = loop.create_future()

    def settle(method: Callable[[Any], None], value: object) -> None:
        if not made.done():
            method(value)

    def tell(method: Callable[[Any], None], value: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: the server has ended in between
            loop.call_soon_threadsafe(settle, method, value)

    def work() -> None:
        try:
            app = make()
        except BaseException as problem:  # noqa: BLE001 - carried over to the caller
            tell(made.set_exception, problem)
        else:
            tell(made.set_result, app)

    threading.Thread(target=work, name="opening", daemon=True).start()
    return await made


async def _say_warming(scope: Scope, send: Channel) -> None:
    """Answer a reader with the page, and a program with 503."""
    accepted = dict(scope["headers"]).get(b"accept", b"")
    reader = scope["method"] in ("GET", "HEAD") and b"text/html" in accepted
    body = _PAGE.read_bytes() if reader else b'{"error": "warming up"}'
    kind = b"text/html; charset=utf-8" if reader else b"application/json"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", b"2"),
        (b"x-warming-up", b"1"),
        (b"content-security-policy", _policy(body)),
    ]
    start = {"type": "http.response.start", "status": 200 if reader else 503, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _policy(page: bytes) -> bytes:
    """Allow the page's own script and styles, and nothing else."""
    script = page.partition(b"<script>")[2].partition(b"</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script).digest())
    return (
        b"default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; "
        b"script-src 'sha256-" + digest + b"'"
    )


class ChatServer(uvicorn.Server):
    """A server that can be stopped while pages are open."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - Opening, or an application in tests
        config = uvicorn.Config(
            app,
            log_level="warning",
            http=Impatient,
            ws="none",
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)
        self._served = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would otherwise be waited for: programs' questions, the pages' heartbeats."""
        app = self._served.app if isinstance(self._served, Opening) else self._served
        waited_for = getattr(getattr(app, "state", None), "closing", None)  # see connection.py
        if waited_for is not None:
            waited_for.set()
        for route in app.routes if app is not None else ():
            stop = getattr(getattr(route, "app", None), "stop_event", None)  # gradio's App
            if stop is not None:
                stop.set()
        await super().shutdown(sockets)


def serve(
    make: Callable[[], App],
    settings: Settings,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve at once, with a page that says "warming up" until ``make`` has made the application.

    ``told`` is given the address once it can be opened, and a word when questions are answered.
    Serves until interrupted. Port 0 takes any free port. Raises RagError when the address cannot be
    had, and whatever ``make`` raises.
    """
    opening = Opening(make)
    with listen(settings.host, settings.port) as listener:
        server = ChatServer(opening)

        def opened() -> None:
            if opening.problem is not None:
                server.should_exit = True
            else:
                told("Ready for questions.")

        opening.told = opened
        address = _address(settings.host, listener.getsockname()[1])
        told(f"Open {address} (Ctrl-C ends it). Warming up …")
        server.run(sockets=[listener])
    if opening.problem is not None:
        raise opening.problem


def listen(host: str, port: int) -> socket.socket:
    """Take an address before anything else is done with it; raises RagError when it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as problem:
        number = problem.errno or 0  # negative where a name is unknown
        why = os.strerror(number) if number > 0 else problem.strerror
        raise RagError(
            f"cannot serve on {host} port {port}: {why}; "
            "stop what uses it, or choose another with --port or --host"
        ) from problem


def _address(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - only compared
    return f"http://{f'[{shown}]' if ':' in shown and shown[0] != '[' else shown}:{port}"
