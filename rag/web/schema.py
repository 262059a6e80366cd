"""The API as it describes itself: an OpenAPI document, made of the same models that read."""

import json
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from rag.answer import SCHEMA
from rag.web.requests import JSON, Sent

_REF = "#/components/schemas/{model}"
_TEXT = {"type": "string"}
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": _TEXT, "message": _TEXT},
        }
    },
}


def body(kind: type[Sent], gives: str | None = None) -> dict[str, Any]:
    """Describe a request's body, and by a component's name what a good one gets."""
    told: dict[str, Any] = {"requestBody": {"required": True, "content": _json(kind.__name__)}}
    if gives:
        told["responses"] = {"200": {"content": _json(gives)}}
    return told


def describe(api: FastAPI, *kinds: type[Sent]) -> None:
    """Let an application give its description, with the models of all bodies in it."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _description(api, kinds)
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign] # the way FastAPI names for it


def _description(api: FastAPI, kinds: Sequence[type[Sent]]) -> dict[str, Any]:
    told = get_openapi(title=api.title, version=api.version, routes=api.routes)
    _, models = models_json_schema([(kind, "validation") for kind in kinds], ref_template=_REF)
    answer = {"$id": "/v1/answer", **json.loads(SCHEMA.read_text("utf-8"))}
    told["components"] = {"schemas": {**models["$defs"], "Answer": answer, "Error": _ERROR}}
    for path in told["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)  # FastAPI's own shape, which is not ours
            wrong = {"description": "What went wrong", "content": _json("Error")}
            operation["responses"]["default"] = wrong
    return told


def _json(name: str) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": _REF.format(model=name)}}}
