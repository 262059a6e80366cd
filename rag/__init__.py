"""Ask a news corpus; get answers whose every claim stands in an exact quote, dated and attributed.

>>> from rag import Rag
>>> rag = Rag.open()
>>> answer = rag.ask("How large an army did the EU suggest Ukraine keep?")
>>> answer.citations[0].quote

Names are loaded when they are first used, so that ``import rag`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.answer import Abstention, Answer, Conflict, Finished, Found, Side, Stated, Statement
    from rag.citation import Citation
    from rag.corpus import Article, Sentence
    from rag.errors import RagError
    from rag.pipeline import Rag
    from rag.retriever import Hit
    from rag.settings import Settings

__all__ = [
    "Abstention",
    "Answer",
    "Article",
    "Citation",
    "Conflict",
    "Finished",
    "Found",
    "Hit",
    "Rag",
    "RagError",
    "Sentence",
    "Settings",
    "Side",
    "Stated",
    "Statement",
]

_HOMES = {
    "Article": "corpus",
    "Citation": "citation",
    "Hit": "retriever",
    "Rag": "pipeline",
    "RagError": "errors",
    "Sentence": "corpus",
    "Settings": "settings",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    if name not in __all__:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(f"rag.{_HOMES.get(name, 'answer')}"), name)


def __dir__() -> list[str]:
    return __all__
