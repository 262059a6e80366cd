"""Connections that say nothing are not kept: a head or a body that never comes ends them."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

STEP = 5.0  # seconds between two looks at a connection


class Impatient(H11Protocol):
    """Uvicorn's protocol, with a time for a request's head and for its body.

    Uvicorn itself waits for ever for a head that comes byte by byte. An answer under way, however
    long it takes or streams, is not touched.
    """

    head_seconds = 20.0
    body_seconds = 600.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look at the clock."""
        super().connection_made(transport)
        self._state: Any = None
        self._since = self.loop.time()
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take data, and note what is waited for next."""
        super().data_received(data)
        self._note()

    def on_response_complete(self) -> None:
        """End a response, and note that a new head is waited for."""
        super().on_response_complete()
        self._state, self._since = self.conn.their_state, self.loop.time()

    def _note(self) -> None:
        if self.conn.their_state is not self._state:
            self._state, self._since = self.conn.their_state, self.loop.time()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        self._note()
        longest = {h11.IDLE: self.head_seconds, h11.SEND_BODY: self.body_seconds}
        if self.loop.time() - self._since > longest.get(self._state, float("inf")):
            self.transport.close()
        else:
            self.loop.call_later(min(STEP, self.head_seconds), self._look)
