"""Checking a saved answer again, long after it was given."""

from collections.abc import Iterator
from pathlib import Path

from rag.answer import Answer, Side, Statement
from rag.citation import Citation, fault
from rag.corpus import Article, read_origin


def audit(answer: Answer, articles: tuple[Article, ...]) -> list[str]:
    """List everything in an answer that does not hold; an empty list means that all does.

    Quotes are compared with the articles as indexed, code point for code point, and with the
    original files where those are still there.
    """
    by_name = {article.name: article for article in articles}
    nearest = answer.abstention.nearest if answer.abstention else ()
    faults = list(_numbering(answer))
    for citation in (*answer.citations, *nearest):
        problem = fault(citation, {name: a.text for name, a in by_name.items()})
        if problem is None:
            problem = _label(citation, by_name[citation.article])
        if problem is None:
            problem = _original(citation, by_name[citation.article])
        if problem is not None:
            faults.append(problem)
    return faults


def _numbering(answer: Answer) -> Iterator[str]:
    """Markers, statements and citations must speak of the same numbers."""
    have = [citation.n for citation in answer.citations]
    if have != list(range(1, len(have) + 1)):
        yield f"citations are numbered {have} instead of 1 to {len(have)}"
    sides = [side for conflict in answer.conflicts for side in conflict.sides]
    parts: list[Statement | Side] = [*answer.statements, *sides]
    for part in parts:
        for n in part.citations:
            if n not in have:
                yield f"{part.text[:60]!r} rests on [{n}], which is not there"
    if answer.status == "answered":
        told = "".join(
            f"{s.text} {''.join(f'[{n}]' for n in s.citations)} " for s in answer.statements
        )
        if answer.text.split() != told.split():
            yield "the answer's text is not its statements with their markers"


def _label(citation: Citation, article: Article) -> str | None:
    for what, told, right in (
        ("title", citation.title, article.title),
        ("date", citation.date, article.date),
    ):
        if told != right:
            where = f"citation [{citation.n}] of {citation.article}"
            return f"{where}: {what} {told!r} should be {right!r}"
    return None


def _original(citation: Citation, article: Article) -> str | None:
    text = read_origin(article.name, Path(article.origin))
    if text is None or text[citation.start : citation.end] == citation.quote:
        return None
    return (
        f"citation [{citation.n}] of {citation.article}: the quote stands in the index but no "
        f"longer in {article.origin}; run `rag index`"
    )
