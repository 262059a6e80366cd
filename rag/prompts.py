"""Prompts as reviewed files: read once, filled in by LangChain's templates."""

import hashlib
import json
from functools import cache
from typing import Any

from langchain_core.prompts import ChatPromptTemplate

from rag.settings import resource


@cache
def load_prompt(name: str, system: str | None = None) -> ChatPromptTemplate:
    """Make a chat prompt of ``<name>.user.md`` and ``<system>.system.md`` (default: its own)."""
    files = (("system", f"{system or name}.system.md"), ("human", f"{name}.user.md"))
    folder = resource("prompts")
    return ChatPromptTemplate.from_messages(
        [(role, (folder / file).read_text("utf-8").strip()) for role, file in files]
    )


@cache
def load_schema(name: str) -> dict[str, Any]:
    """Read ``prompts/<name>.schema.json``; callers copy before they change it."""
    data: dict[str, Any] = json.loads(
        (resource("prompts") / f"{name}.schema.json").read_text("utf-8")
    )
    return data


@cache
def prompts_sha256() -> str:
    """Name the state of all prompts by one sha256."""
    digest = hashlib.sha256()
    for path in sorted(resource("prompts").iterdir()):
        if path.suffix == ".json" or path.name.endswith((".system.md", ".user.md")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
