"""One shared engine behind its limits: what HTTP paths and agents' tools both call."""

from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import date
from typing import TypeVar

import anyio.to_thread

from rag.answer import Answer, Event, Finished
from rag.corpus import Article
from rag.followup import Turn
from rag.question import clean_question
from rag.retriever import Hit
from rag.settings import Settings
from rag.web.engine import Engine
from rag.web.limits import Turnstile
from rag.web.problems import Refused
from rag.web.telemetry import watched
from rag.web.work import Work

SEARCHES_AT_ONCE = 2
Made = TypeVar("Made")


class Service:
    """Answers, search and articles; ``engine`` gives the open engine, waiting if it must."""

    def __init__(self, engine: Callable[[], Engine], settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self._answers = Turnstile(settings.answers_at_once, settings.answers_waiting)
        self._searches = Turnstile(SEARCHES_AT_ONCE, settings.answers_waiting)

    def steps(
        self, client: str, question: str, turns: Sequence[Turn], as_of: date | None
    ) -> AsyncGenerator[Event, None]:
        """Answer in steps once it is the client's turn; raises QuestionError at once.

        While it goes on: Refused when the line is full, and what the engine raises.
        """
        clean_question(question, self.settings)
        return self._steps(client, question, turns, as_of)

    async def _steps(
        self, client: str, question: str, turns: Sequence[Turn], as_of: date | None
    ) -> AsyncGenerator[Event, None]:
        await self._answers.enter(client)
        answer = watched(self.settings, lambda: self.engine().stream(question, turns, as_of))
        work = Work(answer, self._answers.leave)
        try:
            async for event in work.steps():
                yield event
        finally:
            work.stop()

    async def search(self, client: str, query: str, k: int, as_of: date | None) -> list[Hit]:
        """Give up to k sentences, best first; raises QuestionError, or Refused in a full line."""
        clean_question(query, self.settings)
        await self._searches.enter(client)
        try:
            engine = await _in_thread(self.engine)
            return await _in_thread(engine.search, query, k, as_of)
        finally:
            self._searches.leave()

    async def article(self, name: str) -> Article:
        """Give an article by its name; raises Refused when there is none."""
        every = (await _in_thread(self.engine)).articles
        at = bisect_right(every, name, key=_name) - 1
        if at < 0 or every[at].name != name:
            raise Refused(404, "there is no article of this name; take names from a search or list")
        return every[at]

    async def articles(self, after: str, limit: int) -> tuple[Sequence[Article], int, bool]:
        """Give articles that follow a name, how many there are, and whether more follow."""
        every = (await _in_thread(self.engine)).articles
        start = bisect_right(every, after, key=_name) if after else 0
        return every[start : start + limit], len(every), start + limit < len(every)


async def final(steps: AsyncGenerator[Event, None]) -> Answer:
    """Follow a stream to its answer."""
    async with aclosing(steps):
        async for event in steps:
            if isinstance(event, Finished):
                return event.answer
    raise AssertionError("a stream ends with its answer")


def _name(article: Article) -> str:
    return article.name


async def _in_thread(call: Callable[..., Made], *given: object) -> Made:
    return await anyio.to_thread.run_sync(call, *given)
