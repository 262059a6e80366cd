"""What an agent may do: ask, search, read an article."""

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from rag.answer import SCHEMA, Finished, Found, Stated
from rag.render import answer_text
from rag.retriever import hit_row
from rag.web.requests import Question, Searched, Sent
from rag.web.service import Service

PART = 20_000  # characters of an article given at a time, so that they fit an agent's window
Progress = Callable[[str], Awaitable[None]]


class Part(Sent):
    """A part of an article."""

    name: str = Field(description="the article's name, as a search or a citation gives it")
    start: int = Field(0, ge=0, description="first character of the part, counted from 0")
    length: int = Field(PART, ge=1, le=5 * PART, description="most characters of the part")


@dataclass(frozen=True)
class Told:
    """A tool's result, to read and as data."""

    text: str
    data: dict[str, Any]


@dataclass(frozen=True)
class AgentTool:
    """A tool: what it is good for, what it takes and gives, and what it does."""

    title: str
    use: str
    takes: type[Sent]
    gives: dict[str, Any]
    run: Callable[[Service, str, Any, Progress], Awaitable[Told]]


async def _ask(service: Service, client: str, asked: Question, progress: Progress) -> Told:
    steps = service.steps(client, asked.question, asked.turns(service.settings), asked.as_of)
    async with aclosing(steps):
        async for event in steps:
            match event:
                case Found(preliminary=True):
                    continue
                case Found(citations):
                    await progress(f"{len(citations)} likely quotes, being checked")
                case Stated(statement):
                    await progress(statement.text)
                case Finished(answer):
                    return Told(answer_text(answer), answer.to_dict())
    raise AssertionError("a stream ends with its answer")


async def _search(service: Service, client: str, wanted: Searched, _: Progress) -> Told:
    hits = await service.search(client, wanted.query, wanted.k, wanted.as_of)
    rows = [hit_row(hit) for hit in hits]
    lines = (f"{r['rank']}. {r['text']}\n({r['article']}, {r['date'] or 'undated'})" for r in rows)
    return Told("\n\n".join(lines) or "Nothing found.", {"query": wanted.query, "hits": rows})


async def _read(service: Service, _: str, part: Part, __: Progress) -> Told:
    article = await service.article(part.name)
    text = article.text[part.start : part.start + part.length]
    end = part.start + len(text)
    about = {"name": article.name, "title": article.title, "date": article.date}
    place = {"start": part.start, "end": end, "characters": len(article.text)}
    head = f"{article.title or article.name}, {article.date or 'undated'}"
    more = f"\n\n(goes on at character {end})" if end < len(article.text) else ""
    return Told(f"{head}\n\n{text}{more}", {**about, **place, "text": text})


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON Schema
    return {"type": "object", "properties": properties, "required": list(properties)}


_TEXT, _NUMBER, _MAYBE = {"type": "string"}, {"type": "integer"}, {"type": ["string", "null"]}
_HIT = _object(
    rank=_NUMBER,
    article=_TEXT,
    title=_MAYBE,
    date=_MAYBE,
    start=_NUMBER,
    end=_NUMBER,
    text=_TEXT,
    score={"type": "number"},
)
TOOLS = {
    "ask": AgentTool(
        "Ask the articles",
        "Answers a question from the articles alone: short statements, each with the numbers of "
        "exact, dated, attributed quotes, or a plain statement that the articles do not say.",
        Question,
        json.loads(SCHEMA.read_text("utf-8")),
        _ask,
    ),
    "search": AgentTool(
        "Search the articles",
        "Finds the sentences nearest in meaning and words to a query, best first, with article, "
        "date and place. Good for an overview, and for the names of articles.",
        Searched,
        _object(query=_TEXT, hits={"type": "array", "items": _HIT}),
        _search,
    ),
    "read_article": AgentTool(
        "Read an article",
        "Gives the text of one article, or a part of it, for the context of a quote.",
        Part,
        _object(
            name=_TEXT,
            title=_MAYBE,
            date=_MAYBE,
            start=_NUMBER,
            end=_NUMBER,
            characters=_NUMBER,
            text=_TEXT,
        ),
        _read,
    ),
}
