"""The whole path on one screen: question, standalone, evidence, gate, draft, check, answer."""

import asyncio
import dataclasses
import datetime
import threading
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableLambda

from rag import gate
from rag.answer import (
    Answer,
    Claim,
    Difference,
    Event,
    Finished,
    Found,
    Stated,
    Statement,
    number,
)
from rag.assembly import Written, assemble
from rag.attempt import Attempt, Breaker
from rag.calibration import calibration
from rag.conflicts import conflicts, newest_first
from rag.corpus import Article
from rag.embedder import open_embedder
from rag.evidence import Bounds, Evidence, gather, together
from rag.followup import Turn, standalone
from rag.index import Searchable
from rag.llm import LocalChat, State, adapter_identity, model_identity, open_llm
from rag.parts import parts
from rag.prompts import load_prompt, prompts_sha256
from rag.queryencoder import open_query_encoder, query_encoder_identity
from rag.question import clean_question, one_line
from rag.reader import draft, echoes, says_answerable
from rag.reranker import WEIGHTS, open_reranker
from rag.retriever import Hit, QuotableRetriever, Retriever
from rag.settings import VERSION, Settings, load_settings
from rag.sharedindex import open_any
from rag.shipped import shipped_sha256
from rag.verifier import check, quote, quoted

# settings that can change an answer, beside those the index was made with
DECIDING = (
    *("candidates", "reranked", "evidence", "rrf_k"),
    *("context_tokens", "answer_tokens", "threads", "seed"),
)


class Rag:
    """An open corpus that answers questions; make one with ``Rag.open()`` and share it freely."""

    def __init__(
        self, settings: Settings, index: Searchable, retriever: Retriever, llm: BaseChatModel | None
    ) -> None:
        self.settings = settings
        self.index = index
        self.llm = llm
        self._search = retriever
        self._breaker = Breaker()
        if isinstance(llm, LocalChat):  # it loads while the first question is being searched
            opening = (load_prompt("answer").format_messages(evidence="", question="")[:1],)
            threading.Thread(target=llm.preload, args=opening, name="llm-load", daemon=True).start()

    @classmethod
    def open(cls, **settings: Any) -> "Rag":  # noqa: ANN401 - the settings' own types are checked
        """Open the index and the models; keywords are settings, such as ``index`` or ``llm``.

        Raises SettingsError, an IndexFault or a ModelError.
        """
        return cls.from_settings(load_settings(**settings))

    @classmethod
    def from_settings(cls, settled: Settings) -> "Rag":
        """Open the index and the models for settings already settled."""
        llm = open_llm(settled)
        index = open_any(settled)
        reranker = open_reranker(settled)
        queries = open_query_encoder(settled)
        search = Retriever(index, open_embedder(settled), reranker, settled, queries)
        return cls(settled, index, search, llm)

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that can be asked, in order of their names."""
        return self.index.articles

    @property
    def provenance(self) -> dict[str, Any]:
        """What an answer depends on besides its question."""
        manifest = self.index.manifest
        of_index = {"corpus_sha256": manifest["corpus_sha256"], **manifest["recipe"]}
        return {"version": VERSION, **of_index, **self._fixed}

    @cached_property
    def _fixed(self) -> dict[str, Any]:
        """What stays the same while it is open."""
        return {
            "query_encoder_sha256": query_encoder_identity(self.settings),
            "reranker_sha256": shipped_sha256(WEIGHTS),
            "calibration": dataclasses.asdict(calibration()),
            "prompts_sha256": prompts_sha256(),
            "llm": self.settings.llm,
            "llm_identity": model_identity(self.settings),
            "adapter_sha256": adapter_identity(self.settings),
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
        asked = clean_question(query, self.settings)
        self.index.refresh()
        return self._search.search(asked, k, as_of or self.settings.as_of, articles)

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
        self.index.refresh()
        bounds = Bounds(as_of or self.settings.as_of, articles)
        attempt = Attempt(self.llm, self._breaker, self.settings.request_seconds)
        full = self._standalone(asked, history, attempt)
        many, single = self.settings.evidence, parts(full)
        asking = self._search, single, bounds, self.index.newest, many, self.index.offices
        yield _found(together(gather(*asking, rerank=False), many), preliminary=True)
        found = gather(*asking)
        if len(found) == 1:
            bounds = dataclasses.replace(bounds, as_of=found[0].as_of)
        written = Written(asked, full, bounds, together(found, many))
        clock.mark("retrieve")
        yield _found(written.hits)
        for first in found:
            evidence, logit = self._looked_at(first, attempt)
            if not self._answers(evidence, logit):
                written.silent.append(evidence.question)
                continue
            if gate.doubtful(evidence.query, evidence.hits, logit):
                written.doubtful.append(evidence.question)
            written.leads |= evidence.broad == "articles"
            differing = self._differing(evidence)
            written.differing += [side for side in differing if side not in written.differing]
            for claim in self._claims(attempt, evidence, differing):
                clock.mark("first_token")
                if written.add(claim):
                    yield _stated(written.claims)
        timings = clock.timings()
        yield Finished(assemble(written, self.index, self.provenance, attempt.note, timings))

    def _standalone(self, asked: str, history: Sequence[Turn], attempt: Attempt) -> str:
        limit = self.settings.max_question_chars
        before = [(one_line(q)[:limit], one_line(a)[:limit]) for q, a in history]
        plain = standalone(asked, before, None)
        return attempt.call(lambda llm: standalone(asked, before, llm), plain)

    def _looked_at(self, first: Evidence, attempt: Attempt) -> tuple[Evidence, float | None]:
        """Ask the model whether the evidence answers; before it is declined, it sees what is next.

        Gives the evidence to go by and the log-odds of its "yes".
        """
        logit = self._model_logit(first, attempt)
        if logit is None or first.further is None:
            return first, logit
        if not gate.answerable(first.query, first.hits, logit):
            again = self._model_logit(first.further, attempt)
            if again is not None and again > gate.SURE:
                return first.further, again
        return first, logit

    def _model_logit(self, evidence: Evidence, attempt: Attempt) -> float | None:
        """Ask the model whether the evidence answers; None without one.

        Of a part it sees more than there is room to quote: the answer may stand behind that.
        """
        if not evidence.worth or evidence.broad:
            return None
        asked, worth = evidence.query, evidence.worth
        return attempt.call(lambda llm: says_answerable(llm, asked, worth), None)

    def _answers(self, evidence: Evidence, logit: float | None) -> bool:
        return gate.answerable(evidence.query, evidence.hits, logit)

    def _differing(self, evidence: Evidence) -> tuple[Difference, ...]:
        """Find where the evidence differs about the question; two holders of an office do not."""
        if evidence.broad in {"name", "words"}:
            return ()
        places = [quote(hit).place for hit in evidence.shown]
        countries = self.index.offices.countries
        return conflicts(evidence.question, evidence.ranked, places, countries)

    def _claims(
        self, attempt: Attempt, evidence: Evidence, differing: Sequence[Difference]
    ) -> Iterator[Claim]:
        """Give checked claims: the model's that hold, then the sentences it made nothing of.

        The ranking chooses better than a small model does (docs/bench/retrieval.md), so the model
        only says in short what the chosen sentences say.
        """
        if evidence.broad:
            yield from map(quoted, evidence.shown)
            return
        question, shown = (
            evidence.question,
            newest_first(evidence.shown, differing, evidence.ranked),
        )
        cited: set[tuple[str, int, int]] = set()
        for statement in attempt.each(lambda llm, leave: draft(llm, question, shown, leave)):
            claim = None if echoes(statement.text, question) else check(statement, shown, question)
            if claim is not None:
                cited |= {citation.place for citation in claim.citations}
                yield claim
        rest = gate.worth_adding(question, shown) if cited else shown
        yield from (claim for claim in map(quoted, rest) if claim.citations[0].place not in cited)

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


def _found(hits: Sequence[Hit], *, preliminary: bool = False) -> Found:
    return Found(tuple(quote(hit).numbered(hit.rank) for hit in hits), preliminary)


def _stated(claims: Sequence[Claim]) -> Stated:
    """Number the claims so far and give the last one; markers agree with the final answer's."""
    _, statements, citations = number(claims)
    latest: Statement = statements[-1]
    return Stated(latest, tuple(citations[n - 1] for n in latest.citations))
