"""Keeps the page to this machine: no outside host is named in it, and none would be let in."""

import base64
import hashlib
import re
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# gradio.HTML compiles its templates in the browser, which needs 'unsafe-eval'. Scripts come from
# here alone, or stand in the page itself and are named by their hash: what is smuggled in is dead.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)
_CSP = b"content-security-policy"
_HEADERS = [
    (_CSP, POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
# Gradio's page tells link previews about gradio itself, with pictures from elsewhere.
_PREVIEW = re.compile(rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')
_SCRIPT = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


def policy_for(page: bytes) -> bytes:
    """Give the policy of one page: its own inline scripts are allowed by their hashes."""
    digests = [hashlib.sha256(script).digest() for script in _SCRIPT.findall(page)]
    named = "".join(f" 'sha256-{base64.b64encode(d).decode()}'" for d in dict.fromkeys(digests))
    return POLICY.replace("script-src 'self'", f"script-src 'self'{named}").encode()


class OwnHostOnly:
    """ASGI middleware that adds the policy to every response and cleans every HTML page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "/assets/" not in scope["path"]:  # a compressed page could not be cleaned
            scope["headers"] = [h for h in scope["headers"] if h[0] != b"accept-encoding"]
        await self.app(scope, receive, _Cleaner(send))


class _Cleaner:
    """Passes a response on; holds an HTML page back until it is whole and clean."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: MutableMapping[str, Any] | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message["headers"] if name not in _NAMES]
            message["headers"] = kept + _HEADERS
            if dict(kept).get(b"content-type", b"").startswith(b"text/html"):
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send_page()
            return
        await self.send(message)

    async def _send_page(self) -> None:
        assert self.start is not None
        page = _PREVIEW.sub(b"", self.body)
        own = [(b"content-length", str(len(page)).encode()), (_CSP, policy_for(page))]
        replaced = {name for name, _ in own}
        headers = [h for h in self.start["headers"] if h[0] not in replaced]
        await self.send({**self.start, "headers": [*headers, *own]})
        await self.send({"type": "http.response.body", "body": page, "more_body": False})


# Gradio lets every page of this machine read its answers, whatever port it comes from.
_NAMES = {name for name, _ in _HEADERS} | {
    b"access-control-allow-origin",
    b"access-control-allow-credentials",
}
