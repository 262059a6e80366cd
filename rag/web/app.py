"""The server of the chat, which keeps it on this machine."""

import os
import socket
from collections.abc import Callable

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.routing import Mount

from rag.errors import RagError
from rag.settings import Settings
from rag.web.api import add_api
from rag.web.connection import closing
from rag.web.engine import Engine
from rag.web.loop import inside_loop
from rag.web.page import STATIC, TITLE, build, theme
from rag.web.privacy import OwnHostOnly

__all__ = ["ChatServer", "build", "create_app", "listen", "serve"]


def create_app(rag: Engine, settings: Settings) -> FastAPI:
    """Give the whole web application; other programs' routes go here too, before the page."""
    return inside_loop(lambda: _create_app(rag, settings))


def _create_app(rag: Engine, settings: Settings) -> FastAPI:
    app = FastAPI(title=TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    gr.mount_gradio_app(
        app,
        build(rag, settings),
        path="/",
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        enable_monitoring=False,
        theme=theme(),
        css_paths=STATIC / "chat.css",
        js=(STATIC / "chat.js").read_text("utf-8"),
    )
    add_api(app, rag, settings)
    app.add_middleware(OwnHostOnly)
    return app


def serve(
    rag: Engine,
    settings: Settings,
    host: str | None = None,
    port: int | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the page until interrupted; ``ready`` is told its address once it can be opened.

    Port 0 takes any free port. Raises RagError when the address cannot be had.
    """
    host = settings.host if host is None else host
    with listen(host, settings.port if port is None else port) as listener:
        server = ChatServer(create_app(rag, settings))
        if ready is not None:
            ready(_address(host, listener.getsockname()[1]))
        server.run(sockets=[listener])


class ChatServer(uvicorn.Server):
    """A server that can be stopped while pages are open."""

    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=3)
        )
        self._closing = closing(app)
        self._pages = [route.app for route in app.routes if isinstance(route, Mount)]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would otherwise be waited for: programs' questions, the pages' heartbeats."""
        self._closing.set()
        for page in self._pages:
            page.stop_event.set()  # type: ignore[attr-defined] # gradio's App
        await super().shutdown(sockets)


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
