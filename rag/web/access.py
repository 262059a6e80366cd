"""Who may use the application for programs, and how often; and what may be sent to the page."""

import hmac
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.settings import Settings
from rag.web.limits import Rate, client_of
from rag.web.names import from_elsewhere
from rag.web.problems import TOO_LARGE, Refused, problem_of

_DIGITS = 18  # nothing that can be sent has a longer size
MOST_OF_A_PAGE = 4_000_000  # bytes; a kept conversation of a hundred answers has less
_UPLOAD = "/gradio_api/upload"  # files have a limit of their own, which gradio watches
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN = frozenset({"/healthz"})  # what a load balancer asks, without a token and often


class Guard:
    """ASGI middleware that checks where a request comes from, how often, its token and its size.

    A size that is not declared is watched by the application itself while it reads.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.rate = Rate(settings.requests_per_minute)
        self.most = settings.max_request_bytes
        self.key = key_of(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and path_of(scope) not in OPEN:
            try:
                self._check(Headers(scope=scope), client_of(scope.get("client")))
            except Refused as refused:
                await problem_of(refused).to_response()(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _check(self, headers: Headers, client: str) -> None:
        if from_elsewhere(headers):
            raise Refused(403, "a page of another place may not ask here")
        self.rate.count(client)  # before the token, so that it cannot be guessed at leisure
        if self.key is not None and not hmac.compare_digest(_token(headers), self.key):
            raise Refused(401, "send the header “Authorization: Bearer …” with the right token")
        size = headers.get("content-length", "0")
        if len(size) > _DIGITS or (size.isdigit() and int(size) > self.most):
            raise Refused(413, TOO_LARGE)


class PageGuard:
    """ASGI middleware that takes from a browser only what our own page sends, and not too much.

    Gradio itself takes requests of any size and, where the address is no local one, of any page.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            try:
                self._check(Headers(scope=scope), path_of(scope))
            except Refused as refused:
                await problem_of(refused).to_response()(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _check(self, headers: Headers, path: str) -> None:
        if from_elsewhere(headers) and not self._is_ours(headers):
            raise Refused(403, "a page of another place may not ask here")
        size = headers.get("content-length", "")
        if path == _UPLOAD:
            return
        if not size.isdigit() or len(size) > _DIGITS:
            raise Refused(411, "say the size of the request in the header Content-Length")
        if int(size) > MOST_OF_A_PAGE:
            raise Refused(413, f"the request has {int(size):,} bytes; {MOST_OF_A_PAGE:,} are taken")

    def _is_ours(self, headers: Headers) -> bool:
        """Whether the page was shown under a name that a reverse proxy replaced by another."""
        if headers.get("sec-fetch-site") == "same-origin":  # a page cannot say that of itself
            return True
        origin = urlsplit(headers.get("origin", ""))
        forwarded = headers.get("x-forwarded-host", "").lower()
        return bool(origin.netloc) and (
            origin.netloc.lower() == forwarded or origin.hostname in self.names
        )


def key_of(settings: Settings) -> bytes | None:
    """Give the token that is asked for, or None where everybody may ask."""
    return settings.api_key.get_secret_value().encode() if settings.api_key else None


def _token(headers: Headers) -> bytes:
    """Give a request's bearer token as bytes; the header's bytes are read as latin-1."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip().encode("latin-1") if kind.lower() == "bearer" else b""


def path_of(scope: Scope) -> str:
    """Give the path below the address at which a reverse proxy shows the application."""
    return str(scope["path"]).removeprefix(scope.get("root_path", "").rstrip("/"))
