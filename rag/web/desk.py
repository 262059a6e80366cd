"""What all readers share, and what one question may draw on."""

import datetime
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.corpus import Article
from rag.errors import QuestionError
from rag.llm import NO_MODEL
from rag.pipeline import Rag
from rag.retriever import Hit
from rag.settings import Settings
from rag.web.engine import Engine
from rag.web.engines import Engines
from rag.web.examples import examples, proven
from rag.web.feedback import Feedback
from rag.web.limits import Rate
from rag.web.line import Line
from rag.web.own import OwnFiles

EXAMPLES = 6
PAUSE = 0.5  # seconds between two looks whether anybody still asks
GONE = (
    "your own files are no longer here, because the connection to this page was lost in between; "
    "add them again, or choose among the others"
)


@dataclass(frozen=True)
class Scope:
    """What one question draws on: an engine, a model's name, a last day, chosen articles."""

    engine: Engine
    model: str
    as_of: datetime.date | None
    articles: Collection[str] | None

    def search(self, question: str) -> Sequence[Hit]:
        """Find the evidence of a question."""
        return self.engine.search(question, EXAMPLES, self.as_of, self.articles)


class Desk:
    """The engines, the line, the limits and the sessions' own files; made once for a server."""

    def __init__(self, first: Engine, settings: Settings) -> None:
        self.settings = settings
        self.engines = Engines(first, settings)
        self._rate = Rate(settings.questions_per_minute)
        self.feedback = Feedback(settings.feedback)
        self.days = _days(first.articles, settings.as_of)
        self._lines = {name: Line(places) for name, places in (("model", 1), ("quotes", 4))}
        self._place: TemporaryDirectory[str] | None = None
        self._own: dict[str, OwnFiles] = {}
        self._lock = threading.Lock()
        self._refuted: set[str] = set()
        self._answering = 0
        self._closed = threading.Event()
        self._examples = examples(first.articles)

    def admit(self, reader: str) -> None:
        """Count one more question of a reader; raises Refused where it is one too many."""
        with self._lock:
            self._rate.count(reader)

    def line(self, model: str) -> Line:
        """Give the line for answers by a language model, or the quicker one for quotes only."""
        return self._lines["quotes" if model == NO_MODEL else "model"]

    def scope(self, session: str | None, names: Sequence[str], day: float, model: str) -> Scope:
        """Settle what a question draws on; raises QuestionError where that is nothing."""
        engine = self.engines.named(model)
        own = self._own.get(session or "")
        if own is not None and own.articles and isinstance(engine, Rag):
            engine = own.engine(engine)
        known = {article.name for article in engine.articles}
        chosen = known.intersection(names)
        if not names:
            raise QuestionError("no article is chosen; tick at least one under “Sources”")
        if len(chosen) < len(names):
            raise QuestionError(GONE)
        return Scope(engine, model, self.day(day), None if chosen == known else chosen)

    def day(self, step: float) -> datetime.date | None:
        """Give the day of a step of the slider; the last step means no limit of its own."""
        if not self.days or step >= len(self.days) - 1:
            return None
        return self.days[max(int(step), 0)]

    def articles(self, session: str | None) -> tuple[Article, ...]:
        """Give all articles that a session may read, its own ones last."""
        own = self._own.get(session or "")
        return (*self.engines.first.articles, *(own.articles if own else ()))

    def own(self, session: str) -> OwnFiles:
        """Give a session's own files; raises QuestionError where the engine takes none."""
        first = self.engines.first
        if not isinstance(first, Rag):
            raise QuestionError("this engine takes no files")
        with self._lock:
            if self._place is None:
                self._place = TemporaryDirectory(prefix="quotable-rag-")
            if session not in self._own:
                self._own[session] = OwnFiles(first, Path(self._place.name))
            return self._own[session]

    def leave(self, session: str | None) -> None:
        """Forget what belongs to a session."""
        with self._lock:
            own = self._own.pop(session or "", None)
        if own is not None:
            own.close()

    def close(self) -> None:
        """Forget all sessions and let go of the engines opened here."""
        self._closed.set()
        for session in list(self._own):
            self.leave(session)
        if self._place is not None:
            self._place.cleanup()
        self.engines.close()

    @property
    def examples(self) -> list[str]:
        """Questions the corpus answers, as far as is known by now."""
        return [q for q in self._examples if q not in self._refuted][:EXAMPLES]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Have what can wait keep out of the way."""
        with self._lock:
            self._answering += 1
        try:
            yield
        finally:
            with self._lock:
                self._answering -= 1

    def prove_examples(self) -> None:
        """Look up the examples that are shown, while nobody asks; those without an answer go."""
        scope = Scope(self.engines.first, NO_MODEL, None, None)
        good: set[str] = set()
        while untold := [q for q in self.examples if q not in good]:
            if self._closed.wait(PAUSE if self._answering else 0):
                return
            if self._answering:
                continue
            good.update(proven(untold[:1], scope.search))
            self._refuted.update(set(untold[:1]) - good)


def _days(articles: Sequence[Article], last: datetime.date | None) -> list[datetime.date]:
    """Give the days of the articles up to a last one, in order, each once."""
    days = set()
    for article in articles:
        try:
            days.add(datetime.date.fromisoformat(article.date or ""))
        except ValueError:
            continue  # an article of unknown day
    return sorted(day for day in days if last is None or day <= last)
