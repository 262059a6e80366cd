"""What goes wrong for other programs: one shape of error, a fitting status, never a traceback."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from rag.errors import IndexFault, ModelError, RagError, UsageError

UNFORESEEN = "an error nobody foresaw; the server's log says more"
TOO_LARGE = "the request is too large; send less history, or raise RAG_MAX_REQUEST_BYTES"
CLIENT_LEFT = 499  # nobody reads it
_TYPES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    421: "misdirected",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
_STANDARD = {
    404: "there is nothing here; /v1/openapi.json lists what there is",
    405: "this method is not known here; the header Allow names those that are",
    413: TOO_LARGE,
}
_STATUS = ((UsageError, 400), (ModelError, 503), (IndexFault, 503), (RagError, 500))


class Refused(RagError):
    """A request is turned away with an HTTP status, and perhaps with when to try again."""

    def __init__(self, status: int, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
        if status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"


@dataclass(frozen=True)
class Problem:
    """An error as it is told: status, message, and headers that belong to it."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give the one shape all errors have."""
        return {"error": {"type": _TYPES.get(self.status, "failed"), "message": self.message}}

    def to_response(self) -> JSONResponse:
        """Give the error as a response."""
        return JSONResponse(self.to_dict(), self.status, dict(self.headers))


def problem_of(error: Exception) -> Problem:
    """Say an error in our words; what nobody foresaw is logged and not told."""
    match error:
        case Refused():
            return Problem(error.status, str(error), error.headers)
        case RagError():
            return Problem(next(n for kind, n in _STATUS if isinstance(error, kind)), str(error))
        case ValidationError() | RequestValidationError():
            return Problem(400, first_fault(error))
        case HTTPException(status_code=status, headers=headers):
            standard = _STANDARD.get(status) or HTTPStatus(status).phrase
            return Problem(status, standard, headers or {})
    logging.getLogger(__name__).error("a request failed", exc_info=error)
    return Problem(500, UNFORESEEN)


def first_fault(error: ValidationError | RequestValidationError) -> str:
    """Say the first thing that is wrong with what was sent: where and what, not the value."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "query")[:100]
    what = first["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def add_handlers(app: FastAPI) -> None:
    """Let an application tell all its errors in the one shape."""

    async def tell(_: Request, error: Exception) -> Response:
        return problem_of(error).to_response()

    async def unforeseen(_: Request, __: Exception) -> Response:
        return Problem(500, UNFORESEEN).to_response()  # it is raised on, and the server logs it

    async def left(_: Request, __: Exception) -> Response:
        return Response(status_code=CLIENT_LEFT)

    for kind in (RagError, HTTPException, ValidationError, RequestValidationError):
        app.add_exception_handler(kind, tell)
    app.add_exception_handler(ClientDisconnect, left)
    app.add_exception_handler(Exception, unforeseen)
