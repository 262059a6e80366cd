"""What the chat and other programs need of an engine, so that tests can hand in a fake."""

import datetime
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from rag.answer import Event
from rag.corpus import Article
from rag.llm import State
from rag.retriever import Hit


class Engine(Protocol):
    """The part of ``rag.pipeline.Rag`` that the web uses."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that can be asked."""

    @property
    def state(self) -> State:
        """Whether questions are answered at once."""

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> Iterator[Event]:
        """Answer in steps; raises RagError for what the user should see."""

    def search(
        self,
        query: str,
        k: int = 10,
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> list[Hit]:
        """Give up to k sentences, best first; raises QuestionError."""
