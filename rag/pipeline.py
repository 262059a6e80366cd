"""The whole path on one screen: question, standalone, evidence, gate, draft, check, answer."""

import asyncio
import dataclasses
import datetime
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableLambda

from rag import gate
from rag.answer import (
    Abstention,
    Answer,
    Claim,
    Difference,
    Event,
    Finished,
    Found,
    Stated,
    Statement,
    number,
    number_sides,
)
from rag.attempt import Attempt, Breaker
from rag.calibration import calibration
from rag.conflicts import conflicts, newest_first
from rag.corpus import Article
from rag.embedder import embedder_folder, open_embedder
from rag.followup import Turn, standalone
from rag.index import Index, open_index
from rag.llm import LocalChat, State, model_identity, open_llm
from rag.prompts import prompts_sha256
from rag.question import clean_question, one_line
from rag.reader import draft, echoes, says_answerable
from rag.reranker import Reranker, reranker_sha256
from rag.retriever import Hit, QuotableRetriever, Retriever
from rag.settings import VERSION, Settings, load_settings
from rag.timewords import Timing, prefer, settle, timing
from rag.verifier import check, quote, quoted

# settings that can change an answer, beside those the index was made with
DECIDING = ("candidates", "evidence", "rrf_k", "context_tokens", "answer_tokens", "threads", "seed")


EVENT_HITS = 3  # sentences that may say when an event was


class Rag:
    """An open corpus that answers questions; make one with ``Rag.open()`` and share it freely."""

    def __init__(
        self, settings: Settings, index: Index, retriever: Retriever, llm: BaseChatModel | None
    ) -> None:
        self.settings = settings
        self.index = index
        self.llm = llm
        self._search = retriever
        self._breaker = Breaker()
        if isinstance(llm, LocalChat):  # weights load while the first question is being searched
            threading.Thread(target=llm.preload, name="llm-load", daemon=True).start()

    @classmethod
    def open(cls, **settings: Any) -> "Rag":  # noqa: ANN401 - the settings' own types are checked
        """Open the index and the models; keywords are settings, such as ``index`` or ``llm``.

        Raises SettingsError, IndexMissing, IndexDamaged, IndexMismatch or a ModelError.
        """
        return cls.from_settings(load_settings(**settings))

    @classmethod
    def from_settings(cls, settled: Settings) -> "Rag":
        """Open the index and the models for settings already settled."""
        llm = open_llm(settled)
        index = open_index(settled)
        reranker = Reranker(embedder_folder(settled))
        return cls(settled, index, Retriever(index, open_embedder(settled), reranker, settled), llm)

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        """The articles that can be asked, in order of their names."""
        return self.index.articles

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What an answer depends on besides its question."""
        return {
            "version": VERSION,
            "corpus_sha256": self.index.manifest["corpus_sha256"],
            **self.index.manifest["recipe"],
            "reranker_sha256": reranker_sha256(),
            "calibration": dataclasses.asdict(calibration()),
            "prompts_sha256": prompts_sha256(),
            "llm": self.settings.llm,
            "llm_identity": model_identity(self.settings),
            **{name: getattr(self.settings, name) for name in DECIDING},
        }

    @property
    def state(self) -> State:
        """Whether questions are answered at once, or the local model's weights still load."""
        return self.llm.state if isinstance(self.llm, LocalChat) else "ready"

    @property
    def retriever(self) -> QuotableRetriever:
        """The search as a LangChain retriever."""
        return QuotableRetriever(search=self._search, k=self.settings.evidence)

    def search(
        self,
        query: str,
        k: int = 10,
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> list[Hit]:
        """Give up to k sentences, best first, of all or of named articles; raises QuestionError."""
        return self._search.search(
            clean_question(query, self.settings), k, as_of or self.settings.as_of, articles
        )

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> Answer:
        """Answer one question from all or from named articles; raises QuestionError.

        A model that fails costs only its words: the quotes are given, with a note.
        """
        for event in self.stream(question, history, as_of, articles):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with its answer")

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> Iterator[Event]:
        """Answer one question in steps: likely quotes, checked statements, the verified answer."""
        clock = Clock()
        asked = clean_question(question, self.settings)
        as_of = as_of or self.settings.as_of
        limit = self.settings.max_question_chars
        before = [(one_line(q)[:limit], one_line(a)[:limit]) for q, a in history]
        attempt = Attempt(self.llm, self._breaker, self.settings.request_seconds)
        plain = standalone(asked, before, None)
        full = attempt.call(lambda llm: standalone(asked, before, llm), plain)
        said = self._timing(full, as_of, articles)
        as_of = min((day for day in (as_of, said.until) if day), default=None)
        found = self._search.search(said.query, 2 * self.settings.evidence, as_of, articles)
        ranked = prefer(found, said)
        hits = ranked[: self.settings.evidence]
        clock.mark("retrieve")
        yield Found(tuple(quote(hit).numbered(hit.rank) for hit in hits))
        claims: list[Claim] = []
        differing: tuple[Difference, ...] = ()
        shown = gate.worth_quoting(hits)
        logit = attempt.call(lambda _: self._model_logit(said.query, shown), None)
        if gate.answerable(said.query, hits, logit):
            differing = self._differing(full, ranked, shown)
            for claim in self._claims(attempt, full, newest_first(shown, differing)):
                clock.mark("first_token")
                if claim.text not in {known.text for known in claims}:
                    claims.append(claim)
                    yield _stated(claims)
        told = clock, attempt.note
        yield Finished(self._answer(asked, full, as_of, articles, hits, claims, differing, *told))

    def _timing(
        self, question: str, as_of: datetime.date | None, articles: Collection[str] | None
    ) -> Timing:
        """Read what a question says about time; an event's day is looked up in the articles."""
        said = timing(question, self.index.newest)
        return settle(said, lambda event: self._search.search(event, EVENT_HITS, as_of, articles))

    def _model_logit(self, question: str, shown: Sequence[Hit]) -> float | None:
        """Ask the model whether the evidence answers; None without one."""
        return says_answerable(self.llm, question, shown) if self.llm and shown else None

    def _claims(self, attempt: Attempt, question: str, shown: Sequence[Hit]) -> Iterator[Claim]:
        """Give checked claims: the model's that hold, then the sentences it made nothing of.

        The ranking chooses better than a small model does (docs/bench/answers.md), so the model
        only says in short what the chosen sentences say.
        """
        cited: set[tuple[str, int, int]] = set()
        for statement in attempt.each(lambda llm, leave: draft(llm, question, shown, leave)):
            claim = None if echoes(statement.text, question) else check(statement, shown)
            if claim is not None:
                cited |= {citation.place for citation in claim.citations}
                yield claim
        yield from (claim for claim in map(quoted, shown) if claim.citations[0].place not in cited)

    def _answer(
        self,
        asked: str,
        full: str,
        as_of: datetime.date | None,
        articles: Collection[str] | None,
        hits: Sequence[Hit],
        claims: Sequence[Claim],
        differing: Sequence[Difference],
        clock: "Clock",
        note: str | None,
    ) -> Answer:
        text, statements, cited = number(claims)
        sides, citations = number_sides(differing, cited)
        status: Literal["answered", "abstained"] = "answered" if claims else "abstained"
        abstention = None if claims else self._abstention(full, as_of, articles, hits)
        return Answer(
            question=asked,
            standalone_question=full,
            as_of=as_of.isoformat() if as_of else None,
            status=status,
            text=text if abstention is None else abstention.reason,
            statements=statements,
            citations=citations,
            conflicts=sides,
            abstention=abstention,
            provenance=self.provenance if note is None else {**self.provenance, "note": note},
            timings_ms=clock.timings(),
        )

    def _differing(
        self, question: str, evidence: Sequence[Hit], shown: Sequence[Hit]
    ) -> tuple[Difference, ...]:
        """Find where the evidence differs about the question."""
        places = [quote(hit).place for hit in shown]
        return conflicts(question, evidence, places, self.index.offices.countries)

    def _abstention(
        self,
        question: str,
        as_of: datetime.date | None,
        articles: Collection[str] | None,
        hits: Sequence[Hit],
    ) -> Abstention:
        count = len(self.articles if articles is None else set(articles))
        chosen = "" if articles is None else "chosen "
        which = f"The {chosen or 'only '}article does"
        if count != 1:
            which = f"The {count} {chosen}articles do"
        if as_of is not None:
            which = f"The articles dated up to {as_of.isoformat()} do"
        nearest = tuple(quote(hit).numbered(n) for n, hit in enumerate(hits[:3], 1))
        missing = [f"“{word}”" for word in self.index.words.strangers(question)]
        nowhere = f" Nowhere in them: {', '.join(missing)}." if missing else ""
        return Abstention(f"{which} not say: {question}{nowhere}", nearest)

    async def aask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> Answer:
        """Answer one question without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, history, as_of, articles)

    async def astream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        as_of: datetime.date | None = None,
        articles: Collection[str] | None = None,
    ) -> AsyncIterator[Event]:
        """Answer in steps without blocking the event loop."""
        events = self.stream(question, history, as_of, articles)
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            yield event

    def as_runnable(self) -> Runnable[Any, Answer]:
        """Give a LangChain Runnable: a question, or a dict of ``ask``'s keywords, to Answer."""

        def run(given: str | dict[str, Any]) -> Answer:
            return self.ask(given) if isinstance(given, str) else self.ask(**given)

        async def arun(given: str | dict[str, Any]) -> Answer:
            return await asyncio.to_thread(run, given)

        return RunnableLambda(run, arun, name="quotable-rag")

    def close(self) -> None:
        """Let go of the index's files and the model's weights."""
        self.index.close()
        if isinstance(self.llm, LocalChat):
            self.llm.close()


class Clock:
    """Milliseconds from the question to the first time each step was reached."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._marks: dict[str, float] = {}

    def mark(self, step: str) -> None:
        """Note a step when it is reached for the first time."""
        self._marks.setdefault(step, self._elapsed())

    def timings(self) -> dict[str, float]:
        """Give the contract's three figures; what was never reached took the whole time."""
        total = self._elapsed()
        steps = {step: self._marks.get(step, total) for step in ("retrieve", "first_token")}
        return {**steps, "total": total}

    def _elapsed(self) -> float:
        return round((time.perf_counter() - self._start) * 1000, 1)


def _stated(claims: Sequence[Claim]) -> Stated:
    """Number the claims so far and give the last one; markers agree with the final answer's."""
    _, statements, citations = number(claims)
    latest: Statement = statements[-1]
    return Stated(latest, tuple(citations[n - 1] for n in latest.citations))
