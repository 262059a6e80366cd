"""The web application: the page, and what keeps it on this machine."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
import gradio as gr
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from rag.settings import Settings
from rag.web.access import PageGuard
from rag.web.api import add_api
from rag.web.desk import Desk
from rag.web.engine import Engine
from rag.web.login import login_of
from rag.web.loop import inside_loop
from rag.web.page import STATIC, TITLE, lay_out, theme
from rag.web.privacy import OwnHostOnly
from rag.web.telemetry import trace_requests

SCRIPTS = ("chat.js", "hover.js", "keys.js")
HEAD = '<link rel="stylesheet" href="look/chat.css">' + "".join(
    f'<script src="look/{name}" defer></script>' for name in SCRIPTS
)  # gradio would put its own selectors before ours


def create_app(rag: Engine, settings: Settings) -> FastAPI:
    """Give the whole web application; other programs' routes go here too, before the page."""
    return inside_loop(lambda: _create_app(rag, settings))


def _create_app(rag: Engine, settings: Settings) -> FastAPI:
    desk = Desk(rag, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        proving = threading.Thread(target=desk.prove_examples, name="examples", daemon=True)
        proving.start()
        yield
        desk.close()
        await anyio.to_thread.run_sync(proving.join)  # it still reads the index

    app = FastAPI(title=TITLE, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.mount("/look", StaticFiles(directory=STATIC), name="look")
    gr.mount_gradio_app(
        app,
        lay_out(desk),
        path="/",
        root_path=settings.root_path or None,
        auth=login_of(settings),
        auth_message="The articles are for readers with a password.",
        max_file_size=settings.own_bytes,
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        enable_monitoring=False,
        theme=theme(),
        head=HEAD,
    )
    app.add_middleware(PageGuard, names=frozenset(settings.host_names))
    add_api(
        app, rag, settings.model_copy(update={"api_key": settings.api_key or settings.password})
    )
    app.add_middleware(OwnHostOnly)
    trace_requests(app)
    return app
