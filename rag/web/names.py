"""Lets in only requests that call this server by a name of its own.

A hostile page can let its own name point at this machine (DNS rebinding); the browser then counts
its requests as same-origin, but they still carry the page's name as host. Addresses are fine: no
name was looked up for them. And a page of another place has no business with what programs use.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.settings import Settings
from rag.web.problems import Problem

_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


def own_names(settings: Settings) -> frozenset[str]:
    """Give the names this server goes by, in small letters; addresses need no name."""
    machine = socket.gethostname().lower()
    names = {"localhost", settings.host, machine, f"{machine}.local", *settings.host_names}
    return frozenset(name.lower() for name in names)


def name_in(host: str) -> str | None:
    """Give what a Host header names, in small letters and without port; None for rubbish."""
    parts = _HOST.fullmatch(host)
    return (parts["six"] or parts["name"]).lower().removesuffix(".") if parts else None


def is_own(name: str | None, names: frozenset[str]) -> bool:
    """Whether a name is this server's: a known one, below localhost, or an address."""
    if name is None:
        return False
    return name in names or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class OwnNamesOnly:
    """ASGI middleware that turns away requests for a host that this server is not."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] in ("http", "websocket"):
            hosts = Headers(scope=scope).getlist("host")
            name = name_in(hosts[0]) if len(hosts) == 1 else None
            if not is_own(name, self.names):
                await _refusal(name).to_response()(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _refusal(name: str | None) -> Problem:
    if name is None:
        return Problem(400, "the request names no host, or no proper one")
    name = name[:100]
    return Problem(421, f"this server is not {name}; if it should be, set RAG_HOST_NAMES={name}")


def from_elsewhere(headers: Headers) -> bool:
    """Whether a browser sends a request for a page of another place than the one it asks."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
