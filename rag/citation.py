"""The only place where quotes are made and checked.

A quote is never typed by anyone: it is cut out of an article by offset, and checked
by cutting again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rag.corpus import Article, Sentence


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote and where it stands: ``quote == text[start:end]`` of ``article``, in code points.

    ``n`` is the marker's number; ``speaker`` is None for the reporter's own voice.
    """

    n: int
    article: str
    title: str | None
    date: str | None
    start: int
    end: int
    quote: str
    speaker: str | None = None

    def numbered(self, n: int) -> "Citation":
        """Give the same citation under another marker."""
        return replace(self, n=n)

    @property
    def place(self) -> tuple[str, int, int]:
        """Article and offsets, which is what makes two citations the same."""
        return self.article, self.start, self.end


def cite(article: Article, sentence: Sentence, n: int = 1, speaker: str | None = None) -> Citation:
    """Quote one sentence of an article, word for word."""
    quote = article.text[sentence.start : sentence.end]
    return Citation(
        n, article.name, article.title, article.date, sentence.start, sentence.end, quote, speaker
    )


def fault(citation: Citation, texts: Mapping[str, str]) -> str | None:
    """Say what is wrong with a citation, or None when it holds.

    ``texts`` maps article names to their full text; comparison is code point for code point.
    """
    where = f"citation [{citation.n}] of {citation.article}"
    text = texts.get(citation.article)
    if text is None:
        return f"{where}: there is no such article"
    if not 0 <= citation.start < citation.end <= len(text):
        outside = f"offsets {citation.start}-{citation.end} lie outside its {len(text)} characters"
        return f"{where}: {outside}"
    found = text[citation.start : citation.end]
    if found != citation.quote:
        return f"{where}: the quote differs from the article, which has {_shorten(found)!r} there"
    return None


def _shorten(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
