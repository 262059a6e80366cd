"""What the chat needs of an engine, so that tests can hand in a fake."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Protocol

from rag.answer import Event
from rag.corpus import Article


class Engine(Protocol):
    """The part of ``rag.pipeline.Rag`` that the chat uses."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that can be asked."""

    def stream(
        self,
        question: str,
        history: Sequence[tuple[str, str]] = (),
        as_of: datetime.date | None = None,
    ) -> Iterator[Event]:
        """Answer in steps; raises RagError for what the user should see."""
