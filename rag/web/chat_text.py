"""An answer as the text of one chat message: statements with markers, and the quotes below.

Chat programs read it as Markdown, so what would act there is escaped: a link or a picture in a
hostile article could otherwise fetch from anywhere, and carry words away in its address.
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from rag.answer import Answer, Conflict, Statement
from rag.citation import Citation
from rag.render import PARTLY, says_more

QUOTES = "Quotes:"
NEAREST = "Nearest quotes:"
_ACTS = re.compile(r"([\\`*_<>\[\]])")
_MARKER = re.compile(r"(?<!\\)\[(\d+)\]")


def whole_text(answer: Answer) -> str:
    """Give all of an answer: statements or the reason why there are none, notes, quotes."""
    by_n = {citation.n: citation for citation in answer.citations}
    said = " ".join(
        statement_text(s, [by_n[n] for n in s.citations if n in by_n]) for s in answer.statements
    )
    blocks = [_safe(answer.abstention.reason) if answer.abstention else said]
    blocks += [_conflict_text(conflict) for conflict in answer.conflicts]
    if answer.standalone_question != answer.question:
        blocks.append(f"Understood as: {_safe(answer.standalone_question)}")
    if answer.note:
        blocks.append(_safe(answer.note))
    if answer.abstention and answer.abstention.nearest:
        near = (f"- {_quote_text(c)}" for c in answer.abstention.nearest)
        blocks.append("\n".join([NEAREST, *near]))
    if answer.citations:
        quotes = (f"- [{c.n}] {_quote_text(c)}" for c in answer.citations)
        blocks.append("\n".join([QUOTES, *quotes]))
    return "\n\n".join(blocks)


def statement_text(statement: Statement, citations: Sequence[Citation]) -> str:
    """Give one statement with its markers, in quotation marks where it is a quote itself."""
    text = _safe(statement.text)
    if not says_more(statement, citations):
        text = f"“{text}”"
    part = f" ({PARTLY})" if statement.support == "partial" else ""
    return f"{text}{part} {_markers(statement.citations)}"


def annotations(
    text: str, citations: Sequence[Citation], base: str, begin: int = 0
) -> list[dict[str, Any]]:
    """Tie each marker from ``begin`` on to its place: an article's address, a range of characters.

    The range is that of RFC 5147 for plain text; ``base`` is the application's own address.
    """
    by_n = {str(citation.n): citation for citation in citations}
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": found.start(),
                "end_index": found.end(),
                "title": by_n[found[1]].title or by_n[found[1]].article,
                "url": _address(by_n[found[1]], base),
            },
        }
        for found in _MARKER.finditer(text, begin)
        if found[1] in by_n
    ]


def _address(citation: Citation, base: str) -> str:
    place = f"#char={citation.start},{citation.end}"
    return f"{base}v1/articles/{quote(citation.article)}?format=text{place}"


def _conflict_text(conflict: Conflict) -> str:
    sides = (
        f"- {side.date or 'date unknown'}: {_safe(side.text)} {_markers(side.citations)}"
        for side in conflict.sides
    )
    return "\n".join([f"Sources differ: {_safe(conflict.about)}", *sides])


def _quote_text(citation: Citation) -> str:
    known = [citation.title or citation.article, citation.date or "date unknown"]
    source = ", ".join([*known, citation.speaker] if citation.speaker else known)
    return f"“{_safe(citation.quote)}” — {_safe(source)}"


def _markers(numbers: Sequence[int]) -> str:
    return "".join(f"[{n}]" for n in numbers)


def _safe(text: str) -> str:
    return _ACTS.sub(r"\\\1", " ".join(text.split()))
