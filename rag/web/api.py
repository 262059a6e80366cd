"""The HTTP API for other programs: answers, search and articles; see docs/api.md."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.corpus import Article
from rag.retriever import hit_row
from rag.settings import VERSION, Settings
from rag.web import mcp_server
from rag.web.access import Guard, path_of
from rag.web.chat_requests import Completion
from rag.web.completions import Completions
from rag.web.connection import closing, while_connected
from rag.web.engine import Engine
from rag.web.events import in_steps, streamed
from rag.web.health import health
from rag.web.limits import client_of
from rag.web.names import OwnNamesOnly, own_names
from rag.web.problems import add_handlers
from rag.web.requests import Asked, Searched, read
from rag.web.schema import body, describe
from rag.web.service import Service, final
from rag.web.telemetry import metrics, numbers

TITLE = "Ask the articles, for programs"
EVENTS = "text/event-stream"


def add_api(app: FastAPI, engine: Engine, settings: Settings) -> None:
    """Serve other programs beside the page, and nobody under a name that is not ours."""
    service = Service(lambda: engine, settings)
    agents = mcp_server.create_server(service)
    api = create_api(service)
    api.router.routes.extend(mcp_server.http_app(agents, settings).routes)
    app.add_middleware(ForPrograms, api=Guard(api, settings))
    app.add_middleware(OwnNamesOnly, names=own_names(settings))
    api.state.closing = closing(app)
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with before(app) as state, agents.session_manager.run():
            yield state

    app.router.lifespan_context = lifespan


class ForPrograms:
    """ASGI middleware that hands what is meant for other programs to their own application."""

    def __init__(self, app: ASGIApp, api: ASGIApp) -> None:
        self.app = app
        self.api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        ours = scope["type"] == "http" and is_for_programs(path_of(scope))
        await (self.api if ours else self.app)(scope, receive, send)


def is_for_programs(path: str) -> bool:
    """Whether a path belongs to the API rather than to the page."""
    return path in ("/healthz", "/metrics", mcp_server.PATH, "/v1") or path.startswith("/v1/")


def create_api(service: Service) -> FastAPI:
    """Give the application for other programs."""
    api = FastAPI(
        title=TITLE,
        version=VERSION,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # they would fetch their scripts from another host
        redoc_url=None,
        redirect_slashes=False,
        max_body_size=service.settings.max_request_bytes,
    )
    routes, chat = Routes(service), Completions(service)
    api.post("/v1/answers", openapi_extra=body(Asked, "Answer"))(routes.answers)
    api.post("/v1/search", openapi_extra=body(Searched))(routes.search)
    api.get("/v1/articles")(routes.articles)
    api.get("/v1/articles/{name:path}")(routes.article)
    api.post("/v1/chat/completions", openapi_extra=body(Completion))(chat.complete)
    api.get("/v1/models")(chat.models)
    api.get("/v1/models/{model}")(chat.model)
    api.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)(routes.health)
    if service.settings.metrics:
        numbers()  # what is missing is told at the start
        api.get("/metrics", include_in_schema=False)(metrics)
    describe(api, Asked, Searched, Completion)
    add_handlers(api)
    return api


class Routes:
    """What is done for each path."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def answers(self, request: Request) -> Response:
        """Answer one question: the contract's answer object, or its steps as events."""
        asked = await read(request, Asked)
        turns = asked.turns(self.service.settings)
        client = client_of(request.client)
        steps = self.service.steps(client, asked.question, turns, asked.as_of)
        streams = asked.stream
        if streams is None:
            streams = EVENTS in request.headers.get("accept", "")
        if streams:
            return await streamed(request, in_steps(steps))
        answer = await while_connected(request, lambda: final(steps))
        return JSONResponse(answer.to_dict())

    async def search(self, request: Request) -> Response:
        """Find sentences without answering, best first."""
        wanted = await read(request, Searched)
        client = client_of(request.client)
        hits = await while_connected(
            request, lambda: self.service.search(client, wanted.query, wanted.k, wanted.as_of)
        )
        return JSONResponse({"query": wanted.query, "hits": [hit_row(hit) for hit in hits]})

    async def articles(
        self,
        after: Annotated[str, Query(max_length=1000)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """List the articles by name, ``limit`` at a time; ``next`` is the next page's ``after``."""
        page, total, more = await self.service.articles(after, limit)
        rows = [_row(article) for article in page]
        told = {"articles": rows, "total": total, "next": page[-1].name if more else None}
        return JSONResponse(told)

    async def article(
        self,
        name: str,
        format: Literal["json", "text"] = "json",  # noqa: A002 - the query's word
    ) -> Response:
        """Give one article with its text, in whose code points all offsets count."""
        article = await self.service.article(name)
        if format == "text":
            return PlainTextResponse(article.text)
        return JSONResponse({**_row(article), "text": article.text})

    async def health(self) -> Response:
        """Say whether questions can be answered now."""
        status, told = health(self.service.engine())
        return JSONResponse(told, status)


def _row(article: Article) -> dict[str, Any]:
    return {
        "name": article.name,
        "title": article.title,
        "date": article.date,
        "characters": len(article.text),
        "sha256": article.sha256,
    }
