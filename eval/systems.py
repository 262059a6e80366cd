"""What is evaluated: the product under some model, or a baseline; each answers a gold item."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import rag as product
from rag import gate
from rag.answer import Answer
from rag.corpus import Article
from rag.errors import ModelFailed
from rag.evidence import Evidence, together
from rag.retriever import Hit
from rag.settings import Settings

from .gold import Gold
from .rows import Row, row_from_answer
from .tokens import TokenMeter

_OURS = ("systems", "baselines", "rankers", "rows", "plainprompt", "tokens")


class System(Protocol):
    """Anything that can be asked."""

    @property
    def name(self) -> str:
        """What it is called in reports and in ``--compare``."""

    @property
    def key(self) -> str:
        """All that its answers depend on besides the question."""

    @property
    def meter(self) -> TokenMeter:
        """What counts its language model's tokens."""

    def answer(self, item: Gold) -> Row:
        """Answer one item; raises whatever goes wrong."""

    def close(self) -> None:
        """Let go of models."""


class Judged(NamedTuple):
    """One question the gate judged, and the model's log-odds of "yes", if it was asked."""

    evidence: Evidence
    logit: float | None

    @property
    def sure(self) -> float:
        """The gate's probability that the evidence answers."""
        found = self.evidence
        return gate.answerability(found.query, found.hits, self.logit) if found.hits else 0.0


class Asked(Protocol):
    """The part of ``Rag`` that the evaluation uses; fakes in the tests have it too."""

    @property
    def articles(self) -> tuple[Article, ...]:
        """The articles that can be asked."""

    @property
    def provenance(self) -> dict[str, Any]:
        """What answers depend on."""

    @property
    def settings(self) -> Settings:
        """The settings it was opened with."""

    @property
    def judged(self) -> tuple[Judged, ...]:
        """What the gate judged for the last answer, each part of a question by itself."""

    def ask(
        self, question: str, history: Sequence[tuple[str, str]] = (), as_of: date | None = None
    ) -> Answer:
        """Answer one question."""

    def close(self) -> None:
        """Let go of files and models."""


def offered(judged: Sequence[Judged], many: int) -> list[Hit]:
    """Give the sentences an answer could choose from, best first."""
    return together([each.evidence for each in judged], many)


@dataclass(frozen=True)
class Product:
    """The product itself: its answer, the ranking behind it, and how sure its gate is."""

    name: str
    rag: Asked
    meter: TokenMeter = field(default_factory=TokenMeter)

    @property
    def key(self) -> str:
        """Everything in the provenance, and the code."""
        return json.dumps(self.rag.provenance, sort_keys=True, default=str) + code_digest()

    def answer(self, item: Gold) -> Row:
        """Ask as a reader would, and keep the ranking behind the answer."""
        start = time.perf_counter()
        answer = self.rag.ask(item.question, item.history, item.day)
        if answer.provenance.get("model_failed"):
            raise ModelFailed(str(answer.note))  # quotes in a model's name would be no measurement
        total = elapsed(start)
        judged = self.rag.judged
        hits = offered(judged, self.rag.settings.evidence)
        sure = max((each.sure for each in judged), default=0.0)
        row = row_from_answer(self.name, item.id, answer, hits, sure)
        return replace(row, timings_ms={**row.timings_ms, "total": total})

    def close(self) -> None:
        """Let go of files and models."""
        self.rag.close()


def elapsed(start: float) -> float:
    """Milliseconds since a reading of ``time.perf_counter``."""
    return round((time.perf_counter() - start) * 1000, 1)


@cache
def code_digest() -> str:
    """Name the code that makes answers, so that rows of older code are never reused."""
    here = Path(__file__).parent
    inside = sorted(Path(product.__file__).parent.rglob("*.py"))
    digest = hashlib.sha256()
    for path in [*inside, *(here / f"{name}.py" for name in _OURS)]:
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def row_key(system: System, item: Gold) -> str:
    """Name everything one row depends on: the system and the question, not the gold answers."""
    asked = [system.name, system.key, item.question, item.history, item.as_of]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
