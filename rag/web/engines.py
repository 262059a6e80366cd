"""The same articles, asked with one language model or another."""

import threading

from rag.llm import NO_MODEL, open_llm
from rag.models import MODELS, describe
from rag.pipeline import Rag
from rag.settings import Settings
from rag.web.engine import Engine


class Engines:
    """One engine a language model; each is opened when somebody first chooses it."""

    def __init__(self, first: Engine, settings: Settings) -> None:
        self.first = first
        self.settings = settings
        self._open: dict[str, Engine] = {settings.llm: first}
        self._lock = threading.Lock()

    @property
    def offered(self) -> dict[str, str]:
        """The models that can be chosen, with their names for readers: what is on this machine."""
        specs = [self.settings.llm]
        if isinstance(self.first, Rag):
            here = {row.name for row in describe(self.settings.home) if row.state == "here"}
            specs += [name for name, m in MODELS.items() if m.kind == "llm" and name in here]
            specs.append(NO_MODEL)
        return {spec: _told(spec) for spec in dict.fromkeys(specs)}

    def named(self, spec: str) -> Engine:
        """Give the engine of a model that is offered, the first one for any other name."""
        if spec not in self._open and isinstance(self.first, Rag) and spec in self.offered:
            with self._lock:
                if spec not in self._open:
                    self._open[spec] = _with_model(self.first, spec)
        return self._open.get(spec, self.first)

    def close(self) -> None:
        """Let go of the engines opened here; the first belongs to whoever opened it."""
        for engine in self._open.values():
            if engine is not self.first and isinstance(engine, Rag):
                engine.close()


def _with_model(rag: Rag, spec: str) -> Rag:
    settings = rag.settings.model_copy(update={"llm": spec})
    return Rag(settings, rag.index, rag.retriever.search, open_llm(settings))


def _told(spec: str) -> str:
    if spec == NO_MODEL:
        return "Quotes only (fastest)"
    name = MODELS[spec].title.partition(",")[0] if spec in MODELS else spec
    return f"Sentences with quotes ({name})"
