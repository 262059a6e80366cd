"""Opens what is to be evaluated: the product under a language model, or a baseline by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag.answer import Event
from rag.embedder import open_embedder
from rag.errors import UsageError
from rag.evidence import Evidence
from rag.indexer import build_index
from rag.llm import NO_MODEL, LocalChat, model_identity, open_llm
from rag.pipeline import Rag
from rag.progress import bar
from rag.settings import Settings

from .baselines import NAMES, Bm25Quotes, StockRecipe, WholeCorpus, window_for
from .scoring import Corpus
from .systems import Judged, Product, System
from .tokens import metered


class RecordedRag(Rag):
    """The product, and what its gate judged last remembered."""

    judged: tuple[Judged, ...] = ()

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[Event]:  # noqa: ANN401 - as the product
        """Answer in steps; forgets what was judged before."""
        self.judged = ()
        yield from super().stream(*args, **kwargs)

    def _answers(self, evidence: Evidence, logit: float | None) -> bool:
        self.judged += (Judged(evidence, logit),)
        return super()._answers(evidence, logit)


def open_system(name: str, settings: Settings, corpus: Corpus) -> System:
    """Open one system: bm25, stock or whole (on the settings' model), else a model's SPEC."""
    if name == "bm25":
        return Bm25Quotes(corpus)
    if name not in NAMES:
        rag = RecordedRag.from_settings(settings.model_copy(update={"llm": name}))
        assert isinstance(rag, RecordedRag)
        return Product(name, rag, metered(rag.llm))
    if name == "whole":
        room = max(settings.context_tokens, window_for(corpus) + settings.answer_tokens)
        settings = settings.model_copy(update={"context_tokens": room})
    llm = open_llm(settings)
    if llm is None:
        raise UsageError(
            f"the baseline {name!r} needs a language model; give --llm other than {NO_MODEL}"
        )
    if isinstance(llm, LocalChat):
        llm.adapter = None  # ours, and no part of what we compare with
    identity = f"{model_identity(settings)} {settings.seed} {settings.answer_tokens}"
    if name == "whole":
        return WholeCorpus(corpus, llm, identity)
    return StockRecipe(corpus, llm, identity, open_embedder(settings))


def index_source(source: Path, settings: Settings) -> None:
    """Index a corpus of the user's own into the settings' index folder."""
    with bar("embedding passages") as progress:
        build_index([source], settings, open_embedder, progress)
